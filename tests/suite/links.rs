//! Slow links: every rate, every kind of transfer, two lengths of queue.
//!
//! A few cells of this matrix run each time, side by side. All of them run with
//! `ROUNDTRIP_LINKS=all cargo test --release --test suite links -- --nocapture`, which
//! takes four minutes and prints a table.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::json::Value;

use crate::document::{at, document};
use crate::namespaces::Namespaces;

/// `tbf` counts frames. Of the 1,514 bytes of a frame, headers take 66.
const GOODPUT: f64 = 1448.0 / 1514.0;

/// What connecting, `READY` and starting a process on a busy machine may take.
const START: Duration = Duration::from_millis(700);

/// A link, a test, and how long its transfer lasts.
#[derive(Clone, Copy, Debug)]
struct Cell {
    kbits: u32,
    /// How many bytes wait in front of the link at most.
    queue: u32,
    test: &'static str,
    seconds: u64,
}

/// What was measured in a cell.
struct Row {
    cell: Cell,
    code: Option<i32>,
    took: Duration,
    /// The rates of the download and the upload, as parts of the link's goodput.
    rates: [Option<f64>; 2],
    complaint: String,
}

impl Cell {
    /// Runs the test on a link of its own; `None` where there are no namespaces.
    fn run(self) -> Option<Row> {
        let Cell { kbits, queue, test, seconds } = self;
        let namespaces =
            Namespaces::new(&format!("tbf rate {kbits}kbit burst 3000 limit {queue}"))?;
        let (server, time) = (namespaces.server(), format!("{seconds}s"));
        let start = Instant::now();
        let outcome = namespaces.client(server.port, &["--json", "--test", test, "--time", &time]);
        let took = start.elapsed();
        let document = document(&outcome);
        let result = at(&document, "tests.0");
        let goodput = f64::from(kbits) * 1000.0 * GOODPUT;
        let rate = |result: &Value| Some(result.get("bits_per_second")?.as_f64()? / goodput);
        let rates = ["download", "upload"].map(|direction| match result.get(direction) {
            Some(part) => rate(part),
            None => rate(result).filter(|_| test == direction),
        });
        Some(Row { cell: self, code: outcome.code, took, rates, complaint: outcome.err })
    }

    fn is_timed(&self) -> bool {
        self.test != "loaded"
    }
}

impl Row {
    /// Every test succeeds, and a timed transfer ends within its time and one second.
    fn is_on_time(&self) -> bool {
        let time = Duration::from_secs(self.cell.seconds + 1) + START;
        self.code == Some(0) && (!self.cell.is_timed() || self.took <= time)
    }

    /// A transfer that has the link for itself has the rate of the link. A short one on a
    /// slow link may not: what was lost in its beginning holds the rest back.
    fn is_at_rate(&self) -> bool {
        let Cell { kbits, test, seconds, .. } = self.cell;
        // A bucket of 3,000 bytes is full after 1.2 ms at 20 Mbit/s. A machine that is busy
        // for longer loses what does not fit.
        let tolerance = match kbits {
            ..1_000 => 0.1,
            1_000..20_000 => 0.02,
            20_000.. => 0.2,
        };
        let near = |rate: f64| (1.0 - tolerance..1.0 + tolerance).contains(&rate);
        let known = ["download", "upload"].contains(&test) && (kbits >= 1000 || seconds >= 10);
        !known || self.rates.iter().flatten().copied().all(near)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { cell: Cell { kbits, queue, test, seconds }, took, rates, complaint, .. } = self;
        let [down, up] = rates.map(|rate| rate.map_or("-".into(), |rate| format!("{rate:.3}")));
        let mark = match (self.is_on_time(), self.is_at_rate()) {
            (false, _) => "FAILED",
            (true, false) => "rate",
            (true, true) => "",
        };
        write!(
            f,
            "{kbits:>7} kbit/s {queue:>6} {test:<13} {:>6.2} s of {seconds:>2} s {down:>6} {up:>6} {mark} {}",
            took.as_secs_f64(),
            complaint.trim()
        )
    }
}

/// Runs cells, each of these lists one after the other, and the lists side by side.
fn run(lists: Vec<Vec<Cell>>) -> Vec<Row> {
    let one_list = |list: Vec<Cell>| {
        // A lost segment can spoil a rate, and a busy machine can: the best of three.
        let attempts = |cell: Cell| {
            let mut rows = (0..3).map_while(|_| cell.run());
            let first = rows.next()?;
            if first.is_on_time() && first.is_at_rate() {
                return Some(first);
            }
            Some(rows.find(|row| row.is_on_time() && row.is_at_rate()).unwrap_or(first))
        };
        list.into_iter().filter_map(attempts).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let lists: Vec<_> = lists.into_iter().map(|list| scope.spawn(|| one_list(list))).collect();
        lists.into_iter().flat_map(|rows| rows.join().unwrap()).collect()
    })
}

const TESTS: [&str; 4] = ["download", "upload", "bidirectional", "loaded"];

#[test]
fn slow_is_not_silent_and_timed_transfers_end_on_time() {
    let cell = |kbits, queue, test, seconds| vec![Cell { kbits, queue, test, seconds }];
    let rows = if std::env::var("ROUNDTRIP_LINKS").is_ok_and(|which| which == "all") {
        let all = |kbits, queue| {
            TESTS.map(|test| Cell { kbits, queue, test, seconds: 10 }).into_iter().collect()
        };
        let list = |kbits| [30_000, 60_000].map(|queue| all(kbits, queue));
        let mut rows =
            run([64, 256, 512, 1_000, 5_000, 20_000].into_iter().flat_map(list).collect());
        // These keep the machine busy, and have it for themselves.
        for list in list(100_000) {
            rows.extend(run(vec![list]));
        }
        rows
    } else {
        run(vec![
            cell(64, 30_000, "upload", 2),
            cell(64, 30_000, "loaded", 3),
            cell(256, 60_000, "bidirectional", 2),
            cell(512, 30_000, "download", 2),
            cell(1_000, 30_000, "upload", 3),
            cell(1_000, 30_000, "loaded", 10),
            cell(20_000, 30_000, "download", 2),
        ])
    };
    for row in &rows {
        println!("{row}");
    }
    let failed: Vec<_> = rows
        .iter()
        .filter(|row| !(row.is_on_time() && row.is_at_rate()))
        .map(ToString::to_string)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
