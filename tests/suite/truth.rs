//! The client's figures against what is known: a relay with a delay, a rate and faults
//! of the test's choice, two network namespaces with a shaped link between them, and
//! the samples themselves.

use std::io::{Write, stderr};
use std::process::Command;
use std::time::Duration;

use roundtrip::json;
use roundtrip::json::Value;

use crate::relay::{Line, relay};
use crate::support::{CLIENT, Outcome, SERVER, Server, client, run};

/// What the client reports of the one test that these flags ask for.
fn measure(port: u16, flags: &[&str]) -> Value {
    only_test(&client(port, &[&["--json"], flags].concat()), 0)
}

fn only_test(outcome: &Outcome, code: i32) -> Value {
    assert_eq!(outcome.code, Some(code), "{outcome:?}");
    let document = json::parse(outcome.out.as_bytes()).unwrap();
    let [test] = document.get("tests").unwrap().as_list().unwrap() else { panic!("{document}") };
    assert_eq!(test.get("ok").unwrap().as_bool(), Some(code == 0), "{test}");
    test.clone()
}

/// A number, by the names on the way to it.
fn figure(test: &Value, path: &str) -> f64 {
    let found = path.split('.').try_fold(test, |value, name| value.get(name));
    found.and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {test}"))
}

fn ms(test: &Value, path: &str) -> f64 {
    figure(test, path) / 1e6
}

/// Gives a figure that depends on time three attempts, since one may have to wait for a
/// processor that does something else. What no waiting excuses, such as less than the
/// known delay or more than the known rate, is asserted in each attempt.
fn in_three_attempts(mut attempt: impl FnMut() -> (bool, Value)) {
    let attempts: Vec<Value> = (0..3)
        .map_while(|_| match attempt() {
            (true, _) => None,
            (false, test) => Some(test),
        })
        .collect();
    assert!(attempts.len() < 3, "{attempts:#?}");
}

/// Whether it is within 2%.
fn near(measured: f64, truth: f64) -> bool {
    (measured / truth - 1.0).abs() <= 0.02
}

/// A round trip of 40 ms, and pings every 5 ms: eight are under way at a time. Did one
/// wait for the answer before it, the last would leave 20 × (40 - 5) ms after it was
/// due.
#[test]
fn a_known_delay_is_what_is_measured() {
    let server = Server::start(&["-q"]);
    let line = Line { delay: Duration::from_millis(20), ..Line::default() };
    let port = relay(server.port, line, line);
    in_three_attempts(|| {
        let test = measure(port, &["--test", "latency", "--count", "20", "--interval", "5ms"]);
        assert!(ms(&test, "rtt_ns.min") >= 40.0 && ms(&test, "due_ns.min") >= 40.0, "{test}");
        // Of this millisecond, a percentile may take 0.26: at 40 ms, that is what the
        // histogram's ranges are wide.
        (ms(&test, "rtt_ns.p50") < 41.0 && ms(&test, "due_ns.p50") < 41.0, test)
    });
}

/// Bits per second.
const RATE: u32 = 100_000_000;

fn at_rate(bits_per_second: u32) -> Line {
    Line { bits_per_second: bits_per_second.into(), ..Line::default() }
}

/// A client that counted what its `write` took would be far too fast: the socket
/// buffers on the way take megabytes at once.
#[test]
fn a_known_rate_is_what_is_measured() {
    let server = Server::start(&["-q"]);
    let port = relay(server.port, at_rate(RATE), at_rate(RATE));
    for flags in [["--test", "download", "--size", "6MiB"], ["--test", "download", "--time", "1s"]]
    {
        in_three_attempts(|| {
            let test = measure(port, &flags);
            (near(figure(&test, "bits_per_second"), f64::from(RATE)), test)
        });
    }
    for flags in [["--test", "upload", "--size", "6MiB"], ["--test", "upload", "--time", "1s"]] {
        in_three_attempts(|| {
            let test = measure(port, &flags);
            let rate = figure(&test, "bits_per_second");
            // The clock runs before the first byte enters the line, so not even a busy
            // machine makes it too fast.
            assert!(rate <= f64::from(RATE), "{test}");
            (near(rate, f64::from(RATE)), test)
        });
    }
    in_three_attempts(|| {
        let test = measure(port, &["--test", "bidirectional", "--size", "6MiB"]);
        let rate = |direction| figure(&test, &format!("{direction}.bits_per_second"));
        (near(rate("download"), f64::from(RATE)) && near(rate("upload"), f64::from(RATE)), test)
    });
}

