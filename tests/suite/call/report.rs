//! The lines, the stream, the table and the picture.

use super::call;
use crate::document::{events, number, text};
use crate::support::Temporary;

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
fn the_stream_has_an_event_for_every_call_and_every_batch() {
    let outcome = call(&["--count", "12", "--json-stream"]);
    let events = events(&outcome);
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
fn a_table_and_a_picture() {
    let (csv, svg) = (Temporary::new("call.csv"), Temporary::new("call.svg"));
    let outcome = call(&["--count", "5", "-q", "--csv", csv.path(), "--svg", svg.path()]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let (table, picture) = (csv.text(), svg.text());
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
