//! Two network namespaces with a link between them, as slow as a test wants it.

use std::io::{Write, stderr};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::{CLIENT, Outcome, SERVER, Server, run};

/// Two namespaces. Dropping this deletes them.
pub struct Namespaces {
    names: [String; 2],
}

const ADDRESSES: [&str; 2] = ["192.0.2.1", "192.0.2.2"];
const HARDWARE: [&str; 2] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];

impl Namespaces {
    /// Creates two namespaces, with this queueing discipline at both ends of the link.
    /// Returns `None` where the system does not allow it or has no `ip` and `tc`, and
    /// prints why to the real standard error, which the harness does not capture.
    pub fn new(discipline: &str) -> Option<Self> {
        Namespaces::create(discipline)
            .inspect_err(|why| drop(writeln!(stderr(), "skipped: {why}")))
            .ok()
    }

    fn create(discipline: &str) -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let names = ["client", "server"]
            .map(|end| format!("roundtrip-{}-{number}-{end}", std::process::id()));
        let namespaces = Namespaces { names };
        let [one, other] = &namespaces.names;
        command(&format!("ip netns add {one}"))?;
        command(&format!("ip netns add {other}"))?;
        command(&format!("ip -n {one} link add veth0 type veth peer name veth0 netns {other}"))?;
        for (end, name) in namespaces.names.iter().enumerate() {
            let (address, hardware) = (ADDRESSES[end], HARDWARE[end]);
            command(&format!("ip -n {name} link set veth0 address {hardware}"))?;
            command(&format!("ip -n {name} address add {address}/24 dev veth0"))?;
            command(&format!("ip -n {name} link set veth0 up"))?;
            // An answer to ARP would wait in the queue for longer than anybody asks.
            let (address, hardware) = (ADDRESSES[1 - end], HARDWARE[1 - end]);
            command(&format!(
                "ip -n {name} neighbour replace {address} lladdr {hardware} dev veth0 nud permanent"
            ))?;
            command(&format!("tc -n {name} qdisc add dev veth0 root {discipline}"))?;
        }
        Ok(namespaces)
    }

    fn command(&self, end: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[end], program]);
        command
    }

    /// A server in one namespace.
    pub fn server(&self) -> Server {
        Server::run(self.command(1, SERVER).args(["-q", "--host", ADDRESSES[1], "--port", "0"]))
    }

    /// Runs the client in the other namespace.
    pub fn client(&self, port: u16, flags: &[&str]) -> Outcome {
        let (mut command, port) = (self.command(0, CLIENT), port.to_string());
        run(command.args(["--host", ADDRESSES[1], "--port", &port]).args(flags))
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = command(&format!("ip netns delete {name}"));
        }
    }
}

fn command(line: &str) -> Result<(), String> {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap())
        .args(words)
        .output()
        .map_err(|error| format!("{line}: {error}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{line}: {}", complaint.trim())) }
}
