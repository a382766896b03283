//! `client --test call`: every transport, each with processes of its own, of which none
//! is left behind.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use roundtrip::json::parse;
use roundtrip::json::{Map, Value};
use roundtrip::measure::{self, Measurement};
use roundtrip::net::Address;
use roundtrip::pace::Stop;
use roundtrip::wamp;
use roundtrip::wamp::call::{Event, Plan};
use roundtrip::wamp::router::{Config, Endpoint, Router};

use crate::support::{CLIENT, Outcome, PATIENCE, run};

fn call(flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).args(["--test", "call"]).args(flags))
}

fn document(outcome: &Outcome) -> Value {
    parse(outcome.out.as_bytes()).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_else(|| panic!("no number {key} in {value}"))
}

fn tests(document: &Value) -> &[Value] {
    document.get("tests").and_then(Value::as_list).unwrap()
}

/// A router in this process, and its four URLs.
fn router() -> (roundtrip::wamp::router::Running, Vec<String>) {
    let tcp = || Address::Tcp { host: "127.0.0.1".into(), port: 0 };
    let listen = vec![Endpoint::websocket(tcp()), Endpoint::rawsocket(tcp())];
    let router = Router::bind(Config { listen, ..Config::default() }).unwrap().start().unwrap();
    let urls = router.urls().iter().map(ToString::to_string).collect();
    (router, urls)
}

