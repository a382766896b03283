//! Lesson 14: "no answer" is no diagnosis, and a question should not have to join the
//! queue.
//!
//! Somebody wants to know how a server is that is busy with a long transfer. Run it
//! with `cargo run --release --example 14_status`. Then read `src/session/status.rs`,
//! `src/session/counters.rs` and `src/measure/status.rs`.

use std::io;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::json::{Map, Value};
use roundtrip::measure::{Direction, Measurement, bandwidth, ping_server};
use roundtrip::serve::{Limits, Mode};
use roundtrip::server::{Config, Server};
use roundtrip::units::ms;
use roundtrip::wire::command::Amount;

fn main() -> io::Result<()> {
    let busy = Duration::from_millis(if std::env::args().any(|flag| flag == "--short") {
        300
    } else {
        2000
    });
    println!("A server sends somebody data for {busy:?}. How is it?");
    // In thread mode one client fills the server. In sequential mode the next one waits
    // in the system's queue, whatever the limit.
    for (mode, max_connections) in [(Mode::Sequential, 2), (Mode::Thread, 1)] {
        let limits = Limits { max_connections, ..Limits::default() };
        let server = Server::bind(Config { mode, limits, ..Config::default() })?.start()?;
        let (port, address) = (server.address().port(), server.address().to_string());
        let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
        client.ping(None)?;
        let load = thread::spawn(move || {
            bandwidth(&mut client, Direction::Download, Amount::Time(busy), &mut |_| {})
                .failure()
                .map(ToString::to_string)
        });
        println!("{mode} mode, {max_connections} connections at most:");
        ask(&address, busy / 4);
        let start = Instant::now();
        let naive =
            Client::connect("127.0.0.1", port, busy * 5).and_then(|mut client| client.ping(None));
        let naive = naive.map_or_else(|error| error.to_string(), |()| "it is there".into());
        let over = if load.is_finished() { ", and the transfer is over" } else { "" };
        println!("  naive, connect and ping:  after {:>8} ms: {naive}{over}", ms(start.elapsed()));
        if let Ok(Some(error)) = load.join() {
            return Err(io::Error::other(error));
        }
    }
    println!("Where nothing listens, and where nobody has such a name:");
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    ask(&free.to_string(), busy);
    ask("no.such.host.invalid:5001", busy);
    println!(
        "A question that needs no place is answered also when there is none, and a failure says whom to ask next."
    );
    Ok(())
}

fn ask(address: &str, timeout: Duration) {
    match ping_server(address, &Map::new(), timeout) {
        Ok(status) => {
            let connections =
                status.answer.get("connections").map_or_else(String::new, Value::to_string);
            println!(
                "  ping_server:              after {:>8} ms: connections {connections}",
                ms(status.delay)
            );
        }
        Err(error) => println!("  ping_server:              {error}"),
    }
}
