//! The other side of lag: pings that the server sends, and what it says of their
//! echoes.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::{Client, unexpected};
use crate::json;
use crate::json::Value;
use crate::wire::command::more::{self, LagPlan, MAX_LAG_SAMPLES};
use crate::wire::command::{Answer, Request, excerpt};

/// What comes next while the server measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagNext {
    /// A ping, to be [echoed](Client::echo).
    Ping,
    /// Nothing: it has measured all of them.
    Done(LagFigures),
}

/// What the server has measured, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagFigures {
    /// Pings that were asked for.
    pub count: u64,
    /// From one to the next.
    pub interval: Duration,
    /// Pings that were sent.
    pub sent: u64,
    /// Pings whose echo came.
    pub echoed: u64,
    /// Lines that were no such echo.
    pub faults: u64,
}

/// One ping of the server's that was echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagSample {
    /// Its number, from 0.
    pub number: u64,
    /// When it was sent, since the first was due.
    pub sent: Duration,
    /// From then to its echo.
    pub rtt: Duration,
}

impl Client {
    /// Asks the server to ping. From then on it is the client that answers, until
    /// [`next_ping`](Client::next_ping) says that it is over.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn ask_lag(&mut self, plan: LagPlan) -> io::Result<()> {
        self.sender.send(&Request::More(more::Request::Lag(plan)))
    }

    /// Waits for the server's next ping. It comes without having been asked for, too,
    /// if the server's owner wants it.
    ///
    /// # Errors
    /// When there is none, or the server says something else: that it refuses, for one.
    pub fn next_ping(&mut self) -> io::Result<LagNext> {
        match self.receive("PING ".len())? {
            Answer::More(more::Answer::Ping(_)) => Ok(LagNext::Ping),
            Answer::More(more::Answer::LagDone(json)) => figures(json).map(LagNext::Done),
            other => Err(unexpected(&other, "PING")),
        }
    }

    /// Sends the ping that came last back as it is.
    ///
    /// # Errors
    /// When it cannot be sent, or what came last is no ping.
    pub fn echo(&mut self) -> io::Result<()> {
        match Answer::parse(&self.answer) {
            Ok(Answer::More(more::Answer::Ping(payload))) => {
                self.sender.send(&Request::Ping(Some(payload)))
            }
            _ => Err(io::Error::new(ErrorKind::InvalidInput, "there is no ping to be echoed")),
        }
    }

    /// Asks for the single round-trip times that the server has measured, from this
    /// ping on; an empty list is the end.
    ///
    /// # Errors
    /// When there is no answer or another one.
    pub fn lag_samples(&mut self, first: u64) -> io::Result<Vec<LagSample>> {
        self.sender.send(&Request::More(more::Request::LagSamples(first)))?;
        match self.receive("LAG_SAMPLES ".len())? {
            Answer::More(more::Answer::LagSamples(json)) => samples(json, first).ok_or_else(|| {
                let what = format!("these are no round-trip times: {}", excerpt(json.as_bytes()));
                io::Error::new(ErrorKind::InvalidData, what)
            }),
            other => Err(unexpected(&other, "LAG_SAMPLES")),
        }
    }
}

fn figures(json: &str) -> io::Result<LagFigures> {
    let object = json::parse(json.as_bytes())?;
    let number = |name: &str| {
        object.get(name).and_then(Value::as_u64).ok_or_else(|| {
            io::Error::new(
                ErrorKind::InvalidData,
                format!("{name:?} is no number in {}", excerpt(json.as_bytes())),
            )
        })
    };
    let interval = Duration::from_nanos(number("interval_ns")?);
    let faults =
        number("wrong")?.saturating_add(number("repeated")?).saturating_add(number("unsent")?);
    Ok(LagFigures {
        count: number("count")?,
        interval,
        sent: number("sent")?,
        echoed: number("echoed")?,
        faults,
    })
}

/// The numbers have to rise, or a server could go on for ever.
fn samples(json: &str, first: u64) -> Option<Vec<LagSample>> {
    let list = json::parse(json.as_bytes()).ok()?;
    let mut next = first;
    let sample = |item: &Value| {
        let [number, sent, rtt] = item.as_list()? else { return None };
        let number = number.as_u64().filter(|&number| number >= next)?;
        next = number.checked_add(1)?;
        let [sent, rtt] = [sent.as_u64()?, rtt.as_u64()?].map(Duration::from_nanos);
        Some(LagSample { number, sent, rtt })
    };
    list.as_list().filter(|list| list.len() <= MAX_LAG_SAMPLES)?.iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_in_order_or_refused() {
        assert_eq!(samples("[]", 5), Some(Vec::new()));
        let [sent, rtt] = [7, 9].map(Duration::from_nanos);
        assert_eq!(samples("[[5,7,9]]", 5), Some(vec![LagSample { number: 5, sent, rtt }]));
        for broken in [
            "",
            "{}",
            "[5,7,9]",
            "[[5,7]]",
            "[[4,7,9]]",
            "[[6,7,9],[6,7,9]]",
            "[[6,-7,9]]",
            "[[6,7,9.0]]",
        ] {
            assert_eq!(samples(broken, 5), None, "{broken}");
        }
    }
}
