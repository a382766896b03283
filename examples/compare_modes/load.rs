//! Clients that come and go, and clients that stay: what does each mode carry?

use std::io;
use std::time::Duration;

use roundtrip::client::{Client, Options};
use roundtrip::measure::{Connect, Latency, Measurement, Plan, concurrently, connect, latency};
use roundtrip::serve::Mode;

use super::server::Server;

/// How many clients there are at once.
pub const CLIENTS: [usize; 3] = [1, 10, 100];

/// What a mode carries, with 1, 10 and 100 clients.
pub struct Load {
    /// Clients that connect, ask and leave, again and again.
    pub connections: Vec<Connect>,
    /// Clients that connect, and then send pings.
    pub pings: Vec<Latency>,
    /// Processor time of the server for each connection of a single client.
    pub cpu: Option<Duration>,
}

/// Measures one mode. Clients come and go for this time, and a client that stays sends so
/// many pings.
pub fn load(mode: Mode, time: Duration, pings: u64) -> io::Result<Load> {
    let server = Server::start(mode)?;
    let (mut connections, mut cpu) = (Vec::new(), None);
    for clients in CLIENTS {
        let before = server.usage();
        let come_and_go = come_and_go(server.port, clients, time)?;
        if clients == 1 {
            let used =
                server.usage().zip(before).map(|(now, before)| now.cpu.saturating_sub(before.cpu));
            let count = u32::try_from(come_and_go.connections).unwrap_or(u32::MAX).max(1);
            // Ticks of 10 ms say nothing of a shorter time.
            cpu = used.filter(|used| !used.is_zero()).map(|used| used / count);
        }
        connections.push(come_and_go);
    }
    let stay = |clients| stay(server.port, clients, pings);
    let pings = CLIENTS.into_iter().map(stay).collect::<io::Result<_>>()?;
    Ok(Load { connections, pings, cpu })
}

fn come_and_go(port: u16, clients: usize, time: Duration) -> io::Result<Connect> {
    let (options, interval) = (Options::default(), Duration::ZERO);
    let plan = Plan { time: Some(time), interval, warmup: 0, ..Plan::default() };
    let results = concurrently(vec![(); clients], |()| {
        connect("127.0.0.1", port, &options, &plan, &mut |_| {})
    });
    total(results)
}

/// In sequential mode, a client's first ping waits until the clients before it have left.
/// So the first ping counts.
fn stay(port: u16, clients: usize, count: u64) -> io::Result<Latency> {
    let plan = Plan { count, interval: Duration::ZERO, warmup: 0, ..Plan::default() };
    let results = concurrently(vec![(); clients], |()| {
        let mut client = match Client::connect("127.0.0.1", port, Duration::from_secs(10)) {
            Ok(client) => client,
            Err(error) => return Latency::failed(error),
        };
        let pings = latency(&mut client, &plan, &mut |_| {});
        client.quit().map_or_else(Latency::failed, |()| pings)
    });
    total(results)
}

/// The results of all clients as one, if none of them failed.
fn total<M: Measurement>(results: Vec<io::Result<M>>) -> io::Result<M> {
    let results = results.into_iter().collect::<io::Result<Vec<M>>>()?;
    match results.iter().find_map(Measurement::failure) {
        Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
        None => Ok(M::total(&results)),
    }
}
