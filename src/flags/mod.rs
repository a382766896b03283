//! The command line of a program, as a table: a row for each flag.
//!
//! From the table follow the help, the list on the program's page, and what is refused. A flag
//! that would change nothing is refused, since the user who gave it expects a change.
//!
//! ```
//! use roundtrip::flags::{Flag, refuse};
//!
//! const FLAGS: &[Flag] = &[
//!     Flag::new("count", "N", "how many pings").only_for(&["latency"]),
//!     Flag::new("time", "DUR", "for how long").excludes(&["count"], "it replaces it"),
//! ];
//! let given = |flags: &'static [&str]| move |name: &str| flags.contains(&name);
//! assert_eq!(refuse(FLAGS, given(&["count"]), "latency", &["latency"]), Ok(()));
//!
//! let why = refuse(FLAGS, given(&["count"]), "upload", &["upload"]).unwrap_err();
//! assert_eq!(
//!     why,
//!     "--count means nothing to --test upload: it is for latency; leave it out"
//! );
//! let why = refuse(FLAGS, given(&["count", "time"]), "latency", &["latency"]).unwrap_err();
//! assert_eq!(why, "--time excludes --count: it replaces it; leave out one of them");
//! ```

mod help;
mod nearest;
#[cfg(feature = "cli")]
mod parse;
mod table;
mod values;
mod wrap;

pub use help::Program;
pub use nearest::nearest;
#[cfg(feature = "cli")]
pub use parse::{Given, Parsed, parse};
pub use table::{Flag, markdown, refuse};
pub use values::{at_least_one, one_line, some_time};
pub(crate) use wrap::{DETAIL, WIDTH, hanging};
pub use wrap::{complain, note, wrap};
