//! Reading a command line with `getopts`, which only the two programs need.

use std::ffi::OsStr;
use std::fmt::Display;

use getopts::{Matches, Options};

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

/// Reads the command line of the program with this name, whose help begins with
/// `about`. `--help` and `--version` are flags of every program.
///
/// # Errors
/// One line that says what is wrong and what would be right.
pub fn parse(
    program: &str,
    about: &str,
    table: &[Flag],
    arguments: impl IntoIterator<Item: AsRef<OsStr>>,
) -> Result<Parsed, String> {
    let mut options = Options::new();
    let common = [
        Flag::new("help", "", "print this").short("h"),
        Flag::new("version", "", "print the version").short("V"),
    ];
    for &Flag { short, name, help, value, repeatable, .. } in table.iter().chain(&common) {
        match (value, repeatable) {
            ("", _) => options.optflag(short, name, help),
            (value, false) => options.optopt(short, name, help, value),
            (value, true) => options.optmulti(short, name, &format!("{help}; repeatable"), value),
        };
    }
    let help = |what: String| format!("{what}; see {program} --help");
    let given = options.parse(arguments).map_err(|error| help(one_line(error)))?;
    if given.opt_present("help") {
        let usage = options.usage(&format!("Usage: {program} [FLAGS]\n\n{about}"));
        return Ok(Parsed::Print(usage));
    }
    if given.opt_present("version") {
        let version = format!("roundtrip {program} {}\n", env!("CARGO_PKG_VERSION"));
        return Ok(Parsed::Print(version));
    }
    match given.free.first() {
        Some(stray) => Err(help(format!("unexpected argument {stray:?}"))),
        None => Ok(Parsed::Given(Given(given))),
    }
}

impl Given {
    /// Whether a flag was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.opt_present(name)
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
