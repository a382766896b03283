//! Several forms of report, side by side.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::baseline::Baseline;
use super::{Reporter, Results, Source, Test};
use crate::json::Map;
use crate::measure::Sample;

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
        self.each(|form| form.begin(test));
    }

    /// Something was measured.
    pub fn sample(&self, source: Source, sample: &Sample) {
        self.each(|form| form.sample(source, sample));
        if let Some(baseline) = &mut self.lock().baseline {
            baseline.record(source, sample);
        }
    }

    /// Something happened on the way.
    pub fn note(&self, test: &Test, line: &str, event: &Map) {
        self.each(|form| form.note(test, line, event));
    }

    /// A test is over.
    pub fn result(&self, test: &Test, results: &Results) {
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

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
}
