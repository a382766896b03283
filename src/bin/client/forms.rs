//! The forms of report that the flags ask for.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal};
use std::time::{SystemTime, UNIX_EPOCH};

use roundtrip::report::Reporter;
use roundtrip::report::baseline;
use roundtrip::report::csv::csv;
use roundtrip::report::json::{About, Document, Json};
use roundtrip::report::progress::Progress;
use roundtrip::report::reporters::Reporters;
use roundtrip::report::stream::stream;
use roundtrip::report::svg::Svg;
use roundtrip::report::text::Text;
use roundtrip::units::utc;

use crate::console::Output;
use crate::describe::plan;
use crate::flags::{Format, Options, Test};

/// The forms of report that are asked for, and the earlier run beside them. It is read
/// first, since its table may be the one that is written anew.
pub fn reporters(options: &Options) -> io::Result<Reporters> {
    let Some(name) = &options.baseline else { return Ok(Reporters::new(forms(options)?)) };
    let why =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot read {name:?}: {error}"));
    let before = baseline::read(name, BufReader::new(File::open(name).map_err(why)?))?;
    Ok(Reporters::new(forms(options)?).against(before))
}

/// The forms of report that are asked for. Files are opened before anything is
/// measured, so that a mistake in a name costs no measurement.
fn forms(options: &Options) -> io::Result<Vec<Box<dyn Reporter>>> {
    let create = |name: &String| {
        let why = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot write {name:?}: {error}"))
        };
        File::create(name).map_err(why)
    };
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
    if !quiet && io::stderr().is_terminal() {
        forms.push(Box::new(Progress::default()));
    }
    forms.push(match options.format {
        Format::Text => Box::new(Text::new(Output, *quiet)),
        Format::Json => Box::new(Json::new(Output, document)),
        Format::JsonStream => Box::new(stream(Output, document)),
    });
    if let Some(name) = &options.csv {
        forms.push(Box::new(csv(create(name)?)));
    }
    if let Some(name) = &options.svg {
        let title = match &options.label {
            Some(label) => label.clone(),
            None if server.is_some() => format!("roundtrip to {}", options.address()),
            None => "roundtrip through a router".into(),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let clients =
            if *clients == 1 { "one client".into() } else { format!("{clients} clients") };
        forms.push(Box::new(Svg::new(create(name)?, title, format!("{clients}, {}", utc(now)))));
    }
    Ok(forms)
}
