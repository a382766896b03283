//! A relay that spoils what a server answers.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::mutate::{Random, mutated};

/// How much is kept of what was said, for a report.
const KEPT: usize = 100;

/// How long the relay of datagrams waits before it looks whether it is over.
const MOMENT: Duration = Duration::from_millis(20);

pub struct Relay {
    pub port: u16,
    over: Arc<AtomicBool>,
    said: Arc<Mutex<Vec<Vec<u8>>>>,
    relaying: JoinHandle<()>,
}

/// What is done to the answers of one connection.
struct Spoiler {
    random: Random,
    /// One answer of so many is spoiled.
    rarely: usize,
    /// The last answers, which are spliced into later ones.
    before: Vec<Vec<u8>>,
    said: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Spoiler {
    fn new(random: &mut Random, said: &Arc<Mutex<Vec<Vec<u8>>>>) -> Self {
        let rarely = *random.pick(&[1, 2, 3, 6, 12]);
        let random = Random::new(random.next(), "connection", 0);
        Spoiler { random, rarely, before: Vec::new(), said: Arc::clone(said) }
    }

    /// What takes the place of an answer; `None` is the end of the connection.
    fn spoil(&mut self, answer: &[u8]) -> Option<Vec<u8>> {
        if self.random.one_in(60) {
            return None;
        }
        let mut spoiled = answer.to_vec();
        if self.random.one_in(self.rarely) {
            self.before.insert(0, answer.to_vec());
            // Mostly this answer, now and then an older one.
            let some = if self.random.one_in(4) { self.before.len() } else { 1 };
            spoiled = mutated(&self.before[..some], &mut self.random);
            self.before.truncate(5);
        }
        let mut said = self.said.lock().unwrap();
        if said.len() < KEPT {
            said.push(spoiled[..spoiled.len().min(4_000)].to_vec());
        }
        Some(spoiled)
    }
}

impl Relay {
    pub fn tcp(server: u16, mut random: Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (over, said) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (stop, kept) = (Arc::clone(&over), Arc::clone(&said));
        let relaying = thread::spawn(move || {
            thread::scope(|scope| {
                for client in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let spoiler = Spoiler::new(&mut random, &kept);
                    scope.spawn(move || connection(&client.unwrap(), server, spoiler));
                }
            });
        });
        Relay { port, over, said, relaying }
    }

    pub fn udp(server: u16, mut random: Random) -> Self {
        let bind = || UdpSocket::bind("127.0.0.1:0").unwrap();
        let (ours, theirs) = (bind(), bind());
        theirs.connect(("127.0.0.1", server)).unwrap();
        let port = ours.local_addr().unwrap().port();
        for socket in [&ours, &theirs] {
            socket.set_read_timeout(Some(MOMENT)).unwrap();
        }
        let (over, said) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (stop, mut spoiler) = (Arc::clone(&over), Spoiler::new(&mut random, &said));
        let relaying = thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while !stop.load(Ordering::Relaxed) {
                let Ok((length, client)) = ours.recv_from(&mut buffer) else { continue };
                let _ = theirs.send(&buffer[..length]);
                let Ok(length) = theirs.recv(&mut buffer) else { continue };
                if let Some(answer) = spoiler.spoil(&buffer[..length]) {
                    let _ = ours.send_to(&answer, client);
                }
            }
        });
        Relay { port, over, said, relaying }
    }

    /// Ends the relay when its connections are over, and returns what it said.
    pub fn end(self) -> Vec<Vec<u8>> {
        self.over.store(true, Ordering::Relaxed);
        // Nobody else listens to a datagram's port.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        self.relaying.join().unwrap();
        std::mem::take(&mut self.said.lock().unwrap())
    }
}

fn connection(client: &TcpStream, server: u16, mut spoiler: Spoiler) {
    let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
    for stream in [client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = io::copy(&mut &*client, &mut &server);
            let _ = server.shutdown(Shutdown::Write);
        });
        let mut answer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = (&server).read(&mut answer) {
            let instead = spoiler.spoil(&answer[..length]);
            if instead.is_none_or(|instead| (&mut &*client).write_all(&instead).is_err()) {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}
