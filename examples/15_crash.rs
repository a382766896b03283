//! Lesson 15: what one crash takes with it.
//!
//! You learn what a thread and a process protect. A panic unwinds one thread: its
//! variables are dropped, so its connection is closed, and the other threads go on. An
//! abort, a full memory or a `kill` ends the whole process with all of its threads. Only
//! another process survives that.
//!
//! Each server here runs in a process of its own, and has two clients. One makes its
//! session crash. The other has done nothing, and asks again afterwards; then a third one
//! connects.
//!
//! Run it with `cargo run --release --example 15_crash`. The library does it in
//! `src/serve/`: compare what `threads.rs` and `processes.rs` say of a crash. The example
//! `compare_modes` counts the survivors among 100 clients.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::catch_unwind;
use std::process::{Child, Command, Stdio, abort};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        [role, mode] if role == "--serve" => return serve(mode),
        #[cfg(unix)]
        [role] if role == "--child" => return session(&connection_of_the_parent()?),
        _ => {}
    }
    println!("What is left for others after one session has crashed:");
    println!("  {:<26} {:>20} {:>20}", "", "after a panic", "after an abort");
    for (mode, name) in [
        ("sequential", "sequential (naive)"),
        ("caught", "sequential, catch_unwind"),
        ("thread", "a thread each"),
        #[cfg(unix)]
        ("process", "a process each"),
    ] {
        let [panic, abort] = [crash(mode, "PANIC")?, crash(mode, "ABORT")?];
        println!("  {name:<26} {panic:>20} {abort:>20}");
    }
    println!("`catch_unwind` or a thread contains a panic. Only a process contains an abort.");
    Ok(())
}

/// Lets a session crash. Returns what another client and a newcomer hear then.
fn crash(mode: &str, how: &str) -> io::Result<&'static str> {
    let mut server = Command::new(std::env::current_exe()?)
        .args(["--serve", mode])
        .stdout(Stdio::piped())
        .stderr(Stdio::null()) // A panic writes there, as is meant to be.
        .spawn()?;
    let result = with_server(&mut server, how);
    server.kill().and(server.wait())?;
    result
}

fn with_server(server: &mut Child, how: &str) -> io::Result<&'static str> {
    let mut port = String::new();
    BufReader::new(server.stdout.take().ok_or(io::ErrorKind::NotFound)?).read_line(&mut port)?;
    let address = format!("127.0.0.1:{}", port.trim_end());
    let crashing = TcpStream::connect(&address)?;
    ask(&crashing, "PING")?;
    let other = TcpStream::connect(&address)?;
    let _ = ask(&crashing, how); // There is no answer.
    drop(crashing);
    let lives = |answer: io::Result<String>| answer.is_ok_and(|answer| answer == "PONG\n");
    let other_lives = lives(ask(&other, "PING"));
    drop(other); // so that a sequential server can go on
    let newcomer = TcpStream::connect(&address).and_then(|client| ask(&client, "PING"));
    Ok(match (other_lives, lives(newcomer)) {
        (true, true) => "all live on",
        (false, false) => "nobody is served",
        _ => "some are served",
    })
}

fn ask(mut stream: &TcpStream, request: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map(|_| answer)
}

/// The server. Its modes differ in one line.
fn serve(mode: &str) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        match mode {
            "sequential" => drop(session(&stream)),
            "caught" => drop(catch_unwind(|| session(&stream))),
            "thread" => drop(thread::spawn(move || session(&stream))),
            #[cfg(unix)]
            "process" => drop(
                Command::new(std::env::current_exe()?)
                    .arg("--child")
                    .stdin(std::os::fd::OwnedFd::from(stream))
                    .spawn()?, // Nobody waits for it here, so it stays a zombie.
            ),
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
    }
    Ok(())
}

/// One request a line. Two of the three are bugs.
fn session(mut stream: &TcpStream) -> io::Result<()> {
    for line in BufReader::new(stream).lines() {
        match line?.as_str() {
            "PANIC" => panic!("as a client asked"),
            "ABORT" => abort(),
            _ => stream.write_all(b"PONG\n")?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn connection_of_the_parent() -> io::Result<TcpStream> {
    use std::os::fd::AsFd;
    Ok(TcpStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

// Try:
// 1. Predict: what does a stack overflow do (a function that calls itself for ever), and
//    what `process::exit(1)`? Add both as requests.
// 2. Change: build with `panic = "abort"` in the profile of `Cargo.toml`. Which cells of
//    the table change?
// 3. Write: sessions that share a `Mutex` with a counter. What do the others find in it
//    after one of them has panicked while it held the lock?
//
// Read:
// * "The Rustonomicon", chapter Unwinding, and the documentation of
//   `std::panic::catch_unwind`.
// * Candea and Fox, "Crash-Only Software" (HotOS 2003).
