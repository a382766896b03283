//! Busy-polling: waiting without sleeping.
//!
//! A thread that waits in `read` sleeps, and waking another processor for it takes the
//! system tens of microseconds: on loopback, most of a round trip. A thread that asks
//! again and again need not be woken. What that shows is how much of a round trip was
//! the scheduler's. What it costs is a whole core for each stream that waits, and with
//! fewer cores than spinning threads it is slower than sleeping, since the threads then
//! wait for each other (`examples/11_spin.rs`).

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// Calls `io` on a non-blocking socket until it does not block, or the time has passed.
///
/// # Errors
/// `WouldBlock` when the time has passed, and the errors of `io`.
pub fn poll<T>(time: Duration, mut io: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    // A time that no clock can show never passes.
    let deadline = Instant::now().checked_add(time);
    loop {
        match io() {
            Err(error)
                if error.kind() == ErrorKind::WouldBlock
                    && deadline.is_none_or(|deadline| Instant::now() < deadline) =>
            {
                std::hint::spin_loop();
            }
            other => return other,
        }
    }
}
