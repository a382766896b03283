//! Every sample, a line each, for a spreadsheet or a program (RFC 4180, with `\n` for
//! its line ends).
//!
//! | column | meaning |
//! | --- | --- |
//! | `test` | the test, as given to `--test` |
//! | `client` | which of the clients that ran at once, from 1 |
//! | `part` | what part of the test: `idle`, `download`, `upload` of `loaded`, the payload in bytes of `sweep`, `rtt` and `turn-round` of `lag`; of `udp`, `late`, `lost` and `duplicate` for what is no answer in time; of `call`, which way |
//! | `at_ns` | when, in nanoseconds since that part began |
//! | `number` | which ping, from 1 |
//! | `rtt_ns` | from when the ping was sent to its answer; of `turn-round`, from when it was read to its echo; of `status`, the delay |
//! | `due_ns` | from when it was due to its answer |
//! | `direction` | `download` or `upload` |
//! | `bytes` | how many bytes went through, in the tenth of a second that ends `at_ns` |
//!
//! What does not apply is empty.

use crate::measure::Sample;
use crate::report::text;

/// The first line.
pub const HEADER: &str = "test,client,part,at_ns,number,rtt_ns,due_ns,direction,bytes";

/// A sample as a line. A part that holds what would be taken for its end is put in
/// quotation marks.
///
/// ```
/// use roundtrip::measure::Sample;
/// use roundtrip::report::csv;
/// use std::time::Duration;
///
/// let (at, rtt) = (Duration::from_micros(5), Duration::from_nanos(80_123));
/// let ping = Sample::Ping { number: 1, at, rtt, due: None };
/// assert_eq!(csv::line("latency", 1, "", &ping), "latency,1,,5000,1,80123,,,");
/// assert_eq!(csv::line("call", 1, "ws://h/a,b", &ping), "call,1,\"ws://h/a,b\",5000,1,80123,,,");
/// ```
#[must_use]
pub fn line(test: &str, client: usize, part: &str, sample: &Sample) -> String {
    let part = if part.contains([',', '"']) {
        &format!("\"{}\"", part.replace('"', "\"\""))
    } else {
        part
    };
    let (at, rest) = match sample {
        Sample::Ping { number, at, rtt, due } => {
            let due = due.map_or(String::new(), |due| due.as_nanos().to_string());
            (at, format!("{number},{},{due},,", rtt.as_nanos()))
        }
        Sample::Outcome { number, at, rtt, outcome } => {
            let rtt = rtt.map_or(String::new(), |rtt| rtt.as_nanos().to_string());
            return format!("{test},{client},{},{},{number},{rtt},,,", outcome.word, at.as_nanos());
        }
        Sample::Piece { direction, at, bytes } => {
            (at, format!(",,,{},{bytes}", text::direction(*direction)))
        }
    };
    format!("{test},{client},{part},{},{rest}", at.as_nanos())
}
