//! Bulk transfers in tenths of a second: their pieces are too many to keep each.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Reporter, Results, Source, Test};
use crate::json::Map;
use crate::measure::{Direction, Sample};

/// Passes everything on to another form, but of each tenth of a second the sum of its
/// pieces.
#[derive(Debug, Default)]
pub(super) struct Tenths<R> {
    form: R,
    /// The tenth that is being filled, for each client and direction.
    open: BTreeMap<(usize, Direction), Tenth>,
}

#[derive(Debug)]
struct Tenth {
    part: String,
    end: Duration,
    bytes: u64,
}

const TENTH: Duration = Duration::from_millis(100);

impl<R: Reporter> Tenths<R> {
    pub(super) fn of(form: R) -> Self {
        Tenths { form, open: BTreeMap::new() }
    }

    fn close(
        &mut self,
        test: &Test,
        (client, direction): (usize, Direction),
        tenth: &Tenth,
    ) -> io::Result<()> {
        let source = Source { test, client, part: &tenth.part };
        self.form.sample(source, &Sample::Piece { direction, at: tenth.end, bytes: tenth.bytes })
    }
}

impl<R: Reporter> Reporter for Tenths<R> {
    fn peer(&mut self, peer: SocketAddr) -> io::Result<()> {
        self.form.peer(peer)
    }

    fn connected(&mut self, line: &str) -> io::Result<()> {
        self.form.connected(line)
    }

    fn begin(&mut self, test: &Test) -> io::Result<()> {
        self.form.begin(test)
    }

    fn sample(&mut self, source: Source, sample: &Sample) -> io::Result<()> {
        let Sample::Piece { direction, at, bytes } = *sample else {
            return self.form.sample(source, sample);
        };
        let key = (source.client, direction);
        if let Some(tenth) = self.open.get_mut(&key)
            && tenth.part == source.part
            && at < tenth.end
        {
            tenth.bytes += bytes;
            return Ok(());
        }
        let number = u32::try_from(at.as_millis() / TENTH.as_millis() + 1).unwrap_or(u32::MAX);
        let tenth = Tenth { part: source.part.into(), end: TENTH * number, bytes };
        match self.open.insert(key, tenth) {
            Some(before) => self.close(source.test, key, &before),
            None => Ok(()),
        }
    }

    fn note(&mut self, test: &Test, line: &str, event: &Map) -> io::Result<()> {
        self.form.note(test, line, event)
    }

    fn result(&mut self, test: &Test, results: &Results) -> io::Result<()> {
        for (key, tenth) in std::mem::take(&mut self.open) {
            self.close(test, key, &tenth)?;
        }
        self.form.result(test, results)
    }

    fn compared(&mut self, lines: &[String], series: &[Map]) -> io::Result<()> {
        self.form.compared(lines, series)
    }

    fn end(&mut self) -> io::Result<()> {
        self.form.end()
    }
}
