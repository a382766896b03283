//! What does a message mean? The requests of the text protocol, and their answers.
//!
//! The client speaks first, and every request is answered. All of it is text that a
//! person can type into `nc`, but for the payload of the bulk transfers.
//!
//! | request | answer |
//! | --- | --- |
//! | `PING` | `PONG` |
//! | `PING <payload>` | `PONG <payload>`, the same bytes, up to [`MAX_PAYLOAD`] |
//! | `BANDWIDTH_DOWNLOAD:<amount>` | `READY`, then the data |
//! | `BANDWIDTH_UPLOAD:<amount>` | `READY`; the client sends the data; `DONE:<bytes>:<nanoseconds>` as the server saw them, from its `READY` to the last byte; with bare framing `DONE` alone |
//! | `QUIT` | `BYE`, and the connection is closed |
//! | anything else | `ERROR:<reason>`; the connection stays usable |
//!
//! An amount is a number of bytes, such as `1048576`, or a time, such as `500ms`. The
//! file [`more`] beside this one adds the requests of later chapters.
//!
//! A parsed request borrows from its message, so a payload of 64 KiB is not copied. A
//! message comes from a stranger: if it is not understood, that is an error, no panic.

mod amount;
pub mod more;
mod parse;

use std::io::{self, Write};

pub use amount::{Amount, Received};
pub(super) use parse::whole_number;
pub use parse::{ParseError, excerpt};
use parse::{split_word, text};

use super::framing::{Framing, MAX_LINE};

