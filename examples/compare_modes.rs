//! Three servers side by side: `cargo run --release --example compare_modes`.
//!
//! The same server runs in each of the three modes, and the same clients come. What each
//! mode carries, what it costs, and what it survives is one table and one picture. Every
//! figure is measured in this run. A server is a process of its own, which is this
//! program with the argument `--serve`; `compare_modes/` has its parts.
//!
//! `--svg FILE` says where the picture goes. `--short` makes everything brief, to try the
//! program, not to quote it.

#[path = "compare_modes/load.rs"]
mod load;
#[path = "compare_modes/server.rs"]
mod server;
#[path = "compare_modes/show.rs"]
mod show;
#[path = "compare_modes/survive.rs"]
mod survive;
#[path = "compare_modes/usage.rs"]
mod usage;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use load::{Load, load};
use roundtrip::serve::Mode;
use roundtrip::units::ms;
use show::{draw, table};
use survive::{Crash, Survivors, crash};

/// Connections that are open while one handler crashes.
const OTHERS: usize = 100;

const CRASHES: [(&str, Crash); 4] = [
    ("panics", Crash::Asked("panic")),
    ("aborts", Crash::Asked("abort")),
    ("loops for ever", Crash::Asked("loop")),
    ("is killed", Crash::Killed),
];

/// What is known of one mode.
struct Measured {
    mode: Mode,
    load: Load,
    crashes: Vec<Survivors>,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => {
            return server::serve(arguments[1..].concat().parse().map_err(io::Error::other)?);
        }
        #[cfg(unix)]
        Some("--inetd") => return server::serve_stdin(),
        _ => {}
    }
    let short = arguments.iter().any(|flag| flag == "--short");
    let svg = arguments.iter().skip_while(|flag| *flag != "--svg").nth(1).map(PathBuf::from);
    let svg = svg.unwrap_or_else(|| std::env::temp_dir().join("compare_modes.svg"));
    let (time, pings, patience) = if short { (80, 20, 250) } else { (1000, 50, 1000) };
    let [time, patience] = [time, patience].map(Duration::from_millis);

    let mut all = Vec::new();
    let modes = [Mode::Sequential, Mode::Thread, Mode::Process];
    for mode in modes.into_iter().filter(|mode| cfg!(unix) || *mode != Mode::Process) {
        let load = load(mode, time, pings)?;
        let crashes = CRASHES.iter().map(|(_, how)| crash(mode, *how, OTHERS, patience));
        all.push(Measured { mode, load, crashes: crashes.collect::<io::Result<_>>()? });
    }
    table(&all);
    std::fs::write(&svg, draw(&all))?;
    println!("\nThe same as a picture: {}", svg.display());
    choose(&all);
    Ok(())
}

/// When to choose which.
fn choose(modes: &[Measured]) {
    println!("When to choose which:");
    for Measured { mode, load, crashes } in modes {
        let (right, wrong) = match mode {
            Mode::Sequential => ("work that is over at once", "one client can be slow"),
            Mode::Thread => ("many clients that share memory", "code may abort"),
            Mode::Process => ("code that may crash", "connections are short and many"),
        };
        let first = load.connections[0].pings.rtt.summary().map_or("?".into(), |rtt| ms(rtt.p50));
        let idle = crashes[0].while_idle;
        let worst = crashes.iter().map(|crash| crash.after_crash).min().unwrap_or(0);
        println!("  {mode}: for {right}; not where {wrong}.");
        println!(
            "    Here {idle} of {OTHERS} were served beside an idle client, {worst} lived on after the"
        );
        println!("    worst crash, and a first answer took {first} ms.");
    }
}
