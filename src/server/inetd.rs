//! The connection that is standard input: what a child of process mode serves, and any
//! program under `inetd`.

use std::io::{self, ErrorKind};

use super::Config;
use crate::net::Stream;
use crate::serve::Admission;
use crate::session::counters::COUNTERS_VARIABLE;
use crate::session::{self, Counters, Shared};

/// Serves the one connection that is standard input. Only those parts of the
/// configuration count that concern the connection.
///
/// # Errors
/// When standard input is not a socket.
pub fn serve_stdin(config: &Config) -> io::Result<()> {
    let settings = &config.session;
    let mut stream = match Stream::from_stdin(settings.idle_timeout) {
        Ok(stream) => stream,
        // The peer was gone before anything was said, which is no error of the server.
        Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Err(refusal) = Admission::new(config.limits.clone()).admit(stream.peer_ip()) {
        settings.log.say(format_args!("{} refused: {refusal}", stream.peer_name()));
        session::refuse(&mut stream, refusal, settings.framing)?;
        stream.close();
        return Ok(());
    }
    let parent = std::env::var(COUNTERS_VARIABLE).ok();
    let counters = Counters::of_connection(parent.as_deref());
    session::run(stream, &Shared { settings: settings.clone(), counters });
    Ok(())
}