/// The line to the server stands still for 200 ms, once, in the middle of a second of
/// pings.
fn through_a_stall(framing: &str, interval: &str) -> Value {
    let server = Server::start(&["-q", "--framing", framing]);
    let stall = Some((Duration::from_millis(400), Duration::from_millis(200)));
    let port = relay(server.port, Line { stall, ..Line::default() }, Line::default());
    measure(
        port,
        &["--test", "latency", "--time", "1s", "--framing", framing, "--interval", interval],
    )
}

/// Of 1,000 pings, one every millisecond, 200 wait, from 200 ms down to nothing: one in
/// a hundred waits more than 190.
#[test]
fn a_stall_is_felt_by_every_ping_that_was_due_in_it() {
    in_three_attempts(|| {
        let test = through_a_stall("line", "1ms");
        let [p50, p99, max] =
            ["due_ns.p50", "due_ns.p99", "due_ns.max"].map(|name| ms(&test, name));
        let usual = p50 < 20.0 && ms(&test, "rtt_ns.p50") < 20.0;
        (usual && p99 >= 150.0 && (195.0..250.0).contains(&max), test)
    });
}

/// Bare pings cannot overtake an answer: one waits, the others leave late, and only the
/// time from when they were due tells.
#[test]
fn a_stall_is_felt_by_pings_that_had_to_wait_for_an_answer() {
    in_three_attempts(|| {
        let test = through_a_stall("bare", "1ms");
        (
            ms(&test, "rtt_ns.p99") < 20.0
                && ms(&test, "due_ns.p50") < 20.0
                && ms(&test, "due_ns.p99") >= 150.0,
            test,
        )
    });
}

/// Where each answer sends the next ping, one ping waits and the others are never sent.
/// That is coordinated omission.
#[test]
fn a_stall_is_one_sample_where_pings_wait_for_answers() {
    in_three_attempts(|| {
        let test = through_a_stall("line", "0");
        assert!(test.get("due_ns").is_none(), "{test}");
        (ms(&test, "rtt_ns.p99") < 20.0 && (195.0..250.0).contains(&ms(&test, "rtt_ns.max")), test)
    });
}

/// A queue that bulk keeps full is 100 ms that every ping waits in; it is one queue for
/// both connections.
#[test]
fn a_full_queue_is_what_loaded_shows() {
    let server = Server::start(&["-q"]);
    let line = Line { queue: Duration::from_millis(100), ..at_rate(50_000_000) };
    let port = relay(server.port, line, line);
    in_three_attempts(|| {
        let test = measure(port, &["--test", "loaded", "--time", "3s"]);
        let [idle, download, upload] =
            ["idle", "download", "upload"].map(|part| ms(&test, &format!("{part}.rtt_ns.p50")));
        (idle < 20.0 && download >= idle + 50.0 && upload >= idle + 50.0, test)
    });
}

/// Two network namespaces with one link between them. They go when it is dropped.
struct Namespaces {
    names: [String; 2],
}

const ADDRESSES: [&str; 2] = ["192.0.2.1", "192.0.2.2"];

impl Namespaces {
    /// Makes them, with this queueing discipline at both ends of the link. Fails where
    /// that is not allowed or not there.
    fn new(discipline: &str) -> Result<Self, String> {
        let kind = discipline.split(' ').next().unwrap();
        let names = ["client", "server"]
            .map(|end| format!("roundtrip-{}-{kind}-{end}", std::process::id()));
        let namespaces = Namespaces { names };
        let [one, other] = &namespaces.names;
        command(&format!("ip netns add {one}"))?;
        command(&format!("ip netns add {other}"))?;
        command(&format!("ip -n {one} link add veth0 type veth peer name veth0 netns {other}"))?;
        for (name, address) in namespaces.names.iter().zip(ADDRESSES) {
            command(&format!("ip -n {name} address add {address}/24 dev veth0"))?;
            command(&format!("ip -n {name} link set veth0 up"))?;
            command(&format!("tc -n {name} qdisc add dev veth0 root {discipline}"))?;
        }
        Ok(namespaces)
    }

