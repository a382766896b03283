//! Standard output and standard error, and what happens when nobody reads them.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::exit;

/// Standard output, for results. `println!` panics when the reader has read enough
/// (`client | head -1`). Here that ends the program: there is nobody left to measure
/// for.
pub struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(written(io::stdout().write(bytes)))
    }

    /// A line in one piece, even if several threads write.
    fn write_fmt(&mut self, line: fmt::Arguments) -> io::Result<()> {
        written(io::stdout().write_fmt(line));
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        written(io::stdout().flush());
        Ok(())
    }
}

fn written<T>(result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| {
        if error.kind() == ErrorKind::BrokenPipe {
            exit(0);
        }
        complain(format!("cannot write the results: {error}"));
        exit(1)
    })
}

/// Prints a line of results.
pub fn say(line: impl Display) {
    let _ = writeln!(Output, "{line}");
}

/// Reports what went wrong.
pub fn complain(what: impl Display) {
    // Without a standard error there is no place to report that.
    let _ = writeln!(io::stderr(), "client: {what}");
}

/// Reports what to mistrust.
pub fn note(what: impl Display) {
    // In yellow on a terminal, unless the user objects (no-color.org).
    let colour = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (on, off) = if colour { ("\x1b[33m", "\x1b[0m") } else { ("", "") };
    let _ = writeln!(io::stderr(), "client: {on}note:{off} {what}");
}
