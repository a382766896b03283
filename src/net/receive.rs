//! One message, within one time limit.

use std::io::{self, BufRead, BufReader};
use std::time::Duration;

use super::deadline::Deadline;
use super::socket::Stream;

/// Waits for a message to begin, however long the timeout allows, then calls `receive`
/// to read it, within one more timeout: so a message that arrives a byte at a time has
/// an end, too.
///
/// # Errors
/// Those of the connection, and of `receive`.
pub fn receive_in_time<T>(
    reader: &mut BufReader<Stream>,
    receive: impl FnOnce(&mut BufReader<Stream>) -> io::Result<T>,
) -> io::Result<T> {
    reader.fill_buf()?;
    let time = reader.get_ref().timeout();
    receive_within(time, reader, receive)
}

/// Calls `receive`, which has to be done within `time`, however many reads it makes.
///
/// # Errors
/// Those of the connection, and of `receive`.
pub fn receive_within<T>(
    time: Duration,
    reader: &mut BufReader<Stream>,
    receive: impl FnOnce(&mut BufReader<Stream>) -> io::Result<T>,
) -> io::Result<T> {
    // A deadline for more than this message is kept.
    let message = Deadline::new("no whole message arrived for", time);
    let outer = reader.get_mut().set_deadline(Some(message));
    if outer.is_some() {
        reader.get_mut().set_deadline(outer);
    }
    let received = receive(reader);
    reader.get_mut().set_deadline(outer);
    received
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_time_of_a_message_is_for_all_of_its_reads_together() {
        const TIME: Duration = Duration::from_secs(1);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut reader = BufReader::new(Stream::from_unix(ours, TIME * 5 / 4).unwrap());
        let start = Instant::now();
        let peer = std::thread::spawn(move || {
            std::thread::sleep(TIME * 7 / 10);
            theirs.write_all(b"a").unwrap();
            theirs
        });
        let error =
            receive_within(TIME, &mut reader, |reader| reader.read_exact(&mut [0; 2])).unwrap_err();
        let took = start.elapsed();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::TimedOut, "no whole message arrived for 1s")
        );
        assert!((TIME..TIME * 3 / 2).contains(&took), "{took:?}");
        // It held for that message alone.
        assert_eq!(reader.read(&mut [0]).unwrap_err().to_string(), "nothing arrived for 1.25s");
        drop(peer.join());
    }
}
