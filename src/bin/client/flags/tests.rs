//! What command lines mean, and which are refused.

use super::test::ALL;
use super::*;
use roundtrip::flags::markdown;

fn read(line: &str) -> Result<Options, String> {
    match parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())? {
        Command::Run(options) => Ok(*options),
        Command::Print(text) => Err(text),
    }
}

#[test]
fn the_page_of_the_program_lists_every_flag() {
    let page = include_str!("../main.rs");
    let table = format!("//! {}\n", markdown(FLAGS).trim_end().replace('\n', "\n//! "));
    assert!(page.contains(&table), "the page of the client has this list:\n{table}");
}

#[test]
fn every_test_of_the_table_exists() {
    for name in FLAGS.iter().flat_map(|flag| flag.only.iter().chain(flag.never)) {
        assert!(Test::BY_NAME.iter().any(|test| test.name() == *name), "{name}");
    }
    for other in FLAGS.iter().flat_map(|flag| flag.excluded) {
        assert!(FLAGS.iter().any(|flag| flag.name == *other), "{other}");
    }
}

#[test]
fn without_flags_three_tests_run() {
    let options = read("").unwrap();
    assert_eq!(options.tests, ALL);
    assert_eq!((options.host.as_str(), options.port, options.clients), ("localhost", 5001, 1));
    assert_eq!((options.plan.count, options.plan.interval), (10, Duration::from_millis(100)));
    assert_eq!(options.amount, Amount::Bytes(10 * MIB));
    assert!(options.format == Format::Text && !options.listed);
    assert_eq!(read("--concurrent 3").unwrap().tests, [Test::Latency]);
}

#[test]
fn each_test_has_its_own_defaults() {
    let call = read("--test call").unwrap().plan;
    assert_eq!((call.count, call.interval), (1000, Duration::ZERO));
    assert_eq!(read("--test connect").unwrap().plan.interval, Duration::ZERO);
    assert_eq!(read("--test udp").unwrap().timeout, Duration::from_secs(2));
    assert_eq!(read("--test loaded").unwrap().loaded.0.interval, Duration::from_millis(10));
    let slow = read("--test loaded --interval 50ms --time 6s").unwrap().loaded;
    assert_eq!((slow.0.interval, slow.1.time), (Duration::from_millis(50), Duration::from_secs(6)));
    assert_eq!(read("--test sweep --sizes 10:1KiB:*10").unwrap().sizes, [10, 100, 1000]);
}

#[test]
fn a_flag_that_would_change_nothing_is_refused() {
    for line in [
        "--test download --count 5",
        "--test latency --size 1MiB",
        "--test udp --framing bare",
        "--test sweep --payload 5",
        "--test status --interval 1s",
        "--test status --time 1s",
        "--test status --spin",
        "--test lag --warmup 0",
        "--test loaded --count 5",
        "--test upload --interval 1s",
        "--test latency --data {}",
        "--concurrent 3 --size 5",
        "--sizes 1:2:*2",
        "--realm realm1",
    ] {
        let why = read(line).err().unwrap_or_default();
        assert!(
            why.contains(" means nothing to --test ") && why.contains("; leave it out"),
            "{line}: {why}"
        );
    }
    let why = read("--test download --count 5").err().unwrap();
    assert_eq!(
        why,
        "--count means nothing to --test download: it is for latency, connect, sweep, udp, lag, call; leave it out"
    );
    // Something in `all` uses each of these.
    assert!(read("--test all --count 5 --size 5 --payload 5 --warmup 0 --spin").is_ok());
    assert!(read("--time 1s --interval 0").is_ok());
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    for line in [
        "--time 1s --count 5",
        "--size 5 --time 1s",
        "--json --json-stream",
        "--trace --json",
        "--loopback --host localhost",
        "--test call --loopback --url rs://localhost:1",
    ] {
        let why = read(line).err().unwrap_or_default();
        assert!(
            why.contains(" excludes --") && why.ends_with("; leave out one of them"),
            "{line}: {why}"
        );
    }
}
