//! A message that arrives whole or not at all: the datagrams of a UDP ping.
//!
//! TCP turns packets into a stream. A datagram (UDP, RFC 768) is one packet as the
//! network delivered it: perhaps late, reordered or duplicated, perhaps lost, perhaps
//! cut short by a receive buffer that was too small. In return it needs no framing:
//! what one call sends arrives in one call, or not at all. So each ping has a number.
//! It is text, so that a person can read it in a packet capture:
//!
//! ```text
//!   client   PING 7 17952192… STAMP 4093127755 ------------------- ---------… xxxx
//!                 │ │               │          │                                │
//!                 │ └ send time     └ series   └ room for two times           └ payload
//!                 └ sequence number
//!   server   PING 7 17952192… STAMP 0000000008 1795219200000012345 179521920… xxxx
//!                                   │          │                   │
//!                                   │          └ when the ping     └ when the answer
//!                                   │            arrived             was sent
//!                                   └ pings of this series that have arrived
//! ```
//!
//! The answer is the question, overwritten where the question left room. It is **never
//! longer than the question**. A UDP server that answers a few bytes with many can be
//! made to flood a victim: an attacker sends it questions under the victim's address
//! (RFC 5358 describes this for name servers). And the answer is **not a question** any
//! more, since it holds stamps. Otherwise two servers could answer each other for ever,
//! after a stranger sent one of them a single ping under the other's address.
//!
//! A server that does not know stamps, such as any echo service (RFC 862), returns the
//! ping unchanged; the client recognises that by the empty room.
//!
//! All times are nanoseconds since 1970-01-01, by the clock of the side that wrote
//! them. The client ignores upper and lower case, since an older server answers in
//! capitals.

use std::fmt;
use std::io::Write;

use crate::units::whole_number;

/// The longest datagram over IPv4: 65,535 bytes without an IP header of 20 and a UDP
/// header of 8.
pub const MAX_DATAGRAM: usize = 65_507;

/// The largest payload of a ping: what the longest head and the space before the
/// payload leave of a datagram.
pub const MAX_DATAGRAM_PAYLOAD: usize = MAX_DATAGRAM - 1 - "PING   STAMP ".len() - 20 - 20 - STAMPS;

/// The sequence number of a ping that is not counted: one to warm up, or one that asks
/// how many pings have arrived.
pub const UNCOUNTED: u64 = 0;

/// The length of `0000000008 1795219200000012345 1795219200000015678`.
const STAMPS: usize = COUNT + 1 + TIME + 1 + TIME;
const COUNT: usize = 10;
const TIME: usize = 19;

/// A ping as the client sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The number of this ping: from 1, or [`UNCOUNTED`].
    pub sequence: u64,
    /// When this ping was sent, in nanoseconds since 1970.
    pub sent_ns: u64,
    /// A random number that all pings of one client share, so that the server can count
    /// them.
    pub series: u32,
}

/// What the server writes into a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// The number of different pings of this series that have arrived, this one
    /// included.
    pub count: u64,
    /// When this ping arrived, in nanoseconds since 1970.
    pub received_ns: u64,
    /// When the answer was sent, in nanoseconds since 1970. A [delay on
    /// purpose](crate::udp::server::Impairments) plays the network, so it comes after
    /// this time.
    pub sent_ns: u64,
}

/// Why a datagram is not the answer to a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The datagram is not a ping, or answers a ping that was never sent.
    Foreign,
    /// The datagram is only the beginning of the answer.
    Truncated,
    /// The datagram goes on after the end of the answer.
    Oversize,
    /// The datagram begins like the answer, and some bytes differ.
    Corrupted,
}

