//! Networks: blocks of addresses, in the notation of CIDR.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::units::whole_number;

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

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or a single address. IPv4 addresses that are
    /// written as IPv6 (`::ffff:10.0.0.0/104`, RFC 4291 section 2.5.5.2) are taken for
    /// IPv4, as the addresses of clients are.
    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let error = || ParseNetworkError(text.into());
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let width = if address.is_ipv4() { u32::BITS } else { u128::BITS };
        let prefix = prefix.map_or(Ok(width), |prefix| whole_number(prefix).ok_or_else(error))?;
        if prefix > width {
            return Err(error());
        }
        Ok(match (address.to_canonical(), prefix.checked_sub(u128::BITS - u32::BITS)) {
            (mapped @ IpAddr::V4(_), Some(prefix)) if address.is_ipv6() => {
                Network { address: mapped, prefix }
            }
            _ => Network { address, prefix },
        })
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
            ("::ffff:127.0.0.0/104", "127.1.2.3", "128.0.0.0"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
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
}
