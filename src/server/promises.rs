//! What the server promises, to the person who leaves it running.
//!
//! An open port is used by strangers. This chapter says what each limit protects, what
//! nothing here protects, what a signal does, how systemd starts the server, and what
//! was measured.
//!
//! # The limits
//!
//! | what | limit | beyond it |
//! | --- | --- | --- |
//! | connections | `--max-connections`: 1,024; up to 12,000, in process mode 2,000 | `ERROR:server full`; the status is answered all the same |
//! | connections of one address | `--max-per-ip`: none | `ERROR:server full` |
//! | addresses | `--allow`: all | `ERROR:not allowed from this address` |
//! | connections that were accepted and are not served yet | as many as may be served; in sequential mode none | they wait in the system's queue |
//! | a line | 65,541 bytes | `ERROR:line too long`, and the end |
//! | a bulk transfer | `--max-size`: 100 GiB; `--max-time`: 1 h | `ERROR:` with the limit |
//! | silence, or less than 1,000 bytes a second in a transfer | `--idle-timeout`: 60 s | `ERROR:` with the reason, and the end |
//! | a request that arrives in pieces | `--idle-timeout` for all of it | the same |
//! | a second thread of a session: pings on time, data in both directions, a queue in the router | 1,000 for all sessions | `ERROR:` for that request; in the router, the end |
//! | samples of lag | 1,000,000 of a session; 256 MiB for all | `ERROR:` for that request |
//! | lines that are no echo, while lag is measured | 1,000 | `ERROR:`, and the end |
//! | the log | 4,096 lines that nobody reads | lines are dropped, and counted |
//! | a child that gives no sign of life | `--idle-timeout` | it is killed |
//! | descriptors | `ulimit -n` | `ERROR:server out of descriptors` |
//! | threads and processes | those of the system | `ERROR:server cannot start a thread or process` |
//!
//! The echo server over UDP and the router have limits of their own, and name them in
//! their chapters.
//!
//! # What this does not protect
//!
//! * **Nothing is encrypted, and nobody is authenticated.** Who can reach the port can
//!   use it, and who is on the way can read and change what is sent. To measure through
//!   strangers' networks, put a tunnel in front (a VPN, or `ssh -L`), and know that the
//!   tunnel is measured, too. `--allow` compares addresses, which is as good as the
//!   network that vouches for them. TLS in front (`stunnel`) works for TCP.
//! * **A bulk transfer takes the line.** Two clients with a fast line can fill the
//!   server's. `--max-size`, `--max-time` and `--max-per-ip` bound how long; how much
//!   at a time is for the system to bound (`tc`, or `IPAddressAllow=` and `tbf` on its
//!   interface).
//! * **Addresses are cheap.** `--max-per-ip` counts IPv6 addresses one by one, and a
//!   network has 2⁶⁴ of them. Many strangers together can take all places, and then
//!   hold them as long as they are not silent.
//! * **A thread that loops is not noticed.** A session's own timeouts end what waits. A
//!   child's answer says that its process runs, not that its session makes progress.
//! * **A stopped child of a parent that was killed stays.** What does not run notices
//!   nothing. It ends as soon as it goes on.
//! * **`std` aborts where the system has no memory mapping left.** Linux gives a
//!   process 65,530. A thread takes four, and the buffer of an upload may take one. So
//!   12,000 connections that all upload, and 1,000 second threads, take 64,000. To go
//!   near that, raise `vm.max_map_count`.
//!
//! # What a signal does
//!
//! `std` knows no signals, so the server has no handler, and each of these ends the
//! process at once. No file has to be saved, and no state is lost but the counters.
//!
//! | | thread, sequential | process |
//! | --- | --- | --- |
//! | `TERM`, `INT`, `KILL` to the server | all connections end: the client reads the end of the stream, or a reset | the children notice within a second or so, and end |
//! | `TERM`, `KILL` to a child | | its connection ends, the parent logs how, and no other connection is touched |
//! | `STOP` | all wait; `CONT` lets them go on | a stopped child is killed after the idle timeout |
//! | a panic in a session | ends its connection | ends its connection |
//! | the file of the program is replaced or deleted | nothing | nothing: children run the program of their parent |
//!
//! The file of a Unix socket stays behind. The next server that listens there finds
//! that nobody does, and replaces it. If several start at once, one listens.
//!
//! # Under systemd
//!
//! systemd owns the port, with a queue as long as it is told. The server needs no right
//! but to use what it is given. A restart loses the open connections, and refuses no
//! new one. There is no UDP and no router this way, since only one socket is handed in.
//!
//! ```text
//!   # /etc/systemd/system/roundtrip.socket
//!   [Socket]
//!   ListenStream=5001
//!   Backlog=4096
//!   Accept=no
//!
//!   [Install]
//!   WantedBy=sockets.target
//! ```
//!
//! ```text
//!   # /etc/systemd/system/roundtrip.service
//!   [Unit]
//!   Requires=roundtrip.socket
//!
//!   [Service]
//!   ExecStart=/usr/local/bin/server --inetd --max-connections 4000
//!   # Without this, systemd passes the listener as descriptor 3.
//!   StandardInput=socket
//!   StandardOutput=journal
//!   StandardError=journal
//!   Restart=on-failure
//!   # A descriptor and a thread for each connection, and what all of them share.
//!   LimitNOFILE=8192
//!   TasksMax=6000
//!   MemoryMax=2G
//!   DynamicUser=yes
//!   NoNewPrivileges=yes
//!   CapabilityBoundingSet=
//!   ProtectSystem=strict
//!   ProtectHome=yes
//!   PrivateTmp=yes
//!   PrivateDevices=yes
//!   # The handed-in socket works all the same.
//!   PrivateNetwork=yes
//!   ProtectKernelTunables=yes
//!   ProtectKernelModules=yes
//!   ProtectKernelLogs=yes
//!   ProtectControlGroups=yes
//!   ProtectClock=yes
//!   ProtectHostname=yes
//!   RestrictNamespaces=yes
//!   RestrictRealtime=yes
//!   RestrictSUIDSGID=yes
//!   RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
//!   LockPersonality=yes
//!   MemoryDenyWriteExecute=yes
//!   SystemCallArchitectures=native
//!   SystemCallFilter=@system-service
//!   UMask=0077
//! ```
//!
//! `systemd-analyze verify` accepts the pair, and `systemd-analyze security` gives it
//! an exposure of 1.4 (OK). The hand-over itself was tried without a running systemd:
//! `systemd-socket-activate --inetd -l 5001 server --inetd`.
//!
//! # What was measured
//!
//! On two virtual processors with Linux 6.18, which other programs kept busy.
//! `tests/load.rs`, `tests/suite/children.rs`, `strangers.rs` and `router/limits.rs`
//! beside it check each of these but the figures.
//!
//! | what | seen |
//! | --- | --- |
//! | 10,000 connections in thread mode, each with a ping, all at once | all answered, within 0.17 s |
//! | memory of an open connection that does nothing | thread 14 KiB; process 330 KiB, and 16 KiB in the parent |
//! | memory mappings | 40,065 of 65,530 with 10,000 connections that are idle; 59,453 with 11,900 that upload, and 217 MB |
//! | 500 connections in process mode | all answered, within 0.14 s |
//! | 200 connections in sequential mode, at a listener that was handed in | all answered, in order, within 0.03 s |
//! | connects that wait a second, of 1,500 in a row from one program | 6 to 9: the system's queue of 128 is full before the server's thread runs, which `ListenDrops` in `nstat` counts. With a queue of 4,096: none |
//! | 300 children after `KILL` of their parent | gone within 0.1 s |
//! | 200 sessions of the router that send 15 MiB of a message of 16 MiB | 284 MiB of memory; without the budget 3,208 MiB |
//! | a call of 0.4 ms, beside a caller that floods its callee with calls of 4,000 bytes | p50 73 ms; without the limit of 64 at a shared callee 800 to 2,300 ms |
//! | the same with calls of 60,000 bytes | none refused; without that limit 99 of 100 |
//!
//! A client that waits one second, or three, has met the system's queue, not the server.
//! Where the queue is full, Linux drops the first packet of a new client, or the last one
//! of the handshake of a client that believes to be connected already. Each is sent again
//! after one second, then after two more. In a minute in which three programs sent half
//! messages to the router as fast as they could, a session that was open waited 0.2 s at
//! most. A newcomer waited 0.95 s once, and `ListenDrops`, `TCPSynRetrans` and
//! `TCPTimeouts` grew by 32 each.
