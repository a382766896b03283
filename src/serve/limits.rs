//! Who is let in, and how many at once.
//!
//! Every connection costs a descriptor, a thread, perhaps a process. A server that does
//! not choose its own limit has one chosen for it, at a moment when it can no longer
//! say so. Here a connection asks for [`Admission`] before anything is spent on it, and
//! is either given a [`Permit`] or told why not.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::units::whole_number;

/// What a server's owner allows.
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
}

/// Admission control: counts the connections that are served.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    active: Mutex<HashMap<Option<IpAddr>, u64>>,
    admitted: AtomicU64,
    released: Condvar,
}

/// The place of one connection, given back when it is dropped.
#[derive(Debug)]
pub struct Permit {
    admission: Arc<Admission>,
    ip: Option<IpAddr>,
}

impl Admission {
    /// Nobody has been admitted yet.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Admission {
            limits,
            active: Mutex::default(),
            admitted: AtomicU64::new(0),
            released: Condvar::new(),
        })
    }

    /// Lets a connection in.
    ///
    /// ```
    /// use roundtrip::serve::{Admission, Limits, Refusal};
    ///
    /// let admission = Admission::new(Limits { max_connections: 1, ..Limits::default() });
    /// let ip = std::net::Ipv4Addr::LOCALHOST.into();
    /// let permit = admission.admit(ip).unwrap();
    /// assert_eq!(admission.admit(ip).unwrap_err(), Refusal::Full);
    /// drop(permit);
    /// assert!(admission.admit(ip).is_ok());
    /// ```
    ///
    /// # Errors
    /// Says why it may not.
    pub fn admit(self: &Arc<Self>, ip: IpAddr) -> Result<Permit, Refusal> {
        self.admit_from(Some(ip))
    }

    /// As [`admit`](Self::admit), for a connection that may have come without an
    /// address, over a Unix socket. Who may use that is the file system's to say; here
    /// it only counts with the others.
    ///
    /// # Errors
    /// Says why it may not be let in.
    pub fn admit_from(self: &Arc<Self>, ip: Option<IpAddr>) -> Result<Permit, Refusal> {
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

    /// A thread that panicked while it held the lock left a map of numbers, which is as
    /// good as before.
    fn active(&self) -> MutexGuard<'_, HashMap<Option<IpAddr>, u64>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
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
        })
    }
}

/// A block of addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3).
///
/// ```
/// use roundtrip::serve::Network;
///
/// let private: Network = "10.0.0.0/8".parse()?;
/// assert!(private.contains("10.1.2.3".parse().unwrap()));
/// assert!(!private.contains("11.1.2.3".parse().unwrap()));
/// # Ok::<(), roundtrip::serve::ParseNetworkError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// What was given is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseNetworkError(String);

impl Network {
    /// Whether the address belongs to the block.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        // XOR leaves a 1 wherever the two differ. With the host's bits shifted out,
        // zero is left just when the first `prefix` bits agree. For a prefix of 0 the
        // shift is by the full width, which `checked_shr` refuses: every address
        // agrees.
        match (self.address, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (a.to_bits() ^ b.to_bits()).checked_shr(u32::BITS - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                (a.to_bits() ^ b.to_bits()).checked_shr(u128::BITS - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let error = || ParseNetworkError(text.into());
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let width = if address.is_ipv4() { u32::BITS } else { u128::BITS };
        let prefix = prefix.map_or(Ok(width), |prefix| whole_number(prefix).ok_or_else(error))?;
        if prefix > width { Err(error()) } else { Ok(Network { address, prefix }) }
    }
}

impl fmt::Display for ParseNetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a network; write an address and a prefix length, such as 10.0.0.0/8 or ::1/128",
            self.0
        )
    }
}

impl std::error::Error for ParseNetworkError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_contain_what_shares_their_prefix() {
        for (network, inside, outside) in [
            ("127.0.0.0/8", "127.255.255.255", "128.0.0.0"),
            ("192.168.1.128/25", "192.168.1.200", "192.168.1.127"),
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("::/0", "ffff::", "0.0.0.0"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1/128", "::1", "::2"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(ip(inside)) && !network.contains(ip(outside)), "{network:?}");
        }
        for text in
            ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "localhost", "/8"]
        {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_address_has_its_own_limit() {
        let admission =
            Admission::new(Limits { max_connections: 3, max_per_ip: Some(2), allow: Vec::new() });
        let first = admission.admit(ip("10.0.0.1")).unwrap();
        let _second = admission.admit(ip("::ffff:10.0.0.1")).unwrap();
        assert_eq!(admission.admit(ip("10.0.0.1")).unwrap_err(), Refusal::Full);
        let _third = admission.admit(ip("10.0.0.2")).unwrap();
        assert_eq!(admission.admit(ip("10.0.0.3")).unwrap_err(), Refusal::Full);
        drop(first);
        assert!(admission.admit(ip("10.0.0.1")).is_ok());
    }

    #[test]
    fn only_allowed_networks_come_in() {
        let allow = vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let admission = Admission::new(Limits { allow, ..Limits::default() });
        assert!(admission.admit(ip("127.0.0.1")).is_ok());
        assert!(admission.admit(ip("::ffff:127.0.0.1")).is_ok());
        assert!(admission.admit(ip("::1")).is_ok());
        assert_eq!(admission.admit(ip("10.0.0.1")).unwrap_err(), Refusal::NotAllowed);
    }
}
