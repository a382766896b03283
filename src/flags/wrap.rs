//! Lines that fit a terminal of 80 columns.
//!
//! A text for a person is broken between words: the help, results, notes. A line that a
//! program may read stays one line, however long: an error on standard error, a line of
//! the server's log, an event in JSON. On a terminal no program reads, so there an error
//! is broken as well.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::values::one_line;

/// The width of a terminal that is not wide.
pub(crate) const WIDTH: usize = 80;

/// What is left of it for details, which are indented.
pub(crate) const DETAIL: usize = WIDTH - 2;

/// Breaks a text that is longer than `width` characters between words. A text that fits
/// stays as it is. A word that does not fit has a line of its own.
///
/// ```
/// use roundtrip::flags::wrap;
///
/// assert_eq!(wrap("two  words", 10), ["two  words"]);
/// assert_eq!(wrap("now three words", 10), ["now three", "words"]);
/// ```
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.into()];
    }
    let (mut lines, mut used) = (Vec::<String>::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if used + 1 + length <= width => {
                *line += " ";
                *line += word;
                used += 1 + length;
            }
            _ => {
                lines.push(word.into());
                used = length;
            }
        }
    }
    lines
}

/// Writes an error to standard error: one line, or on a terminal as many as it takes.
pub fn complain(program: &str, what: impl Display) {
    let line = format!("{program}: {}", one_line(what));
    // Without a standard error there is no place to report that.
    let line = if io::stderr().is_terminal() { hanging(&line, WIDTH).join("\n") } else { line };
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes a note to standard error, which says what to mistrust in the results.
pub fn note(program: &str, what: impl Display) {
    let mut text = hanging(&format!("{program}: note: {}", one_line(what)), WIDTH).join("\n");
    // In yellow on a terminal, unless the user objects (no-color.org).
    if io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()) {
        text = text.replacen("note:", "\x1b[33mnote:\x1b[0m", 1);
    }
    let _ = writeln!(io::stderr(), "{text}");
}

/// Breaks a text that is longer than `width` characters between words, and indents all
/// lines but the first.
pub(crate) fn hanging(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.into()];
    }
    let mut lines = wrap(text, width - 2);
    lines.iter_mut().skip(1).for_each(|line| line.insert_str(0, "  "));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        for text in ["a", "naïve ", "client: note: ", "12345678901234567890123456789 "] {
            for times in 1..200 {
                let text = text.repeat(times);
                let broken = hanging(&text, WIDTH).join("\n");
                let widest = broken.lines().map(|line| line.chars().count()).max();
                assert!(widest <= Some(WIDTH) || !text.contains(' '), "{broken}");
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(words(&broken), words(&text));
            }
        }
    }
}
