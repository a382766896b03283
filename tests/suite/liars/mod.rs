//! Servers that lie to the client, in every message that there is. The client fails and
//! says why, in time; it never panics, and never reports an absurd figure as a success.

mod answers;
mod silence;
mod transfers;

use roundtrip::json::Value;

use crate::document::{document, tests};
use crate::support::{Outcome, Peer, client, fake_server};

const MOST: &str = "18446744073709551615";

/// Runs the client against a server that answers each request with `answer`.
fn against(answer: impl Fn(&mut Peer, &str) + Send + 'static, flags: &[&str]) -> Outcome {
    let port = fake_server(move |mut peer| {
        loop {
            match peer.try_line().as_deref() {
                None | Some("") => return,
                Some("QUIT") => return drop(peer.try_send("BYE\n")),
                Some(request) => answer(&mut peer, request),
            }
        }
    });
    client(port, &[&["--json"], flags].concat())
}

/// Checks that the client fails with a reason that holds `why`, and that what it reports
/// could be: no rate of more than 10 Tbit/s, no duration of more than a minute.
fn assert_found_out(outcome: &Outcome, why: &str) {
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.err.contains(why), "expected {why:?}: {outcome:?}");
    let document = document(outcome);
    for test in tests(&document) {
        assert_eq!(test.get("ok").and_then(Value::as_bool), Some(false), "{test}");
        assert!(test.get("error").is_some(), "{test}");
        for part in [Some(test), test.get("download"), test.get("upload")].into_iter().flatten() {
            let figure = |name| part.get(name).and_then(Value::as_f64).unwrap_or(0.0);
            assert!(figure("bits_per_second") < 1e13, "{test}");
            assert!(figure("duration_ns") < 6e10 && figure("bytes") < 1e12, "{test}");
        }
    }
}
