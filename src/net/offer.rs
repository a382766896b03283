//! Writes that may take less than everything.
//!
//! A thread that serves several peers cannot wait until one of them has room. It offers
//! its bytes, waits a moment, and keeps what was not taken.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use super::socket::{Stream, with_socket};

impl Stream {
    /// Changes how long [`offer`](Stream::offer) waits, for all clones of the stream.
    ///
    /// # Errors
    /// `InvalidInput` when the timeout is zero.
    pub fn set_offer_timeout(&self, timeout: Duration) -> io::Result<()> {
        with_socket!(self, socket => socket.set_write_timeout(Some(timeout)))
    }

    /// Writes what the connection takes within the offer's timeout, and returns how many
    /// bytes that was. It may be none.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn offer(&self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            match with_socket!(self, socket => (&mut &*socket).write(buffer)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(0);
                }
                Ok(0) if !buffer.is_empty() => return Err(ErrorKind::WriteZero.into()),
                other => return other,
            }
        }
    }

    /// Tries once more after a write has timed out. Linux wakes a writer only when a third
    /// of the send buffer is free, and a peer that reads slowly may not get so far within
    /// the timeout. If there is room now, the peer has been reading.
    pub(super) fn write_what_fits(&self, buffer: &[u8]) -> io::Result<usize> {
        self.set_offer_timeout(Duration::from_millis(1))?;
        let written = with_socket!(self, socket => (&mut &*socket).write(buffer));
        self.set_offer_timeout(self.timeout())?;
        written
    }
}
