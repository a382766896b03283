//! Lines that fit a terminal of 80 columns.
//!
//! Results and the help are broken between words, for a person. What a program may
//! read is one line, however long: an event in JSON, a line of the server's log, an error
//! or a note on standard error. Where standard error is a terminal, no program reads it,
//! and these are broken as well.

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

/// Reports an error of a program on standard error.
pub fn complain(program: &str, what: impl Display) {
    report(&format!("{program}: {}", one_line(what)));
}

/// Reports on standard error what to mistrust in the results of a program.
pub fn note(program: &str, what: impl Display) {
    report(&format!("{program}: note: {}", one_line(what)));
}

fn report(line: &str) {
    let terminal = io::stderr().is_terminal();
    let mut text = if terminal { hanging(line, WIDTH).join("\n") } else { line.into() };
    // Notes are yellow on a terminal, unless the user objects (no-color.org).
    if terminal && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()) {
        text = text.replacen(": note:", ": \x1b[33mnote:\x1b[0m", 1);
    }
    // Without a standard error there is no place to report that.
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
