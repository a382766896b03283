//! Several forms of report, side by side.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::baseline::Baseline;
use super::{Report, Reporter, Results, Source, Test};
use crate::json::Map;
use crate::measure::{Connect, Sample};

/// Forms of report that are all notified of every event. A form that cannot be written
/// is left out from then on, and costs neither the measurement nor the other forms
/// anything.
///
/// The threads that measure share one of these, so the methods take `&self`.
#[derive(Default)]
pub struct Reporters(Mutex<Forms>);

#[derive(Default)]
struct Forms {
    working: Vec<Box<dyn Reporter>>,
    errors: Vec<io::Error>,
    baseline: Option<Baseline>,
    running: Option<Running>,
}

/// A test that runs, and what its samples tell.
struct Running {
    test: Test,
    start: Instant,
    known: Connect,
}

impl Reporters {
    /// Reports in all of these forms.
    #[must_use]
    pub fn new(working: Vec<Box<dyn Reporter>>) -> Self {
        Reporters(Mutex::new(Forms { working, ..Forms::default() }))
    }

    /// Compares each test with an earlier run.
    #[must_use]
    pub fn against(self, baseline: Baseline) -> Self {
        self.lock().baseline = Some(baseline);
        self
    }

    /// All clients are connected.
    pub fn connected(&self, line: &str) {
        self.each(|form| form.connected(line));
    }

    /// The address and port that is measured, once it is known.
    pub fn peer(&self, peer: SocketAddr) {
        self.each(|form| form.peer(peer));
    }

    /// A test begins.
    pub fn begin(&self, test: &Test) {
        let (test, start, known) = (test.clone(), Instant::now(), Connect::default());
        self.each(|form| form.begin(&test));
        self.lock().running = Some(Running { test, start, known });
    }

    /// Something was measured.
    pub fn sample(&self, source: Source, sample: &Sample) {
        self.each(|form| form.sample(source, sample));
        let mut forms = self.lock();
        if let Some(Running { known, .. }) = &mut forms.running {
            known.add(sample);
        }
        if let Some(baseline) = &mut forms.baseline {
            baseline.record(source, sample);
        }
    }

    /// Something happened on the way.
    pub fn note(&self, test: &Test, line: &str, event: &Map) {
        self.each(|form| form.note(test, line, event));
    }

    /// The user ends the run, and the running test waits in a call of the system that
    /// nothing ends from outside: what its samples tell is its result.
    pub fn interrupt(&self) {
        let Some(Running { test, start, mut known }) = self.lock().running.take() else { return };
        known.span = Some((start, Instant::now()));
        let connected = known.connect.count() > 0;
        let total: &dyn Report = if connected { &known } else { &known.pings };
        let (environment, waits, interrupted) = (None, None, true);
        let results = Results { clients: vec![total], total, environment, waits, interrupted };
        self.each(|form| form.result(&test, &results));
    }

    /// A test is over.
    pub fn result(&self, test: &Test, results: &Results) {
        self.lock().running = None;
        self.each(|form| form.result(test, results));
        let compared = self.lock().baseline.as_ref().map(|baseline| baseline.compare(test));
        if let Some((lines, series)) = compared {
            self.each(|form| form.compared(&lines, &series));
        }
    }

    /// All tests are over, and nothing is reported any more. Returns why forms could not be
    /// written, if any could not.
    #[must_use]
    pub fn end(&self) -> Vec<io::Error> {
        self.each(|form| form.end());
        let mut forms = self.lock();
        forms.working.clear();
        std::mem::take(&mut forms.errors)
    }

    fn each(&self, mut notify: impl FnMut(&mut Box<dyn Reporter>) -> io::Result<()>) {
        let Forms { working, errors, .. } = &mut *self.lock();
        working.retain_mut(|form| match notify(form) {
            Ok(()) => true,
            Err(error) => {
                errors.push(error);
                false
            }
        });
    }

    /// A thread that panicked meanwhile has left a form as it was after a line.
    fn lock(&self) -> MutexGuard<'_, Forms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Title;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    struct Counting(Arc<AtomicU64>, bool);

    impl Reporter for Counting {
        fn end(&mut self) -> io::Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if self.1 { Ok(()) } else { Err(io::Error::other("the disk is full")) }
        }
    }

    #[test]
    fn a_form_that_fails_costs_the_others_nothing() {
        let count = Arc::new(AtomicU64::new(0));
        let form = |works| Box::new(Counting(Arc::clone(&count), works)) as Box<dyn Reporter>;
        let reporters = Reporters::new(vec![form(false), form(true)]);
        reporters.each(|form| form.end());
        let errors = reporters.end();
        assert_eq!((errors.len(), count.load(Ordering::Relaxed)), (1, 3));
        assert_eq!(errors[0].to_string(), "the disk is full");
    }
    struct Keeping(Arc<Mutex<Vec<String>>>);

    impl Reporter for Keeping {
        fn result(&mut self, _: &Test, results: &Results) -> io::Result<()> {
            assert!(results.interrupted);
            *self.0.lock().unwrap() = results.total.lines();
            Ok(())
        }
    }

    #[test]
    fn a_test_that_cannot_be_ended_has_the_figures_of_its_samples() {
        use crate::measure::connect::CONNECTED as outcome;
        let kept = Arc::new(Mutex::new(Vec::new()));
        let reporters = Reporters::new(vec![Box::new(Keeping(Arc::clone(&kept)))]);
        let (name, title, unit) = ("connect", Title::Above(String::new()), "connection");
        let (count, shown, goal) = (None, None, None);
        let test = Test { name, title, unit, clients: 1, count, shown, goal, unseen: false };
        reporters.interrupt();
        assert!(kept.lock().unwrap().is_empty());
        reporters.begin(&test);
        let [at, rtt] = [1, 2].map(Duration::from_millis);
        for number in 1..=3 {
            let source = Source { test: &test, client: 1, part: "" };
            reporters.sample(source, &Sample::Outcome { number, at, rtt: Some(at), outcome });
            reporters.sample(source, &Sample::Ping { number, at, rtt, due: None });
        }
        reporters.interrupt();
        let lines = kept.lock().unwrap().join("\n");
        assert!(lines.starts_with("3 connections in "), "{lines}");
        assert!(lines.contains("connect  1.000") && lines.contains("rtt      2.000"), "{lines}");
    }
}