/// Whether a server should answer this datagram: it is a ping, and not an answer.
///
/// ```
/// use roundtrip::udp::datagram::is_ping;
///
/// assert!(is_ping(b"PING 1 1795219200000000000"));
/// assert!(is_ping(b"Ping 1 1699.25")); // an older client
/// assert!(!is_ping(b"PINGPONG") && !is_ping(b""));
/// let answer = b"PING 1 2 STAMP 0000000001 1795219200000012345 1795219200000015678";
/// assert!(!is_ping(answer));
/// ```
#[must_use]
pub fn is_ping(datagram: &[u8]) -> bool {
    let ping = datagram.get(..5).is_some_and(|head| head.eq_ignore_ascii_case(b"PING "));
    ping && head(datagram).is_none_or(|(_, _, room)| is_empty(room))
}

/// Whether the room for stamps is still empty.
fn is_empty(room: &[u8]) -> bool {
    room[COUNT..STAMPS].iter().all(|byte| b" -".contains(byte))
}

impl Ping {
    /// Replaces the contents of `datagram` with this ping and `payload` more bytes.
    ///
    /// ```
    /// use roundtrip::udp::datagram::Ping;
    ///
    /// let mut datagram = Vec::new();
    /// let ping = Ping { sequence: 7, sent_ns: 1_795_219_200_000_000_000, series: 1 };
    /// ping.encode(2, &mut datagram);
    /// assert_eq!(
    ///     String::from_utf8(datagram).unwrap(),
    ///     "PING 7 1795219200000000000 STAMP 0000000001 \
    ///      ------------------- ------------------- xx"
    /// );
    /// ```
    pub fn encode(&self, payload: usize, datagram: &mut Vec<u8>) {
        let Ping { sequence, sent_ns, series } = self;
        datagram.clear();
        // Writing to a Vec cannot fail.
        let _ = write!(
            datagram,
            "PING {sequence} {sent_ns} STAMP {series:010} {:-<TIME$} {:-<TIME$}",
            "", ""
        );
        if payload > 0 {
            datagram.push(b' ');
            datagram.resize(datagram.len() + payload.min(MAX_DATAGRAM_PAYLOAD), b'x');
        }
    }

    /// Reads a ping that leaves room for stamps; `None` for any other datagram.
    #[must_use]
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let (sequence, sent_ns, room) = head(datagram)?;
        is_empty(room).then(|| number(&room[..COUNT])).flatten().map(|series| Ping {
            sequence,
            sent_ns,
            series,
        })
    }

    /// Compares `answer` with this ping, which was sent with `payload` bytes, and
    /// returns the server's stamps. `None` means that the server returned the ping
    /// unchanged. `scratch` is overwritten.
    ///
    /// # Errors
    /// When the datagram is not the answer to this ping.
    pub fn check(
        &self,
        payload: usize,
        answer: &[u8],
        scratch: &mut Vec<u8>,
    ) -> Result<Option<Stamps>, Damage> {
        self.encode(payload, scratch);
        let start = head(scratch).map_or(0, |(_, _, room)| scratch.len() - room.len());
        // All bytes that both have must be equal, except those that the server may
        // overwrite.
        let common = scratch.len().min(answer.len());
        let same = [0..start.min(common), (start + STAMPS).min(common)..common]
            .into_iter()
            .all(|range| scratch[range.clone()].eq_ignore_ascii_case(&answer[range]));
        match answer.len().cmp(&scratch.len()) {
            _ if !same => Err(Damage::Corrupted),
            std::cmp::Ordering::Less => Err(Damage::Truncated),
            std::cmp::Ordering::Greater => Err(Damage::Oversize),
            std::cmp::Ordering::Equal => match &answer[start..start + STAMPS] {
                unchanged if unchanged == &scratch[start..start + STAMPS] => Ok(None),
                stamps => Stamps::parse(stamps).map(Some).ok_or(Damage::Corrupted),
            },
        }
    }
}

