//! One client is idle, and then its handler crashes. What do the others feel?

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::time::Duration;

use roundtrip::json::{self, Value};
use roundtrip::serve::Mode;

use super::server::Server;
use super::usage::Usage;

/// How a handler ends.
#[derive(Clone, Copy)]
pub enum Crash {
    /// By what the request makes it do.
    Asked(&'static str),
    /// By `kill -KILL`.
    Killed,
}

/// What became of the other clients.
pub struct Survivors {
    /// How many were served while the one was idle.
    pub while_idle: usize,
    /// How many were served after the crash.
    pub after_crash: usize,
    /// What the server used before they came, and while all of them were connected.
    pub usage: Option<(Usage, Usage)>,
}

/// Lets one handler crash while so many others are connected. `patience` is how long there
/// may be no answer.
pub fn crash(mode: Mode, crash: Crash, others: usize, patience: Duration) -> io::Result<Survivors> {
    let server = Server::start(mode)?;
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, server.port));
    let (mut victim, mut answer) = (connect()?, String::new());
    victim.write_all(b"STATUS\n")?;
    BufReader::new(victim.try_clone()?).read_line(&mut answer)?;
    let status = json::parse(answer.trim_start_matches("STATUS ").as_bytes())?;
    let handler = status.get("pid").and_then(Value::as_u64);
    let handler = handler.ok_or_else(|| io::Error::other("the handler has no number"))?;

    let before = server.usage();
    let mut others = (0..others).map(|_| connect()).collect::<io::Result<Vec<_>>>()?;
    let while_idle = answered(&mut others, patience);
    let usage = before.zip(server.usage());
    match crash {
        Crash::Asked(how) => writeln!(victim, "STATUS {{\"crash\":\"{how}\"}}")?,
        Crash::Killed => kill(handler)?,
    }
    if !matches!(crash, Crash::Asked("loop")) {
        // The connection ends when the handler has.
        victim.set_read_timeout(Some(Duration::from_secs(5)))?;
        let _ = victim.read_to_end(&mut Vec::new());
    }
    let after_crash = answered(&mut others, patience);
    // One that loops would go on for ever. If it is gone already, all the better.
    let _ = kill(handler);
    Ok(Survivors { while_idle, after_crash, usage })
}

/// Sends a ping on each connection, and counts those that are answered. When nothing has
/// come for so long, nothing more is waited for.
fn answered(clients: &mut [TcpStream], patience: Duration) -> usize {
    for client in &mut *clients {
        // A connection that is gone has no answer either.
        let _ = client.write_all(b"PING\n");
    }
    let (mut count, mut waits) = (0, true);
    for client in clients {
        match answer(client, waits.then_some(patience)) {
            Ok(()) => count += 1,
            Err(error) => waits &= error.kind() != ErrorKind::WouldBlock,
        }
    }
    count
}

/// Reads the answer. Without patience, it has to be there already.
fn answer(client: &mut TcpStream, patience: Option<Duration>) -> io::Result<()> {
    client.set_nonblocking(patience.is_none())?;
    client.set_read_timeout(patience)?;
    match client.read(&mut [0; 64])? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => client.set_nonblocking(false),
    }
}

fn kill(process: u64) -> io::Result<()> {
    let mut command = Command::new("kill");
    command.args(["-KILL", &process.to_string()]).stderr(std::process::Stdio::null());
    command.status().map(drop)
}
