//! Reading a command line with `getopts`, which only the two programs need.

use std::ffi::OsStr;
use std::fmt::Display;

use getopts::{Fail, Matches, Options};

use super::help::{COMMON, Program};
use super::nearest::nearest;
use super::table::Flag;
use super::values::one_line;

/// A command line that was read.
pub enum Parsed {
    /// The flags that were given.
    Given(Given),
    /// The user asked for this text, the help or the version, and for nothing else.
    Print(String),
}

/// The flags that were given.
pub struct Given(Matches);

/// Reads the command line of a program. `--help` and `--version` are flags of every
/// program.
///
/// # Errors
/// One line that says what is wrong and what would be right.
pub fn parse(
    program: &Program,
    arguments: impl IntoIterator<Item: AsRef<OsStr>>,
) -> Result<Parsed, String> {
    let mut options = Options::new();
    let flags = || program.flags.iter().chain(&COMMON);
    for &Flag { short, name, value, repeatable, .. } in flags() {
        let (short, name) = if name.len() == 1 { (name, "") } else { (short, name) };
        match (value, repeatable) {
            ("", _) => options.optflag(short, name, ""),
            (value, false) => options.optopt(short, name, "", value),
            (value, true) => options.optmulti(short, name, "", value),
        };
    }
    let see = |what: String| format!("{what}; see {} --help", program.name);
    let given = options.parse(arguments).map_err(|error| match &error {
        Fail::UnrecognizedOption(name) => match nearest(name, flags().map(|flag| flag.name)) {
            Some(meant) => format!("there is no --{}; did you mean --{meant}?", one_line(name)),
            None => see(one_line(error)),
        },
        _ => see(one_line(error)),
    })?;
    if given.opt_present("help") {
        return Ok(Parsed::Print(program.help()));
    }
    if given.opt_present("version") {
        let version = format!("roundtrip {} {}\n", program.name, env!("CARGO_PKG_VERSION"));
        return Ok(Parsed::Print(version));
    }
    let expected = usize::from(!program.plain.is_empty());
    match given.free.get(expected) {
        Some(stray) => Err(see(format!("unexpected argument {stray:?}"))),
        None => Ok(Parsed::Given(Given(given))),
    }
}

impl Given {
    /// Whether a flag was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.opt_present(name)
    }

    /// The argument without a flag, if there is one.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        self.0.free.first().map(String::as_str)
    }

    /// The value of a flag as text, if the flag was given.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.opt_str(name)
    }

    /// The value of a flag, or `default` if the flag was not given.
    ///
    /// # Errors
    /// That of `parse`, with the name of the flag in front.
    pub fn value<T, E: Display>(
        &self,
        name: &str,
        default: T,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, String> {
        self.values(name, parse).map(|mut values| values.pop().unwrap_or(default))
    }

    /// All values of a repeatable flag.
    ///
    /// # Errors
    /// That of `parse` for the first wrong value, with the name of the flag in front.
    pub fn values<T, E: Display>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, String> {
        let all = self.0.opt_strs(name);
        all.iter().map(|text| parse(text).map_err(|error| format!("--{name}: {error}"))).collect()
    }
}
