//! The head of an HTTP request or answer: a line, header fields, and an empty line (RFC
//! 9112 section 2).

use std::io::{self, BufRead, ErrorKind, Read};

use super::HandshakeError;

/// The longest head, in bytes. Browsers send some hundred, and whatever cookies they
/// have for the host.
pub const MAX_HEAD: usize = 8 * 1024;

/// Of what a stranger wrote, as much is repeated to a person.
const EXCERPT: usize = 80;

pub(super) struct Head {
    /// As it came; every line but the first has a name in front of a colon.
    text: String,
}

impl Head {
    /// Reads as far as the empty line, and not a byte further: what follows is frames.
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
                _ => return Err(closed().into()),
            }
        }
        // A field that is of no interest here may hold anything, and even so must not
        // stop the others.
        Ok(Head { text: String::from_utf8_lossy(&head).into_owned() })
    }

    /// The request line, or the status line.
    pub fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The values of all fields of this name. Upper and lower case are the same in a
    /// name (RFC 9110 section 5.1).
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(move |field| field.0.eq_ignore_ascii_case(name)).map(|field| trim(field.1))
    }

    /// The members of a list: all in one field, or in several fields of the same name
    /// (RFC 9110 section 5.6.1).
    pub fn tokens(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(trim)
            .filter(|token| !token.is_empty())
    }

    /// The value of a field that has to be there once.
    pub fn only(&self, name: &'static str) -> Result<&str, HandshakeError> {
        let mut values = self.values(name);
        let value = values.next().ok_or(HandshakeError::Missing(name))?;
        if values.next().is_some() { Err(HandshakeError::Repeated(name)) } else { Ok(value) }
    }

    /// Whether a list that has to be there has this member. Case makes no difference in
    /// those of the handshake.
    pub fn expect_token(&self, name: &'static str, wanted: &str) -> Result<(), HandshakeError> {
        if self.tokens(name).any(|token| token.eq_ignore_ascii_case(wanted)) {
            return Ok(());
        }
        let value = self.values(name).next().ok_or(HandshakeError::Missing(name))?;
        Err(HandshakeError::Unexpected(name, excerpt(value)))
    }
}

/// Refuses a line as soon as it is there: who does not speak HTTP may never send an
/// empty one.
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

/// The beginning of what a stranger wrote.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}

/// Spaces and tabs are all the white space there is around a value (RFC 9110 section
/// 5.6.3).
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

fn closed() -> io::Error {
    io::Error::new(
        ErrorKind::UnexpectedEof,
        "the connection was closed in the middle of the handshake",
    )
}
