//! What it takes to have several pings on their way at once: one thread sends, while
//! another waits for the answers.

use std::io::{self, BufRead};
use std::time::Duration;

use super::{Client, Sender};
use crate::wire::framing::Framing;

impl Client {
    /// Another sender on this connection, for pings that leave while earlier ones are
    /// still unanswered.
    pub(crate) fn another_sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Whether several pings can be on their way at once. If nothing marks the end of an
    /// answer, they cannot.
    pub(crate) fn can_pipeline(&self) -> bool {
        self.sender.framing == Framing::Line
    }

    /// Waits until something has arrived.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        self.reader.fill_buf().map(drop)
    }

    /// Waits until something has arrived, but no longer than this.
    pub(crate) fn wait_for(&mut self, time: Duration) -> io::Result<()> {
        let timeout = self.timeout();
        // The timeout may be shorter than the system's shortest wait.
        let wait = time.max(Duration::from_millis(1)).min(timeout);
        self.reader.get_mut().set_read_timeout(wait)?;
        let waited = self.wait();
        self.reader.get_mut().set_read_timeout(timeout)?;
        waited
    }
}
