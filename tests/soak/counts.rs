//! What has happened, in numbers.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

use crate::resources::{Held, Memory};
use crate::target::{Served, Target};

/// How often something happened, by its kind and name, at each server.
#[derive(Default)]
pub struct Counts(Mutex<BTreeMap<(&'static str, &'static str), ByServer>>);

type ByServer = BTreeMap<String, u64>;

impl Counts {
    pub fn add(&self, kind: &'static str, name: &'static str, target: &Target) {
        let mut counts = self.0.lock().unwrap();
        *counts.entry((kind, name)).or_default().entry(target.name()).or_default() += 1;
    }

    /// Whether anything of this kind has happened.
    pub fn any(&self, kind: &str) -> bool {
        self.0.lock().unwrap().keys().any(|(other, _)| *other == kind)
    }
}

/// A column for each server: what happened there, and what it took before and after.
pub fn table(servers: &[Served], counts: &Counts) -> String {
    let mut table = Table { servers, text: String::new() };
    table.row("", |served| served.target.name());
    for ((kind, name), row) in &*counts.0.lock().unwrap() {
        table.row(&format!("{kind} {name}"), |served| {
            row.get(&served.target.name()).unwrap_or(&0).to_string()
        });
    }
    table.row("connections", |served| served.connections.to_string());
    table.memory("resident KiB", |memory| memory.resident);
    table.memory("private KiB", |memory| memory.private);
    table.held("children", |held| held.children);
    table.held("threads", |held| held.threads);
    table.held("descriptors", |held| held.descriptors);
    table.text
}

struct Table<'a> {
    servers: &'a [Served],
    text: String,
}

impl Table<'_> {
    fn row(&mut self, name: &str, cell: impl Fn(&Served) -> String) {
        let _ = write!(self.text, "{name:<24}");
        for served in self.servers {
            let _ = write!(self.text, "{:>16}", cell(served));
        }
        self.text.push('\n');
    }

    fn memory(&mut self, name: &str, figure: impl Fn(&Memory) -> u64) {
        for (when, thirds) in [("first", 0), ("middle", 1), ("last", 2)] {
            self.row(&format!("{name}, {when}"), |served| {
                let last = served.memory.len() - 1;
                figure(&served.memory[last * thirds / 2]).to_string()
            });
        }
    }

    fn held(&mut self, name: &str, figure: impl Fn(Held) -> usize) {
        self.row(&format!("{name}, first"), |served| figure(served.target.at_rest).to_string());
        self.row(&format!("{name}, last"), |served| {
            figure(Held::of(served.target.process)).to_string()
        });
    }
}
