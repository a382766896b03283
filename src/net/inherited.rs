//! Standard input: a listener, a connection, or something else.
//!
//! A program that is started for the network often finds its socket open already, as
//! descriptor 0. `inetd` and systemd do this in two ways. With `nowait` or `Accept=yes`
//! they accept a connection, and start the program for that one. With `wait` or
//! `Accept=no` they start the program with the listener, and it accepts for itself. So
//! a port below 1024 needs no rights, the queue is as long as its owner wants it, and
//! no connection is refused while the program is started anew.
//!
//! The program is not told which of the two it has been given, and `std` has no call
//! that asks for it. But `accept` answers differently, and does not wait if the socket
//! is non-blocking:
//!
//! | `accept` | standard input is |
//! | --- | --- |
//! | a connection, or `WouldBlock` | a listener |
//! | `InvalidInput` (EINVAL) | a connection, or a socket that never was one |
//! | `Unsupported` (EOPNOTSUPP) | a datagram socket |
//! | another error (ENOTSOCK) | no socket |
//!
//! A connection that is accepted this way must not be lost: it is the listener's first.
//!
//! A server that serves each connection in a process of its own gives each child a
//! connection as standard input. Its children must never look for a listener there: if
//! one found any, each of its own children would find it again.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use super::listener::Listener;
use super::socket::Stream;
use super::socket_file::UnixFile;

/// What standard input is.
#[derive(Debug)]
pub enum Inherited {
    /// A connection: [`Stream::from_stdin`] takes it over.
    Connection,
    /// A listener, and its first connection if there was one already.
    Listener(Listener, Option<Stream>),
}

/// Finds out what standard input is. Each read and write on the first connection of a
/// listener may take `timeout`.
///
/// # Errors
/// When standard input is no socket, a datagram socket, or a socket without a peer.
pub fn stdin(timeout: Duration) -> io::Result<Inherited> {
    inherited(&io::stdin().as_fd().try_clone_to_owned()?, timeout)
}

fn inherited(descriptor: &OwnedFd, timeout: Duration) -> io::Result<Inherited> {
    // Each is a duplicate: the socket that is tried and found wrong is closed again.
    let tcp = TcpListener::from(descriptor.try_clone()?);
    let unix = UnixListener::from(descriptor.try_clone()?);
    let listener = if tcp.local_addr().is_ok() {
        Listener::Tcp(tcp)
    } else if let Ok(address) = unix.local_addr() {
        let path = address.as_pathname().and_then(|path| path.to_str()).unwrap_or("(unnamed)");
        Listener::Unix(UnixFile::handed_in(unix, path))
    } else {
        return Err(error("no socket"));
    };
    listener.set_nonblocking(true)?;
    let accepted = listener.accept(timeout);
    listener.set_nonblocking(false)?;
    match accepted {
        Ok(first) => Ok(Inherited::Listener(listener, Some(first))),
        Err(error) => match error.kind() {
            // The first client was gone before it was accepted.
            ErrorKind::WouldBlock | ErrorKind::ConnectionAborted => {
                Ok(Inherited::Listener(listener, None))
            }
            ErrorKind::InvalidInput if was_never_connected(descriptor)? => {
                Err(self::error("a socket without a peer"))
            }
            ErrorKind::InvalidInput => Ok(Inherited::Connection),
            ErrorKind::Unsupported => Err(self::error("a datagram socket")),
            _ => Err(error),
        },
    }
}

/// Whether this is a socket without a peer. A connection that was reset has none either,
/// but an error that says so.
fn was_never_connected(descriptor: &OwnedFd) -> io::Result<bool> {
    let socket = TcpStream::from(descriptor.try_clone()?);
    let peer = socket.peer_addr().map_err(|error| error.kind());
    Ok(peer == Err(ErrorKind::NotConnected) && socket.take_error()?.is_none())
}

fn error(what: &str) -> io::Error {
    let hint = "run this from inetd, a systemd socket, or socat TCP-LISTEN:5001,fork EXEC:";
    io::Error::new(
        ErrorKind::InvalidInput,
        format!("standard input is not a connected socket and not a listener, but {what}; {hint}"),
    )
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::net::UdpSocket;
    use std::os::unix::net::{UnixDatagram, UnixStream};
    use std::thread;

    use super::*;

    const TIME: Duration = Duration::from_secs(5);

    fn of(socket: impl Into<OwnedFd>) -> io::Result<Inherited> {
        inherited(&socket.into(), TIME)
    }

    #[test]
    fn each_kind_of_socket_is_known() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let again = listener.try_clone().unwrap();
        assert!(matches!(of(again), Ok(Inherited::Listener(Listener::Tcp(_), None))));
        // A client that has come before is the first.
        let client = TcpStream::connect(address).unwrap();
        let local = client.local_addr().ok();
        let Ok(Inherited::Listener(Listener::Tcp(_), Some(first))) = of(listener) else { panic!() };
        assert_eq!(first.peer(), local);
        assert!(matches!(of(client), Ok(Inherited::Connection)));
        assert!(matches!(of(UnixStream::pair().unwrap().0), Ok(Inherited::Connection)));
    }

    #[test]
    fn a_connection_that_was_reset_is_one_and_a_socket_without_a_peer_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
        // What is closed before all was read is reset.
        (&accepted).write_all(b"x").unwrap();
        client.peek(&mut [0]).unwrap();
        drop(client);
        while accepted.peer_addr().is_ok() {
            thread::yield_now();
        }
        assert!(matches!(of(accepted), Ok(Inherited::Connection)));
        // std creates a socket without a peer only to connect it, and Linux makes one of
        // a connection whose error has been read.
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
        (&accepted).write_all(b"x").unwrap();
        client.peek(&mut [0]).unwrap();
        drop(client);
        while accepted.take_error().unwrap().is_none() {
            thread::yield_now();
        }
        let error = of(accepted).unwrap_err().to_string();
        assert!(error.contains("a socket without a peer; run this from"), "{error}");
    }

    #[test]
    fn what_is_of_no_use_is_an_error_that_says_what_it_is() {
        for (descriptor, what) in [
            (OwnedFd::from(UdpSocket::bind("127.0.0.1:0").unwrap()), "a datagram socket"),
            (UnixDatagram::unbound().unwrap().into(), "a datagram socket"),
            (File::open("/dev/null").unwrap().into(), "no socket"),
        ] {
            let error = of(descriptor).unwrap_err().to_string();
            assert!(error.contains(&format!(", but {what}; run this from")), "{error}");
        }
    }
}
