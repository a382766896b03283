//! Mutated input for everything that reads bytes from outside: each decoder, each
//! protocol of a running server, and the client, whose answers a relay spoils.
//!
//! An input is a valid one with a few things wrong. It follows from the seed, the name
//! of its target and its number, so a failure repeats, and says with which command.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `ROUNDTRIP_FUZZ=TIME` | go on for this long, such as `1h`, and not for the usual number of inputs |
//! | `ROUNDTRIP_FUZZ_SEED=N` | other inputs (usually those of seed 1) |
//! | `ROUNDTRIP_FUZZ_ONLY=TARGET` | nothing but this target, such as `json`, or this part: `decoders`, `servers` or `client` |
//! | `ROUNDTRIP_FUZZ_ONLY=TARGET#N` | nothing but this input of it |
//!
//! ```sh
//! RUSTFLAGS="-C overflow-checks=on" ROUNDTRIP_FUZZ=1h cargo test --release --test fuzz -- --nocapture
//! ```

#![cfg(target_os = "linux")]

mod decoders;
mod hostile;
mod live;
mod mutate;
mod plan;
#[path = "../suite/support.rs"]
#[allow(dead_code, reason = "the suite has more tests, and they need more")]
mod support;

use std::thread;

use plan::Plan;
use support::MODES;

/// One test and not one for each part, since the parts share the time.
#[test]
fn mutated_input_harms_nobody() {
    let plan = Plan::from_environment();
    thread::scope(|scope| {
        scope.spawn(|| decoders::run(&plan));
        for mode in MODES {
            scope.spawn(|| live::run(&plan, mode, false));
            scope.spawn(|| live::run(&plan, mode, true));
        }
        scope.spawn(|| live::same::run(&plan));
        for tests in [hostile::PINGS, hostile::TRANSFERS, hostile::OTHERS] {
            scope.spawn(|| hostile::run(&plan, tests));
        }
    });
}
