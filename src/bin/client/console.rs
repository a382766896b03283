//! Standard output and standard error, and what happens when nobody reads them.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Write};
use std::process::exit;
use std::sync::atomic::{AtomicU8, Ordering};

use roundtrip::flags;

/// The exit code of the run, also of one whose reader leaves.
static FAILED: AtomicU8 = AtomicU8::new(0);

/// Remembers that something has failed. Code 1 outweighs the others.
pub fn fail(code: u8) {
    let worse = |before| (before != 1).then_some(code);
    let _ = FAILED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, worse);
}

/// The exit code for what has failed until now.
pub fn exit_code() -> u8 {
    FAILED.load(Ordering::Relaxed)
}

/// Standard output, for results. `println!` panics when the reader has read enough
/// (`client | head -1`). Here that ends the program, since there is nobody left to
/// measure for, unless the results are also written to a file.
#[derive(Clone, Copy)]
pub struct Output {
    /// Whether to go on when nobody reads any more.
    pub go_on: bool,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written(io::stdout().write(bytes))
    }

    /// A line in one piece, even if several threads write.
    fn write_fmt(&mut self, line: fmt::Arguments) -> io::Result<()> {
        self.written(io::stdout().write_fmt(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.written(io::stdout().flush())
    }
}

impl Output {
    fn written<T>(self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            if error.kind() == ErrorKind::BrokenPipe && !self.go_on {
                exit(exit_code().into());
            }
            io::Error::new(error.kind(), format!("cannot write the results: {error}"))
        })
    }
}

/// Prints a line of results.
pub fn say(line: impl Display) {
    if let Err(error) = writeln!(Output { go_on: false }, "{line}") {
        complain(error);
        exit(1)
    }
}

/// Reports what went wrong.
pub fn complain(what: impl Display) {
    flags::complain("client", what);
}

/// Reports what to mistrust.
pub fn note(what: impl Display) {
    flags::note("client", what);
}
