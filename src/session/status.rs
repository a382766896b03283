//! Status: one question, one answer.
//!
//! Is the server there, how far away, and how busy? To know that, nobody should have to
//! join it. So this is one exchange, in which client and server say what they like in a
//! JSON object each:
//!
//! ```text
//!   STATUS {"from":"a monitor","time":1763683200.5}⏎
//!     ◀── STATUS {"name":"mine","mode":"thread","uptime":12.5,…,"oldmsg":{…},"roundtrip":{…}}⏎
//! ```
//!
//! The answer is put together in this order. A key that is there already gets the later
//! value, in the place of the earlier one:
//!
//! 1. what the owner gave once, [`Settings::info`](super::Settings::info);
//! 2. what every server knows of itself: `mode`, `uptime` in seconds, `connections`
//!    (`now` and `total`), `bytes` (`sent` and `received`, of bulk transfers), `pings`
//!    answered or, of lag, echoed, [counters](super::Hooks::counters) such as
//!    `udp_pings`, and in `scope` [whose they are](super::counters);
//! 3. what the owner computes for this question,
//!    [`Hooks::on_status`](super::Hooks::on_status);
//! 4. `oldmsg`: the question, as it was understood and written anew, so that `1e3` may
//!    have become `1000.0`;
//! 5. `roundtrip`: `version` of this crate and `protocol`. Nobody can put anything else
//!    there.
//!
//! A server that is full answers too, before it sends the asker away. In sequential
//! mode nobody can: until the one connection ends, a question waits in the system's
//! queue like any other connection.
//!
//! # Whether to repeat the question
//!
//! `oldmsg` lets a client that asks many servers at once tell the answers apart, and
//! read in it when it asked. But it is a stranger's text in the server's mouth. What is
//! told to a log, a web page or another program that trusts this server, anybody can
//! make it say. It also makes every answer longer than its question: over TCP that
//! serves nobody, since a handshake comes first, but a protocol that answered the same
//! over UDP would send it to whomever the question claims to be from (reflection, RFC
//! 4732). And repeating is where Heartbleed was (CVE-2014-0160): a server sent back as
//! many bytes as the asker *said* it had sent, up to 64 KiB of its memory. Here the
//! question is parsed, and what was parsed is written anew, so there is no length to
//! lie about. [`Settings::writeback`] turns it off all the same.
//!
//! [`Settings::writeback`]: super::Settings::writeback

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use super::settings::Shared;
use crate::json::{self, JsonError, JsonErrorKind};
use crate::json::{MAX_DEPTH, Map, Value};
use crate::wire::command::{Answer, more};
use crate::wire::framing::MAX_LINE;

/// The version of what is said, which changes less often than that of the crate.
pub const PROTOCOL: u64 = 1;

/// More than all that an answer holds beside what the owner gives: what every server
/// knows of itself.
const OURS: usize = 1024;

/// Whether an answer can hold so much of the owner's [`info`](super::Settings::info).
///
/// # Errors
/// `InvalidInput` when it cannot.
pub fn check(info: &Map) -> io::Result<()> {
    let (bytes, most) = (Value::Map(info.clone()).to_string().len(), MAX_LINE - OURS);
    if bytes <= most {
        return Ok(());
    }
    let what = format!(
        "{bytes} bytes are more than {most}, which is the most that a status answer has room for"
    );
    Err(io::Error::new(ErrorKind::InvalidInput, what))
}

/// The answer to a question, or why there is none.
pub(super) fn answer(
    question: Option<&[u8]>,
    peer: Option<SocketAddr>,
    shared: &Shared,
) -> Result<String, String> {
    let settings = &shared.settings;
    let question =
        question.map_or_else(|| Ok(Map::new()), parse).map_err(|error| error.to_string())?;
    let mut answer = settings.info.clone();
    let computed = settings.hooks.on_status(&question, peer);
    answer.extend(&shared.counted());
    answer.extend(&computed);
    let repeated =
        if settings.writeback { Value::Map(question.clone()).to_string().len() } else { 0 };
    if settings.writeback {
        answer.insert("oldmsg", question);
    }
    let version =
        Map::from([("version", env!("CARGO_PKG_VERSION").into()), ("protocol", PROTOCOL.into())]);
    answer.insert("roundtrip", version);
    let answer = Value::Map(answer);
    // Written anew, a question may be deeper than a reader takes, since `oldmsg` is in
    // a map, and longer than it was: 1e15 becomes 1000000000000000.0. Whoever asks such
    // a thing is told so, rather than sent what it cannot read.
    if depth(&answer) > MAX_DEPTH {
        return Err(format!(
            "the answer would have more than {MAX_DEPTH} lists and maps within each other"
        ));
    }
    let text = answer.to_string();
    if text.len() > MAX_LINE - "STATUS ".len() {
        let would_fit = text.len() - repeated.min(text.len()) <= MAX_LINE - "STATUS ".len();
        let hint = if would_fit { ": ask with less" } else { "" };
        return Err(format!("the answer would be longer than {MAX_LINE} bytes{hint}"));
    }
    Ok(text)
}

