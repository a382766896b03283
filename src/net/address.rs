//! Where to connect or listen: `HOST:PORT`, or `unix:PATH`.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// Where to connect or listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// TCP.
    Tcp {
        /// A name or an address; an IPv6 address without its brackets.
        host: String,
        /// For a listener, 0 lets the system choose.
        port: u16,
    },
    /// A Unix socket in the file system, at this path.
    Unix(String),
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address::Tcp { host: address.ip().to_string(), port: address.port() }
    }
}

/// ```
/// use roundtrip::net::Address;
///
/// assert_eq!("localhost:9001".parse(), Ok(Address::Tcp { host: "localhost".into(), port: 9001 }));
/// assert_eq!("unix:/tmp/router".parse(), Ok(Address::Unix("/tmp/router".into())));
/// ```
impl FromStr for Address {
    type Err = String;

    fn from_str(address: &str) -> Result<Self, String> {
        if let Some(path) = address.strip_prefix("unix:") {
            return unix(address, path);
        }
        match host_and_port(address) {
            Some((host, Some(port))) => Ok(Address::Tcp { host: host.to_owned(), port }),
            _ => Err(format!(
                "{address:?} is no address; write HOST:PORT or unix:PATH, such as 127.0.0.1:9000, [::1]:9000 or \
                 unix:/tmp/router"
            )),
        }
    }
}

/// As it is parsed.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
            Address::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

/// Which addresses of a name to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// All of them.
    #[default]
    Any,
    /// Those of IPv4.
    V4,
    /// Those of IPv6.
    V6,
}

impl Family {
    /// The addresses of this family.
    ///
    /// # Errors
    /// When there is none, or when it would take an interface to reach the only one (RFC
    /// 4007 section 6).
    pub fn of(
        self,
        host: &str,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> io::Result<Vec<SocketAddr>> {
        let fits = |address: &SocketAddr| match self {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        let name = match self {
            Family::Any => "",
            Family::V4 => " of IPv4",
            Family::V6 => " of IPv6",
        };
        let addresses: Vec<SocketAddr> = addresses.into_iter().filter(fits).collect();
        if addresses.is_empty() {
            let what = format!("the host {host:?} has no address{name}");
            return Err(io::Error::new(ErrorKind::NotFound, what));
        }
        if let [SocketAddr::V6(one)] = addresses[..]
            && one.ip().is_unicast_link_local()
            && one.scope_id() == 0
        {
            let what = format!("{0} needs the interface to it, such as {0}%eth0", one.ip());
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        Ok(addresses)
    }
}

/// Looks up the addresses of a host, at least one. The system decides how long that
/// takes.
///
/// # Errors
/// When the host is unknown, or has no address of this family.
pub fn resolve(host: &str, port: u16, family: Family) -> io::Result<Vec<SocketAddr>> {
    let addresses = (host, port).to_socket_addrs().map_err(|error| {
        io::Error::new(error.kind(), format!("cannot find the host {host:?}: {error}"))
    })?;
    family.of(host, addresses)
}

/// A host and a port for a person: an IPv6 address stands in brackets.
///
/// ```
/// assert_eq!(roundtrip::net::address::name("::1", 5001), "[::1]:5001");
/// ```
#[must_use]
pub fn name(host: &str, port: u16) -> String {
    Address::Tcp { host: host.to_owned(), port }.to_string()
}

/// Reads where a server is: `HOST` or `HOST:PORT`. An IPv6 address needs brackets only
/// if a port follows.
///
/// ```
/// use roundtrip::net::address::target;
///
/// assert_eq!(target("10.0.0.1:80"), Ok(("10.0.0.1", Some(80))));
/// assert_eq!(target("[::1]:80"), Ok(("::1", Some(80))));
/// assert_eq!(target("fe80::1%eth0"), Ok(("fe80::1%eth0", None)));
/// assert!(target("localhost:http").is_err());
/// ```
///
/// # Errors
/// One line that says what would be right.
pub fn target(text: &str) -> Result<(&str, Option<u16>), String> {
    let unbracketed = text.matches(':').count() > 1 && !text.starts_with('[');
    let found =
        if unbracketed { is_ipv6(text).then_some((text, None)) } else { host_and_port(text) };
    found.filter(|(_, port)| *port != Some(0)).ok_or_else(|| {
        format!(
            "{text:?} is no host; write HOST or HOST:PORT, such as localhost, 10.0.0.1:5001 or \
             [::1]:5001"
        )
    })
}

/// The address under which this machine reaches a listener: one that listens on "any"
/// listens, among others, on loopback.
#[must_use]
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// Reads the path of a Unix socket that stands in `whole`.
pub(crate) fn unix(whole: &str, path: &str) -> Result<Address, String> {
    // The path of a listener must be one that a URL can have.
    if path.contains('?') {
        return Err(format!(
            "{whole:?} has a ? in its path, and in a URL the path ends there; choose another name"
        ));
    }
    if path.is_empty() || path.contains(char::is_control) {
        return Err(format!(
            "{whole:?} has no path of a Unix socket; write one after the colon, such as /tmp/router"
        ));
    }
    Ok(Address::Unix(path.to_owned()))
}

/// Splits `HOST` or `HOST:PORT`: RFC 3986 section 3.2, without a user's name, and with the characters that names of
/// hosts have.
pub(crate) fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']').filter(|(host, _)| is_ipv6(host))?;
        (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
    } else {
        let (host, port) =
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        (Some(host).filter(|host| is_name(host))?, port)
    };
    match port {
        None => Some((host, None)),
        // A sign would be taken for a part of the number.
        Some(port) => Some((host, Some(port.parse().ok().filter(|_| !port.starts_with('+'))?))),
    }
}

/// A link-local address may be followed by the interface that leads to it:
/// `fe80::1%eth0`.
fn is_ipv6(host: &str) -> bool {
    let (address, interface) = host.split_once('%').unwrap_or((host, "-"));
    address.parse::<Ipv6Addr>().is_ok() && is_name(interface)
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}