/// The largest payload of a ping, in bytes.
pub const MAX_PAYLOAD: usize = MAX_LINE - "PING ".len();

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Answer at once, with the same payload.
    Ping(Option<&'a [u8]>),
    /// Send me this much.
    Download(Amount),
    /// Take this much from me, and report when the last byte has arrived.
    Upload(Amount),
    /// The conversation is over.
    Quit,
    /// A request of a later chapter.
    More(more::Request<'a>),
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The answer to a ping, with its payload.
    Pong(Option<&'a [u8]>),
    /// The bulk transfer begins now.
    Ready,
    /// The upload has arrived. With bare framing `DONE` has no figures.
    Done(Option<Received>),
    /// The answer to `QUIT`.
    Bye,
    /// The request was not understood, or is not allowed.
    Error(&'a str),
    /// An answer of a later chapter.
    More(more::Answer<'a>),
}

impl<'a> Request<'a> {
    /// Reads the request in a message.
    ///
    /// ```
    /// use roundtrip::wire::command::{Amount, ParseError, Request};
    ///
    /// assert_eq!(Request::parse(b"PING hello"), Ok(Request::Ping(Some(b"hello"))));
    /// let download = Request::Download(Amount::Bytes(1024));
    /// assert_eq!(Request::parse(b"BANDWIDTH_DOWNLOAD:1024"), Ok(download));
    /// let error = ParseError::NotANumber("-5".into());
    /// assert_eq!(Request::parse(b"BANDWIDTH_UPLOAD:-5"), Err(error));
    /// ```
    ///
    /// # Errors
    /// When the message is no request. The error's text is what the client is told.
    pub fn parse(message: &'a [u8]) -> Result<Self, ParseError> {
        match split_word(message) {
            (b"PING", _) => Ok(Request::Ping(None)),
            (b"PING ", payload) => Ok(Request::Ping(Some(payload))),
            (b"BANDWIDTH_DOWNLOAD:", amount) => Amount::parse(amount).map(Request::Download),
            (b"BANDWIDTH_UPLOAD:", amount) => Amount::parse(amount).map(Request::Upload),
            (b"QUIT", _) => Ok(Request::Quit),
            _ => more::Request::parse(message).map(Request::More),
        }
    }

    /// Appends the request as it is sent, without the mark of its end.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        // Writing into a Vec cannot fail.
        let _ = match self {
            Request::Ping(None) => write!(buffer, "PING"),
            Request::Ping(Some(payload)) => {
                write!(buffer, "PING ").and_then(|()| buffer.write_all(payload))
            }
            Request::Download(amount) => write!(buffer, "BANDWIDTH_DOWNLOAD:{amount}"),
            Request::Upload(amount) => write!(buffer, "BANDWIDTH_UPLOAD:{amount}"),
            Request::Quit => write!(buffer, "QUIT"),
            Request::More(more) => more.encode(buffer),
        };
    }
}

impl<'a> Answer<'a> {
    /// Reads the answer in a message.
    ///
    /// ```
    /// use roundtrip::wire::command::{Answer, Received};
    /// use std::time::Duration;
    ///
    /// let received = Received { bytes: 1024, duration: Duration::from_micros(5) };
    /// assert_eq!(Answer::parse(b"DONE:1024:5000"), Ok(Answer::Done(Some(received))));
    /// assert_eq!(Answer::parse(b"ERROR:server full"), Ok(Answer::Error("server full")));
    /// ```
    ///
    /// # Errors
    /// When the message is no answer.
    pub fn parse(message: &'a [u8]) -> Result<Self, ParseError> {
        match split_word(message) {
            (b"PONG", _) => Ok(Answer::Pong(None)),
            (b"PONG ", payload) => Ok(Answer::Pong(Some(payload))),
            (b"READY", _) => Ok(Answer::Ready),
            (b"DONE", _) => Ok(Answer::Done(None)),
            (b"DONE:", report) => Received::parse(report).map(|report| Answer::Done(Some(report))),
            (b"BYE", _) => Ok(Answer::Bye),
            (b"ERROR:", reason) => text(reason).map(Answer::Error),
            _ => more::Answer::parse(message).map(Answer::More),
        }
    }

    /// Appends the answer as it is sent, without the mark of its end.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        let _ = match self {
            Answer::Pong(None) => write!(buffer, "PONG"),
            Answer::Pong(Some(payload)) => {
                write!(buffer, "PONG ").and_then(|()| buffer.write_all(payload))
            }
            Answer::Ready => write!(buffer, "READY"),
            Answer::Done(None) => write!(buffer, "DONE"),
            Answer::Done(Some(received)) => write!(buffer, "DONE:{received}"),
            Answer::Bye => write!(buffer, "BYE"),
            Answer::Error(reason) => write!(buffer, "ERROR:{reason}"),
            Answer::More(more) => more.encode(buffer),
        };
    }

    /// Sends the answer.
    ///
    /// # Errors
    /// Those of `writer`.
    pub fn send(&self, framing: Framing, writer: &mut impl Write) -> io::Result<()> {
        let mut message = Vec::new();
        self.encode(&mut message);
        framing.send(&mut message, writer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::more::LagPlan;
    use super::*;

    #[test]
    fn what_is_encoded_is_parsed_back() {
        let long = vec![b'x'; MAX_PAYLOAD];
        for request in [
            Request::Ping(None),
            Request::Ping(Some(b"")),
            Request::Ping(Some(b"a b \xff\0")),
            Request::Ping(Some(&long)),
            Request::Download(Amount::Bytes(0)),
            Request::Upload(Amount::Bytes(u64::MAX)),
            Request::More(more::Request::Bidirectional(Amount::Time(Duration::from_millis(1_500)))),
            Request::More(more::Request::Lag(LagPlan {
                count: 3,
                interval: Duration::from_millis(20),
            })),
            Request::More(more::Request::LagSamples(7)),
            Request::More(more::Request::Status(None)),
            Request::More(more::Request::Status(Some(b"{\"a\":\xff}"))),
            Request::Quit,
        ] {
            let mut buffer = Vec::new();
            request.encode(&mut buffer);
            assert_eq!(Request::parse(&buffer), Ok(request));
        }
        let received = Received { bytes: 10, duration: Duration::from_nanos(1_500) };
        for answer in [
            Answer::Pong(None),
            Answer::Pong(Some(b"a b \xff\0")),
            Answer::Ready,
            Answer::Done(None),
            Answer::Done(Some(received)),
            Answer::More(more::Answer::Ping(b"0")),
            Answer::More(more::Answer::LagDone("{}")),
            Answer::More(more::Answer::LagSamples("[[0,1,2]]")),
            Answer::More(more::Answer::Status("{\"a\":1}")),
            Answer::Bye,
            Answer::Error("server full"),
        ] {
            let mut buffer = Vec::new();
            answer.encode(&mut buffer);
            assert_eq!(Answer::parse(&buffer), Ok(answer));
        }
    }

    #[test]
    fn amounts_are_whole_and_fit() {
        for text in [
            "",
            "-5",
            "+5",
            "1.5",
            "1e3",
            " 1",
            "1 ",
            "ten",
            "18446744073709551616",
            "\u{0663}",
            "ms",
            "-1ms",
            "1s",
        ] {
            for word in ["BANDWIDTH_DOWNLOAD:", "BANDWIDTH_UPLOAD:", "BANDWIDTH_BIDIRECTIONAL:"] {
                let message = format!("{word}{text}");
                let error = Request::parse(message.as_bytes()).unwrap_err();
                assert!(matches!(error, ParseError::NotANumber(_)), "{message}: {error}");
            }
        }
    }

    #[test]
    fn a_lag_without_an_interval_has_the_usual_one() {
        assert_eq!(
            Request::parse(b"LAG:10"),
            Ok(Request::More(more::Request::Lag(LagPlan::default())))
        );
        for text in [
            "LAG:",
            "LAG:x",
            "LAG:-1",
            "LAG:1:",
            "LAG:1:2:3",
            "LAG:1:-1",
            "LAG_SAMPLES:",
            "LAG_SAMPLES:1:2",
        ] {
            assert!(
                matches!(Request::parse(text.as_bytes()), Err(ParseError::NotANumber(_))),
                "{text}"
            );
        }
        assert!(matches!(Request::parse(b"LAG"), Err(ParseError::Unknown(_))));
    }

    #[test]
    fn strangers_are_named_printable_and_short() {
        for message in [&b"PINGPONG"[..], b"ping", b" PING", b"QUIT now", b"\xff\xfe", &[7; 5000]] {
            let error = Request::parse(message).unwrap_err().to_string();
            assert!(error.starts_with("unknown command"), "{error}");
            assert!(error.len() < 1100 && error.chars().all(|c| !c.is_control()), "{error}");
        }
        assert_eq!(Request::parse(b""), Err(ParseError::Empty));
    }
}
