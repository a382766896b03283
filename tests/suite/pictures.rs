//! What a picture shows of each test.

use crate::support::{Temporary, client, loopback};

/// The picture of a run.
fn picture(name: &str, flags: &[&str]) -> String {
    let file = Temporary::new(&format!("picture-{name}.svg"));
    let outcome = loopback(&[&["-q", "--svg", file.path(), "--test"], flags].concat());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    file.text()
}

#[test]
fn a_sweep_is_one_curve_over_the_size() {
    let svg = picture("sweep", &["sweep", "--count", "3", "--interval", "0"]);
    assert_eq!(svg.matches(">payload of a ping, logarithmic scale<").count(), 1, "{svg}");
    assert_eq!(svg.matches(">round-trip time, logarithmic scale<").count(), 1, "{svg}");
    assert!(svg.contains(">64 KiB<") && svg.contains(">p99 ") && !svg.contains("sweep, "));
}

#[test]
fn loaded_has_one_axis_of_time_and_one_of_latency() {
    let svg = picture("loaded", &["loaded", "--time", "900ms"]);
    for once in [">time in ", ">round-trip time", ">rate"] {
        assert_eq!(svg.matches(once).count(), 1, "{once} {svg}");
    }
    for phase in ["idle", "download", "upload"] {
        assert!(svg.contains(&format!(">{phase}<")), "{phase} {svg}");
    }
}

#[test]
fn an_axis_says_what_it_shows() {
    let svg = picture("lag", &["lag", "--count", "5", "--interval", "1ms"]);
    assert!(svg.contains(">turnaround time") && svg.contains(">round-trip time"), "{svg}");
    let svg = picture("connect", &["connect", "--count", "5"]);
    assert!(svg.contains(">time from connecting to the first answer"), "{svg}");
}

#[test]
fn a_picture_of_nothing_says_that_the_run_failed() {
    let port = crate::support::fake_server(drop);
    let file = Temporary::new("failed.svg");
    let flags = ["-q", "--test", "latency", "--svg", file.path()];
    assert_eq!(client(port, &flags).code, Some(1));
    assert!(file.text().contains("failed"));
}
