//! The lines that the measuring process and its [workers](super::worker) write to each
//! other.
//!
//! ```text
//!   measuring process                  worker
//!     start … caller URL REALM … ───▶  joins the router
//!     ◀─────────────── 127.0.0.1:9000  the router's address, if the router has one
//!     ◀──────────────────────── READY  or ERROR and the reason
//!     begin 1000000000 100 ─────────▶  makes 100 calls, but begins none after 1 s
//!     ◀─────────────────── sent 0 100  caller 0 has made 100 calls
//!     ◀────────── call 0 20450 182000  one was sent at 20450 ns and took 182000 ns
//!     ◀─────────────────────────── …   99 more
//!     ◀─── used 10000000 30000000 201  meanwhile its process worked for 10 ms, the
//!                                      kernel for 30 ms, and it waited 201 times
//!     ◀──────────────── done 18350000  all calls together took 18 ms
//!     continue 1000000000 100 ──────▶  makes 100 more calls by the same schedule
//! ```
//!
//! A caller reports its calls when they are over, never while they run: that would take
//! time from the calls. A router reports its URLs before `READY`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::usage::Usage;
use crate::flags::one_line;
use crate::units::nanoseconds;

/// The role of a worker that is a router.
pub const ROUTER: &str = "router";
/// The role of a worker that offers a procedure for each caller.
pub const CALLEE: &str = "callee";
/// The role of a worker that makes calls.
pub const CALLER: &str = "caller";

/// A worker is ready to work.
pub const READY: &str = "READY";
/// A worker gives up; the reason follows.
pub const ERROR: &str = "ERROR ";

/// A request to a worker's callers: make so many calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whether to resume the schedule of the calls before, and not to begin a new one.
    pub resume: bool,
    /// No call begins after this time.
    pub time: Duration,
    /// The number of calls for each caller.
    pub counts: Vec<u64>,
}

/// A line of a worker's answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A caller has made so many calls. This line comes before those of its calls.
    Sent {
        /// The caller's index.
        caller: usize,
        /// How many calls it has made.
        calls: u64,
    },
    /// A call was answered.
    Call {
        /// The caller's index.
        caller: usize,
        /// When the call was sent, since the caller was made.
        at: Duration,
        /// The time from when the call was sent to its result.
        rtt: Duration,
        /// The time from when the call was due to its result, if there is a schedule.
        due: Option<Duration>,
    },
    /// A caller has failed, and makes no more calls.
    Failed {
        /// The caller's index.
        caller: usize,
        /// The reason.
        why: String,
    },
    /// What the process of the callers has used meanwhile, if the system tells.
    Used(Usage),
    /// The last line: the time from the first caller's begin to the last one's end.
    Done(Duration),
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.resume { "continue" } else { "begin" };
        write!(f, "{word} {}", nanoseconds(self.time))?;
        self.counts.iter().try_for_each(|count| write!(f, " {count}"))
    }
}

impl FromStr for Request {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let request = |(word, numbers)| {
            let numbers = numbers_of(numbers)?;
            let (&time, counts) = numbers.split_first()?;
            let resume = match word {
                "begin" => false,
                "continue" => true,
                _ => return None,
            };
            Some(Request { resume, time: Duration::from_nanos(time), counts: counts.to_vec() })
        };
        line.split_once(' ').and_then(request).ok_or_else(|| format!("{line:?} is no request"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Sent { caller, calls } => write!(f, "sent {caller} {calls}"),
            Line::Call { caller, at, rtt, due } => {
                write!(f, "call {caller} {} {}", nanoseconds(*at), nanoseconds(*rtt))?;
                due.map_or(Ok(()), |due| write!(f, " {}", nanoseconds(due)))
            }
            Line::Failed { caller, why } => write!(f, "failed {caller} {}", one_line(why)),
            Line::Used(Usage { user, system, switches }) => {
                write!(f, "used {} {} {switches}", nanoseconds(*user), nanoseconds(*system))
            }
            Line::Done(duration) => write!(f, "done {}", nanoseconds(*duration)),
        }
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let parsed = |(word, rest): (&str, &str)| {
            if word == "failed" {
                let (caller, why) = rest.split_once(' ')?;
                return Some(Line::Failed { caller: caller.parse().ok()?, why: why.into() });
            }
            let time = |&nanoseconds| Duration::from_nanos(nanoseconds);
            match (word, &numbers_of(rest)?[..]) {
                ("sent", [caller, calls]) => {
                    Some(Line::Sent { caller: usize::try_from(*caller).ok()?, calls: *calls })
                }
                ("call", [caller, at, rtt, due @ ..]) if due.len() < 2 => Some(Line::Call {
                    caller: usize::try_from(*caller).ok()?,
                    at: time(at),
                    rtt: time(rtt),
                    due: due.first().map(time),
                }),
                ("used", [user, system, switches]) => Some(Line::Used(Usage {
                    user: time(user),
                    system: time(system),
                    switches: *switches,
                })),
                ("done", [duration]) => Some(Line::Done(time(duration))),
                _ => None,
            }
        };
        line.split_once(' ').and_then(parsed).ok_or_else(|| format!("{line:?} is no report"))
    }
}

fn numbers_of(text: &str) -> Option<Vec<u64>> {
    text.split(' ').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_and_parsed() {
        for (line, resume, counts) in
            [("begin 1000 5", false, vec![5]), ("continue 1000 5 0", true, vec![5, 0])]
        {
            let request = Request { resume, time: Duration::from_micros(1), counts };
            assert_eq!((line.parse(), request.to_string()), (Ok(request), line.into()));
        }
        for wrong in ["", "begin", "begin ", "begin x", "begin 1 -1", "end 1 1"] {
            assert!(wrong.parse::<Request>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn reports_are_written_and_parsed() {
        let (at, rtt) = (Duration::from_nanos(7), Duration::from_nanos(8));
        let why = "no one\nis there".to_owned();
        for (line, report) in [
            ("sent 1 20", Line::Sent { caller: 1, calls: 20 }),
            ("call 0 7 8", Line::Call { caller: 0, at, rtt, due: None }),
            ("call 2 7 8 8", Line::Call { caller: 2, at, rtt, due: Some(rtt) }),
            ("used 7 8 9", Line::Used(Usage { user: at, system: rtt, switches: 9 })),
            ("done 7", Line::Done(at)),
        ] {
            assert_eq!((line.parse(), report.to_string()), (Ok(report), line.into()));
        }
        assert_eq!(Line::Failed { caller: 3, why }.to_string(), r"failed 3 no one\nis there");
        assert_eq!("failed 3 a b".parse(), Ok(Line::Failed { caller: 3, why: "a b".into() }));
    }

    #[test]
    fn a_line_that_is_no_report_is_refused() {
        for wrong in [
            "",
            "sent",
            "sent 1",
            "sent 1 2 3",
            "sent -1 2",
            "call 0 7",
            "call 0 7 8 9 10",
            "call 0 7 x",
            "call 0 7  8",
            "call 0 7 99999999999999999999",
            "used 7 8",
            "done",
            "done 1 2",
            "failed",
            "failed 1",
            "failed x why",
            "{}",
        ] {
            assert!(wrong.parse::<Line>().is_err(), "{wrong:?}");
        }
    }
}