/// Reads the sequence number of an answer and ignores the rest.
///
/// # Errors
/// `Truncated` when the datagram ends before or within the number, `Foreign` when it is
/// not a ping.
pub fn sequence(answer: &[u8]) -> Result<u64, Damage> {
    let mut words = answer.splitn(3, |&byte| byte == b' ');
    let (ping, sequence) = (words.next().unwrap_or_default(), words.next());
    match (sequence, words.next()) {
        (Some(sequence), Some(_)) if ping.eq_ignore_ascii_case(b"PING") => {
            number(sequence).ok_or(Damage::Foreign)
        }
        (None, _)
            if b"PING".get(..ping.len()).is_some_and(|start| start.eq_ignore_ascii_case(ping)) =>
        {
            Err(Damage::Truncated)
        }
        (Some(_), None) if ping.eq_ignore_ascii_case(b"PING") => Err(Damage::Truncated),
        _ => Err(Damage::Foreign),
    }
}

impl Stamps {
    /// Writes the stamps into a ping that has room for them. Any other datagram stays
    /// unchanged.
    ///
    /// ```
    /// use roundtrip::udp::datagram::{Ping, Stamps};
    ///
    /// let (mut datagram, mut scratch) = (Vec::new(), Vec::new());
    /// let ping = Ping { sequence: 7, sent_ns: 1_795_219_200_000_000_000, series: 1 };
    /// ping.encode(2, &mut datagram);
    /// assert_eq!(ping.check(2, &datagram, &mut scratch), Ok(None));
    ///
    /// let received_ns = 1_795_219_200_000_012_345;
    /// let stamps = Stamps { count: 5, received_ns, sent_ns: received_ns + 3_333 };
    /// stamps.write(&mut datagram);
    /// assert_eq!(ping.check(2, &datagram, &mut scratch), Ok(Some(stamps)));
    /// ```
    pub fn write(&self, datagram: &mut [u8]) {
        let Some((_, _, room)) = head(datagram) else { return };
        let start = datagram.len() - room.len();
        let (count, times) = datagram[start..start + STAMPS].split_at_mut(COUNT + 1);
        let (received, sent) = times.split_at_mut(TIME + 1);
        for (room, number) in [
            (&mut count[..COUNT], self.count),
            (&mut received[..TIME], self.received_ns),
            (sent, self.sent_ns),
        ] {
            digits(room, number);
        }
        (count[COUNT], received[TIME]) = (b' ', b' ');
    }

    fn parse(room: &[u8]) -> Option<Self> {
        let mut numbers = room.splitn(3, |&byte| byte == b' ').map(number::<u64>);
        let (count, received_ns, sent_ns) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(Stamps { count, received_ns, sent_ns })
    }
}

/// Reads the sequence number and the send time of a ping. Also returns everything from
/// the room for stamps on.
fn head(datagram: &[u8]) -> Option<(u64, u64, &[u8])> {
    let mut words = datagram.splitn(5, |&byte| byte == b' ');
    let (ping, sequence, sent) = (words.next()?, number(words.next()?)?, number(words.next()?)?);
    let (stamp, room) = (words.next()?, words.next()?);
    let asks = ping.eq_ignore_ascii_case(b"PING")
        && stamp.eq_ignore_ascii_case(b"STAMP")
        && room.len() >= STAMPS;
    asks.then_some((sequence, sent, room))
}

/// Writes the last digits of a number, as many as fit: all digits of a time until the
/// year 2286, and of a count up to ten thousand million. The formatting of `std` would
/// take most of the time that an answer takes.
fn digits(room: &mut [u8], mut number: u64) {
    for digit in room.iter_mut().rev() {
        *digit = b"0123456789"[usize::try_from(number % 10).unwrap_or_default()];
        number /= 10;
    }
}

fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok().and_then(whole_number)
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Damage::Foreign => "foreign",
            Damage::Truncated => "truncated",
            Damage::Oversize => "oversize",
            Damage::Corrupted => "corrupted",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: Ping =
        Ping { sequence: 7, sent_ns: 1_795_219_200_000_000_000, series: 4_093_127_755 };
    const STAMPED: Stamps = Stamps { count: 8, received_ns: 1_795_219_200_000_012_345, sent_ns: 5 };

    fn datagram(ping: Ping, payload: usize, stamps: Option<Stamps>) -> Vec<u8> {
        let mut datagram = Vec::new();
        ping.encode(payload, &mut datagram);
        if let Some(stamps) = stamps {
            stamps.write(&mut datagram);
        }
        datagram
    }

    fn check(payload: usize, answer: &[u8]) -> Result<Option<Stamps>, Damage> {
        PING.check(payload, answer, &mut Vec::new())
    }

    #[test]
    fn what_is_written_is_read() {
        for payload in [0, 1, 1000, MAX_DATAGRAM_PAYLOAD] {
            let question = datagram(PING, payload, None);
            assert_eq!((Ping::parse(&question), sequence(&question)), (Some(PING), Ok(7)));
            let answer = datagram(PING, payload, Some(STAMPED));
            assert_eq!(answer.len(), question.len());
            assert_eq!(
                (check(payload, &question), check(payload, &answer)),
                (Ok(None), Ok(Some(STAMPED)))
            );
            assert_eq!(check(payload, &answer.to_ascii_lowercase()), Ok(Some(STAMPED)));
        }
        let longest = Ping { sequence: u64::MAX, sent_ns: u64::MAX, series: u32::MAX };
        assert_eq!(datagram(longest, MAX_DATAGRAM_PAYLOAD, None).len(), MAX_DATAGRAM);
        let largest = Stamps { count: u64::MAX, received_ns: u64::MAX, sent_ns: u64::MAX };
        assert!(check(3, &datagram(PING, 3, Some(largest))).is_ok_and(|stamps| stamps.is_some()));
    }

    #[test]
    fn each_kind_of_damage_is_distinguished() {
        let whole = datagram(PING, 20, Some(STAMPED));
        for length in 0..whole.len() {
            let piece = &whole[..length];
            match sequence(piece) {
                Ok(7) => assert_eq!(check(20, piece), Err(Damage::Truncated), "{length}"),
                other => assert_eq!(
                    (other, length < "PING 7 ".len()),
                    (Err(Damage::Truncated), true),
                    "{length}"
                ),
            }
        }
        assert_eq!(check(20, &[&whole[..], b"x"].concat()), Err(Damage::Oversize));
        for index in "PING 7 ".len()..whole.len() {
            let mut changed = whole.clone();
            changed[index] ^= 0x80;
            assert_eq!(check(20, &changed), Err(Damage::Corrupted), "{index}");
        }
        for foreign in [
            &b"PONG 7 1"[..],
            b"hello",
            b"PING x 1",
            b"PING -1 1",
            b"PING 99999999999999999999 1",
            b"\xff",
        ] {
            assert_eq!(sequence(foreign), Err(Damage::Foreign));
        }
    }

    #[test]
    fn a_question_without_room_is_left_as_it_is() {
        for question in
            ["Ping 1 1699.25", "PING 1 2 STAMP 0000000001", "PING 1 2 STAMP", "PING ", ""]
        {
            let mut answer = question.as_bytes().to_vec();
            STAMPED.write(&mut answer);
            assert_eq!((answer, Ping::parse(question.as_bytes())), (question.into(), None));
        }
    }

    #[test]
    fn nothing_makes_it_panic() {
        let seed = datagram(PING, 20, None);
        let mut random = 1_u64;
        for _ in 0..100_000 {
            let mut bytes = seed.clone();
            for _ in 0..3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let index = usize::try_from(random >> 40).unwrap() % bytes.len();
                bytes[index] = random.to_be_bytes()[1];
                bytes.truncate(seed.len() - usize::try_from(random >> 60).unwrap());
            }
            let _ = (is_ping(&bytes), sequence(&bytes), Ping::parse(&bytes), check(20, &bytes));
            let length = bytes.len();
            STAMPED.write(&mut bytes);
            assert_eq!(bytes.len(), length);
        }
    }
}
