//! What the system knows of a socket, where it tells.
//!
//! Linux has a table for each protocol, `/proc/self/net/tcp` for one, with a line for each
//! socket of the machine. The number of the socket's inode says which line is which.

#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(unix)]
use std::os::fd::AsRawFd;

use super::socket::{Stream, with_socket};

/// The line of the protocol's table that describes this socket; `None` where there is
/// none.
#[cfg(unix)]
#[must_use]
pub fn line(protocol: &str, socket: &impl AsFd) -> Option<String> {
    let descriptor = socket.as_fd().as_raw_fd();
    let link = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
    let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
    let lines = ["", "6"].into_iter().filter_map(|version| {
        let table = std::fs::read_to_string(format!("/proc/self/net/{protocol}{version}")).ok()?;
        let found = table.lines().find(|line| line.split_whitespace().nth(9) == Some(inode));
        found.map(str::to_owned)
    });
    lines.into_iter().next()
}

/// The line of the protocol's table that describes this socket; other systems than Unix
/// have none.
#[cfg(not(unix))]
#[must_use]
pub fn line<T>(_: &str, _: &T) -> Option<String> {
    None
}

impl Stream {
    /// How many bytes the system has taken for this connection, and the peer's system has
    /// not acknowledged yet; `None` where the system does not tell.
    #[must_use]
    pub fn unsent(&self) -> Option<u64> {
        let line = with_socket!(self, socket => line("tcp", socket))?;
        // sl local_address rem_address st tx_queue:rx_queue …, in hexadecimal digits
        let (unsent, _) = line.split_whitespace().nth(4)?.split_once(':')?;
        u64::from_str_radix(unsent, 16).ok()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_nobody_reads_stays_unsent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream =
            Stream::dial(listener.local_addr().unwrap(), Duration::from_secs(60)).unwrap();
        assert_eq!(stream.unsent(), Some(0));
        stream.set_offer_timeout(Duration::from_millis(1)).unwrap();
        let piece = vec![0; 1 << 20];
        let mut taken = 0;
        while let Ok(more @ 1..) = stream.offer(&piece) {
            taken += more as u64;
        }
        let unsent = stream.unsent().unwrap();
        assert!(0 < unsent && unsent <= taken, "{unsent} of {taken}");
        stream.flush().unwrap();
    }
}
