//! Who is at the other end: a server of this protocol, or a stranger?

use std::io;
use std::net::SocketAddr;

use super::{Client, invalid};
use crate::wire::command::{Answer, excerpt};

/// The most bytes of a stranger's answer that are quoted.
const QUOTED: usize = 60;

impl Client {
    /// The address and port of the server, unless it is at a Unix socket.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.sender.stream.peer()
    }

    /// Whether the server has given a valid answer that is no error.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.understood
    }

    /// Fails if more bytes have arrived than were asked for. They would be taken for the
    /// next answer, and make it look faster than light.
    pub(crate) fn check_in_step(&self) -> io::Result<()> {
        let more = excerpt(self.reader.buffer());
        if more.is_empty() {
            return Ok(());
        }
        Err(invalid(format!("the server sent more than it was asked for: \"{more}\"")))
    }
}

/// Reads an answer. If none was `understood` before, the other end may be a program with
/// another protocol.
pub(super) fn understand<'a>(message: &'a [u8], understood: &mut bool) -> io::Result<Answer<'a>> {
    let (parsed, before) = (Answer::parse(message), *understood);
    *understood |= matches!(&parsed, Ok(answer) if !matches!(answer, Answer::Error(_)));
    parsed.map_err(|_| {
        if before {
            return invalid(format!("the server answered \"{}\"", excerpt(message)));
        }
        let answered = excerpt(message.get(..QUOTED).unwrap_or(message));
        invalid(format!(
            "the server answered \"{answered}\", which is not this protocol; check the host and \
             the port"
        ))
    })
}
