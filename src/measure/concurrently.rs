//! Several clients at once, released together.
//!
//! Threads that are started one after the other begin one after the other: the first of
//! a thousand would be done before the last one exists. So all of them wait at a gate,
//! which opens when the last one has been started. The gate is a lock that is held for
//! writing until then, and that all of them can have at once for reading.
//! ([`Barrier`](std::sync::Barrier) would do, if every thread were sure to be started:
//! it waits for ever for one that the system refused.)

use std::io;
use std::sync::{PoisonError, RwLock};
use std::thread;

/// Address space for a stack, a fraction of the default 2 MiB: a thousand clients fit
/// where address space is scarce, too.
const STACK_SIZE: usize = 256 * 1024;

/// Calls `work` with each item in a thread of its own, all released together, and
/// returns the results in the items' order.
///
/// ```
/// let squares = roundtrip::measure::concurrently(vec![1, 2, 3], |number| number * number);
/// assert_eq!(squares.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 4, 9]);
/// ```
///
/// # Errors
/// A thread that the system refuses, or that panics, is an error in its place. The
/// others go on.
pub fn concurrently<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<io::Result<R>> {
    let (gate, work) = (RwLock::new(()), &work);
    thread::scope(|scope| {
        let closed = gate.write().unwrap_or_else(PoisonError::into_inner);
        let start = |item| {
            let gate = &gate;
            thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, move || {
                drop(gate.read());
                work(item)
            })
        };
        let threads: Vec<_> = items.into_iter().map(start).collect();
        drop(closed);
        let joined = threads.into_iter().map(|thread| {
            thread?.join().map_err(|_| io::Error::other("the client panicked")) // and has said why, on standard error
        });
        joined.collect()
    })
}
