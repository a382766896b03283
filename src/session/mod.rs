//! What the server says on one connection.
//!
//! A session is a plain function of a [`Stream`] and of what all sessions share. It does
//! not know whether it runs in the thread that accepts connections, in a thread of its
//! own or in a process of its own: that is decided in [`serve`](crate::serve), which in
//! turn knows nothing of what is said here. So the protocol is written once, and is the
//! same in all three modes. Another function can take its place, with another protocol.
//!
//! | file | what it teaches |
//! | --- | --- |
//! | [`text`] | the protocol: a loop that reads a request and answers it |
//! | [`settings`], [`counters`] | what sessions share, and what processes cannot share |
//! | [`more`], [`lag`], [`status`] | the requests of later chapters |
//! | [`turn_away`](mod@turn_away), `strangers` | the last words to a client that gets no permit, or speaks another protocol |
//! | [`hooks`] | what another program can add to a server |

pub mod counters;
pub mod hooks;
pub mod lag;
pub mod more;
pub mod settings;
pub mod status;
mod strangers;
pub mod text;
pub mod turn_away;

use std::io::{BufReader, ErrorKind};

pub use counters::Counters;
use counters::Traffic;
pub use hooks::{Hooks, NoHooks};
pub use lag::Lag;
pub use settings::{Settings, Shared};
use text::Conversation;
pub use turn_away::{refuse, turn_away};

use crate::net::Stream;

/// Room for any request but a ping with a large payload, which is read in several
/// pieces. A thousand idle connections hold a thousand of these buffers.
const BUFFER_SIZE: usize = 4096;

/// Serves one connection until it ends, in whatever way.
pub fn run(stream: Stream, shared: &Shared) {
    let (peer, log) = (stream.peer_name(), &shared.settings.log);
    log.say(format_args!("{peer} connected"));
    let traffic = Traffic::of_connection(&shared.counters);
    let mut reader = BufReader::with_capacity(BUFFER_SIZE, stream);
    let result = Conversation::new(&mut reader, shared, &traffic).run();
    let why = result.as_ref().err().map_or(String::new(), |reason| format!(" ({reason})"));
    log.say(format_args!("{peer} closed: {traffic}{why}"));
    // Dropped with unread data, a connection ends with a reset.
    if !result.is_err_and(|reason| reason.kind() == ErrorKind::ConnectionAborted) {
        reader.into_inner().close();
    }
}
