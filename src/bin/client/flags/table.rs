//! The table of the client's flags. The help, the list on the program's page and the refusals
//! follow from it.

use roundtrip::flags::{Flag, Program};

const BULK: &[&str] = &["download", "upload", "bidirectional"];
const BULK_AND_STATUS: &[&str] = &["download", "upload", "bidirectional", "status"];

/// What the help says.
pub const PROGRAM: Program = Program {
    name: "client",
    about: "Measures latency and bandwidth to a roundtrip server. HOST[:PORT] is the server \
            (default localhost:5001).",
    plain: "HOST[:PORT]",
    flags: FLAGS,
    examples: &[
        ("client --loopback", "try it, without a server"),
        ("client 10.0.0.1", "latency, download, upload"),
        ("client 10.0.0.1 --test loaded --time 30s", "latency while the line is full"),
        ("client 10.0.0.1 --test udp --count 1000 --json", "loss, for a program"),
        ("client 10.0.0.1 --fail-if 'p99>5ms'", "exit code 3 if it is slow"),
    ],
};

/// Every flag but `--help` and `--version`.
pub const FLAGS: &[Flag] = &[
    Flag::new("host", "HOST", "the server, as HOST or HOST:PORT (default localhost)")
        .group("Where")
        .never_for(&["call"])
        .instead("write --url instead of --host"),
    Flag::new("port", "PORT", "its port (default 5001)")
        .never_for(&["call"])
        .instead("write --url instead of --port"),
    Flag::new("loopback", "", "start a server inside this process and measure that")
        .excludes(&["host", "port", "url"], "it starts a server of its own"),
    Flag::new("4", "", "only addresses of IPv4")
        .never_for(&["call"])
        .excludes(&["6", "loopback"], "an address is of one family"),
    Flag::new("6", "", "only addresses of IPv6")
        .never_for(&["call"])
        .excludes(&["loopback"], "its server listens on 127.0.0.1"),
    Flag::new(
        "test",
        "TEST",
        "latency, download, upload, all of these (default), connect, bidirectional, loaded, sweep, udp, lag, status or call",
    )
    .group("What to measure"),
    Flag::new(
        "count",
        "N",
        "pings or connections (default 10), or calls of each transport (default 1000)",
    )
    .only_for(&["latency", "connect", "sweep", "udp", "lag", "call"]),
    Flag::new(
        "size",
        "SIZE",
        "bytes of a transfer, such as 64KiB or 1GiB; a bare number counts MiB (default 10)",
    )
    .only_for(BULK),
    Flag::new("time", "DUR", "run for so long, instead of --count or --size")
        .never_for(&["status"])
        .excludes(&["count", "size"], "it takes the place of both"),
    Flag::new("concurrent", "N", "clients at once (default 1); with no --test, latency"),
    Flag::new(
        "interval",
        "DUR",
        "from one ping to the next (default 100ms; loaded: 10ms; connect, call: 0); 0 sends at once",
    )
    .never_for(BULK_AND_STATUS),
    Flag::new(
        "warmup",
        "N",
        "first pings, connections or calls, not counted (default 1); a time, such as 2s: so much of the start of a timed transfer is not counted",
    )
    .never_for(&["lag", "status"]),
    Flag::new(
        "payload",
        "SIZE",
        "bytes added to each ping or call (default 0); a bare number counts bytes",
    )
    .only_for(&["latency", "connect", "loaded", "udp", "call"]),
    Flag::new(
        "sizes",
        "A:B:*K",
        "payloads from A to B, each K times the one before (default 1:64KiB:*2)",
    )
    .only_for(&["sweep"]),
    Flag::new("data", "JSON", "the question, a JSON object (default {})").only_for(&["status"]),
    Flag::new(
        "timeout",
        "DUR",
        "no answer for so long is a failure (default 10s), or a loss over UDP (default 2s)",
    )
    .group("How"),
    Flag::new("framing", "F", "line (default), or bare for the dialect without delimiters")
        .never_for(&["udp", "call"]),
    Flag::new("spin", "", "wait by asking again and again; burns a core").never_for(&["status", "call"]),
    Flag::new(
        "url",
        "URL",
        "a router to measure: ws://HOST:PORT/PATH, ws+unix:PATH, rs://HOST:PORT or rs+unix:PATH, perhaps with \
         ?serializer=json or msgpack (default: one of its own, through every transport)",
    )
    .repeatable()
    .only_for(&["call"])
    .instead("write --host and --port"),
    Flag::new("realm", "NAME", "the realm of the router (default realm1)").only_for(&["call"]),
    Flag::new("json", "", "one JSON document at the end")
        .group("Results")
        .excludes(&["json-stream"], "both write to standard output"),
    Flag::new("json-stream", "", "a JSON event a line, as it happens; the last one is the document"),
    Flag::new("every", "DUR", "a line or an event with the figures of each such interval")
        .never_for(&["status"])
        .excludes(&["json"], "one document has no place for it; write --json-stream"),
    Flag::new("fail-if", "COND", "exit with 3 if this holds, such as p99>5ms, loss>1% or rate<100Mbit")
        .repeatable(),
    Flag::new("label", "TEXT", "a title for this run, in the JSON and in the picture"),
    Flag::new("csv", "FILE", "write every sample to this file"),
    Flag::new("svg", "FILE", "draw a picture into this file"),
    Flag::new("baseline", "FILE", "compare with the --csv table of an earlier run"),
    Flag::new("trace", "", "draw each message that is sent and received")
        .never_for(&["call"])
        .excludes(&["json", "json-stream"], "it is drawn for a person"),
    Flag::new("quiet", "", "results only").short("q"),
];

/// Whether a flag means something to a test.
pub fn means(flag: &str, test: &str) -> bool {
    FLAGS.iter().any(|row| row.name == flag && row.is_for(test))
}
