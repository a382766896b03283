//! The client's figures against a known truth: a relay whose delay, rate and faults the
//! test chooses, two network namespaces with a shaped link, and the samples themselves.

use std::time::{Duration, Instant};

use roundtrip::json;
use roundtrip::json::Value;

use crate::namespaces::Namespaces;
use crate::relay::{Line, relay};
use crate::support::{Outcome, Server, client, fake_server};

/// The report of the one test that these flags ask for.
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

/// The number at this path of names.
fn figure(test: &Value, path: &str) -> f64 {
    let found = path.split('.').try_fold(test, |value, name| value.get(name));
    found.and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {test}"))
}

fn ms(test: &Value, path: &str) -> f64 {
    figure(test, path) / 1e6
}

/// Tries a measurement up to three times, since a busy processor can spoil one. What no
/// busy processor excuses, such as less than the known delay or more than the known
/// rate, is asserted in each attempt.
fn in_three_attempts(mut attempt: impl FnMut() -> (bool, Value)) {
    let attempts: Vec<Value> = (0..3)
        .map_while(|_| match attempt() {
            (true, _) => None,
            (false, test) => Some(test),
        })
        .collect();
    assert!(attempts.len() < 3, "{attempts:#?}");
}

/// Whether a figure is within 2% of the truth.
fn near(measured: f64, truth: f64) -> bool {
    (measured / truth - 1.0).abs() <= 0.02
}

/// The round trip takes 40 ms and a ping is due every 5 ms, so eight are outstanding at
/// a time. If each ping waited for the answer before it, the last would leave 20 × (40
/// - 5) ms after it was due.
#[test]
fn a_known_delay_is_what_is_measured() {
    let server = Server::start(&["-q"]);
    let line = Line { delay: Duration::from_millis(20), ..Line::default() };
    let port = relay(server.port, line, line);
    in_three_attempts(|| {
        let test = measure(port, &["--test", "latency", "--count", "20", "--interval", "5ms"]);
        assert!(ms(&test, "rtt_ns.min") >= 40.0 && ms(&test, "due_ns.min") >= 40.0, "{test}");
        // At 40 ms, a range of the histogram is 0.26 ms wide.
        (ms(&test, "rtt_ns.p50") < 41.0 && ms(&test, "due_ns.p50") < 41.0, test)
    });
}

/// Bits per second.
const RATE: u32 = 100_000_000;

fn at_rate(bits_per_second: u32) -> Line {
    Line { bits_per_second: bits_per_second.into(), ..Line::default() }
}

/// A client that stopped its clock at the last `write` would report far too much: the
/// socket buffers take megabytes at once.
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
            // The clock starts before the first byte enters the link, so even a busy
            // machine cannot make the figure too high.
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

/// Measures for a second, during which the link to the server stalls once for 200 ms.
fn through_a_stall(framing: &str, interval: &str) -> Value {
    let server = Server::start(&["-q", "--framing", framing]);
    let stall = Some((Duration::from_millis(400), Duration::from_millis(200)));
    let port = relay(server.port, Line { stall, ..Line::default() }, Line::default());
    measure(
        port,
        &["--test", "latency", "--time", "1s", "--framing", framing, "--interval", interval],
    )
}

/// Of 1,000 pings, one every millisecond, 200 wait, between 200 ms and nothing. So one
/// in a hundred waits longer than 190 ms.
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

/// With bare framing one ping waits for its answer and the others leave late. Only the
/// time from when they were due shows that.
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

/// Without an interval each ping waits for the answer before it: one ping waits, and
/// the others are never sent. That is coordinated omission.
#[test]
fn a_stall_is_one_sample_where_pings_wait_for_answers() {
    in_three_attempts(|| {
        let test = through_a_stall("line", "0");
        assert!(test.get("due_ns").is_none(), "{test}");
        (ms(&test, "rtt_ns.p99") < 20.0 && (195.0..250.0).contains(&ms(&test, "rtt_ns.max")), test)
    });
}

/// Both connections share one queue. The transfer keeps it full, so every ping waits
/// for 100 ms.
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

#[test]
fn a_shaped_link_carries_what_the_headers_leave() {
    let Some(namespaces) = Namespaces::new("tbf rate 100mbit burst 32kbit latency 50ms") else {
        return;
    };
    let server = namespaces.server();
    // The bucket counts frames with their Ethernet header, without preamble and
    // checksum: 14 bytes before 1,500. Of the 1,500, IPv4 takes 20, TCP 20, and TCP's
    // time stamps 12. The kernel may pass several segments as one large packet (GSO); the bucket
    // counts the frames that such a packet becomes, each with its headers.
    let goodput = f64::from(RATE) * f64::from(1500 - 20 - 20 - 12) / f64::from(14 + 1500);
    for direction in ["download", "upload"] {
        in_three_attempts(|| {
            let flags = ["--json", "--test", direction, "--size", "10MiB"];
            let test = only_test(&namespaces.client(server.port, &flags), 0);
            (near(figure(&test, "bits_per_second"), goodput), test)
        });
    }
}

#[test]
fn a_delayed_link_is_what_is_measured() {
    let Some(namespaces) = Namespaces::new("netem delay 20ms") else { return };
    let server = namespaces.server();
    in_three_attempts(|| {
        let flags = ["--json", "--test", "latency", "--count", "20", "--interval", "5ms"];
        let test = only_test(&namespaces.client(server.port, &flags), 0);
        assert!(ms(&test, "rtt_ns.min") >= 40.0, "{test}");
        (ms(&test, "rtt_ns.p50") < 41.0, test)
    });
}

