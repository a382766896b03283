//! The forms of report that the flags ask for.

use std::fs::{self, File};
use std::io::{self, BufReader, IsTerminal, Write};
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use roundtrip::report::Reporter;
use roundtrip::report::baseline;
use roundtrip::report::csv::csv;
use roundtrip::report::every::Every;
use roundtrip::report::json::{About, Document, Json};
use roundtrip::report::progress::Progress;
use roundtrip::report::reporters::Reporters;
use roundtrip::report::stream::stream;
use roundtrip::report::svg::Svg;
use roundtrip::report::text::Text;
use roundtrip::units::utc;

use crate::console::{Output, complain, fail};
use crate::describe::plan;
use crate::flags::{Format, Options, Test};

/// The forms of report that are asked for, and the earlier run beside them. It is read
/// first, since its table may be the one that is written anew.
pub fn reporters(options: &Options) -> io::Result<Reporters> {
    let Some(name) = &options.baseline else { return Ok(Reporters::new(forms(options))) };
    let why =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot read {name:?}: {error}"));
    let before = baseline::read(name, BufReader::new(File::open(name).map_err(why)?))?;
    Ok(Reporters::new(forms(options)).against(before))
}

fn create(name: &str) -> io::Result<File> {
    File::create(name)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot write {name:?}: {error}")))
}

/// A file that takes the place of an older one when all of it is written, and not before.
struct Beside {
    name: String,
    /// Where it is written. What is no file, such as a terminal, has no place beside it.
    written: String,
    file: Option<File>,
}

impl Beside {
    /// Finds out whether the file can be written, and leaves everything as it is.
    fn new(name: &str) -> io::Result<Self> {
        let other = fs::metadata(name).is_ok_and(|metadata| !metadata.is_file());
        let beside = if other { name.into() } else { format!("{name}.{}.part", process::id()) };
        drop(create(&beside).map_err(|error| {
            io::Error::new(error.kind(), error.to_string().replace(&beside, name))
        })?);
        if !other {
            fs::remove_file(&beside)?;
        }
        Ok(Beside { name: name.into(), written: beside, file: None })
    }
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() {
            self.file = Some(create(&self.written)?);
        }
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    /// All of it is written.
    fn flush(&mut self) -> io::Result<()> {
        if self.file.take().is_some() && self.written != self.name {
            fs::rename(&self.written, &self.name)?;
        }
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if self.file.is_some() && self.written != self.name {
            let _ = fs::remove_file(&self.written);
        }
    }
}

/// The file, if it can be written. If not, that is reported before anything is measured,
/// so that nobody waits for the file, and the other forms have the results.
fn opened<T>(file: io::Result<T>) -> Option<T> {
    file.map_err(|error| {
        complain(error);
        fail(1);
    })
    .ok()
}

/// The forms of report that are asked for.
fn forms(options: &Options) -> Vec<Box<dyn Reporter>> {
    let Options { host, port, quiet, clients, .. } = options;
    let server = (options.tests != [Test::Call]).then_some((host.as_str(), *port));
    let document = Document::new(About {
        server: server.map(|(host, port)| (host.into(), port)),
        label: options.label.clone(),
        plan: plan(options),
        listed: options.listed,
        stop: options.stop.clone(),
    });
    let mut forms: Vec<Box<dyn Reporter>> = Vec::new();
    // The first, so that the line is gone when the others write.
    if !quiet && options.every.is_none() && io::stderr().is_terminal() {
        forms.push(Box::new(Progress::default()));
    }
    let output = Output { go_on: options.csv.is_some() || options.svg.is_some() };
    if let Some(interval) = options.every {
        let events = options.format == Format::JsonStream;
        forms.push(Box::new(Every::new(output, interval, events)));
    }
    forms.push(match options.format {
        Format::Text => Box::new(Text::new(output, *quiet)),
        Format::Json => Box::new(Json::new(output, document)),
        Format::JsonStream => Box::new(stream(output, document)),
    });
    if let Some(table) = options.csv.as_ref().and_then(|name| opened(create(name))) {
        forms.push(Box::new(csv(table)));
    }
    if let Some(picture) = options.svg.as_ref().and_then(|name| opened(Beside::new(name))) {
        let title = match &options.label {
            Some(label) => label.clone(),
            None if server.is_some() => format!("roundtrip to {}", options.address()),
            None => "roundtrip through a router".into(),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let clients =
            if *clients == 1 { "one client".into() } else { format!("{clients} clients") };
        forms.push(Box::new(Svg::new(picture, title, format!("{clients}, {}", utc(now)))));
    }
    forms
}
