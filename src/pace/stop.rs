//! Ending early what several threads are at.
//!
//! A thread that waits cannot be ended from outside in Rust, and should not be: nobody
//! else knows what it holds. So it has to be asked. A [`Stop`] asks in two steps. First
//! no ping or request has its turn any more, and answers that are on their way may still
//! arrive ([`Stop::stop`]). Then connections are ended, which wakes each thread that waits
//! in a read or a write ([`Stop::abort`]).

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::no_thread::no_thread;

/// Shared by what can be stopped. A clone is another handle.
///
/// ```
/// use roundtrip::pace::Stop;
/// use std::time::Duration;
///
/// let stop = Stop::default();
/// assert!(!stop.wait(Duration::from_millis(1)));
/// let waiting = std::thread::spawn({
///     let stop = stop.clone();
///     move || stop.wait(Duration::from_secs(3600))
/// });
/// stop.stop();
/// assert!(waiting.join().unwrap() && stop.is_stopped());
/// ```
#[derive(Clone, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    aborted: AtomicBool,
    hooks: Mutex<Hooks>,
    changed: Condvar,
    /// Stops this one when another one is stopped.
    _parent: Option<Hook>,
}

#[derive(Default)]
struct Hooks {
    next: u64,
    waiting: BTreeMap<u64, (Step, Call)>,
}

type Call = Box<dyn FnOnce() + Send>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Stop,
    Abort,
}

/// What is to be done when a [`Stop`] is stopped. Dropping this forgets it.
pub struct Hook {
    stop: Stop,
    number: u64,
}

impl Stop {
    /// Nothing has its turn any more.
    pub fn stop(&self) {
        let hooks = self.lock();
        self.0.stopped.store(true, Ordering::Relaxed);
        self.0.changed.notify_all();
        run(hooks, Step::Stop);
    }

    /// Stops, and ends what waits.
    pub fn abort(&self) {
        self.stop();
        let hooks = self.lock();
        self.0.aborted.store(true, Ordering::Relaxed);
        run(hooks, Step::Abort);
    }

    /// Whether it was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Relaxed)
    }

    /// Whether what waits was ended, too.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.0.aborted.load(Ordering::Relaxed)
    }

    /// Waits for this long, or until it is stopped. Returns whether it was.
    #[must_use]
    pub fn wait(&self, time: Duration) -> bool {
        let (start, mut hooks) = (Instant::now(), self.lock());
        while !self.is_stopped() {
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.changed.wait_timeout(hooks, left);
            hooks = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Calls this when [`abort`](Self::abort) is called, unless the result is dropped
    /// before; at once if that has happened already.
    #[must_use]
    pub fn on_abort(&self, hook: impl FnOnce() + Send + 'static) -> Hook {
        self.add(Step::Abort, hook)
    }

    /// Another one that is stopped when this one is, and can be stopped by itself.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Arc::new_cyclic(|shared: &std::sync::Weak<Shared>| {
            let shared = shared.clone();
            let hook = move || {
                if let Some(shared) = shared.upgrade() {
                    Stop(shared).stop();
                }
            };
            Shared { _parent: Some(self.add(Step::Stop, hook)), ..Shared::default() }
        });
        if self.is_stopped() {
            child.stopped.store(true, Ordering::Relaxed);
        }
        Stop(child)
    }

    /// Does `work` in a thread of its own, and leaves that thread behind if this is aborted
    /// meanwhile. That is for calls of the system that nothing ends from outside, such as
    /// those that resolve a name and connect.
    ///
    /// ```
    /// use roundtrip::pace::Stop;
    /// use std::thread::park;
    ///
    /// let stop = Stop::default();
    /// assert_eq!(stop.unless_aborted(|| 7).unwrap(), 7);
    /// stop.abort();
    /// assert!(stop.unless_aborted(park).is_err());
    /// ```
    ///
    /// # Errors
    /// `ConnectionAborted` if it was aborted, or why there is no thread.
    pub fn unless_aborted<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (done, result) = channel();
        let aborted = done.clone();
        let _hook = self.on_abort(move || drop(aborted.send(None)));
        thread::Builder::new().spawn(move || drop(done.send(Some(work())))).map_err(no_thread)?;
        let result = result.recv().ok().flatten();
        result.ok_or_else(|| io::Error::new(ErrorKind::ConnectionAborted, "interrupted"))
    }

    fn add(&self, step: Step, hook: impl FnOnce() + Send + 'static) -> Hook {
        let mut hooks = self.lock();
        hooks.next += 1;
        let number = hooks.next;
        hooks.waiting.insert(number, (step, Box::new(hook)));
        // It may have been stopped before.
        let late = match step {
            Step::Stop => false,
            Step::Abort => self.is_aborted(),
        };
        if late {
            run(hooks, step);
        }
        Hook { stop: self.clone(), number }
    }

    fn lock(&self) -> MutexGuard<'_, Hooks> {
        // Nothing that panics runs under the lock.
        self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls the hooks of one step, without the lock: a hook may drop another one.
fn run(mut hooks: MutexGuard<Hooks>, step: Step) {
    let all = std::mem::take(&mut hooks.waiting);
    let (now, later): (BTreeMap<_, _>, _) = all.into_iter().partition(|(_, (of, _))| *of == step);
    hooks.waiting = later;
    drop(hooks);
    for (_, hook) in now.into_values() {
        hook();
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let hook = self.stop.lock().waiting.remove(&self.number);
        // What the hook holds is dropped without the lock.
        drop(hook);
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("stopped", &self.is_stopped()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_stopped_with_its_parent_and_by_itself() {
        let parent = Stop::default();
        let (one, other) = (parent.child(), parent.child());
        one.stop();
        assert!(one.is_stopped() && !parent.is_stopped() && !other.is_stopped());
        parent.stop();
        assert!(other.is_stopped() && parent.child().is_stopped());
    }

    #[test]
    fn hooks_run_once_in_the_second_step_or_never() {
        let (stop, count) = (Stop::default(), Arc::new(Mutex::new(0)));
        let add = || {
            let count = Arc::clone(&count);
            stop.on_abort(move || *count.lock().unwrap() += 1)
        };
        let (_kept, dropped) = (add(), add());
        drop(dropped);
        stop.stop();
        assert_eq!(*count.lock().unwrap(), 0);
        stop.abort();
        stop.abort();
        assert_eq!(*count.lock().unwrap(), 1);
        let _late = add();
        assert_eq!(*count.lock().unwrap(), 2);
    }
}
