//! Each test: one closure that measures, with one client or with all of them.

use std::time::Duration;

use roundtrip::measure::{
    Asked, LagView, Measurement, Phase, Sample, Transfer, ask_status, bidirectional,
    bidirectional_after, connect, lag, latency, loaded, sweep, transfer,
};
use roundtrip::report::{self, Source};
use roundtrip::udp::{Udp, UdpClient, udp};
use roundtrip::wamp::call::{self, Event, measure};
use roundtrip::wire::command::Amount;
use roundtrip::wire::framing::Framing;

use super::Run;
use crate::console::note;
use crate::describe::describe;
use crate::flags::{Format, Options, Test};

impl Run<'_> {
    /// Returns whether the test succeeded.
    pub(super) fn test(&mut self, test: Test) -> bool {
        let options = self.options;
        let Options { plan, amount, .. } = options;
        let this = describe(options, test);
        match test {
            Test::Latency => {
                self.connected(&this, |client, samples| latency(client, plan, &mut samples.of("")))
            }
            Test::Bulk(direction) => {
                let (amount, warmup) = (*amount, options.slow_start);
                let reports = options.reports.filter(|_| options.framing == Framing::Line);
                let plan = Transfer { direction, amount, warmup, reports };
                self.connected(&this, |client, samples| {
                    transfer(client, &plan, &mut samples.of(""))
                })
            }
            Test::Connect => {
                let Options { host, port, .. } = options;
                self.unconnected(&this, |samples| {
                    connect(host, *port, &self.how, plan, &mut samples.of(""))
                })
            }
            Test::Bidirectional => {
                let warmup = options.slow_start;
                self.connected(&this, |client, samples| match *amount {
                    Amount::Time(time) if !warmup.is_zero() => {
                        bidirectional_after(warmup, client, time, &samples.of(""))
                    }
                    amount => bidirectional(client, amount, &samples.of("")),
                })
            }
            Test::Loaded => {
                let (plan, load) = &options.loaded;
                let how = self.how.clone();
                self.connected(&this, |client, samples| {
                    let connect = || super::connect(options, &how);
                    loaded(client, &connect, plan, load, &|phase, sample| {
                        samples.of(match phase {
                            Phase::Idle => "idle",
                            Phase::Busy(direction) => direction.name(),
                        })(sample);
                    })
                })
            }
            Test::Sweep => {
                let names: Vec<String> = options.sizes.iter().map(usize::to_string).collect();
                self.connected(&this, |client, samples| {
                    sweep(client, plan, &options.sizes, &mut |index, sample| {
                        samples.of(&names[index])(sample);
                    })
                })
            }
            Test::Lag => self.connected(&this, |client, samples| {
                lag(client, options.lag, &mut |view, sample| {
                    samples.of(match view {
                        LagView::Turnaround => "turnaround",
                        LagView::RoundTrip => "rtt",
                    })(sample);
                })
            }),
            Test::Udp => self.unconnected(&this, |samples| {
                match UdpClient::connect(&options.host, options.port, &self.how) {
                    Ok(socket) => {
                        socket.peer().into_iter().for_each(|peer| self.reporters.peer(peer));
                        udp(&socket, plan, &mut samples.of(""))
                    }
                    Err(error) => Udp::failed(error),
                }
            }),
            Test::Status => self.unconnected(&this, |samples| {
                let (address, data) = (options.address(), options.data.clone());
                let how = self.how.clone();
                let ask = move || ask_status(&address, &data, &how);
                let status = match self.how.stop.unless_aborted(ask) {
                    Ok(status) => status,
                    Err(interrupted) => return Asked::failed(interrupted),
                };
                if let Ok((status, _)) = &status {
                    let (at, rtt) = (Duration::ZERO, status.delay);
                    samples.of("")(Sample::Ping { number: 1, at, rtt, due: None });
                }
                Asked::from(status)
            }),
            Test::Call => self.run_test(&this, || (self.call(&this), Vec::new())),
        }
    }

    fn call(&self, this: &report::Test) -> Vec<call::Comparison> {
        let plan = self.options.calls();
        if plan.urls.is_empty() && !cfg!(unix) && self.options.format == Format::Text {
            note("Unix sockets need Unix: only the transports over TCP are measured");
        }
        let names: Vec<String> = plan.targets().iter().map(ToString::to_string).collect();
        measure(&plan, &mut |event| match event {
            Event::Call { target, caller, sample } => {
                let source = Source { test: this, client: caller + 1, part: &names[target] };
                self.reporters.sample(source, &sample);
            }
            Event::Batch { target, batch, batches, rtt } => {
                let target = &plan.targets()[target];
                if let Some(summary) = rtt.summary() {
                    let line = call::report::batch(target, batch, batches, summary.mean);
                    let event = call::json::batch(target, batch, batches, rtt);
                    self.reporters.note(this, &line, &event);
                }
            }
        })
    }
}
