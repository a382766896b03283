//! The head of an HTTP request or answer: a line, header fields, and an empty line (RFC
//! 9112 section 2).

use std::io::{BufRead, Read};

use super::error::{HandshakeError, MAX_HEAD};
use crate::wamp::read::cut_off;

/// How many characters of a stranger's text an error repeats.
const EXCERPT: usize = 80;

pub(super) struct Head {
    /// The head as it arrived. Every line but the first is a name, a colon and a value.
    text: String,
}

impl Head {
    /// Reads up to the empty line, and not a byte further: frames follow.
    pub fn read(reader: &mut impl BufRead) -> Result<Self, HandshakeError> {
        let mut head = Vec::new();
        let mut limited = reader.take(MAX_HEAD as u64);
        loop {
            let start = head.len();
            if limited.read_until(b'\n', &mut head)? == 0 && limited.limit() == 0 {
                return Err(HandshakeError::TooLong);
            }
            match &head[start..] {
                b"\r\n" | b"\n" if start > 0 => break,
                line if line.ends_with(b"\n") => check(line, start == 0)?,
                _ if limited.limit() == 0 => return Err(HandshakeError::TooLong),
                _ => return Err(cut_off("the handshake").into()),
            }
        }
        // A field that nobody reads may hold any bytes.
        Ok(Head { text: String::from_utf8_lossy(&head).into_owned() })
    }

    /// The request line, or the status line.
    pub fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The values of all fields of this name, in upper or lower case (RFC 9110 section
    /// 5.1).
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(move |field| field.0.eq_ignore_ascii_case(name)).map(|field| trim(field.1))
    }

    /// The members of a list, in one field or in several fields of this name (RFC 9110
    /// section 5.6.1).
    pub fn tokens(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(trim)
            .filter(|token| !token.is_empty())
    }

    /// The value of a field that has to occur exactly once.
    pub fn only(&self, name: &'static str) -> Result<&str, HandshakeError> {
        let mut values = self.values(name);
        let value = values.next().ok_or(HandshakeError::Missing(name))?;
        if values.next().is_some() { Err(HandshakeError::Repeated(name)) } else { Ok(value) }
    }

    /// Checks that a list has this member, in upper or lower case.
    pub fn expect_token(&self, name: &'static str, wanted: &str) -> Result<(), HandshakeError> {
        if self.tokens(name).any(|token| token.eq_ignore_ascii_case(wanted)) {
            return Ok(());
        }
        let value = self.values(name).next().ok_or(HandshakeError::Missing(name))?;
        Err(HandshakeError::Unexpected(name, excerpt(value)))
    }
}

/// Refuses a wrong line as soon as it has arrived: a peer that does not speak HTTP may
/// never send an empty line.
fn check(line: &[u8], first: bool) -> Result<(), HandshakeError> {
    let text = String::from_utf8_lossy(line);
    let good = if first {
        text.contains("HTTP/")
    } else {
        // No space within or around the name (RFC 9112 section 5.1), so no line that
        // continues another (section 5.2).
        text.split_once(':')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()))
    };
    if good { Ok(()) } else { Err(HandshakeError::NotHttp(excerpt(text.trim_end()))) }
}

/// The beginning of a stranger's text.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}

/// Removes spaces and tabs around a value (RFC 9110 section 5.6.3).
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}
