//! `--test lag`: the server pings, and both say what they saw.

use roundtrip::measure::{Lag, LagView, lag};
use roundtrip::report::warnings;

use super::{Goal, Progress, Run};

impl Run<'_> {
    pub(super) fn lag(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        let goal = Goal::Pings(options.lag.count.saturating_mul(options.clients as u64));
        output.text(&format!("lag: {} pings from the server{}", options.lag.count, self.each()));
        let progress = Progress::start("lag", goal, !options.quiet);
        // The round-trip times come all at once at the end: what shows how far it is
        // are the echoes.
        let afterwards = Progress::start("lag", goal, false);
        let (results, environment) = self.together(|client, connection| {
            let echoed = output.sink("lag", client, "turn-round".into(), &progress);
            let measured = output.sink("lag", client, "rtt".into(), &afterwards);
            lag(connection, options.lag, &mut |view, sample| match view {
                LagView::TurnRound => echoed.take(&sample),
                LagView::RoundTrip => measured.take(&sample),
            })
        });
        drop(progress);
        self.end_of_pings("lag", &results, &environment, |total: &Lag| &total.server, warnings::lag)
    }
}
