//! Several clients that really work at once.
//!
//! Of a thousand threads that are started in a loop, the first would be done before the
//! last one exists. So all threads wait at a gate, a read-write lock. It is held for
//! writing until the last thread has been started. Then all of them can read.
//!
//! A [`Barrier`](std::sync::Barrier) is no gate here: it waits forever for a thread
//! that the system refused to start.

use std::io;
use std::sync::{PoisonError, RwLock};
use std::thread;

use crate::no_thread::no_thread;

/// Address space for a stack: less than the default, so that thousands of clients fit.
const STACK_SIZE: usize = 256 * 1024;

/// Calls `work` with each item, each in a thread of its own. No thread begins before
/// all of them exist. Returns the results in the order of the items.
///
/// ```
/// let squares = roundtrip::measure::concurrently(vec![1, 2, 3], |number| number * number);
/// assert_eq!(squares.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 4, 9]);
/// ```
///
/// # Errors
/// If the system refuses a thread, or a thread panics, the result of that item is an
/// error. The other threads continue.
pub fn concurrently<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<io::Result<R>> {
    let (gate, work) = (RwLock::new(()), &work);
    thread::scope(|scope| {
        // No thread has panicked yet that could have held the lock.
        let closed = gate.write().unwrap_or_else(PoisonError::into_inner);
        let start = |item| {
            let gate = &gate;
            thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, move || {
                drop(gate.read()); // Waits until the gate is open.
                work(item)
            })
        };
        let threads: Vec<_> = items.into_iter().map(start).collect();
        drop(closed);
        let joined = threads.into_iter().map(|thread| {
            // The reason of a panic is on standard error already.
            thread.map_err(no_thread)?.join().map_err(|_| io::Error::other("the client panicked"))
        });
        joined.collect()
    })
}
