//! What to say when the system refuses a thread.

use std::io;

/// Says what was refused, and what to try next. The system's own words are "Resource
/// temporarily unavailable", which does not name the resource.
#[allow(clippy::needless_pass_by_value, reason = "it is for `map_err`")]
pub fn no_thread(error: io::Error) -> io::Error {
    let what = format!("the system gives no further thread: {error}; raise the limit (ulimit -u)");
    io::Error::new(error.kind(), what)
}
