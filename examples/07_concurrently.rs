//! Lesson 7: clients that are started in a loop are not at work at the same time.
//!
//! You learn how to load a server with many clients at once. Starting a thread takes
//! time, so the first of a hundred clients can be done before the last one exists. A
//! gate helps: all threads wait at it until the last one has been started.
//!
//! The lesson runs one load in both ways, and counts how many clients were between
//! their first ping and their last answer at the same moment, at most. The mean
//! round-trip time depends on that, and on the processors that client and server share.
//!
//! Run it with `cargo run --release --example 07_concurrently`. The library does it in
//! `src/measure/concurrently.rs`.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::concurrently;
use roundtrip::server::{Config, Running, Server};
use roundtrip::units::ms;

const CLIENTS: u32 = 100;
const PINGS: u32 = 10;

fn main() -> io::Result<()> {
    let server = Server::bind(Config::default())?;
    let admission = server.admission();
    let server = server.start()?;
    println!("{CLIENTS} clients, which are connected already, send {PINGS} pings each:");

    let start = |client| thread::spawn(move || work(client));
    let threads: Vec<_> = connect(&server)?.into_iter().map(start).collect();
    let joined = threads.into_iter().map(|one| one.join().map_err(|_| io::Error::other("panic")));
    show("naive: started in a loop", joined)?;

    let clients = connect(&server)?;
    println!("  (the server counts {} connections at once)", admission.counts().0);
    show("released at a gate", concurrently(clients, work).into_iter())?;
    println!("Connected is not yet at work: with a gate nearly all are, without it fewer.");
    Ok(())
}

fn connect(server: &Running) -> io::Result<Vec<Client>> {
    let port = server.address().port();
    let connect = |_| {
        let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
        client.ping(None).map(|()| client) // Now the server has a thread for it.
    };
    (0..CLIENTS).map(connect).collect()
}

/// Sends the pings of one client, and returns when it began and when it was done.
fn work(mut client: Client) -> io::Result<(Instant, Instant)> {
    let start = Instant::now();
    for _ in 0..PINGS {
        client.ping(None)?;
    }
    let end = Instant::now();
    client.quit().map(|()| (start, end))
}

/// When a client began and was done. The outer result is that of its thread.
type Done = io::Result<io::Result<(Instant, Instant)>>;

fn show(how: &str, clients: impl Iterator<Item = Done>) -> io::Result<()> {
    let clients = clients.map(|done| done?).collect::<io::Result<Vec<_>>>()?;
    let at_work = |moment: Instant| {
        clients.iter().filter(|(start, end)| (*start..*end).contains(&moment)).count()
    };
    let most = clients.iter().map(|(start, _)| at_work(*start)).max().unwrap_or(0);
    let time: Duration = clients.iter().map(|(start, end)| *end - *start).sum();
    let rtt = ms(time / PINGS / CLIENTS);
    println!("  {how:<25} at most {most:>3} at work at once; mean rtt {rtt} ms");
    Ok(())
}

// Try:
// 1. Predict: what happens to both rows with 2,000 pings each? With 2?
// 2. Change: let each client connect in its own thread, behind the gate. What does the
//    server do then that it did not do before?
// 3. Write: the gate with `std::sync::Barrier`. What happens when the system refuses
//    one of the threads?
//
// Read:
// * "The Rust Programming Language", chapter 16: Fearless Concurrency.
// * Allen Downey, "The Little Book of Semaphores", the section on barriers.
