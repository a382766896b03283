//! One figure of another program each, and the servers that they need.

use std::io::{self, BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub fn irtt_p50(port: u16, seconds: &str) -> io::Result<f64> {
    let duration = format!("{seconds}s");
    let output = Command::new("irtt")
        .args([
            "client",
            "-i",
            "10ms",
            "-d",
            &duration,
            "-Q",
            "-o",
            "-",
            &format!("127.0.0.1:{port}"),
        ])
        .output()?;
    let output = String::from_utf8_lossy(&output.stdout);
    let rtt = output
        .split("\"stats\"")
        .nth(1)
        .and_then(|stats| stats.split("\"rtt\"").nth(1))
        .unwrap_or_default();
    number_after(rtt, "\"median\":").map(|nanoseconds| nanoseconds / 1e3)
}

pub fn sockperf_p50(port: u16, seconds: &str) -> io::Result<f64> {
    let flags = ["ping-pong", "--tcp", "-i", "127.0.0.1", "--full-rtt", "-t", seconds, "-p"];
    figure("sockperf", &flags, port, &[], "percentile 50.000 =")
}

/// It prints half of a round trip, and no percentiles.
pub fn qperf_mean(port: u16, seconds: &str) -> io::Result<f64> {
    let microseconds =
        figure("qperf", &["127.0.0.1", "-t", seconds, "-lp"], port, &["tcp_lat"], "latency  =");
    microseconds.map(|half| half * 2.0)
}

/// What arrived, as its server counted it.
pub fn iperf3_rate(port: u16, seconds: &str, flags: &[&str]) -> io::Result<f64> {
    let fixed = ["--client", "127.0.0.1", "--time", seconds, "--json", "--port"];
    let output = run("iperf3", &fixed, port, flags)?;
    let received = output.split("\"sum_received\"").nth(1).unwrap_or_default();
    number_after(received, "\"bits_per_second\":").map(|rate| rate / 1e9)
}

pub fn figure(
    program: &str,
    flags: &[&str],
    port: u16,
    more: &[&str],
    label: &str,
) -> io::Result<f64> {
    number_after(&run(program, flags, port, more)?, label)
}

fn run(program: &str, flags: &[&str], port: u16, more: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(flags).arg(port.to_string()).args(more).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn number_after(text: &str, label: &str) -> io::Result<f64> {
    let rest = text.split(label).nth(1).unwrap_or_default().trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.e".contains(c)).unwrap_or(rest.len());
    rest[..end].parse().map_err(|_| io::Error::other(format!("no figure after {label:?}")))
}

/// A server in a process of its own, which ends with this.
pub struct Peer {
    pub process: Child,
    pub port: u16,
}

impl Peer {
    /// This program again.
    pub fn ours(flags: &[&str]) -> io::Result<Self> {
        let mut process =
            Command::new(std::env::current_exe()?).args(flags).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        BufReader::new(process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?)
            .read_line(&mut port)?;
        let port = port.trim().parse().map_err(io::Error::other)?;
        Ok(Peer { process, port })
    }

    /// Another program, whose flags end before the port. If it is not there, that is
    /// said.
    pub fn installed(program: &str, flags: &[&str]) -> Option<Self> {
        Peer::start(program, flags, "", |port| TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// The same over UDP, and with this before the port.
    pub fn installed_for_udp(program: &str, flags: &[&str], before_port: &str) -> Option<Self> {
        // Who listens stands in the system's table. To try the port would be to take
        // it, or to send what nobody expects.
        Peer::start(program, flags, before_port, |port| {
            std::fs::read_to_string("/proc/self/net/udp")
                .is_ok_and(|table| table.contains(&format!(":{port:04X} ")))
        })
    }

    fn start(
        program: &str,
        flags: &[&str],
        before_port: &str,
        listens: fn(u16) -> bool,
    ) -> Option<Self> {
        let start = || {
            // It cannot choose a port itself. This one was free a moment ago.
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let mut command = Command::new(program);
            command
                .args(flags)
                .arg(format!("{before_port}{port}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let peer = Peer { process: command.spawn()?, port };
            let deadline = Instant::now() + Duration::from_secs(5);
            while !listens(port) {
                if Instant::now() > deadline {
                    return Err(io::Error::other("it does not listen"));
                }
            }
            Ok(peer)
        };
        start().inspect_err(|error: &io::Error| println!("  {program} is missing: {error}")).ok()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}
