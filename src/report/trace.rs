//! The conversation, drawn: each message an arrow between client and server.
//!
//! ```text
//!   client                                      server
//!     0.000 ms  │ ──────────── PING ──────────▶ │
//!     0.081 ms  │ ◀─────────── PONG ─────────── │
//! ```
//!
//! An arrow shows when a message was handed to this system, or read from it, and not
//! when it was on the wire. Drawing takes time, which the figures of a traced run
//! contain.

use std::time::Duration;

use crate::client::Message;
use crate::units::{ms, size};
use crate::wire::command::excerpt;

/// Characters between the two lines.
const WIDTH: usize = 40;

/// The line above the first arrow.
#[must_use]
pub fn heading() -> String {
    format!("  {:<14}{:>width$}", "client", "server", width = WIDTH + 6)
}

/// The arrow for a message that was sent or received at this time since the start.
///
/// ```
/// use roundtrip::client::Message;
/// use roundtrip::report::trace;
/// use std::time::Duration;
///
/// let line = trace::arrow(Duration::from_micros(81), Message::Received(b"PONG"));
/// assert!(line.starts_with("     0.081 ms  │ ◀────") && line.ends_with("── │"));
/// assert!(line.contains(" PONG "));
/// ```
#[must_use]
pub fn arrow(at: Duration, message: Message) -> String {
    let (text, to_server) = match message {
        Message::Sent(bytes) => (excerpt(bytes), true),
        Message::Received(bytes) => (excerpt(bytes), false),
        Message::SentData(bytes) => (format!("{} of data", size(bytes)), true),
        Message::ReceivedData(bytes) => (format!("{} of data", size(bytes)), false),
    };
    let text: String = text.chars().take(WIDTH - 6).collect();
    let line = format!("{:─^1$}", format!(" {text} "), WIDTH - 1);
    let arrow = if to_server { format!("{line}▶") } else { format!("◀{line}") };
    format!("{:>10} ms  │ {arrow} │", ms(at))
}
