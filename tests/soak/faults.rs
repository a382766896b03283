//! What goes wrong: strangers come, and processes are killed or stopped.

use std::io::{Read, Write};
use std::process::Command;
use std::time::Duration;

use crate::clients::{Client, Length, tests};
use crate::counts::Counts;
use crate::random::Random;
use crate::strangers::{self, connect, silence};
use crate::support::{children, eventually};
use crate::target::Target;

type Fault = fn(&Target, &mut Random);

/// Every fault by its name.
const FAULTS: [(&str, Fault); 11] = [
    ("client killed", client_killed),
    ("client stopped", client_stopped),
    ("reset", strangers::reset),
    ("half a request", strangers::half_a_request),
    ("garbage", strangers::garbage),
    ("datagrams", strangers::datagrams),
    ("never reads", strangers::never_reads),
    ("router", strangers::router),
    ("burst", strangers::burst),
    ("child killed", child_killed),
    ("child stopped", child_stopped),
];

/// Lets something go wrong.
pub fn any(target: &Target, random: &mut Random, counts: &Counts) {
    let choices = match target.mode {
        "process" => &FAULTS[..],
        "thread" => &FAULTS[..9],
        // A burst waits in the system's queue.
        _ => &FAULTS[..8],
    };
    let (name, fault) = random.in_turn(choices);
    counts.add("fault", name, target);
    fault(target, random);
}

fn long_client(target: &Target, random: &mut Random) -> Client {
    let test = random.choose(&tests(target));
    Client::start(test, target, Length::Long, random)
}

fn client_killed(target: &Target, random: &mut Random) {
    let mut client = long_client(target, random);
    random.pause(Duration::from_millis(800));
    client.child.0.kill().unwrap();
    client.end();
}

fn client_stopped(target: &Target, random: &mut Random) {
    let client = long_client(target, random);
    random.pause(Duration::from_millis(500));
    signal("-STOP", client.child.0.id());
    silence(target, random);
    signal("-CONT", client.child.0.id());
    let (code, what) = client.end();
    assert!(matches!(code, Some(0 | 1)), "{what}");
}

/// Nobody waits for the result: the process may be gone already.
fn signal(name: &str, process: u32) {
    let _ = Command::new("kill").args([name, &process.to_string()]).output();
}

fn child_killed(target: &Target, random: &mut Random) {
    let _any_client_may_fail = target.disturb();
    let client = long_client(target, random);
    random.pause(Duration::from_millis(300));
    if let Some(child) = any_child(target, random) {
        signal("-KILL", child);
    }
    let (code, what) = client.end();
    assert!(matches!(code, Some(0 | 1)), "{what}");
}

fn child_stopped(target: &Target, random: &mut Random) {
    let _any_client_may_fail = target.disturb();
    let mut stream = connect(target);
    let _ = stream.write_all(b"PING\n");
    let _ = stream.read(&mut [0; 10]);
    let Some(child) = any_child(target, random) else { return };
    signal("-STOP", child);
    // Its parent kills it, if it has not ended before.
    eventually("no child is stopped", || {
        !children(target.process).iter().any(|&(process, _)| process == child)
    });
}

/// A child that runs its program. One that is stopped before that holds up its parent,
/// since `fork` and `exec` are one call of `std`.
fn any_child(target: &Target, random: &mut Random) -> Option<u32> {
    let runs = |child: &u32| {
        let line = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == b"--inetd")
    };
    let children = children(target.process).into_iter().map(|(child, _)| child);
    let children: Vec<u32> = children.filter(runs).collect();
    (!children.is_empty()).then(|| random.choose(&children))
}
