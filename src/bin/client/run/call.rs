//! Calls through a router: one of this test's own, through every transport, or the
//! routers at the given URLs.

use roundtrip::measure::environment::{Before, Environment};
use roundtrip::report::text;
use roundtrip::wamp::call::{Comparison, Event, Plan, Target, measure, report};

use super::{Run, in_words};
use crate::flags::{Format, Options};
use crate::output::{Sink, note};
use crate::progress::{Goal, Progress};

impl Run<'_> {
    pub(super) fn call(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        let calls = in_words(options, "calls");
        output
            .text(&format!("call: {calls} on each way{}", self.each().trim_start_matches(" each")));
        if options.urls.is_empty() && !cfg!(unix) && options.format == Format::Text {
            note("Unix sockets need Unix: only the transports over TCP are measured");
        }
        // Without a path it is not found when it is started, and that is reported.
        let program = std::env::current_exe().unwrap_or_default();
        let plan = Plan {
            calls: options.plan,
            callers: options.clients,
            timeout: options.timeout,
            urls: options.urls.clone(),
            realm: options.realm.clone(),
            worker: vec![program.into(), crate::ROLE.into()],
        };
        let targets = plan.targets();
        let progress = self.progress_of_calls(targets.len() as u64);
        let sinks = targets.iter().map(|target| {
            let sink = |client| output.sink("call", client, target.to_string(), &progress);
            (1..=options.clients).map(sink).collect()
        });
        let sinks: Vec<Vec<Sink>> = sinks.collect();
        let before = Before::now();
        let measured = measure(&plan, &mut |event| match event {
            Event::Call { target, caller, sample } => sinks[target][caller].take(&sample),
            Event::Batch { target, batch, batches, rtt } => {
                output.batch(&targets[target], (batch, batches), rtt);
            }
        });
        let environment = before.until_now();
        drop(sinks);
        drop(progress);
        self.tell(&targets, &measured, &environment)
    }

    /// Reports what was measured at each target, and the conclusion.
    fn tell(&self, targets: &[Target], measured: &Comparison, environment: &Environment) -> bool {
        let (options, output) = (self.options, self.output);
        let each = || targets.iter().zip(&measured.calls);
        for (target, calls) in each().filter(|(_, calls)| calls.len() > 1) {
            output.detail(&format!("  {target}"));
            output.clients(calls);
        }
        let (totals, effects) = (measured.totals(), measured.effects());
        for line in report::table(&totals).into_iter().chain(report::effects(&effects)) {
            output.text(&format!("  {line}"));
        }
        if !options.urls.is_empty() && effects.iter().next().is_some() {
            output.text("  That takes all URLs for those of one router.");
        }
        output.detail(&format!("  {}", text::environment(environment, None)));
        output.calls(measured.server(), &effects, &totals);
        let mut ok = true;
        for (target, calls) in each() {
            ok &= output.end_part("call", &format!("call, {target}"), calls, Some(environment));
        }
        ok
    }

    fn progress_of_calls(&self, targets: u64) -> Progress {
        let Options { plan, clients, format, quiet, .. } = self.options;
        let goal = match plan.time {
            None => Goal::Calls(plan.count.saturating_mul(*clients as u64).saturating_mul(targets)),
            Some(time) => {
                Goal::Time(time.saturating_mul(u32::try_from(targets).unwrap_or(u32::MAX)))
            }
        };
        // Each batch shows how far it is, if it is shown.
        Progress::start("call", goal, !quiet && *format != Format::Text)
    }
}
