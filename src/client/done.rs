//! The end of an upload: only the server knows when the last byte has arrived.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::asked::Asked;
use super::{Client, invalid, unexpected};
use crate::net::Watch;
use crate::wire::command::{Answer, Received};
use crate::wire::framing::Framing;

/// How long to look for the reason when a server breaks off an upload.
const REASON: Duration = Duration::from_millis(100);

impl Client {
    /// Waits for the server's report that it has received an upload.
    pub(super) fn receive_done(&mut self, asked: Asked) -> io::Result<Option<Received>> {
        let framing = self.sender.framing;
        let done = match self.receive("DONE".len())? {
            Answer::Done(None) if framing == Framing::Line => {
                return Err(invalid("the server answered DONE without its figures"));
            }
            Answer::Done(done) => done,
            other => return Err(unexpected(&other, "DONE")),
        };
        // The server's time lies within ours. Two clocks may run at different speeds, but
        // not by as much as half.
        match done {
            Some(Received { duration, .. }) if duration > asked.at.elapsed() * 2 => Err(invalid(
                format!("the server reports {duration:?}, which is longer than the transfer took"),
            )),
            done => Ok(done),
        }
    }

    /// Waits for the server's report that it has received all of an upload.
    pub(super) fn receive_done_of(
        &mut self,
        asked: Asked,
        sent: u64,
    ) -> io::Result<Option<Received>> {
        self.wait_while_sending(asked)?;
        match self.receive_done(asked)? {
            Some(Received { bytes, .. }) if bytes != sent => {
                Err(invalid(format!("the server reports {bytes} of {sent} bytes")))
            }
            done => self.check_in_step().map(|()| done),
        }
    }

    /// Waits until the server answers, or nothing moves any more: what the system has taken
    /// may still be on its way.
    fn wait_while_sending(&mut self, asked: Asked) -> io::Result<()> {
        let (timeout, mut unsent) = (self.timeout(), None);
        let mut watch = Watch::new(timeout);
        self.reader.get_mut().set_read_timeout(watch.slice(None))?;
        let waited = loop {
            match self.wait() {
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                waited => break waited,
            }
            // Not earlier: the system's table may be long, and the clock is running.
            let now = self.sender.stream.unsent();
            if unsent.is_none() && now.is_none() {
                // Nobody tells: the rest may take as long as the part before it.
                watch = Watch::new(timeout.saturating_add(asked.ready.elapsed()));
            }
            let before = unsent.replace(now).flatten();
            let moved = before.zip(now).map_or(0, |(before, now)| before.saturating_sub(now));
            if let Err(error) = watch.moved(moved, "nothing arrived") {
                break Err(error);
            }
        };
        self.reader.get_mut().set_read_timeout(timeout)?;
        waited
    }

    /// A server that breaks off says why before it closes. If it has, that explains more
    /// than the write that failed.
    pub(super) fn reason(&mut self, error: io::Error) -> io::Error {
        let timeout = self.timeout();
        let said = self.reader.get_mut().set_read_timeout(REASON).and_then(|()| {
            match self.receive("DONE".len())? {
                Answer::Error(reason) => Ok(format!("the server answered ERROR:{reason}")),
                _ => Err(ErrorKind::InvalidData.into()),
            }
        });
        let _ = self.reader.get_mut().set_read_timeout(timeout);
        match said {
            Ok(said) => io::Error::new(error.kind(), said),
            Err(_) => error,
        }
    }
}
