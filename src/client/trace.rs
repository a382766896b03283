//! Watching the conversation: each message as it is sent and received.

use std::fmt;
use std::sync::Arc;

/// A function that is called with each message; none, by default.
#[derive(Clone, Default)]
pub struct Trace(Option<Arc<Show>>);

type Show = dyn Fn(Message) + Send + Sync;

/// What a [`Trace`] is called with.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// A request, without the mark of its end.
    Sent(&'a [u8]),
    /// An answer, without the mark of its end.
    Received(&'a [u8]),
    /// Bulk data was sent: how many bytes.
    SentData(u64),
    /// Bulk data arrived: how many bytes.
    ReceivedData(u64),
}

impl Trace {
    /// A trace that calls `show` with each message.
    pub fn new(show: impl Fn(Message) + Send + Sync + 'static) -> Self {
        Trace(Some(Arc::new(show)))
    }

    pub(crate) fn show(&self, message: Message) {
        if let Some(show) = &self.0 {
            show(message);
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Trace(on)" } else { "Trace(off)" })
    }
}
