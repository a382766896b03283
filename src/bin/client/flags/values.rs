//! The values of the client's flags.

use std::iter;
use std::time::Duration;

use roundtrip::flags::{Given, at_least_one};
use roundtrip::json::{self, Map, Value};
use roundtrip::measure::Plan;
use roundtrip::net::address;
use roundtrip::report::limits::Limit;
use roundtrip::units::{MIB, UnitError, parse_duration, parse_size, whole_number};
use roundtrip::wamp::valid_uri;
use roundtrip::wire::command::MAX_PAYLOAD;
use roundtrip::wire::command::more::{LagPlan, MAX_LAG_COUNT, MAX_LAG_INTERVAL};
use roundtrip::wire::framing::MAX_LINE;

use super::Test;

/// The largest number of concurrent clients. Each may need two threads, and a thread
/// takes four of the 65,530 memory mappings that Linux gives a process.
const MAX_CLIENTS: usize = 7_500;

/// The longest question of `status`, in bytes: a line, without the word in front and
/// the time that is added.
const MAX_DATA: usize = MAX_LINE - "STATUS ".len() - 50;

/// The pings that a server can be asked for.
pub fn lag(plan: &Plan) -> Result<LagPlan, String> {
    let interval = plan.interval;
    if !interval.as_nanos().is_multiple_of(1_000_000) || interval > MAX_LAG_INTERVAL {
        return Err(format!(
            "--interval: {interval:?} is none for lag; write whole milliseconds up to {MAX_LAG_INTERVAL:?}, such as 5ms"
        ));
    }
    match plan.pings() {
        None => {
            Err("--time needs an --interval for lag: the server is asked for a number of pings"
                .into())
        }
        Some(count) if count > MAX_LAG_COUNT => {
            Err(format!("{count} pings are more than {MAX_LAG_COUNT}, which is the most for lag"))
        }
        Some(count) => Ok(LagPlan { count, interval }),
    }
}

pub fn data(text: &str) -> Result<Map, String> {
    match json::parse(text.as_bytes()) {
        Ok(Value::Map(map)) => match Value::Map(map.clone()).to_string().len() {
            0..=MAX_DATA => Ok(map),
            bytes => Err(format!(
                "{bytes} bytes are more than {MAX_DATA}, which is the most for a question"
            )),
        },
        Ok(_) => Err("it has to be a JSON object, such as {\"from\":\"me\"}".into()),
        Err(error) => Err(format!(
            "{error}, where there has to be a JSON object, such as {{\"from\":\"me\"}}"
        )),
    }
}

/// The host and the port, which stand in the plain argument, or in `--host` and `--port`.
pub fn server(given: &Given) -> Result<(String, u16), String> {
    let text = match (given.plain(), given.text("host")) {
        (Some(plain), Some(host)) => {
            return Err(format!("{plain:?} and --host {host:?} both name a server; leave out one"));
        }
        (Some(plain), None) => plain.to_owned(),
        (None, host) => host.unwrap_or_else(|| "localhost".into()),
    };
    let (host, port) = match address::target(&text) {
        Ok(target) => target,
        Err(what) if given.plain().is_some() => return Err(what),
        Err(what) => return Err(format!("--host: {what}")),
    };
    match port {
        Some(_) if given.has("port") => {
            Err(format!("{text:?} has a port already; leave out --port"))
        }
        Some(port) => Ok((host.into(), port)),
        None => Ok((host.into(), given.value("port", 5001, self::port)?)),
    }
}

/// A limit that one of these tests can pass.
pub fn limit(text: &str, tests: &[&str]) -> Result<Limit, String> {
    let limit: Limit = text.parse()?;
    if tests.iter().any(|test| limit.is_for(test)) {
        return Ok(limit);
    }
    Err(format!(
        "{text} means nothing to --test {}; choose another test or limit",
        tests.join(", ")
    ))
}

