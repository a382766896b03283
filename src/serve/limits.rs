//! Who is let in, and how many at once.
//!
//! Every connection costs a descriptor (the system's handle of an open file or socket), a
//! thread, perhaps a process. A server that does not choose its own limit meets the
//! system's, at a moment when it can no longer tell anyone. Here a connection asks for
//! [`Admission`] before anything is spent on it. It is given a [`Permit`], or told why
//! not.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::network::Network;

/// How many connections there may be, and from where.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once.
    pub max_connections: u64,
    /// Connections at once from one address.
    pub max_per_ip: Option<u64>,
    /// The networks that may connect; all, if there is none in the list.
    pub allow: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_connections: 1024, max_per_ip: None, allow: Vec::new() }
    }
}

impl Limits {
    /// Whether this address may be served at all.
    #[must_use]
    pub fn allows(&self, ip: IpAddr) -> bool {
        // A socket on `::` sees IPv4 peers as ::ffff:a.b.c.d.
        let ip = ip.to_canonical();
        self.allow.is_empty() || self.allow.iter().any(|network| network.contains(ip))
    }
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are as many connections as there may be, in all or from this address.
    Full,
    /// The address belongs to none of the networks that may connect.
    NotAllowed,
    /// This process has no descriptor left for the connection.
    NoDescriptor,
    /// The system gives no thread or no process for the connection.
    NoWorker,
}

/// Admission control: counts the connections that are served.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    active: Mutex<HashMap<Option<IpAddr>, u64>>,
    admitted: AtomicU64,
    requested: AtomicBool,
    released: Condvar,
}

/// The right of one connection to be served, given back when this is dropped.
#[derive(Debug)]
pub struct Permit {
    admission: Arc<Admission>,
    ip: Option<IpAddr>,
}

impl Admission {
    /// Admission control that has given no permit yet.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Admission {
            limits,
            active: Mutex::default(),
            admitted: AtomicU64::new(0),
            requested: AtomicBool::new(false),
            released: Condvar::new(),
        })
    }

    /// Gives a connection from this address a permit. A connection over a Unix socket has
    /// no address: the file system decides who may use it, and here it counts only with
    /// all others.
    ///
    /// ```
    /// use roundtrip::serve::{Admission, Limits, Refusal};
    ///
    /// let admission = Admission::new(Limits { max_connections: 1, ..Limits::default() });
    /// let permit = admission.admit(None).unwrap();
    /// assert_eq!(admission.admit(None).unwrap_err(), Refusal::Full);
    /// drop(permit);
    /// assert!(admission.admit(None).is_ok());
    /// ```
    ///
    /// # Errors
    /// Why the connection gets no permit.
    pub fn admit(self: &Arc<Self>, ip: Option<IpAddr>) -> Result<Permit, Refusal> {
        let (ip, limits) = (ip.map(|ip| ip.to_canonical()), &self.limits);
        if !ip.is_none_or(|ip| limits.allows(ip)) {
            return Err(Refusal::NotAllowed);
        }
        let mut active = self.active();
        let from_here = active.get(&ip).copied().unwrap_or(0);
        if active.values().sum::<u64>() >= limits.max_connections
            || limits.max_per_ip.is_some_and(|most| ip.is_some() && from_here >= most)
        {
            return Err(Refusal::Full);
        }
        active.insert(ip, from_here + 1);
        self.admitted.fetch_add(1, Ordering::Relaxed);
        Ok(Permit { admission: Arc::clone(self), ip })
    }

    /// How many connections have a permit now, and how many have had one in all.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let now = self.active().values().sum();
        (now, self.admitted.load(Ordering::Relaxed))
    }

    /// Waits until every permit has been given back.
    pub fn wait_until_empty(&self) {
        let empty = self.released.wait_while(self.active(), |active| !active.is_empty());
        drop(empty);
    }

    /// Notes that a client has asked for something that the server understands. What
    /// only looks whether a port is open asks for nothing.
    pub fn note_request(&self) {
        self.requested.store(true, Ordering::Relaxed);
    }

    /// Waits until every permit has been given back. Returns whether a client has asked
    /// for something.
    pub fn wait_for_request(&self) -> bool {
        self.wait_until_empty();
        self.requested.load(Ordering::Relaxed)
    }

    /// The map of counts. A thread that panicked while it held the lock has left it whole.
    fn active(&self) -> MutexGuard<'_, HashMap<Option<IpAddr>, u64>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Does what [`Admission::note_request`] does, in the connection's name.
    pub fn note_request(&self) {
        self.admission.note_request();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut active = self.admission.active();
        if let Some(count) = active.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                active.remove(&self.ip);
            }
        }
        self.admission.released.notify_all();
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Full => "server full",
            Refusal::NotAllowed => "not allowed from this address",
            Refusal::NoDescriptor => "server out of descriptors",
            Refusal::NoWorker => "server cannot start a thread or process for this connection",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_own_limit() {
        let admission =
            Admission::new(Limits { max_connections: 3, max_per_ip: Some(2), allow: Vec::new() });
        let first = admission.admit(Some(ip("10.0.0.1"))).unwrap();
        let _second = admission.admit(Some(ip("::ffff:10.0.0.1"))).unwrap();
        assert_eq!(admission.admit(Some(ip("10.0.0.1"))).unwrap_err(), Refusal::Full);
        let _third = admission.admit(Some(ip("10.0.0.2"))).unwrap();
        assert_eq!(admission.admit(Some(ip("10.0.0.3"))).unwrap_err(), Refusal::Full);
        drop(first);
        assert!(admission.admit(Some(ip("10.0.0.1"))).is_ok());
    }

    #[test]
    fn only_allowed_networks_come_in() {
        let allow = vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let admission = Admission::new(Limits { allow, ..Limits::default() });
        assert!(admission.admit(Some(ip("127.0.0.1"))).is_ok());
        assert!(admission.admit(Some(ip("::ffff:127.0.0.1"))).is_ok());
        assert!(admission.admit(Some(ip("::1"))).is_ok());
        assert_eq!(admission.admit(Some(ip("10.0.0.1"))).unwrap_err(), Refusal::NotAllowed);
    }
}