    fn command(&self, end: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[end], program]);
        command
    }

    fn server(&self) -> Server {
        Server::run(self.command(1, SERVER).args(["-q", "--host", ADDRESSES[1], "--port", "0"]))
    }

    fn measure(&self, port: u16, flags: &[&str]) -> Value {
        let port = port.to_string();
        let mut command = self.command(0, CLIENT);
        only_test(
            &run(command.args(["--json", "--host", ADDRESSES[1], "--port", &port]).args(flags)),
            0,
        )
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

/// Says aloud, past the test's captured output, what this machine does not let us try.
fn or_skip(namespaces: Result<Namespaces, String>) -> Option<Namespaces> {
    namespaces.inspect_err(|why| drop(writeln!(stderr(), "skipped: {why}"))).ok()
}

#[test]
fn a_shaped_link_carries_what_the_headers_leave() {
    let Some(namespaces) = or_skip(Namespaces::new("tbf rate 100mbit burst 32kbit latency 50ms"))
    else {
        return;
    };
    let server = namespaces.server();
    // The bucket counts frames with their Ethernet header, without preamble and
    // checksum: 14 bytes before 1,500. In these, IPv4 takes 20, TCP 20, and TCP's time
    // stamps 12. Segments that the sender hands down as one packet to be cut up later
    // (GSO) count as the frames they become, each with its headers, and what the bucket
    // cannot hold it cuts up itself.
    let goodput = f64::from(RATE) * f64::from(1500 - 20 - 20 - 12) / f64::from(14 + 1500);
    for direction in ["download", "upload"] {
        in_three_attempts(|| {
            let test = namespaces.measure(server.port, &["--test", direction, "--size", "10MiB"]);
            (near(figure(&test, "bits_per_second"), goodput), test)
        });
    }
}

#[test]
fn a_delayed_link_is_what_is_measured() {
    let Some(namespaces) = or_skip(Namespaces::new("netem delay 20ms")) else { return };
    let server = namespaces.server();
    in_three_attempts(|| {
        let test = namespaces
            .measure(server.port, &["--test", "latency", "--count", "20", "--interval", "5ms"]);
        assert!(ms(&test, "rtt_ns.min") >= 40.0, "{test}");
        (ms(&test, "rtt_ns.p50") < 41.0, test)
    });
}

/// A file that goes when it is dropped.
struct Table(std::path::PathBuf);

impl Drop for Table {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_summary_is_that_of_the_samples() {
    let server = Server::start(&["-q"]);
    let table =
        Table(std::env::temp_dir().join(format!("roundtrip-truth-{}.csv", std::process::id())));
    let flags = [
        "--test",
        "latency",
        "--count",
        "2000",
        "--interval",
        "0",
        "--csv",
        table.0.to_str().unwrap(),
    ];
    let test = measure(server.port, &flags);
    let lines = std::fs::read_to_string(&table.0).unwrap();
    let mut lines = lines.lines();
    let column = lines.next().unwrap().split(',').position(|name| name == "rtt_ns").unwrap();
    let mut samples: Vec<u64> =
        lines.map(|line| line.split(',').nth(column).unwrap().parse().unwrap()).collect();
    samples.sort_unstable();

    let exact = |name: &str| test.get("rtt_ns").unwrap().get(name).unwrap().as_u64().unwrap();
    assert_eq!((exact("count"), samples.len()), (2000, 2000));
    assert_eq!((exact("min"), exact("max")), (samples[0], samples[1999]));
    // The mean is rounded to a nanosecond.
    assert!((exact("mean") * 2000).abs_diff(samples.iter().sum()) <= 2000, "{test}");
    // The nearest rank: the smallest sample that so many of a thousand do not exceed.
    for (name, per_thousand) in
        [("p50", 500), ("p90", 900), ("p95", 950), ("p99", 990), ("p99_9", 999)]
    {
        let sample = samples[2000 * per_thousand / 1000 - 1];
        assert!(
            (sample..=sample + sample / 100).contains(&exact(name)),
            "{name}: {sample}, but {test}"
        );
    }
}

#[test]
fn a_transfer_that_is_cut_off_is_reported_as_far_as_it_came() {
    let server = Server::start(&["-q"]);
    let arrives: u64 = 3_000_000;
    let cut = "READY\n".len() as u64 + arrives;
    let port = relay(server.port, Line::default(), Line { cut, ..Line::default() });
    let test = only_test(&client(port, &["--json", "--test", "download", "--size", "10MiB"]), 1);
    assert_eq!(test.get("bytes").unwrap().as_u64(), Some(arrives), "{test}");
    assert!(
        test.get("error")
            .unwrap()
            .as_str()
            .unwrap()
            .contains("closed after 3000000 of 10485760 bytes"),
        "{test}"
    );
}
