//! Pings over UDP: there is no connection to make or to keep, so each client has a
//! socket and nothing else.

use roundtrip::measure::environment::Before;
use roundtrip::measure::{Measurement, together};
use roundtrip::report::warnings;
use roundtrip::udp::UdpClient;
use roundtrip::udp::{Udp, udp};

use super::{Run, in_words};

impl Run<'_> {
    pub(super) fn udp(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        output.text(&format!("udp: {}{}", in_words(options, "pings"), self.each()));
        let progress = self.progress_of_pings("udp");
        let before = Before::now();
        let results = together((1..=options.clients).collect(), |client| {
            let sink = output.sink("udp", client, String::new(), &progress);
            match UdpClient::connect(&options.host, options.port, &self.how) {
                Ok(socket) => udp(&socket, &options.plan, &mut |sample| sink.take(&sample)),
                Err(error) => Udp::failed(error),
            }
        });
        let environment = before.until_now();
        drop(progress);
        let results: Vec<Udp> =
            results.into_iter().map(|result| result.unwrap_or_else(Udp::failed)).collect();
        self.end_of_pings("udp", &results, &environment, |total| &total.latency, warnings::latency)
    }
}
