//! Whatever is asked, the answers are the same in each mode.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use super::READING;
use super::inputs;
use super::server::{Server, Setup};
use crate::plan::Plan;
use crate::support::MODES;

const NAME: &str = "the same in each mode";

/// How many conversations are compared in a usual run.
const USUAL: u64 = 100;

/// What has answers that depend on the time. A transfer both ways that one side breaks off
/// ends for the other, wherever that one is.
const TIMED: [&str; 5] = ["ms", "REPORTED", "LAG", "STATUS", "BIDIRECTIONAL"];

pub fn run(plan: &Plan) {
    let servers =
        MODES.map(|mode| Server::start(&Setup { mode, framing: "line", spin: false, unix: true }));
    plan.each("servers", &[NAME], USUAL, |_, tried| {
        let input = inputs::input(servers[0].text(), &mut tried.random);
        let text = String::from_utf8_lossy(&input);
        if TIMED.iter().any(|word| text.contains(word)) {
            return;
        }
        tried.note(NAME, &input);
        let answers = servers.each_ref().map(|server| answers(server.text().connect(), &input));
        let [Some(thread), Some(process), Some(sequential)] = answers else { return };
        assert!(thread == process && thread == sequential, "{thread}\n{process}\n{sequential}");
    });
    for server in servers {
        server.end();
    }
}

/// All that is answered to this; `None` if it is more than can be read in a moment.
fn answers(mut stream: TcpStream, input: &[u8]) -> Option<String> {
    stream.set_read_timeout(Some(READING)).unwrap();
    stream.set_write_timeout(Some(READING)).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let (mut answers, most) = (Vec::new(), 1 << 20);
    let ended = thread::scope(|scope| {
        let reading = scope.spawn(|| (&mut reader).take(most).read_to_end(&mut answers));
        // The server may have had enough.
        let _ = stream.write_all(input).and_then(|()| stream.shutdown(Shutdown::Write));
        reading.join().unwrap()
    });
    // A reset comes after all that was said.
    let waited = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    (!waited && answers.len() < 1 << 20).then(|| without_times(&answers))
}

/// Bytes as text, without the nanoseconds in `DONE:<bytes>:<nanoseconds>`.
fn without_times(answers: &[u8]) -> String {
    let text = answers.escape_ascii().to_string();
    let mut parts = text.split("DONE:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| {
        let (bytes, rest) = part.split_once(':').unwrap_or((part, ""));
        format!("{said}DONE:{bytes}:{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
    })
}
