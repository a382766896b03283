//! An earlier run beside this one.

use roundtrip::json::{Value, parse};

use crate::document::{at, document, list, number};
use crate::support::{Temporary, loopback};

const PINGS: [&str; 7] = ["--test", "latency", "--count", "40", "--interval", "1ms", "-q"];

fn with<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&PINGS, flags].concat()
}

#[test]
fn a_run_stands_beside_an_earlier_one_in_every_form() {
    let file = Temporary::new("before.csv");
    assert_eq!(loopback(&with(&["--csv", file.path()])).code, Some(0));
    let outcome = loopback(&with(&["--baseline", file.path()]));
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let title = format!("compared with {}: 40 round trips before, 40 now", file.path());
    assert!(outcome.out.contains(&title), "{outcome:?}");
    let p50 = outcome.out.lines().find(|line| line.contains("p50 ms ")).unwrap();
    assert!(["slower", "faster", "may be chance"].iter().any(|end| p50.ends_with(end)), "{p50}");

    let outcome = loopback(&with(&["--baseline", file.path(), "--json"]));
    let document = document(&outcome);
    let series = at(&document, "baseline.0");
    assert_eq!((number(series, "count_before"), number(series, "count")), (40, 40));
    let p50 = at(series, "rtt_p50_ns");
    let [low, difference, high] =
        ["low", "difference", "high"].map(|name| at(p50, name).as_i64().unwrap());
    assert!(low <= difference && difference <= high, "{p50}");
    assert_eq!(at(p50, "may_be_chance").as_bool(), Some(low <= 0 && 0 <= high), "{p50}");
    // 40 samples have no limits of a p99.
    let p99 = at(series, "rtt_p99_ns");
    assert!(number(p99, "before") > 0 && p99.get("low").is_none(), "{p99}");

    let outcome = loopback(&with(&["--baseline", file.path(), "--json-stream"]));
    let event = outcome.out.lines().find(|line| line.contains("\"event\":\"baseline\"")).unwrap();
    assert_eq!(number(&parse(event.as_bytes()).unwrap(), "count_before"), 40);
}

#[test]
fn a_slower_server_is_called_slower() {
    let file = Temporary::new("slower.csv");
    let pings: Vec<String> =
        (1..=40).map(|n| format!("latency,1,,{n}000000,{n},{n},,,\n")).collect();
    let header = roundtrip::report::csv::HEADER;
    std::fs::write(file.path(), format!("{header}\n{}", pings.concat())).unwrap();
    let outcome = loopback(&with(&["--baseline", file.path()]));
    let p50 = outcome.out.lines().find(|line| line.contains("p50 ms ")).unwrap();
    assert!(p50.contains(" 0.000 ") && p50.ends_with("slower"), "{p50}");
}

#[test]
fn a_transfer_is_compared_by_its_tenths_of_a_second() {
    let file = Temporary::new("transfers.csv");
    let flags = |last: &[&'static str]| {
        [&["--test", "bidirectional", "--time", "600ms", "-q"], last].concat()
    };
    assert_eq!(loopback(&[&flags(&["--csv"])[..], &[file.path()]].concat()).code, Some(0));
    let outcome = loopback(&[&flags(&["--json", "--baseline"])[..], &[file.path()]].concat());
    let document = document(&outcome);
    for (index, direction) in ["download", "upload"].into_iter().enumerate() {
        let all = list(&document, "baseline");
        let series = all.iter().find(|series| at(series, "direction").as_str() == Some(direction));
        let series = series.unwrap_or_else(|| panic!("{index}: {document}"));
        assert!(number(series, "count") >= 4, "{series}");
        assert!(at(series, "bits_per_second.may_be_chance").as_bool().is_some(), "{series}");
    }
}

#[test]
fn the_same_file_can_be_compared_with_and_written_anew() {
    let file = Temporary::new("again.csv");
    assert_eq!(loopback(&with(&["--csv", file.path()])).code, Some(0));
    let outcome = loopback(&with(&["--csv", file.path(), "--baseline", file.path()]));
    assert!(outcome.out.contains(": 40 round trips before, 40 now"), "{outcome:?}");
    assert_eq!(file.text().lines().count(), 41);
}

#[test]
fn a_series_that_the_earlier_run_has_not_is_named() {
    let file = Temporary::new("other.csv");
    assert_eq!(loopback(&with(&["--csv", file.path()])).code, Some(0));
    let flags = ["--test", "sweep", "--sizes", "1:10:*10", "--count", "2", "--interval", "0", "-q"];
    let outcome = loopback(&[&flags[..], &["--baseline", file.path()]].concat());
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.out.matches("it has no such series").count(), 2, "{outcome:?}");
    let outcome = loopback(&[&flags[..], &["--json", "--baseline", file.path()]].concat());
    let document: Value = document(&outcome);
    assert_eq!(at(&document, "baseline.1.found").as_bool(), Some(false));
}

#[test]
fn a_table_that_is_none_is_refused_before_anything_is_measured() {
    let file = Temporary::new("spoilt.csv");
    let header = roundtrip::report::csv::HEADER;
    for (table, why) in [
        ("<html>".into(), "line 1, column 1: this is no table of --csv"),
        (
            format!("{header}\nlatency,1,,5,1,-3,,,\n"),
            "line 2, column 16: \"-3\" is no whole number",
        ),
        (format!("{header}\nlatency,1,,5,1\n"), "line 2, column 1: 5 fields"),
    ] {
        std::fs::write(file.path(), table).unwrap();
        let outcome = loopback(&with(&["--baseline", file.path()]));
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""));
        assert!(outcome.err.contains(why) && outcome.err.lines().count() == 1, "{outcome:?}");
    }
    let outcome = loopback(&with(&["--baseline", "/nonexistent/file"]));
    assert!(outcome.err.contains("cannot read \"/nonexistent/file\""), "{outcome:?}");
}
