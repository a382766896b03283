//! Recipes: the client as a part of something larger.
//!
//! The client measures once and ends. What starts it again, on one machine or on many,
//! is `cron`'s or systemd's to do, or Ansible's or Kubernetes'; what keeps and draws
//! figures is Prometheus' or a database's. What stands between them is JSON and an exit
//! code. [`report::json`](crate::report::json) defines each field. Each recipe was
//! tried; where a part of it could not be, the recipe says so.
//!
//! | exit code | meaning |
//! | --- | --- |
//! | 0 | all tests succeeded |
//! | 1 | a test failed, nothing answered, or a file could not be written |
//! | 2 | the command line is wrong |
//! | 3 | all succeeded, but a limit of `--fail-if` is passed |
//! | 130 | interrupted |
//!
//! # Every five minutes, with cron
//!
//! One document a line is called NDJSON. A line can be appended, cut off and searched.
//! `jq -c` writes a document on one line. A failed run is a document, too: its tests
//! have `"ok":false` and an `error`.
//!
//! ```sh
//! # /etc/cron.d/roundtrip (to cron a % is a new line: keep it out of commands)
//! PATH=/usr/local/bin:/usr/bin:/bin
//! */5 * * * * nobody client --json monitor.example | jq -c . >> /var/log/rt/day.ndjson
//! ```
//!
//! A table of it, a row for each hour: the number of runs, the median of their p50 and
//! the worst answer, in milliseconds:
//!
//! ```sh
//! jq -rs 'def median: sort | .[length / 2 | floor];
//!   group_by(.started[:13])[] | map(.tests[] | .rtt_ns // empty) as $rtt
//!   | select($rtt != [])
//!   | [.[0].started[:13], length, ($rtt | map(.p50) | median / 1e6),
//!      ($rtt | map(.max) | max / 1e6)] | @tsv' day.ndjson
//! ```
//!
//! A run must end before the next one begins. Without `--time`, ten pings and two
//! transfers of 10 MiB take as long as the line needs, and a peer that is silent costs
//! `--timeout`.
//!
//! # Every five minutes, with systemd
//!
//! Two files, and `systemctl enable --now roundtrip-client.timer`. A timer never starts
//! a run while the one before is still at work, and `RandomizedDelaySec` keeps a fleet
//! from measuring at the same moment. `systemd-analyze verify` accepts the pair; there
//! was no running systemd to start it. The server has
//! [a pair of its own](crate::server::promises).
//!
//! ```ini
//! # /etc/systemd/system/roundtrip-client.service
//! [Unit]
//! Wants=network-online.target
//! After=network-online.target
//!
//! [Service]
//! Type=oneshot
//! DynamicUser=yes
//! StateDirectory=roundtrip
//! WorkingDirectory=/var/lib/roundtrip
//! TimeoutStartSec=2min
//! ExecStart=/bin/sh -c 'client --json monitor.example | jq -c . >> day.ndjson'
//! ```
//!
//! ```ini
//! # /etc/systemd/system/roundtrip-client.timer
//! [Timer]
//! OnCalendar=*:0/5
//! RandomizedDelaySec=60
//!
//! [Install]
//! WantedBy=timers.target
//! ```
//!
//! # Into Prometheus
//!
//! The node exporter reads metrics from files (`--collector.textfile.directory`). This
//! filter makes them from a document, and a file that is moved is never read half:
//!
//! ```sh
//! # roundtrip.jq
//! .host as $host
//! | def metric($name; $value):
//!     "roundtrip_\($name){server=\"\($host)\",test=\"\(.test)\"} \($value)";
//! .tests[]
//! | metric("up"; if .ok then 1 else 0 end),
//!   (select(.sent) | metric("sent"; .sent), metric("received"; .received)),
//!   (select(.rtt_ns) | metric("rtt_p50_seconds"; .rtt_ns.p50 / 1e9),
//!                      metric("rtt_p99_seconds"; .rtt_ns.p99 / 1e9)),
//!   (select(.bits_per_second) | metric("bits_per_second"; .bits_per_second))
//! ```
//!
//! ```sh
//! cd /var/lib/node_exporter/textfile
//! client --json monitor.example | jq -rf /etc/roundtrip.jq > .roundtrip
//! mv .roundtrip roundtrip.prom
//! ```
//!
//! The exporter then shows lines like this one, and `roundtrip_up` is 0 when the server
//! is gone:
//!
//! ```text
//! roundtrip_rtt_p50_seconds{server="monitor.example",test="latency"} 8.2943e-05
//! ```
//!
//! # A check for Nagios
//!
//! To Nagios and its kin, 0 is well, 1 a warning, 2 critical and 3 unknown; the first
//! line says why. So the exit code has to be translated:
//!
//! ```sh
//! #!/bin/sh
//! # check_roundtrip HOST LIMIT…, such as: check_roundtrip monitor.example 'p99>5ms'
//! host=$1; shift
//! for limit; do set -- "$@" --fail-if "$limit"; shift; done
//! why=$(client -q --json --test latency "$host" "$@" 2>&1 >/dev/null)
//! case $? in
//!     0) echo "OK - $host answers in time" ;;
//!     3) echo "WARNING - $why"; exit 1 ;;
//!     1) echo "CRITICAL - $why"; exit 2 ;;
//!     *) echo "UNKNOWN - $why"; exit 3 ;;
//! esac
//! ```
//!
//! # A mesh: everybody to everybody
//!
//! Each host runs a server, and by a timer this script, with its own address and those
//! of the others. All hosts know each other by the same addresses, so that the label of
//! one is what the others measure.
//!
//! ```sh
//! #!/bin/sh
//! # mesh.sh ME PEER…: measures each peer, and appends two lines for each of them
//! me=$1; shift
//! for peer; do
//!     for test in "udp --count 100 --interval 10ms" "download --time 2s"; do
//!         client --label "$me" --json --test $test "$peer" | jq -c . >> "$me.ndjson"
//!     done
//! done
//! ```
//!
//! One command makes the matrix out of all files, however they were gathered (`scp`, a
//! shared folder):
//!
//! ```sh
//! # matrix.jq
//! def median: sort | .[length / 2 | floor];
//! [.[] | {from: .label, to: .host} + .tests[]] as $tests
//! | ($tests | map(.from, .to) | unique) as $hosts
//! | ["from, to", $hosts[]],
//!   ($hosts[] as $from | [$from, ($hosts[] as $to
//!     | [$tests[] | select(.from == $from and .to == $to and .ok)]
//!     | map(select(.test == "udp")) as $pings
//!     | map(.bits_per_second // empty) as $rates
//!     | if $pings == [] or $rates == [] then "-" else
//!         ($pings | map(.rtt_ns.p50) | median / 1e4 | round / 100) as $p50
//!         | ($pings | 1 - (map(.received) | add) / (map(.sent) | add)) as $lost
//!         | ($rates | median / 1e6 | round) as $rate
//!         | "\($p50) ms, \($lost * 1e4 | round / 100)%, \($rate) Mbit/s"
//!       end)])
//! | @tsv
//! ```
//!
//! ```sh
//! jq -rsf matrix.jq *.ndjson | column -ts "$(printf '\t')"
//! ```
//!
//! Three hosts, each a network namespace at one bridge; the server of the third was
//! `server --loss 2 --delay 5ms`:
//!
//! ```text
//! from, to  10.9.0.1                   10.9.0.2                   10.9.0.3
//! 10.9.0.1  -                          0.08 ms, 0%, 13424 Mbit/s  5.14 ms, 1.5%, 9759 Mbit/s
//! 10.9.0.2  0.64 ms, 0%, 7604 Mbit/s   -                          5.51 ms, 3.5%, 7726 Mbit/s
//! 10.9.0.3  0.31 ms, 0%, 10369 Mbit/s  0.11 ms, 0%, 8214 Mbit/s   -
//! ```
//!
//! To try it on one machine, as root:
//!
//! ```sh
//! ip link add mesh type bridge && ip link set mesh up
//! for n in 1 2 3; do
//!     ip netns add host$n
//!     ip link add to-host$n type veth peer name eth0 netns host$n
//!     ip link set to-host$n master mesh up
//!     ip -n host$n addr add 10.9.0.$n/24 dev eth0
//!     ip -n host$n link set eth0 up
//!     ip -n host$n link set lo up
//!     ip netns exec host$n server --quiet &
//! done
//! ip netns exec host1 ./mesh.sh 10.9.0.1 10.9.0.2 10.9.0.3   # and so on
//! ```
//!
//! With many hosts, measurements meet on the way and spoil each other: let a timer
//! spread them, and let transfers be short or rare.
//!
//! # Before and after
//!
//! ```sh
//! client --test latency --count 2000 --interval 2ms --csv before.csv monitor.example
//! # change something
//! client --test latency --count 2000 --interval 2ms --baseline before.csv monitor.example
//! ```
//!
//! [`report::baseline`](crate::report::baseline) says what is compared, and
//! [`stats::compare`](crate::stats::compare) what it means.
