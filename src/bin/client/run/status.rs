//! `--test status`: one question to a server, and what it says of itself.

use std::time::Duration;

use roundtrip::measure::Measurement;
use roundtrip::measure::environment::Before;
use roundtrip::measure::{Asked, Sample, ask_status, together};
use roundtrip::report::text::Lines;

use super::{Goal, Progress, Run};

impl Run<'_> {
    pub(super) fn status(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        let address = address(&options.host, options.port);
        let before = Before::now();
        let progress =
            Progress::start("status", Goal::Pings(options.clients as u64), !options.quiet);
        let results = together((1..=options.clients).collect(), |client| {
            let status = ask_status(&address, &options.data, options.timeout, &self.how.trace);
            if let Ok(status) = &status {
                let sample =
                    Sample::Ping { number: 1, at: Duration::ZERO, rtt: status.delay, due: None };
                output.sink("status", client, String::new(), &progress).take(&sample);
            }
            Asked::from(status)
        });
        drop(progress);
        let environment = before.until_now();
        let results: Vec<Asked> =
            results.into_iter().map(|result| result.unwrap_or_else(Asked::failed)).collect();
        output.text(&format!("status of {address}: {}", Asked::total(&results).brief()));
        self.report(&results);
        output.end("status", &results, Some(&environment))
    }
}

/// An IPv6 address has colons of its own.
fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
