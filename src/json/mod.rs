//! JSON: a value, how it is read from a stranger's text, and how it is written.
//!
//! Status answers and reports are made of these values, and a wing may carry them over
//! a protocol of its own.
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
mod parse;
#[cfg(test)]
pub(crate) mod random;
mod value;

pub use encode::{encode, pretty};
pub use parse::{JsonError, JsonErrorKind, parse};
pub use value::{MAX_DEPTH, MAX_VALUES, Map, Value};

#[cfg(test)]
mod tests;
