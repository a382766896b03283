//! The tables hold the boundaries of every format of the specification.

mod formats;
mod refused;

use crate::json::random::Random;
use crate::wamp::msgpack::*;

fn encoded(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out);
    out
}

/// These bytes in hexadecimal, then `times` times the byte `byte`.
fn bytes(hex: &str, (byte, times): (u8, usize)) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
    let pairs = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap());
    pairs.chain(vec![byte; times]).collect()
}

/// A random value, in a list if JSON does not have it.
fn drawn(random: &mut Random) -> Value {
    let value = random.value(0);
    let length = random.below(20);
    let bytes: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[3]).collect();
    match random.below(3) {
        0 => value,
        1 => Value::List(vec![value, Value::Bytes(bytes)]),
        _ => Value::List(vec![
            Value::Extension(random.next().to_le_bytes()[5].cast_signed(), bytes),
            value,
        ]),
    }
}
