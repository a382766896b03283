//! What all sessions take together.
//!
//! A limit of connections is no limit of what connections take. A thousand sessions
//! that may each have 16 MB need 16 GB, if a stranger wants it so. And a limit of 16 KB
//! for each would be too small for the few that really need more. So what only some
//! sessions need has one budget for all of them: a session that asks for more than is
//! left is refused, and goes on without.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An amount of something that many sessions share: bytes, or threads.
///
/// ```
/// use roundtrip::serve::Budget;
///
/// let budget = Budget::new(10);
/// let share = budget.take(7).unwrap();
/// assert!(budget.take(4).is_none() && budget.take(3).is_some());
/// drop(share);
/// assert!(budget.take(10).is_some());
/// ```
#[derive(Debug)]
pub struct Budget {
    most: u64,
    taken: AtomicU64,
}

/// A part of a [`Budget`], given back when this is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    amount: u64,
}

impl Budget {
    /// A budget of which nothing is taken yet.
    #[must_use]
    pub fn new(most: u64) -> Arc<Self> {
        Arc::new(Budget { most, taken: AtomicU64::new(0) })
    }

    /// Takes this amount, if it is left.
    #[must_use]
    pub fn take(self: &Arc<Self>, amount: u64) -> Option<Share> {
        let more = |taken: u64| taken.checked_add(amount).filter(|&sum| sum <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Share { budget: Arc::clone(self), amount })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.amount, Ordering::Relaxed);
    }
}
