//! What keeps all answers away, and what the client finds out about that.

use std::process::{Command, Stdio};

use roundtrip::json::{Value, parse};

use super::fake;
use crate::document::{at, document, number, text};
use crate::support::{CLIENT, Guard, SERVER, Server, client};

const FEW: [&str; 7] = ["--test", "udp", "--count", "3", "--interval", "1ms", "--timeout=300ms"];

#[test]
fn a_server_that_answers_from_another_address_is_named() {
    let server = Server::run(Command::new(SERVER).args(["--host", "0.0.0.0", "--port", "0"]));
    // The system answers from 127.0.0.1.
    let port = server.port.to_string();
    let flags = [&FEW[..], &["--json", "--host", "127.0.0.2", "--port", &port]].concat();
    let outcome = crate::support::run(Command::new(CLIENT).args(flags));
    let document = document(&outcome);
    let test = at(&document, "tests.0");
    let from = format!("127.0.0.1:{port}");
    assert_eq!(text(test, "answered_from"), from, "{outcome:?}");
    let expected = format!(
        "no answer to any of 3 pings within 300ms; 127.0.0.2:{port} answered from {from}: give \
         the server its --host, or measure that address"
    );
    assert_eq!(text(test, "error"), expected, "{outcome:?}");
    assert!(outcome.err.contains(&expected) && outcome.code == Some(1), "{outcome:?}");
}

#[test]
fn large_datagrams_that_vanish_are_a_hint_at_fragments() {
    let drops_fragments = |question: &[u8]| match question.len() {
        0..=1472 => vec![question.to_vec()],
        _ => Vec::new(),
    };
    let port = fake(drops_fragments);
    let outcome = client(port, &[&FEW[..], &["--payload", "2000"]].concat());
    assert!(outcome.err.contains("seems to drop fragments"), "{outcome:?}");
    let largest = outcome.err.split("try --payload ").nth(1).unwrap().split(' ').next().unwrap();
    let outcome = client(port, &[&FEW[..], &["--payload", largest]].concat());
    assert!(outcome.out.contains("3 sent, 3 received"), "{outcome:?}");
    // A tunnel carries less than Ethernet, and may drop what is larger without a word.
    let tunnel = |question: &[u8]| match question.len() {
        0..=1200 => vec![question.to_vec()],
        _ => Vec::new(),
    };
    let outcome = client(fake(tunnel), &[&FEW[..], &["--payload", "1300"]].concat());
    assert!(outcome.err.contains("try a smaller --payload"), "{outcome:?}");
    // A server that answers no ping of any size has another trouble.
    let outcome = client(fake(|_| Vec::new()), &[&FEW[..], &["--payload", "2000"]].concat());
    assert!(!outcome.err.contains("fragments") && outcome.code == Some(1), "{outcome:?}");
}

/// A network of the test's own, with no interface but loopback, in which rules come
/// before local addresses. A shell in it reads commands from its standard input.
#[cfg(target_os = "linux")]
fn network() -> Option<Guard> {
    let prepare = "ip link set lo up && ip rule add pref 100 lookup local && ip rule del pref 0";
    let run = |command: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--net", "sh", "-c", command]);
        unshare.stderr(Stdio::null());
        unshare
    };
    if !run(prepare).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: this needs unshare, ip, and the right to make a network");
        return None;
    }
    let command = format!("{prepare} && echo ready && exec sh");
    let child = run(&command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    Some(Guard(child))
}

#[test]
#[cfg(target_os = "linux")]
fn a_ping_that_this_machine_refuses_to_send_is_not_lost() {
    use std::io::{BufRead, BufReader, Write};
    let Some(mut shell) = network() else { return };
    let mut commands = shell.0.stdin.take().unwrap();
    let mut lines = BufReader::new(shell.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut wait_for = |event: &str| {
        let seen = lines.by_ref().filter(|line| line.contains(event)).take(20).count();
        assert_eq!(seen, 20, "{event}");
    };
    writeln!(
        commands,
        "{SERVER} --host 127.0.0.1 --port 5001 -q > /dev/null & server=$!
        until {CLIENT} --host 127.0.0.1 --port 5001 --test status -q > /dev/null; do :; done
        {CLIENT} --host 127.0.0.1 --port 5001 --test udp --count 150 --interval 10ms --json-stream &
        client=$!"
    )
    .unwrap();
    wait_for(r#""event":"ping""#);
    writeln!(commands, "ip rule add to 127.0.0.1 pref 50 prohibit").unwrap();
    wait_for(r#""event":"refused""#);
    writeln!(commands, "ip rule del pref 50; wait $client; kill $server; exit").unwrap();
    let output = lines.last().unwrap();
    let document = parse(output.as_bytes()).unwrap();
    let test = at(&document, "tests.0");
    let field = |name: &str| number(test, name);
    let (sent, refused) = (field("sent"), field("refused_here"));
    assert!(refused > 10 && field("received") > 10, "{output}");
    assert_eq!((sent + refused, test.get("ok")), (150, Some(&Value::from(true))), "{output}");
    assert_eq!(sent, field("received") + field("lost"), "{output}");
    // The rule may stop an answer of the server, too.
    assert!(field("lost_there") == 0 && field("lost") < 3, "{output}");
}
