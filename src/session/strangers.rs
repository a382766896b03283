//! Who speaks here, if it is not our client?
//!
//! An open port is found by all kinds of programs: a browser, a TLS scanner, an SSH
//! client with the wrong port, a client of an earlier version. Each begins in its own
//! way. To answer all of them with `ERROR:unknown request`, one error for each line
//! that they send, helps neither the person in front of that program nor the one who
//! reads this server's log. So the first bytes of a connection are compared with how
//! well-known protocols begin. Such a client is told in one line where it is, and the
//! connection ends.
//!
//! A client of the [dialect without delimiters](crate::wire::framing) is the hardest to
//! find, since its `PING` is right but for the newline that never comes. Both sides
//! would wait until a timeout passes. A request of that dialect that is whole but for
//! its end, and after which nothing arrives for [`PATIENCE`], is taken for one.

use std::io::{self, BufRead, BufReader, ErrorKind};
use std::time::Duration;

use crate::net::{Stream, receive_within};
use crate::wire::framing::Framing;

/// How long a whole request may wait for its newline. A segment that was lost is sent
/// again after 200 ms and a round trip, then after twice that.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How some protocols begin, and their names.
const BEGINNINGS: [(&[u8], &str); 18] = [
    // RFC 8446 section 5.1: a handshake record, and a version.
    (b"\x16\x03", "TLS"),
    // RFC 4253 section 4.2.
    (b"SSH-", "SSH"),
    // RFC 9113 section 3.4.
    (b"PRI * HTTP/2", "HTTP/2"),
    (b"GET ", "HTTP"),
    (b"HEAD ", "HTTP"),
    (b"POST ", "HTTP"),
    (b"PUT ", "HTTP"),
    (b"DELETE ", "HTTP"),
    (b"OPTIONS ", "HTTP"),
    (b"CONNECT ", "HTTP"),
    // RFC 5321 section 4.1.1.1.
    (b"EHLO ", "SMTP"),
    (b"HELO ", "SMTP"),
    (b"PROXY TCP", "the PROXY protocol"),
    (b"\r\n\r\n\0\r\nQUIT\n", "the PROXY protocol"),
    // RFC 1928 section 3: a version, and one or two methods.
    (b"\x05\x01\x00", "SOCKS"),
    (b"\x05\x02\x00", "SOCKS"),
    // TPKT (RFC 1006 section 6), in which remote desktops begin.
    (b"\x03\x00\x00", "RDP"),
    // The octet with which WAMP opens a RawSocket.
    (b"\x7f", "WAMP RawSocket"),
];

/// The protocol that begins like this, if it is known and not ours.
fn protocol(beginning: &[u8]) -> Option<&'static str> {
    let is_http = || beginning.windows(6).any(|part| part == b" HTTP/");
    let (_, name) = BEGINNINGS.iter().find(|(bytes, _)| beginning.starts_with(bytes))?;
    // What begins with a word may be a request of a protocol that is not known here.
    Some(*name).filter(|&name| name != "HTTP" || is_http())
}

/// Waits for the first bytes of a connection.
///
/// # Errors
/// Those of the connection; `InvalidData` when they belong to another protocol.
pub(super) fn expect_ours(reader: &mut BufReader<Stream>) -> io::Result<()> {
    let Some(protocol) = protocol(reader.fill_buf()?) else { return Ok(()) };
    let what = format!("this is a roundtrip server, and the client spoke {protocol}");
    Err(io::Error::new(ErrorKind::InvalidData, what))
}

/// Receives a request, as [`receive_in_time`](crate::net::receive_in_time) does. With
/// line framing, a request without a newline is not waited for that long if it looks
/// like one without delimiters.
///
/// # Errors
/// Those of the connection and of [`Framing::receive`].
pub(super) fn receive<'b>(
    reader: &mut BufReader<Stream>,
    framing: Framing,
    buffer: &'b mut Vec<u8>,
) -> io::Result<Option<&'b [u8]>> {
    let bare = framing == Framing::Line && is_bare(reader.fill_buf()?);
    let time = reader.get_ref().timeout();
    let time = if bare { time.min(PATIENCE) } else { time };
    receive_within(time, reader, |reader| framing.receive(reader, buffer)).map_err(|error| {
        if !bare || error.kind() != ErrorKind::TimedOut {
            return error;
        }
        let what = "a request without a newline at its end: this server expects lines \
                    (--framing line)";
        io::Error::new(error.kind(), what)
    })
}

/// Whether all that has arrived is one request of the dialect without delimiters.
fn is_bare(arrived: &[u8]) -> bool {
    arrived == b"PING"
        || arrived == b"QUIT"
        || arrived.starts_with(b"BANDWIDTH_")
            && arrived.last().is_some_and(u8::is_ascii_digit)
            && arrived.contains(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_another_protocol_is_taken_for_one() {
        for ours in ["PING\n", "GET\n", "GET x\n", "HEAD of a list\n", "QUIT", "S", "\x16"] {
            assert_eq!(protocol(ours.as_bytes()), None, "{ours:?}");
        }
        assert_eq!(protocol(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), Some("HTTP"));
        assert_eq!(protocol(b"\x16\x03\x01\x02\x00\x01"), Some("TLS"));
    }

    #[test]
    fn a_request_of_the_dialect_is_whole() {
        assert!(is_bare(b"PING") && is_bare(b"BANDWIDTH_UPLOAD:12"));
        for other in [&b"PIN"[..], b"PING ", b"PING\n", b"BANDWIDTH_UPLOAD:", b"PING\nQUIT", b""] {
            assert!(!is_bare(other), "{other:?}");
        }
    }
}
