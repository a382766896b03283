//! The whole idea of a server, on two pages, with `std` alone.
//!
//! Run `cargo run --release --example minimal_server -- --mode thread` in one terminal,
//! and `cargo run --release --example minimal_client` in another. A person can be the
//! client, too, with a program that connects the keyboard to a port: `nc localhost 5001`.
//!
//! A server listens on a port, accepts a connection for each client, and answers one
//! request a line. The three modes differ in who does the work of a connection: the
//! thread that accepts, a thread of its own, or a process of its own.
//!
//! The program works. Each letter marks a weakness, and says where it is mended:
//!
//! * A: one slow client keeps all others waiting (lesson 03, `src/serve/`).
//! * B: a client that sends nothing holds its thread for ever: no timeout
//!   (`src/net/socket.rs`).
//! * C: the answer leaves in five small writes, which can take 40 ms (lesson 02).
//! * D: closing while there is unread input can destroy what was sent last (lesson 06).
//!
//! Many first programs take the bytes of one `read` for one request. This one does not:
//! lesson 01 shows why that fails.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;
use std::{env, thread};

/// The longest request, in bytes: a little more than `PING ` and 64 KiB. Without a
/// limit, one endless line could fill the memory.
const MAX_LINE: u64 = 70_000;

fn main() -> io::Result<()> {
    let (mut host, mut port) = ("0.0.0.0".to_string(), "5001".to_string());
    let mut dispatch: fn(TcpStream) -> io::Result<()> = in_a_thread;
    let mut arguments = env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match (flag.as_str(), value.as_str()) {
            ("--host", _) => host = value,
            ("--port", _) => port = value,
            ("--mode", "sequential") => dispatch = serve,
            ("--mode", "thread") => dispatch = in_a_thread,
            #[cfg(unix)]
            ("--mode", "process") => dispatch = in_a_process,
            #[cfg(unix)]
            ("--child", _) => return serve(standard_input()?),
            _ => return Err(io::Error::other(format!("unknown flag: {flag} {value}"))),
        }
    }

    let listener = TcpListener::bind(format!("{host}:{port}"))?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(dispatch) {
            eprintln!("a connection failed: {error}"); // and the next one is accepted
        }
    }
    Ok(())
}

/// Answers requests until the client is gone. In sequential mode the accepting thread
/// calls this function itself. (A)
fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        reader.by_ref().take(MAX_LINE).read_line(&mut line)?; // B
        let Some(request) = line.strip_suffix('\n') else {
            return Ok(()); // The client has closed the connection, or the line is too long.
        };
        let request = request.trim_end_matches('\r');
        let (word, rest) = request.split_once([' ', ':']).unwrap_or((request, ""));
        match (word, rest.parse::<u64>()) {
            ("PING", _) => {
                let answer = request.replacen("PING", "PONG", 1) + "\n";
                stream.write_all(answer.as_bytes())?;
            }
            ("BANDWIDTH_DOWNLOAD", Ok(bytes)) => {
                stream.write_all(b"READY\n")?;
                io::copy(&mut io::repeat(b'x').take(bytes), &mut stream)?;
            }
            ("BANDWIDTH_UPLOAD", Ok(bytes)) => {
                stream.write_all(b"READY\n")?;
                let start = Instant::now();
                let arrived = io::copy(&mut reader.by_ref().take(bytes), &mut io::sink())?;
                writeln!(stream, "DONE:{arrived}:{}", start.elapsed().as_nanos())?; // C
            }
            ("QUIT", _) => return stream.write_all(b"BYE\n"), // D
            _ => stream.write_all(b"ERROR:unknown request\n")?,
        }
    }
}

fn in_a_thread(stream: TcpStream) -> io::Result<()> {
    thread::Builder::new().spawn(move || serve(stream)).map(drop)
}

/// Starts this program again, with the connection as its standard input. A descriptor
/// is the number by which the system knows an open file or connection, and a child
/// process can inherit it.
#[cfg(unix)]
fn in_a_process(stream: TcpStream) -> io::Result<()> {
    let connection = std::os::fd::OwnedFd::from(stream);
    let program = env::current_exe()?;
    let mut child = std::process::Command::new(program).arg("--child").stdin(connection).spawn()?;
    thread::spawn(move || child.wait()); // A child that nobody waits for stays a zombie.
    Ok(())
}

/// The connection that the parent process has handed over.
#[cfg(unix)]
fn standard_input() -> io::Result<TcpStream> {
    use std::os::fd::AsFd;
    Ok(TcpStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}
