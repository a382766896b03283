//! Thirteen labs: the lessons, the chapters and the exercises as a course.
//!
//! A lab takes two hours: half an hour to read, half an hour to run and to predict, and
//! an hour to write. The programs of labs 6, 10, 12 and 13 are larger, and are finished at
//! home. The exercises stand at the end of each lesson, under `// Try:`; 6.3 is the third
//! exercise of lesson 6. What is handed in is a program or a page, and the teacher checks
//! it with the two programs of this crate. They speak a protocol of plain lines, so a
//! student's server can be measured by our `client`, and a student's client by our
//! `server`, in any language.
//!
//! Students need this repository, Rust, Bash, `nc`, and two or three terminals, in each of
//! which the commands below are found after the second of these lines:
//!
//! ```sh
//! cargo build --release --examples --bins
//! export PATH="$PWD/target/release:$PWD/target/release/examples:$PATH"
//! ```
//!
//! `server`, `relay` and `client` run in a terminal each, and Ctrl-C ends them. Only one
//! program at a time can listen on port 5001: stop `server` before a student's server
//! starts.
//!
//! # Links for a lab
//!
//! On loopback nothing is far, narrow or lost. There are four ways to a worse link:
//!
//! * **The relay**, a program of 100 lines that needs no rights. It carries TCP, and a
//!   client connects to its port, 5002, instead of the server's:
//!
//!   ```sh
//!   server
//!   relay --delay 20ms --rate 10Mbit --queue 200ms
//!   client --port 5002 --test loaded
//!   ```
//!
//! * **The server's own bad network**, for UDP: `server --loss 5 --duplicate 2 --reorder 3
//!   --delay 10ms --seed 1`. With a seed each run loses the same answers.
//! * **Two network namespaces**, on Linux, as root. The client's side is this machine,
//!   and the server's side has an address of its own:
//!
//!   ```sh
//!   ip netns add lab
//!   ip link add near type veth peer name far netns lab
//!   ip addr add 10.9.0.1/24 dev near; ip link set near up
//!   ip -n lab addr add 10.9.0.2/24 dev far; ip -n lab link set far up
//!   tc qdisc add dev near root tbf rate 10mbit burst 16kb latency 200ms
//!   ip netns exec lab tc qdisc add dev far root tbf rate 10mbit burst 16kb latency 200ms
//!   ip netns exec lab server        # and in the other terminal: client --host 10.9.0.2
//!   ip netns del lab                # when all is done
//!   ```
//!
//!   `tbf` is a token bucket: it makes a link narrow, and `latency` is the length of its
//!   queue. Each end shapes what it sends. Where the kernel has it, `netem` in place of
//!   `tbf` makes a link distant and lossy, for TCP, too: `tc qdisc replace dev near root
//!   netem delay 20ms loss 1%`.
//! * **Two machines** and a wireless network, which is the best of them, and the one that
//!   cannot be repeated.
//!
//! # Lab 1: a socket
//!
//! * Goal: to open a connection, and to know which end waits for what.
//! * Read: `examples/00_socket.rs`, `examples/minimal_server.rs`.
//! * Run: `00_socket`. Then `server --one-off` in one terminal, and a person as the client
//!   in another: `nc localhost 5001`, `PING`, `QUIT`.
//! * Hand in: 0.3, and a client that connects to a host and a port, sends `PING` ten
//!   times, each when the last one is answered, and then `QUIT`.
//! * Check: `server --one-off` ends by itself, and its last line says `10 pings`. With no
//!   server there, the client says so and does not panic.
//!
//! # Lab 2: where a message ends
//!
//! * Goal: to frame messages, and to be right whatever the network cuts.
//! * Read: `examples/01_framing.rs`, [`wire::framing`](crate::wire::framing),
//!   [`wire::command`](crate::wire::command).
//! * Run: `01_framing` and its exercises 1 and 2. `server --framing bare`, and against it
//!   `printf 'PINGPING' | nc localhost 5001`: two requests have one answer, an error.
//! * Hand in: a server that answers `PING <payload>` with `PONG <payload>`, and `QUIT`
//!   with `BYE`; one connection at a time is enough.
//! * Check: `client --test sweep --interval 0` reaches 64 KiB and exits with 0, and so
//!   does `client --test latency --count 10000 --interval 1ms --payload 1000`, which has
//!   many pings on their way at once as soon as the server is slow.
//!
//! # Lab 3: a ping, and its clock
//!
//! * Goal: to measure a round trip, and to know what else was measured.
//! * Read: `examples/02_latency.rs`, [`measure::latency`](mod@crate::measure::latency).
//! * Run: `02_latency`, and exercises 1 and 2. `client --test latency --trace --count 1`.
//! * Hand in: a client that prints minimum, median and maximum of 1,000 pings, and the
//!   first ping apart; and one page on 2.3.
//! * Check: against `server`, its median is less than twice that of `client --test latency
//!   --count 1000 --interval 0`. With port 5002, through `relay --delay 20ms`, no ping of
//!   either takes less than 40 ms.
//!
//! # Lab 4: serving many
//!
//! * Goal: to choose who does the work of a connection.
//! * Read: `examples/03_serving.rs`, [`serve`](crate::serve), and side by side
//!   [`sequential`](crate::serve::sequential), [`threads`](crate::serve::threads) and
//!   `processes`.
//! * Run: `03_serving`, `compare_modes`. `client --test connect --time 5s` against
//!   `server --mode sequential`, `thread` and `process`. (In their tables p50 is the
//!   median, and p99 the time that 99 of 100 take at most; lab 6 is about both.)
//! * Hand in: the server of lab 2 with a thread for each connection, and one page on 3.1
//!   with a measurement that confirms or refutes the prediction.
//! * Check: while `nc localhost 5001` is open and silent, `client --concurrent 100 --count
//!   100 --interval 0` exits with 0. `client --test connect --concurrent 10 --time 5s`
//!   shows how many connections it serves in a second; `server` serves thousands.
//!
//! # Lab 5: bulk data
//!
//! * Goal: to stop the clock when the last byte has arrived, and not before.
//! * Read: `examples/04_bandwidth.rs`, [`wire::bulk`](crate::wire::bulk),
//!   [`measure::bandwidth`](mod@crate::measure::bandwidth).
//! * Run: `04_bandwidth`, and exercises 1 and 2. `minimal_client --port 5002` through
//!   `relay --rate 50Mbit`: which of its rates cannot be true?
//! * Hand in: `minimal_client` with that rate mended. Which other figures does it get wrong
//!   on this link, and why? (Its first comment has letters.)
//! * Check: through `relay --rate 50Mbit`, neither of its rates is above 52 Mbit/s, and
//!   they are within a tenth of those of `client --port 5002 --test all`.
//!
//! # Lab 6: from many figures, a few
//!
//! * Goal: to summarize a thousand samples without hiding the worst.
//! * Read: `examples/05_summary.rs`, `examples/09_histogram.rs`, `examples/21_chance.rs`,
//!   [`stats`](crate::stats).
//! * Run: the three. `client --test latency --count 1000 --interval 1ms --svg rtt.svg`: find
//!   the p99 in the picture.
//! * Hand in: a program that reads the file of `client --csv`, keeps no samples, and
//!   prints mean, standard deviation, p50 and p99 of `rtt_ns`.
//! * Check: `client --test latency --time 10s --interval 1ms --csv rtt.csv --json`. The
//!   mean agrees to a nanosecond, and the percentiles to one in a hundred.
//!
//! # Lab 7: how a connection ends
//!
//! * Goal: no call that waits for ever, and no last word that is lost.
//! * Read: `examples/06_last_word.rs`, `examples/17_deadline.rs`,
//!   [`net::socket`](crate::net::socket), [`net::deadline`](crate::net::deadline).
//! * Run: both, and 17.2.
//! * Hand in: the server of lab 4, which drops a client that has not sent a whole line
//!   within five seconds, and 6.3 with an explanation of what arrived.
//! * Check, in Bash: `exec 3<>/dev/tcp/localhost/5001; printf PI >&3; time cat <&3` ends
//!   after five seconds, and so does a client that sends a byte a second: `exec
//!   3<>/dev/tcp/localhost/5001; (for i in {1..9}; do printf x >&3; sleep 1; done) & time
//!   cat <&3`. Meanwhile `client --test latency` is served.
//!
//! # Lab 8: many clients at once
//!
//! * Goal: to load a server, to know how many clients are really at work, and to ask a
//!   busy server how it is.
//! * Read: `examples/07_concurrently.rs`, `examples/16_deadlock.rs`,
//!   `examples/14_status.rs`,
//!   [`measure::concurrently`](mod@crate::measure::concurrently).
//! * Run: the three, 7.1 and 16.1. `client --concurrent 1000 --count 10`, and meanwhile
//!   `client --test status`. Then `11_spin`, which says what part of a round trip is waking
//!   up, and 11.1.
//! * Hand in: 7.3, and a client that loads a server with N connections and prints the rate
//!   of all pings.
//! * Check: `server` logs N connections, and the rate is that of `client --concurrent N
//!   --interval 0 --time 5s` (its pings over five seconds) to within a third.
//!
//! # Lab 9: on time
//!
//! * Goal: to see a stall as often as users feel it.
//! * Read: `examples/08_due.rs`, [`pace`](crate::pace),
//!   [`measure::paced`](crate::measure::paced), and `examples/13_lag.rs`, in which the
//!   server has the clock.
//! * Run: `08_due`, and 8.1. `client --test latency --time 10s --interval 10ms`, and
//!   meanwhile `pkill -STOP -x server; sleep 1; pkill -CONT -x server`.
//! * Hand in: 8.2 in the client of lab 3: a ping every 10 ms, timed from when it was due.
//! * Check: the same stall of a second. With `client`, about 100 pings of 1,000 are slow,
//!   and `due` has a p99 of nearly a second. The student's p99 agrees to a fifth.
//!
//! # Lab 10: a full line
//!
//! * Goal: to tell distance from queues.
//! * Read: `examples/10_loaded.rs`, [`measure::loaded`](mod@crate::measure::loaded),
//!   `examples/relay.rs`.
//! * Run: `10_loaded`, and 10.1. `client --port 5002 --test loaded` through `relay --delay
//!   10ms --rate 20Mbit` with `--queue 200ms`, and with `--queue 10ms`. (Its column `per
//!   min` is what the lesson calls RPM.)
//! * Hand in: 10.2 in `relay.rs`, and one page: what the queue is for, and what it costs.
//! * Check, with `--delay 10ms --rate 20Mbit --queue 200ms`: the p50 of `client --port 5002
//!   --test loaded` during a download is less than 50 ms above `idle`, and the rate is
//!   still more than nine tenths of the link. There is still one link: `client --port 5002
//!   --test download --time 5s --concurrent 2` has no more than 21 Mbit/s in all.
//!
//! # Lab 11: without a connection
//!
//! * Goal: to count what was lost, and to know what cannot be known.
//! * Read: `examples/12_udp.rs`, `src/udp/mod.rs` and its reading order.
//! * Run: `12_udp`. `client --test udp --count 1000 --interval 1ms` against `server --loss
//!   5 --duplicate 2 --reorder 3 --seed 1`, twice.
//! * Hand in: a UDP pinger that matches answers by number, and prints answered, lost,
//!   duplicated and late.
//! * Check: against the same server its counts are those of `client --test udp --count 1000
//!   --interval 1ms --warmup 0`, since a seed makes every run alike. With no server, all
//!   are lost, or the refusal is reported.
//!
//! # Lab 12: what breaks
//!
//! * Goal: to know what a crash, a burst and a silent crowd do to a server.
//! * Read: `examples/15_crash.rs`, `examples/18_backlog.rs`, `examples/19_pools.rs`,
//!   [`serve::limits`](crate::serve::limits), [`serve::refuse`](crate::serve::refuse).
//! * Run: the three, and 15.1, 18.1, 19.1. `server --max-connections 4`, and against it
//!   `client --concurrent 8`.
//! * Hand in: the server of lab 7 with a pool of N threads and a limit, which tells those
//!   it cannot serve why.
//! * Check, with N = 16: `client --test connect --concurrent 8 --time 5s` exits with 0.
//!   Beside 16 silent connections a client exits with 1, and hears `ERROR:` within a
//!   second. In Bash: `for i in {1..16}; do exec {fd}<>/dev/tcp/localhost/5001; done; client
//!   --test latency --count 1`. Ten seconds later the silent ones are gone, and the same
//!   client is served.
//!
//! # Lab 13: your own protocol
//!
//! * Goal: to build what the course has taught, and to defend its figures.
//! * Read: `examples/20_your_protocol.rs`, [`session`](crate::session); for those who want
//!   a third program between the two, `examples/call_roundtrip.rs` and `src/wamp/mod.rs`.
//! * Run: `20_your_protocol`, and 20.1. `client --test call`, with and without `taskset -c
//!   0` in front.
//! * Hand in: 20.3 in all three modes, and one page with three figures, each with the
//!   command that reproduces it, and with what it cannot see.
//! * Check: another student runs the commands. `compare_modes` shows what each mode should
//!   cost.