/// Text for a person, on one line.
pub fn label(text: &str) -> Result<Option<String>, String> {
    if text.trim().is_empty() || text.contains(char::is_control) {
        return Err("write a few words, on one line".into());
    }
    Ok(Some(text.into()))
}

pub fn file(name: &str) -> Result<Option<String>, String> {
    if name.is_empty() {
        Err("must not be empty, such as rtt.out".into())
    } else {
        Ok(Some(name.into()))
    }
}

pub fn port(text: &str) -> Result<u16, String> {
    let port = whole_number(text).filter(|&port| port > 0);
    port.ok_or_else(|| format!("{text:?} is not a port; write a number from 1 to 65535"))
}

pub fn realm(text: &str) -> Result<String, String> {
    let valid = valid_uri(text).then(|| text.into());
    valid.ok_or_else(|| {
        format!("{text:?} is no realm; write words between dots, such as realm1 or com.example")
    })
}

pub fn clients(text: &str) -> Result<usize, String> {
    at_least_one(text).and_then(|clients| match usize::try_from(clients) {
        Ok(clients) if clients <= MAX_CLIENTS => Ok(clients),
        _ => Err(format!("{clients} clients are more than {MAX_CLIENTS}, which is the most")),
    })
}

/// How many first pings are not counted, and how much of the start of a transfer, which
/// `lasts` so long.
pub fn warmup(
    text: Option<String>,
    tests: &[Test],
    lasts: Option<Duration>,
) -> Result<(u64, Duration), String> {
    let Some(text) = text else { return Ok((1, Duration::ZERO)) };
    if let Some(count) = whole_number(&text) {
        if !tests.iter().any(|test| test.pings()) {
            return Err(format!(
                "--warmup {text}: a transfer has no pings; write a time, such as 2s"
            ));
        }
        return Ok((count, Duration::ZERO));
    }
    let warmup = parse_duration(&text).map_err(|_| {
        format!("--warmup: {text:?} is not a whole number from 0, nor a time such as 2s")
    })?;
    match lasts {
        _ if !tests.iter().any(|test| test.transfers()) => Err(format!(
            "--warmup {text}: a time is for tests that transfer data; write a number of pings"
        )),
        Some(time) if warmup < time => Ok((1, warmup)),
        Some(time) => {
            Err(format!("--warmup {text} leaves nothing of a transfer of {time:?}; write less"))
        }
        None => Err(format!("--warmup {text} needs a transfer for a given time; add --time")),
    }
}

/// Reads the sizes of a sweep, written `A:B:*K`.
pub fn sizes(text: &str) -> Result<Vec<usize>, String> {
    let wrong = || format!("{text:?} are no sizes; write FIRST:LAST:*FACTOR, such as 1:64KiB:*2");
    let [first, last, factor] = text.split(':').collect::<Vec<_>>()[..] else {
        return Err(wrong());
    };
    let factor =
        factor.strip_prefix('*').and_then(whole_number::<usize>).filter(|&factor| factor > 1);
    let (first, last) = (payload(first)?, payload(last)?);
    match factor {
        Some(factor) if 0 < first && first <= last => {
            Ok(iter::successors(Some(first), |size| size.checked_mul(factor))
                .take_while(|&size| size <= last)
                .collect())
        }
        _ => Err(wrong()),
    }
}

pub fn payload(text: &str) -> Result<usize, String> {
    let bytes = parse_size(text, 1).map_err(|error| error.to_string())?;
    let bytes = usize::try_from(bytes).ok().filter(|&bytes| bytes <= MAX_PAYLOAD);
    bytes
        .ok_or_else(|| format!("{text} is more than a ping can carry: at most {MAX_PAYLOAD} bytes"))
}

pub fn size(text: &str) -> Result<u64, UnitError> {
    match parse_size(text, MIB)? {
        0 => Err(UnitError::NoSize),
        bytes => Ok(bytes),
    }
}
