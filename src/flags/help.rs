//! The help of a program: its flags in groups, in lines of 80 columns.

use super::table::{Flag, dashed};
use super::wrap::{WIDTH, wrap};

/// A program, as its help describes it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name by which it is called.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What an argument without a flag is; empty if there is none.
    pub plain: &'static str,
    /// Its flags, but for `--help` and `--version`.
    pub flags: &'static [Flag],
    /// Command lines, and what each of them does.
    pub examples: &'static [(&'static str, &'static str)],
}

/// Flags of every program.
pub(super) const COMMON: [Flag; 2] = [
    Flag::new("help", "", "print this").short("h"),
    Flag::new("version", "", "print the version").short("V"),
];

/// Where the text begins that says what a flag does.
const INDENT: usize = 26;

impl Program {
    /// What `--help` prints.
    #[must_use]
    pub fn help(&self) -> String {
        let Program { name, about, plain, flags, examples } = self;
        let plain = if plain.is_empty() { "" } else { &format!(" [{plain}]") };
        let usage = vec![format!("Usage: {name} [FLAGS]{plain}"), String::new()];
        let flags = flags.iter().chain(&COMMON).flat_map(flag);
        let heading = (!examples.is_empty()).then_some(["", "Examples:"]);
        let examples = examples.iter().map(|(line, what)| format!("  {line:<46}  {what}"));
        let lines = usage.into_iter().chain(wrap(about, WIDTH)).chain(flags);
        let lines = lines.chain(heading.into_iter().flatten().map(str::to_owned)).chain(examples);
        lines.map(|line| line + "\n").collect()
    }
}

/// The lines of a flag, below the heading of its group.
fn flag(flag: &Flag) -> Vec<String> {
    let Flag { short, name, value, repeatable, help, group, .. } = flag;
    let short = if short.is_empty() { "    " } else { &format!("-{short}, ") };
    let value = if value.is_empty() { "" } else { &format!(" {value}") };
    let short = if name.len() == 1 { "" } else { short };
    let left = format!("  {short}{}{value}", dashed(name));
    let again = if *repeatable { "; repeatable" } else { "" };
    let text = wrap(&format!("{help}{again}"), WIDTH - INDENT);
    let mut lines = Vec::new();
    if !group.is_empty() {
        lines.extend([String::new(), format!("{group}:")]);
    }
    for (index, line) in text.iter().enumerate() {
        let left = if index == 0 { &left } else { "" };
        if left.len() >= INDENT {
            lines.push(left.to_owned());
            lines.push(format!("{:INDENT$}{line}", ""));
        } else {
            lines.push(format!("{left:INDENT$}{line}"));
        }
    }
    lines
}