/// A file that is deleted when this is dropped.
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
    // By nearest rank: the smallest sample that `per_thousand` of 1,000 do not exceed.
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

/// Each session of a sequential server lasts four intervals. The last of five clients
/// waits for four sessions, and no round-trip time shows that.
#[test]
fn who_waits_to_be_served_sees_how_long() {
    let server = Server::start(&["-q", "--mode", "sequential"]);
    let picture =
        Table(std::env::temp_dir().join(format!("roundtrip-truth-{}.svg", std::process::id())));
    let flags = ["--test", "latency", "--concurrent", "5", "--count", "5", "--interval", "20ms"];
    let with_picture = [&flags[..], &["--svg", picture.0.to_str().unwrap()]].concat();
    let test = measure(server.port, &with_picture);
    let mut first: Vec<f64> = test
        .get("clients")
        .and_then(Value::as_list)
        .unwrap()
        .iter()
        .map(|client| ms(client, "first_answer_ns"))
        .collect();
    first.sort_by(f64::total_cmp);
    assert!(first[4] >= 320.0 && first[4] >= first[0] + 320.0, "{first:?}");
    assert!(ms(&test, "elapsed_ns") >= 400.0 && ms(&test, "elapsed_ns") > first[4], "{test}");
    let picture = std::fs::read_to_string(&picture.0).unwrap();
    assert!(picture.contains("first answer") && picture.contains("client 5"));
    let out = client(server.port, &flags).out;
    assert!(out.contains("first answer after ") && out.contains("; all clients done in "), "{out}");

    let alone = measure(server.port, &["--test", "latency", "--count", "1"]);
    assert!(alone.get("first_answer_ns").is_some() && alone.get("elapsed_ns").is_some());
}

/// A download that is here within one round trip was on its way before any clock ran.
#[test]
fn what_arrives_with_ready_has_no_rate() {
    let server = Server::start(&["-q"]);
    let line = Line { delay: Duration::from_millis(20), ..Line::default() };
    let port = relay(server.port, line, line);
    for size in ["1B", "1KiB"] {
        let flags = ["--test", "download", "--size", size];
        let test = measure(port, &flags);
        let absent = |name| test.get(name).is_none();
        assert!(absent("bits_per_second") && absent("duration_ns") && !absent("bytes"), "{test}");
        let outcome = client(port, &flags);
        assert!(outcome.err.contains("too little to tell a rate"), "{outcome:?}");
    }
}

#[test]
fn of_an_upload_that_broke_off_only_the_server_knows_how_much_arrived() {
    let port = fake_server(|mut peer| {
        peer.line();
        peer.send("READY\n");
        peer.bytes(1 << 20);
    });
    let flags = ["--test", "upload", "--size", "1GiB"];
    let test = only_test(&client(port, &[&["--json"], &flags[..]].concat()), 1);
    assert!(test.get("bytes").is_none() && test.get("duration_ns").is_none(), "{test}");
    let outcome = client(port, &flags);
    assert!(outcome.out.contains("unknown"), "{outcome:?}");
}

/// The queue is two seconds long, and the report stands at its end.
#[test]
fn a_report_that_is_not_waited_for_is_no_failure() {
    let server = Server::start(&["-q"]);
    let line = Line { queue: Duration::from_secs(2), ..at_rate(2_000_000) };
    let port = relay(server.port, line, line);
    let flags = ["--test", "bidirectional", "--time", "500ms"];
    let start = Instant::now();
    let test = measure(port, &flags);
    assert!(start.elapsed() < Duration::from_millis(2500), "{:?}", start.elapsed());
    let [download, upload] = ["download", "upload"].map(|part| test.get(part).unwrap());
    assert!(download.get("bytes").is_some() && upload.get("bytes").is_none(), "{test}");
    let outcome = client(port, &flags);
    assert!(outcome.err.contains("was not waited for"), "{outcome:?}");
}

/// A failed transfer allows no sentence about what the load did to the pings.
#[test]
fn a_load_that_failed_allows_no_conclusion() {
    let server = Server::start(&["-q", "--max-time", "10ms"]);
    let outcome = client(server.port, &["--test", "loaded", "--time", "600ms"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(!outcome.out.contains("During "), "{outcome:?}");
}

/// What is counted behind the warm-up has the time of the rest, and its bytes.
#[test]
fn the_start_of_a_transfer_need_not_be_counted() {
    let server = Server::start(&["-q"]);
    for direction in ["download", "upload"] {
        let flags = ["--test", direction, "--time", "1s", "--warmup", "500ms"];
        let test = measure(server.port, &flags);
        let (time, bytes) = (ms(&test, "duration_ns"), test.get("bytes").and_then(Value::as_u64));
        assert!((300.0..700.0).contains(&time) && bytes > Some(0), "{direction}: {test}");
        let rate = test.get("bits_per_second").and_then(Value::as_f64).unwrap();
        let known =
            f64::from(u32::try_from(bytes.unwrap() / 1024).unwrap()) * 8.0 * 1024.0 / time * 1e3;
        assert!((0.99..1.01).contains(&(rate / known)), "{direction}: {rate} and {known}");
    }
}