#[test]
#[cfg(unix)]
fn every_transport_is_measured() {
    let outcome = call(&["--count", "20", "--json"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let document = document(&outcome);
    assert!(text(&document, "host") == "127.0.0.1" && number(&document, "port") > 0);
    let mut seen = Vec::new();
    for test in tests(&document) {
        seen.push(
            ["socket", "framing", "serialization"]
                .map(|factor| text(test, factor).to_owned())
                .join(" "),
        );
        assert_eq!(
            (text(test, "test"), test.get("ok").and_then(Value::as_bool)),
            ("call", Some(true))
        );
        assert_eq!((number(test, "sent"), number(test, "received")), (20, 20));
        let rtt = test.get("rtt_ns").unwrap();
        assert!(
            number(rtt, "count") == 20
                && number(rtt, "min") > 0
                && number(test, "calls_per_second") > 0
        );
        for process in
            ["router", "caller", "callee"].into_iter().filter(|_| cfg!(target_os = "linux"))
        {
            let used = test.get("cpu").and_then(|cpu| cpu.get(process)).unwrap();
            assert!(number(used, "context_switches") > 0, "{test}");
            assert!(used.get("user_ns").is_some() && used.get("system_ns").is_some(), "{test}");
        }
        // The calls follow each other, so the rate cannot exceed the one of the mean.
        assert!(
            number(test, "calls_per_second") <= 1_000_000_000 / number(rtt, "mean") + 1,
            "{test}"
        );
        assert!(
            test.get("url").is_none()
                && test.get("due_ns").is_none()
                && test.get("error").is_none()
        );
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8, "{seen:?}");
    for (factor, to) in [("socket", "unix"), ("framing", "rawsocket"), ("serialization", "msgpack")]
    {
        let effect = document.get("effects").and_then(|effects| effects.get(factor)).unwrap();
        assert_eq!((text(effect, "to"), number(effect, "pairs")), (to, 4));
        assert!(effect.get("mean_ns").and_then(Value::as_i64).is_some());
        assert!(
            effect.get("p50_ratio_permille").and_then(Value::as_u64).is_some_and(|ratio| ratio > 0)
        );
    }
}

#[test]
#[cfg(unix)]
fn a_line_a_batch_then_a_table_and_a_conclusion() {
    let outcome = call(&["--count", "7", "--payload", "100"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let lines: Vec<&str> = outcome.out.lines().collect();
    assert_eq!(lines[0], "call: 7 calls to each target");
    // The transports take turns, there and back.
    assert!(
        lines[1].starts_with("  tcp  websocket json    batch 1/7: ") && lines[1].ends_with(" ms"),
        "{}",
        lines[1]
    );
    assert!(lines[8].starts_with("  unix rawsocket msgpack batch 1/7: "), "{}", lines[8]);
    assert!(lines[9].starts_with("  unix rawsocket msgpack batch 2/7: "), "{}", lines[9]);
    assert!(lines[16].starts_with("  tcp  websocket json    batch 2/7: "), "{}", lines[16]);
    let (cpu, rows): (Vec<&str>, Vec<&str>) =
        lines[57..].iter().partition(|row| row.contains("% "));
    // Linux counts what each process uses; a call wakes four threads or more.
    if cfg!(target_os = "linux") {
        assert_eq!(cpu.len(), 9, "{cpu:#?}");
        let switches = |row: &&str| row.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() >= 2.0;
        assert!(cpu.iter().all(switches), "{cpu:#?}");
    }
    let of_cpu = |row: &&str| row.starts_with("  CPU") || row.contains("user system");
    let (heads, rows): (Vec<&str>, Vec<&str>) = rows.into_iter().partition(of_cpu);
    assert!(heads.iter().all(|head| head.chars().count() <= 80), "{heads:#?}");
    assert!(rows[0].ends_with("calls      mean       p50    p99 ms   calls/s"), "{}", rows[0]);
    assert_eq!(
        rows[8].split_whitespace().take(4).collect::<Vec<_>>(),
        ["unix", "rawsocket", "msgpack", "7"]
    );
    for change in
        ["unix instead of tcp: ", "rawsocket instead of websocket: ", "msgpack instead of json: "]
    {
        assert!(rows[9..12].iter().any(|row| row.trim_start().starts_with(change)), "{rows:#?}");
    }
    assert!(rows[13..].iter().any(|row| row.starts_with("  unseen: ")), "{rows:#?}");
    let load = if cfg!(target_os = "linux") { 11 } else { 0 };
    // The conclusion may be broken into two lines.
    let quiet = call(&["--count", "7", "-q"]).out.lines().count() - (1 + 9 + load);
    assert!((4..=5).contains(&quiet), "{quiet}");
}

#[test]
fn several_callers_are_a_list_of_the_same_objects() {
    let outcome = call(&["--count", "25", "--concurrent", "3", "--interval", "1ms", "--json"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    for test in tests(&document(&outcome)) {
        assert_eq!((number(test, "sent"), number(test, "received")), (75, 75));
        let clients = test.get("clients").and_then(Value::as_list).unwrap();
        assert_eq!(
            clients.iter().map(|client| number(client, "received")).collect::<Vec<_>>(),
            [25; 3]
        );
        assert_eq!(text(&clients[2], "framing"), text(test, "framing"));
        assert_eq!(number(test.get("due_ns").unwrap(), "count"), 75);
    }
}

#[test]
fn the_stream_has_an_event_for_every_call_and_every_batch() {
    let outcome = call(&["--count", "12", "--json-stream"]);
    let events: Vec<Value> =
        outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap()).collect();
    let of =
        |kind: &str| events.iter().filter(|event| text(event, "event") == kind).collect::<Vec<_>>();
    let ways = of("result").len();
    assert_eq!((of("start").len(), of("call").len(), of("batch").len()), (1, 12 * ways, 10 * ways));
    assert_eq!(
        of("batch").iter().map(|batch| number(batch, "calls")).sum::<u64>(),
        12 * ways as u64
    );
    assert!(
        of("batch")
            .iter()
            .all(|batch| number(batch, "batches") == 10 && number(batch, "mean_ns") > 0)
    );
    assert_eq!(text(of("call")[0], "part"), "tcp websocket json");
    assert!(of("document")[0].get("effects").is_some());
}

#[test]
fn time_is_an_alternative_to_a_count() {
    let outcome = call(&["--time", "20ms", "--json"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    for test in tests(&document(&outcome)) {
        // Each call began within the time.
        let rtt = test.get("rtt_ns").unwrap();
        assert!(
            (number(rtt, "count") - 1) * number(rtt, "min") < 20_000_000 + 10 * number(rtt, "max"),
            "{test}"
        );
    }
}

#[test]
fn a_batch_can_have_a_length_of_time() {
    let (_router, urls) = router();
    let batch = Some(Duration::from_millis(20));
    let calls = |count, time| Plan {
        calls: measure::Plan { count, time, interval: Duration::ZERO, ..measure::Plan::default() },
        batch,
        callers: 1,
        timeout: PATIENCE,
        urls: vec![urls[1].parse().unwrap()],
        realm: "realm1".into(),
        worker: vec![CLIENT.into(), "--role".into()],
        stop: Stop::default(),
    };
    for (plan, number) in [
        // The last batch takes the rest of the time.
        (calls(1, Some(Duration::from_millis(50))), Some(3)),
        // How many batches there are depends on the calls.
        (calls(3000, None), None),
    ] {
        let mut seen = Vec::new();
        let measured = wamp::call::measure(&plan, &mut |event| {
            if let Event::Batch { batch, batches, rtt, .. } = event {
                seen.push((batch, batches, rtt.count()));
            }
        });
        let calls = &measured[0].calls[0];
        assert!(calls.failure().is_none(), "{calls:?}");
        assert!(seen.iter().map(|(batch, ..)| *batch).eq(1..=seen.len() as u64), "{seen:?}");
        assert!(seen.iter().all(|(_, batches, _)| *batches == number), "{seen:?}");
        assert_eq!(seen.iter().map(|(.., calls)| calls).sum::<u64>(), calls.latency.sent);
        match number {
            Some(number) => assert!(seen.len() as u64 <= number, "{seen:?}"),
            None => assert!(seen.len() > 1 && calls.latency.sent == 3000, "{seen:?}"),
        }
        // The router is another program's as far as this measurement knows.
        assert_eq!(calls.used.router, None);
        assert_eq!(calls.used.caller.is_some(), cfg!(target_os = "linux"));
        assert_eq!(calls.used.callee.is_some(), cfg!(target_os = "linux"));
    }
}

#[test]
fn every_interval_is_a_batch() {
    let (_router, urls) = router();
    let outcome = call(&["--time", "60ms", "--every", "20ms", "--url", &urls[1]]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let batches: Vec<&str> = outcome.out.lines().filter(|line| line.contains(" batch ")).collect();
    // A batch that was overdue when its turn came has no line.
    assert!(batches[0].contains(" batch 1/3: "), "{outcome:?}");
}

#[test]
fn a_router_at_a_url() {
    let (_router, urls) = router();
    let json: Vec<String> = urls.iter().map(|url| format!("{url}?serializer=json")).collect();
    let flags =
        ["--count", "5", "--json", "--realm", "realm1", "--url", &json[0], "--url", &json[1]];
    let outcome = call(&flags);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let measured = document(&outcome);
    assert_eq!(tests(&measured).iter().map(|test| text(test, "url")).collect::<Vec<_>>(), json);
    assert!(
        tests(&measured)
            .iter()
            .all(|test| number(test, "received") == 5 && test.get("socket").is_none())
    );
    // The two URLs differ in their framing alone.
    let effects = measured.get("effects").and_then(Value::as_map).unwrap();
    assert_eq!(
        effects
            .iter()
            .map(|(factor, effect)| (factor, number(effect, "pairs")))
            .collect::<Vec<_>>(),
        [("framing", 1)]
    );

    let outcome = call(&["--count", "5", "-q", "--url", &json[0], "--url", &json[1]]);
    assert!(outcome.out.contains("assumes that all URLs lead to one router"), "{outcome:?}");
    let outcome = call(&["--count", "5", "--json", "--url", &urls[0]]);
    assert!(document(&outcome).get("effects").and_then(Value::as_map).is_some_and(Map::is_empty));
}

#[test]
fn an_unreachable_router_does_not_keep_the_others_from_being_measured() {
    let (_router, urls) = router();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("rs://127.0.0.1:{port}");
    let outcome = call(&["--count", "5", "--json", "--url", &nobody, "--url", &urls[0]]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains(&format!("call, {nobody} failed: the callee: ")), "{outcome:?}");
    let measured = document(&outcome);
    let [failed, worked] = tests(&measured) else { panic!("{measured}") };
    assert!(
        text(failed, "error").contains("refused")
            && number(failed, "sent") == 0
            && text(failed, "url") == nobody
    );
    assert_eq!(number(worked, "received"), 5);

    let outcome = call(&["--count", "5", "--realm", "elsewhere", "--url", &urls[0]]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.err.contains("no_such_realm") && outcome.out.contains("failed"), "{outcome:?}");
}

#[test]
fn a_table_and_a_picture() {
    let name =
        |end| std::env::temp_dir().join(format!("roundtrip-{}-call.{end}", std::process::id()));
    let (csv, svg) = (name("csv"), name("svg"));
    let outcome = call(&[
        "--count",
        "5",
        "-q",
        "--csv",
        csv.to_str().unwrap(),
        "--svg",
        svg.to_str().unwrap(),
    ]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let (table, picture) =
        (std::fs::read_to_string(&csv).unwrap(), std::fs::read_to_string(&svg).unwrap());
    let _ = (std::fs::remove_file(csv), std::fs::remove_file(svg));
    assert_eq!(
        table.lines().filter(|line| line.starts_with("call,1,tcp rawsocket json,")).count(),
        5,
        "{table}"
    );
    assert!(
        picture.contains("tcp rawsocket json")
            && picture.contains("p99")
            && !picture.contains("NaN")
    );
}

#[test]
fn a_wrong_command_line_is_explained_in_one_line() {
    for (flags, why) in [
        (&["--url", "rs://localhost:1"][..], "write --host and --port"),
        (
            &["--test", "udp", "--realm", "realm1"],
            "--realm means nothing to --test udp: it is for call",
        ),
        (&["--test", "call", "--host", "localhost"], "write --url instead of --host"),
        (&["--test", "call", "--port", "5001"], "write --url instead of --port"),
        (&["--test", "call", "--framing", "bare"], "--framing means nothing"),
        (&["--test", "call", "--spin"], "--spin means nothing"),
        (&["--test", "call", "--trace"], "--trace means nothing"),
        (&["--test", "call", "--loopback", "--url", "rs://localhost:1"], "leave out one of them"),
        (&["--test", "call", "--url", "http://localhost"], "is no URL of a router"),
        (&["--test", "call", "--realm", "a..b"], "is no realm"),
        (&["--test", "call", "--count", "0"], "whole number from 1"),
    ] {
        let outcome = run(Command::new(CLIENT).args(flags));
        assert_eq!(
            (outcome.code, outcome.out.as_str(), outcome.err.lines().count()),
            (Some(2), "", 1),
            "{outcome:?}"
        );
        assert!(outcome.err.contains(why), "{outcome:?}");
    }
    let outcome = run(Command::new(CLIENT).args(["--role", "nonsense"]));
    assert_eq!((outcome.code, outcome.out.starts_with("ERROR ")), (Some(1), true), "{outcome:?}");
}

/// A client that measures for more than two seconds, after its first batch.
#[cfg(target_os = "linux")]
struct Running {
    client: crate::support::Guard,
    output: BufReader<std::process::ChildStdout>,
    /// The process ids and command lines of the client's children.
    children: Vec<(u32, String)>,
}

#[cfg(target_os = "linux")]
impl Running {
    fn start() -> Self {
        let mut command = Command::new(CLIENT);
        command.args(["--test", "call", "--time", "300ms", "--json-stream"]).stdin(Stdio::null());
        let mut client = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(client.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(r#""event":"batch""#) {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ends before its first batch");
        }
        let children = crate::support::children(client.id()).into_iter();
        let children = children.map(|(pid, _)| (pid, command_line(pid))).collect::<Vec<_>>();
        assert_eq!(children.len(), 17, "a router, eight callees and eight callers: {children:?}");
        Running { client: crate::support::Guard(client), output, children }
    }

    /// Kills the first child whose command line contains all of these words.
    fn kill(&self, words: &[&str]) {
        let suits = |line: &str| words.iter().all(|word| line.contains(word));
        let (pid, _) = self.children.iter().find(|(_, line)| suits(line)).unwrap();
        assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
    }

    /// Waits for the end of the client; returns its exit code and its document.
    fn finish(&mut self) -> (Option<i32>, Value) {
        let last = self.output.by_ref().lines().map(Result::unwrap).last().unwrap();
        let code = self.client.0.wait().unwrap().code();
        self.assert_alone();
        (code, parse(last.as_bytes()).unwrap())
    }

    fn assert_alone(&self) {
        for (pid, line) in &self.children {
            crate::support::eventually(line, || command_line(*pid) != *line);
            let directory = line
                .split(['\0', '?'])
                .find_map(|word| word.strip_prefix("rs+unix:")?.strip_suffix("/rs"));
            if let Some(directory) = directory {
                crate::support::eventually(directory, || !std::path::Path::new(directory).exists());
            }
        }
    }
}

/// The command line of a process; empty when the process has ended.
#[cfg(target_os = "linux")]
fn command_line(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_callee_costs_its_own_transport() {
    let mut running = Running::start();
    running.kill(&["--role\0callee", "ws://", "serializer=json"]);
    let (code, document) = running.finish();
    assert_eq!(code, Some(1));
    let failed = |test: &&Value| test.get("ok").and_then(Value::as_bool) == Some(false);
    let [failed] = tests(&document).iter().filter(failed).collect::<Vec<_>>()[..] else {
        panic!("{document}")
    };
    assert!(
        text(failed, "error").contains("wamp.error.")
            && text(failed, "error").contains("the callee has ended")
    );
    // The calls before that are reported.
    assert!(number(failed, "received") > 0 && failed.get("rtt_ns").is_some());
    assert!(
        tests(&document).len() == 8
            && tests(&document).iter().all(|test| number(test, "received") > 0)
    );
    // Three pairs are left for each factor.
    let socket = document.get("effects").and_then(|effects| effects.get("socket")).unwrap();
    assert_eq!(number(socket, "pairs"), 3, "{document}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_router_fails_all_targets() {
    let mut running = Running::start();
    running.kill(&["--role\0router"]);
    let (code, document) = running.finish();
    assert_eq!((code, tests(&document).len()), (Some(1), 8));
    assert!(
        tests(&document).iter().all(|test| test.get("ok").and_then(Value::as_bool) == Some(false)),
        "{document}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_client_leaves_no_process_behind() {
    let mut running = Running::start();
    running.client.0.kill().unwrap();
    running.client.0.wait().unwrap();
    running.assert_alone();
}

#[test]
#[cfg(unix)]
fn a_long_path_to_temporary_files_does_no_harm() {
    // The address of a Unix socket has no room for this path.
    let folder = format!("/tmp/{}", "long".repeat(30));
    let outcome = run(Command::new(CLIENT)
        .args(["--test", "call", "--count", "1", "-q"])
        .env("TMPDIR", folder));
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
}

#[test]
#[cfg(unix)]
fn eight_transports_separate_three_choices() {
    let outcome = run(Command::new(crate::examples::built("call_roundtrip")).arg("--short"));
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let (naive, right) = outcome.out.split_once("Eight transports can tell").unwrap();
    let figure = "- average round-trip time (ms): ";
    let rows = |text: &str| text.lines().filter(|line| line.contains(figure)).count();
    assert_eq!((rows(naive), rows(right)), (2, 8), "{outcome:?}");
    for change in
        ["unix instead of tcp", "rawsocket instead of websocket", "msgpack instead of json"]
    {
        assert!(right.contains(change) && !naive.contains(change), "{outcome:?}");
    }
}
