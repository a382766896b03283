//! Ctrl-C, with `std` alone.
//!
//! Ctrl-C is a signal (SIGINT), and the terminal sends it to every process that runs in
//! its foreground. `std` has no way to catch a signal: a handler needs `unsafe`. But a
//! program can find out that *another* process has died of one. So there are two:
//!
//! ```text
//!   client ──starts──▶ client --interrupt-watcher      dies of SIGINT
//!     │                       │ standard input
//!     │                       ╰────────── pair of sockets ──────────╮
//!     ╰─becomes─▶ sh: trap "" INT ─becomes─▶ client --interruptible │
//!                 (SIGINT is ignored from now on)     standard input╯
//! ```
//!
//! Becoming another program (`exec`) keeps the process, its number and what it ignores. A
//! shell is needed in between, since ignoring a signal takes `unsafe`, too, and every
//! shell can do it (POSIX, `trap`). When the watcher dies, the system closes its end of
//! the pair, and the client reads the end of its standard input. It stops measuring, and
//! reports. When the client ends, however it does, the watcher reads the end of its own
//! standard input, and ends as well.
//!
//! This needs standard input, which the client does not read. It is done only where that
//! is a terminal: in a pipeline or in a script, a signal ends the client as it ends any
//! other program. A shell that runs the client in the background ignores SIGINT for it,
//! and nothing happens, as it should.

use std::sync::Arc;
use std::time::Duration;

use roundtrip::pace::Stop;
use roundtrip::report::reporters::Reporters;

use crate::console::complain;

/// The first argument of the process that dies of Ctrl-C.
pub const WATCHER: &str = "--interrupt-watcher";

/// The first argument of the client whose standard input ends at Ctrl-C.
pub const INTERRUPTIBLE: &str = "--interruptible";

/// The exit code of a program that was interrupted: 128, and the number of SIGINT.
pub const EXIT_CODE: u8 = 130;

/// How long answers that are on their way may still take.
const GRACE: Duration = Duration::from_millis(300);

/// When to report without waiting for the test that still runs, such as one that connects.
const LAST: Duration = Duration::from_millis(500);

/// Waits for the end of standard input, which is the end of the other process.
pub fn wait() {
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}

/// When Ctrl-C is pressed, stops what shares `stop`. If that is not enough, ends the
/// program with the results until then.
pub fn watch(stop: &Stop, reporters: &Arc<Reporters>) {
    let (stop, reporters) = (stop.clone(), Arc::clone(reporters));
    // Without a thread nobody listens to Ctrl-C, and nothing else is missing.
    let _ = std::thread::Builder::new().spawn(move || {
        wait();
        stop.stop();
        std::thread::sleep(GRACE);
        stop.abort();
        std::thread::sleep(LAST);
        reporters.interrupt();
        let _ = reporters.end();
        complain("interrupted");
        std::process::exit(EXIT_CODE.into());
    });
}

/// Becomes a client that notices Ctrl-C, if standard input is a terminal and all that is
/// needed exists. If not, Ctrl-C ends this program as it ends any other.
#[cfg(unix)]
pub fn prepare(arguments: &[std::ffi::OsString]) {
    use std::io::IsTerminal;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    if !std::io::stdin().is_terminal() {
        return;
    }
    let (Ok(program), Ok((ours, theirs))) = (std::env::current_exe(), UnixStream::pair()) else {
        return;
    };
    let watcher = Command::new(&program)
        .arg(WATCHER)
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut watcher) = watcher else { return };
    // This returns only if there is no shell.
    let _ = Command::new("/bin/sh")
        .args(["-c", r#"trap "" INT; exec "$0" "$@""#])
        .arg(program)
        .arg(INTERRUPTIBLE)
        .args(arguments)
        .stdin(OwnedFd::from(ours))
        .exec();
    let _ = watcher.kill();
    let _ = watcher.wait();
}

/// Elsewhere Ctrl-C ends this program as it ends any other.
#[cfg(not(unix))]
pub fn prepare(_: &[std::ffi::OsString]) {}
