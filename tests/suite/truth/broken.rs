//! Transfers that break off, or whose report does not come.

use std::time::{Duration, Instant};

use super::{at_rate, measure, only_test};
use crate::document::{number, text};
use crate::relay::{Line, relay};
use crate::support::{Server, client, fake_server};

#[test]
fn a_transfer_that_is_cut_off_is_reported_as_far_as_it_came() {
    let server = Server::start(&["-q"]);
    let arrives: u64 = 3_000_000;
    let cut = "READY\n".len() as u64 + arrives;
    let port = relay(server.port, Line::default(), Line { cut, ..Line::default() }).port;
    let test = only_test(&client(port, &["--json", "--test", "download", "--size", "10MiB"]), 1);
    assert_eq!(number(&test, "bytes"), arrives, "{test}");
    assert!(text(&test, "error").contains("closed after 3000000 of 10485760 bytes"), "{test}");
}

#[test]
fn of_an_upload_that_broke_off_only_the_server_knows_how_much_arrived() {
    let port = fake_server(|mut peer| {
        peer.line();
        peer.send("READY\n");
        peer.bytes(1 << 20);
    });
    let test = only_test(&client(port, &["--json", "--test", "upload", "--size", "1GiB"]), 1);
    assert!(test.get("bytes").is_none() && test.get("duration_ns").is_none(), "{test}");
}

/// The queue is two seconds long, and the report stands at its end.
#[test]
fn a_report_that_is_not_waited_for_is_no_failure() {
    let server = Server::start(&["-q"]);
    let line = Line { queue: Duration::from_secs(2), ..at_rate(2_000_000) };
    let port = relay(server.port, line, line).port;
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
