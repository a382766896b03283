//! Figures of others, and what is computed from them: the table of an earlier run, and
//! the four times of an exchange of datagrams.

use std::time::Duration;

use roundtrip::json::Value;
use roundtrip::measure::{Direction, Sample};
use roundtrip::report::{Source, Test, Title, baseline, csv};
use roundtrip::stats::Recorder;
use roundtrip::udp::{Exchange, OneWay};

use super::{Decoder, same_in_pieces};

/// Eight bytes of a figure.
const BYTES: usize = size_of::<u64>();

pub fn all() -> Vec<Decoder> {
    let table = format!(
        "{}\r\nlatency,1,,5,1,9,,,\r\nlatency,1,lost,5,1,,,,\nlatency,2,,5000,2,80123,90000,,\n\
         \"a,\"\"b\",1,idle,700000000,,,,upload,1200\n\
         latency,1,,99,,,,download,18446744073709551615\n\
         latency,1,,700000000,,,,download,1000\n",
        csv::HEADER
    );
    // A second after the other, on a clock that is a second ahead.
    let second = 1_000_000_000_u64;
    let times = |ping: u64| {
        let sent = 1_795_219_200 * second + ping * second;
        [sent, sent + second + 1_000, sent + second + 2_000, sent + 3_000]
    };
    let exchanges: Vec<u8> = (0..4).flat_map(times).flat_map(u64::to_be_bytes).collect();
    let samples: Vec<u8> = (0..20).map(|power| 3_u64 << power).flat_map(u64::to_be_bytes).collect();
    vec![
        Decoder::new("baseline", [table], baseline),
        Decoder::new("exchanges", [exchanges], exchanges_of),
        Decoder::new("samples", [samples], samples_of),
    ]
}

fn figures(input: &[u8]) -> impl Iterator<Item = u64> {
    let (figures, _) = input.as_chunks::<BYTES>();
    figures.iter().map(|figure| u64::from_be_bytes(*figure))
}

fn baseline(input: &[u8]) {
    same_in_pieces(input, |reader| match baseline::read("table", reader) {
        Ok(baseline) => format!("{baseline:?}"),
        Err(error) => {
            assert!(error.to_string().starts_with("table, line "), "{error}");
            error.to_string()
        }
    });
    let Ok(mut baseline) = baseline::read("table", input) else { return };
    let (name, title) = ("latency", Title::Above("latency".into()));
    let (unit, clients, count, shown) = ("ping", 1, None, None);
    let test = Test { name, title, unit, clients, count, shown, goal: None, unseen: false };
    for number in 1..20 {
        let at = Duration::from_millis(40 * number);
        let source = Source { test: &test, client: 1, part: "" };
        baseline.record(source, &Sample::Ping { number, at, rtt: at, due: None });
        let direction = Direction::Download;
        baseline.record(source, &Sample::Piece { direction, at, bytes: number });
    }
    let (lines, objects) = baseline.compare(&test);
    assert!(lines.iter().all(|line| !line.contains(char::is_control)), "{lines:?}");
    assert!(objects.iter().all(|object| !Value::from(object.clone()).to_string().is_empty()));
}

fn exchanges_of(input: &[u8]) {
    let mut one_way = OneWay::default();
    let figures: Vec<u64> = figures(input).collect();
    for &[sent, received, answered, arrived] in figures.as_chunks().0 {
        one_way.record(&Exchange { sent, received, answered, arrived });
        let known = one_way.summary();
        assert!(known.is_none_or(|known| known.there.min <= known.there.max));
        assert!(one_way.clock_moves() <= one_way.exchanges());
        assert_eq!(one_way.clock_moves() > 0, one_way.clock_change().is_some());
    }
}

fn samples_of(input: &[u8]) {
    let (mut all, mut halves) = (Recorder::default(), [Recorder::default(), Recorder::default()]);
    for (number, figure) in figures(input).enumerate() {
        let sample = Duration::from_nanos(figure);
        all.record(sample);
        halves[number % 2].record(sample);
    }
    let [mut merged, other] = halves;
    merged.merge(&other);
    assert_eq!(merged.count(), all.count());
    let (Some(all), Some(merged)) = (all.summary(), merged.summary()) else { return };
    assert_eq!(
        [all.min, all.p50, all.p99, all.max],
        [merged.min, merged.p50, merged.p99, merged.max]
    );
    let rising = [all.min, all.p50, all.p90, all.p95, all.p99, all.p99_9, all.max];
    assert!(rising.is_sorted() && all.min <= all.mean && all.mean <= all.max, "{all:?}");
}
