//! JSON (RFC 8259): a value, how it is read from a stranger's text, and how it is
//! written.
//!
//! Status answers and reports are made of these values. A protocol that has other
//! types, such as WAMP with `MessagePack`, uses the same values: [`Value`] also holds
//! bytes and extensions, and JSON writes `null` for them.
//!
//! | file | what it teaches |
//! | --- | --- |
//! | `value` | what a message says, independent of its encoding |
//! | `parse` | recursive descent, and the limits it needs against strangers |
//! | `error` | an error that names the line and the column |
//! | `encode` | one line for programs, or many lines for people |
//!
//! ```
//! use roundtrip::json::{self, Value};
//!
//! let value = json::parse(br#"{"ok":true}"#)?;
//! assert_eq!(value.get("ok").and_then(Value::as_bool), Some(true));
//! assert_eq!(value.to_string(), r#"{"ok":true}"#);
//! # Ok::<(), roundtrip::json::JsonError>(())
//! ```

mod encode;
mod error;
mod parse;
#[cfg(test)]
pub(crate) mod random;
mod value;

pub use encode::{encode, pretty};
pub use error::{JsonError, JsonErrorKind};
pub use parse::{beginning, parse};
pub use value::{MAX_DEPTH, MAX_VALUES, Map, Value};

#[cfg(test)]
mod tests;
