//! Lesson 20: your own protocol, in all three modes.
//!
//! You learn what a `Session` is: any function of a connection. The library's `serve`
//! knows nothing of what is said on a connection, so a protocol is written once, and the
//! mode is chosen afterwards. It also shows the one thing that a mode does change: what
//! sessions can share.
//!
//! The protocol here adds numbers. `ADD 5` is answered with the sum of this connection,
//! and `TOTAL` with the sum of all connections. The naive thought is that a variable of
//! the program is shared by all who are served by the program. In process mode each
//! connection has a program of its own.
//!
//! Run it with `cargo run --example 20_your_protocol`, or serve for ever with `-- --serve
//! thread` and talk to it by `nc localhost 5001`. The library's own protocol is such a
//! function, too: `src/session/text.rs`.

use std::io::{self, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use roundtrip::log::Log;
use roundtrip::net::{Listener, Stream};
use roundtrip::serve::{
    Acceptor, Admission, Dispatch, Incoming, Limits, Mode, Refuser, Sequential, Session, Threads,
};
#[cfg(unix)]
use roundtrip::serve::{Processes, supervise::follow_parent};
use roundtrip::wire::framing::Framing;

/// How long a client may be silent.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What all sessions of this process have added.
static TOTAL: AtomicU64 = AtomicU64::new(0);

fn main() -> io::Result<()> {
    match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        #[cfg(unix)] // A child ends when the server ends.
        [role] if role == "--child" => {
            return follow_parent().and_then(|()| session(Stream::from_stdin(TIMEOUT)?));
        }
        [flag, mode] if flag == "--serve" => {
            let mode = mode.parse().map_err(io::Error::other)?;
            acceptor(TcpListener::bind("127.0.0.1:5001")?, mode)?.run();
            return Ok(());
        }
        _ => {}
    }
    println!("Two clients, one after the other, add 5 and 7 each:");
    println!("             first client   second client   TOTAL of the second client");
    let modes = [Mode::Sequential, Mode::Thread, Mode::Process];
    for mode in modes.into_iter().take(if cfg!(unix) { 3 } else { 2 }) {
        TOTAL.store(0, Ordering::Relaxed);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || acceptor(listener, mode).map(Acceptor::run));
        let [first, second] = [(); 2].map(|()| client(&TcpStream::connect(address)?));
        let (first, second, mode) = (&first?[1], &second?[1..], mode.to_string());
        println!("{mode:<12} {first:>12}   {:>13}   {:>26}", second[0], second[1]);
    }
    println!("The protocol does not know its mode. But processes share no TOTAL.");
    Ok(())
}

/// The protocol: one request a line.
fn session(mut stream: Stream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.clone());
    let (mut line, mut sum) = (Vec::new(), 0_u64);
    while let Some(message) = Framing::Line.receive(&mut reader, &mut line)? {
        let request = String::from_utf8_lossy(message);
        let (word, rest) = request.split_once(' ').unwrap_or((&request, ""));
        let answer = match (word, rest.parse::<u32>()) {
            ("ADD", Ok(number)) => {
                TOTAL.fetch_add(number.into(), Ordering::Relaxed);
                sum = sum.saturating_add(number.into());
                format!("SUM {sum}")
            }
            ("ADD", Err(error)) => format!("ERROR:{error}"),
            ("TOTAL", _) => format!("TOTAL {}", TOTAL.load(Ordering::Relaxed)),
            _ => "ERROR:unknown request; write ADD <number> or TOTAL".into(),
        };
        Framing::Line.send(&mut answer.into_bytes(), &mut stream)?;
    }
    Ok(())
}

/// A server of this protocol: the accept loop of the library, and one of its strategies.
fn acceptor(listener: TcpListener, mode: Mode) -> io::Result<Acceptor> {
    let run: Session = Arc::new(|stream| drop(session(stream)));
    let dispatch: Box<dyn Dispatch> = match mode {
        Mode::Sequential => Box::new(Sequential(run)),
        Mode::Thread => Box::new(Threads(run)),
        #[cfg(unix)]
        Mode::Process => Box::new(Processes {
            program: std::env::current_exe()?.into(),
            arguments: vec!["--child".into()],
            variable: ("YOUR_PROTOCOL", Box::new(String::new)),
            silence: TIMEOUT,
            log: Log::default(),
        }),
        #[cfg(not(unix))]
        Mode::Process => return Err(io::ErrorKind::Unsupported.into()),
    };
    Ok(Acceptor {
        incoming: Incoming::new(Listener::Tcp(listener), TIMEOUT),
        admission: Admission::new(Limits::default()),
        refuser: Refuser::new(Log::default(), |_, _, _| {}),
        dispatch,
        log: Log::default(),
        one_off: false,
        stop: Arc::default(),
    })
}

/// Makes three requests, and returns the answers.
fn client(stream: &TcpStream) -> io::Result<Vec<String>> {
    let mut reader = BufReader::new(stream);
    let ask = |request: &str| {
        let (mut request, mut answer) = (request.as_bytes().to_vec(), Vec::new());
        Framing::Line.send(&mut request, &mut &*stream)?;
        let answer = Framing::Line.receive(&mut reader, &mut answer)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(answer).into_owned())
    };
    ["ADD 5", "ADD 7", "TOTAL"].into_iter().map(ask).collect()
}

// Try:
// 1. Predict: what do two clients see that are connected at the same time, in each mode?
//    Serve for ever and use two terminals.
// 2. Change: let the parent give each child the total so far, by the `variable` of
//    `Processes`. Whose numbers are still missing?
// 3. Write: a protocol of your own, such as a guessing game or a bank whose accounts
//    never lose money. What has to hold when two sessions run at once?
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, chapter 5, which builds such a session,
//   and asks what happens when either end dies.
// * RFC 3117, "On the Design of Application Protocols".