/// The message that carries such an answer.
pub(super) fn message(answer: &Result<String, String>) -> Answer<'_> {
    match answer {
        Ok(text) => Answer::More(more::Answer::Status(text)),
        Err(reason) => Answer::Error(reason),
    }
}

fn parse(question: &[u8]) -> Result<Map, JsonError> {
    if let Value::Map(map) = json::parse(question)? {
        return Ok(map);
    }
    let column = 1 + question.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    Err(JsonError { kind: JsonErrorKind::Expected("an object"), line: 1, column })
}

/// How many lists and maps are within each other. What was parsed is at most
/// [`MAX_DEPTH`] deep, and so is this recursion but for what the owner adds.
fn depth(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(map) => 1 + map.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::{Counters, Hooks, Settings};

    /// Says what it was asked under every key that there is.
    #[derive(Debug)]
    struct Greedy;

    impl Hooks for Greedy {
        fn on_status(&self, _: &Map, _: Option<SocketAddr>) -> Map {
            ["pings", "oldmsg", "roundtrip", "own"]
                .into_iter()
                .map(|key| (key, "owner".into()))
                .collect()
        }
    }

    fn shared(writeback: bool) -> Shared {
        let info = ["name", "mode", "own", "roundtrip"]
            .into_iter()
            .map(|key| (key, "info".into()))
            .collect();
        let settings = Settings { info, writeback, hooks: Arc::new(Greedy), ..Settings::default() };
        Shared { settings, counters: Counters::of_connection(Some(r#"{"mode":"process"}"#)) }
    }

    fn ask(question: &str, shared: &Shared) -> Value {
        json::parse(answer(Some(question.as_bytes()), None, shared).unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn later_keys_override_earlier_ones_in_their_place() {
        let said = ask(r#"{"roundtrip":0}"#, &shared(true));
        let keys: Vec<&str> = said.as_map().unwrap().iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["name", "mode", "own", "roundtrip", "scope", "bytes", "pings", "oldmsg"]);
        let texts = ["name", "mode", "own", "pings"]
            .map(|key| said.get(key).and_then(Value::as_str).unwrap());
        assert_eq!(texts, ["info", "process", "owner", "owner"]);
        assert_eq!(
            said.get("oldmsg").map(ToString::to_string).as_deref(),
            Some(r#"{"roundtrip":0}"#)
        );
        let protocol = said.get("roundtrip").and_then(|ours| ours.get("protocol")?.as_u64());
        assert_eq!(protocol, Some(PROTOCOL));
        // Without writing back, it is the owner's business what is there.
        assert_eq!(ask("{}", &shared(false)).get("oldmsg").and_then(Value::as_str), Some("owner"));
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        for (question, reason) in [
            ("", "line 1, column 1: the text ends before the value does"),
            (" []", "line 1, column 2: expected an object"),
            ("null", "line 1, column 1: expected an object"),
            ("{\"a\":}", "line 1, column 6: expected a value"),
        ] {
            assert_eq!(answer(Some(question.as_bytes()), None, &shared(true)), Err(reason.into()));
        }
        let nested =
            |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let deepest = nested(MAX_DEPTH);
        assert!(answer(Some(deepest.as_bytes()), None, &shared(false)).is_ok());
        assert!(
            answer(Some(deepest.as_bytes()), None, &shared(true))
                .unwrap_err()
                .contains("within each other")
        );
        ask(&nested(MAX_DEPTH - 1), &shared(true));
        assert!(check(&Map::new()).is_ok());
        let info = Map::from([("a", "x".repeat(MAX_LINE).into())]);
        assert!(check(&info).is_err());
        let mut full = shared(true);
        full.settings.info = info;
        assert!(answer(None, None, &full).unwrap_err().ends_with(" bytes"));
        let growing = format!("{{\"a\":[{}1]}}", "1e15,".repeat(10_000));
        assert!(
            answer(Some(growing.as_bytes()), None, &shared(true))
                .unwrap_err()
                .ends_with(": ask with less")
        );
        assert!(answer(Some(growing.as_bytes()), None, &shared(false)).is_ok());
    }
}
