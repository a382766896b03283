//! What the system dropped before the program could read it.
//!
//! A socket has a receive buffer of limited size. If a program reads too slowly, the
//! buffer is full and the system drops what arrives: a loss, but not one of the
//! network. Linux counts these losses for each socket.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;

/// The number of datagrams that were dropped because the receive buffer of this socket
/// was full; `None` where the system does not tell.
///
/// Linux shows the number in the last column of `/proc/self/net/udp`, which has a line
/// for each socket. The line with this socket's inode number is the right one.
pub(super) fn datagrams_dropped(socket: &UdpSocket) -> Option<u64> {
    let inode = inode(socket)?;
    let table = if socket.local_addr().ok()?.is_ipv4() {
        "/proc/self/net/udp"
    } else {
        "/proc/self/net/udp6"
    };
    let lines = BufReader::new(File::open(table).ok()?).lines();
    lines.map_while(Result::ok).find_map(|line| {
        let mut fields = line.split_whitespace();
        (fields.nth(9)? == inode).then(|| fields.next_back()?.parse().ok()).flatten()
    })
}

#[cfg(unix)]
fn inode(socket: &UdpSocket) -> Option<String> {
    use std::os::fd::AsRawFd;
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
    Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.into())
}

#[cfg(not(unix))]
fn inode(_: &UdpSocket) -> Option<String> {
    None
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn datagrams_without_room_are_counted() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(datagrams_dropped(&socket), Some(0));
        // Ten megabytes that are not read.
        for _ in 0..1000 {
            socket.send_to(&[0; 10_000], socket.local_addr().unwrap()).unwrap();
        }
        let dropped = datagrams_dropped(&socket).unwrap();
        socket.set_nonblocking(true).unwrap();
        let kept = std::iter::from_fn(|| socket.recv(&mut [0; 10_000]).ok()).count();
        assert_eq!((dropped + kept as u64, dropped > 0), (1000, true));
    }
}
