//! A row for each flag, and what follows from the rows.

/// One flag of a program.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// One letter that stands for the name; empty if there is none.
    pub short: &'static str,
    /// The name, without the dashes in front. A name of one letter has one dash.
    pub name: &'static str,
    /// What the value is called; empty for a flag without a value.
    pub value: &'static str,
    /// Whether the flag can be given more than once.
    pub repeatable: bool,
    /// What the flag does, in one line.
    pub help: &'static str,
    /// The only tests to which the flag means something; empty for all.
    pub only: &'static [&'static str],
    /// Tests to which the flag means nothing.
    pub never: &'static [&'static str],
    /// Flags without which this one means nothing: one of them is enough.
    pub needs: &'static [&'static str],
    /// Flags that cannot be given together with this one.
    pub excluded: &'static [&'static str],
    /// Why these are excluded.
    pub reason: &'static str,
    /// What is right where the flag means nothing.
    pub instead: &'static str,
    /// The heading of the group of flags that begins here in the help.
    pub group: &'static str,
}

impl Flag {
    /// A flag with its name, the name of its value and its help, which means something
    /// everywhere.
    #[must_use]
    pub const fn new(name: &'static str, value: &'static str, help: &'static str) -> Self {
        Flag {
            short: "",
            name,
            value,
            repeatable: false,
            help,
            only: &[],
            never: &[],
            needs: &[],
            excluded: &[],
            reason: "",
            instead: "leave it out",
            group: "",
        }
    }

    /// This flag with a letter that stands for its name.
    #[must_use]
    pub const fn short(self, short: &'static str) -> Self {
        Flag { short, ..self }
    }

    /// This flag, which can be given more than once.
    #[must_use]
    pub const fn repeatable(self) -> Self {
        Flag { repeatable: true, ..self }
    }

    /// This flag, which begins a group with this heading in the help.
    #[must_use]
    pub const fn group(self, group: &'static str) -> Self {
        Flag { group, ..self }
    }

    /// This flag, which means something to these tests alone.
    #[must_use]
    pub const fn only_for(self, only: &'static [&'static str]) -> Self {
        Flag { only, ..self }
    }

    /// This flag, which means nothing to these tests.
    #[must_use]
    pub const fn never_for(self, never: &'static [&'static str]) -> Self {
        Flag { never, ..self }
    }

    /// Whether the flag means something to a test.
    #[must_use]
    pub fn is_for(&self, test: &str) -> bool {
        (self.only.is_empty() || self.only.contains(&test)) && !self.never.contains(&test)
    }

    /// This flag, with what to do where it means nothing.
    #[must_use]
    pub const fn instead(self, instead: &'static str) -> Self {
        Flag { instead, ..self }
    }

    /// This flag, which means nothing without one of these.
    #[must_use]
    pub const fn needs(self, needs: &'static [&'static str]) -> Self {
        Flag { needs, ..self }
    }

    /// This flag, which cannot be given together with any of these, for this reason.
    #[must_use]
    pub const fn excludes(self, excluded: &'static [&'static str], reason: &'static str) -> Self {
        Flag { excluded, reason, ..self }
    }
}

/// Refuses flags that contradict each other, or that mean nothing. `given` says whether
/// a flag was given, `test` is the name of the test that was asked for, and `tests` are
/// the tests that it stands for.
///
/// # Errors
/// One line that says what is wrong and what would be right.
pub fn refuse(
    table: &[Flag],
    given: impl Fn(&str) -> bool,
    test: &str,
    tests: &[&str],
) -> Result<(), String> {
    for flag in table.iter().filter(|flag| given(flag.name)) {
        let Flag { name, reason, instead, .. } = flag;
        if let Some(other) = flag.excluded.iter().find(|other| given(other)) {
            let [name, other] = [name, other].map(|name| dashed(name));
            return Err(format!("{name} excludes {other}: {reason}; leave out one of them"));
        }
        if !tests.is_empty() && !tests.iter().any(|test| flag.is_for(test)) {
            let right = unless_empty(flag.only, ": it is for ");
            let name = dashed(name);
            return Err(format!("{name} means nothing to --test {test}{right}; {instead}"));
        }
        if !flag.needs.is_empty() && !flag.needs.iter().any(|other| given(other)) {
            let right = flag.needs.join(" or --");
            return Err(format!("--{name} means nothing without --{right}; {instead}"));
        }
    }
    Ok(())
}

/// The table of a program as its page has it, in Markdown.
#[must_use]
pub fn markdown(table: &[Flag]) -> String {
    let row = |flag: &Flag| {
        let Flag { name, value, help, .. } = flag;
        let short = if flag.short.is_empty() { "" } else { &format!("`-{}`, ", flag.short) };
        let value = if value.is_empty() { "" } else { &format!(" {value}") };
        let name = dashed(name);
        let repeatable = if flag.repeatable { "; repeatable" } else { "" };
        let only = unless_empty(flag.only, "; for ");
        let never = unless_empty(flag.never, "; not for ");
        format!("| {short}`{name}{value}` | {help}{repeatable}{only}{never} |\n")
    };
    let rows: Vec<String> = table.iter().map(row).collect();
    format!("| flag | meaning |\n| --- | --- |\n{}", rows.concat())
}

/// A name as it is typed: `--port`, `-4`.
pub(super) fn dashed(name: &str) -> String {
    if name.len() == 1 { format!("-{name}") } else { format!("--{name}") }
}

fn unless_empty(names: &[&str], before: &str) -> String {
    if names.is_empty() { String::new() } else { format!("{before}{}", names.join(", ")) }
}
