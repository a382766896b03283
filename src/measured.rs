//! What was measured, and the command that measures it anew.
//!
//! On 2 virtual CPUs, Linux 6.18, loopback. Figures move from day to day on such machines,
//! and the ratios travel better. What a loopback shows is the operating system, not a
//! network: two threads that wake each other, and memory that is copied.
//!
//! # Beside other tools
//!
//! Each program has its server in a process of its own, and they run in turn. `cargo
//! run --release --example versus` makes the table anew on your machine.
//!
//! ```text
//! latency over TCP, p50 of round trips in µs, median of 7 rounds (less is better)
//!   roundtrip                         60.99   × 1.00
//!   minimal: one write, one read      60.70   × 1.00
//!   sockperf --full-rtt               61.59   × 1.01
//!   qperf tcp_lat × 2 (a mean)        60.60   × 0.99
//!
//! the same, with --spin on both sides
//!   roundtrip                         60.59   × 1.00
//!   roundtrip --spin                   6.95   × 0.11
//!
//! the same, measured by the client and by the server
//!   latency: the client's clock       62.75   × 1.00
//!   lag: the server's clock           62.43   × 0.99
//!
//! latency over UDP, p50 in µs, median of 7 rounds (less is better)
//!   sockperf --full-rtt               60.97   × 1.00
//!   roundtrip                         60.87   × 1.00
//!
//! the same, a ping every 10 ms
//!   irtt -i 10ms                     185.77   × 1.00
//!   roundtrip --interval 10ms        129.90   × 0.70
//!
//! 10,000 pings a second over UDP: how many of a hundred left more than 10 µs late, and how
//! many were lost
//!   late                               0.96   × 1.00
//!   lost                               0.00   × 0.00
//!
//! bulk over one TCP connection in Gbit/s, median of 7 rounds (more is better)
//!   iperf3, default (-l 128K)         32.87   × 1.00
//!   iperf3 -l 256K                    29.79   × 0.91
//!   iperf3 -l 1M                      47.60   × 1.45
//!   roundtrip, download               75.16   × 2.29
//!   roundtrip, upload                 78.97   × 2.40
//!
//! recording one sample in ns, median of 7 rounds (less is better)
//!   stats::Recorder                    7.02   × 1.00
//!
//! calls over a Unix socket, RawSocket and MessagePack: p50 of a round trip in µs,
//! median of 15 rounds (less is better)
//!   a ping over a Unix socket          8.74   × 1.00
//!   a relay of bytes                  67.31   × 7.70
//!   a call, roundtrip's router        68.97   × 7.89
//!   a call, Crossbar's router        228.94   × 26.19
//!   a call, Crossbar and Autobahn    309.08   × 35.35
//!
//! the same over TCP, WebSocket and JSON
//!   a ping over TCP                   58.16   × 1.00
//!   a relay of bytes                  77.51   × 1.33
//!   a call, roundtrip's router        81.15   × 1.40
//!   a call, Crossbar's router        374.09   × 6.43
//!   a call, Crossbar and Autobahn    662.26   × 11.39
//!
//! writing and reading a CALL with one integer in ns, median of 15 rounds (less is better)
//!   json                             407.82   × 1.00
//!   msgpack                          258.29   × 0.63
//! ```
//!
//! Bulk data moves 2.3 times as fast as iperf3 with its default length, and 1.6 times
//! as fast as with the best of the three lengths. The latency is the scheduler's: the
//! same as sockperf's, and as two bare system calls on each side. `--spin` takes the
//! scheduler out, and a ninth of the latency is left.
//!
//! # What a call costs
//!
//! A call is two messages there and two back, so on one processor it takes at least two
//! pings; on two, where the system places the processes matters more. The relay is a
//! process in the middle, as the router is, which passes on bytes and reads none of
//! them: our call takes 1.02 and 1.05 times as long. `taskset -c 0` in front of `versus
//! --calls` leaves no choice of places; in three such runs a ping took 8.7 µs over Unix
//! sockets, the relay 22.8 and our call 24.2 (× 2.8), with Crossbar's router 122, and
//! with Autobahn too 240; over TCP it was 12.6, 30.5 and 33.6 (× 2.7), 227 and 647. The
//! map of the router (`src/wamp/router/mod.rs`) explains why the relay takes more than
//! two pings.
//!
//! Which of the three choices matters, `taskset -c 0 client --test call -q --count
//! 2000` (without `taskset`, the placing often outweighs all three):
//!
//! ```text
//! call: 2000 calls to each target
//!                              calls      mean       p50    p99 ms   calls/s
//!   tcp  websocket json         2000     0.033     0.032     0.067     30177
//!   tcp  websocket msgpack      2000     0.032     0.032     0.067     30835
//!   tcp  rawsocket json         2000     0.033     0.032     0.071     30472
//!   tcp  rawsocket msgpack      2000     0.032     0.031     0.068     31094
//!   unix websocket json         2000     0.025     0.025     0.064     38905
//!   unix websocket msgpack      2000     0.025     0.024     0.059     39836
//!   unix rawsocket json         2000     0.025     0.024     0.058     39690
//!   unix rawsocket msgpack      2000     0.025     0.024     0.046     40454
//!   unix instead of tcp: 0.007 ms less (23%)
//!   msgpack instead of json: 0.001 ms less (2%)
//!   rawsocket instead of websocket: 0.000 ms less (1%)
//!   The socket matters most: unix instead of tcp saves 0.007 ms a call.
//! ```
//!
//! These figures are this router's. With Crossbar's, which is written in Python
//! (`--url`, eight times), the serialization matters most: `MessagePack` instead of JSON
//! saves 24%, and the socket makes no difference that can be told.
//!
//! # Many clients
//!
//! | what | seen | command |
//! | --- | --- | --- |
//! | 1,000 clients at once, 10 pings each | all 10,000 answered | `client --concurrent 1000 -q` |
//! | memory of a server in thread mode with 1,000 idle connections | 13.5 MiB above its start | `client --concurrent 1000 --count 2 --interval 5s -q`, and `grep VmRSS /proc/PID/status` of the server before and meanwhile |
//! | from connect to first answer | sequential 0.04 ms, thread 0.08 ms, process 0.90 ms | `cargo run --release --example 03_serving` |
