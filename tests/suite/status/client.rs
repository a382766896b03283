//! What the client prints.

use super::address;
use crate::document::{at, document, list, number};
use crate::support::{client, closed_port, in_each_mode};

#[test]
fn the_client_prints_it_for_a_person_and_for_a_program() {
    in_each_mode(&["--info", "name=mine\u{1b}"], |server| {
        let outcome = client(server.port, &["--test", "status", "--data", "{\"q\":[1]}"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
        let first = format!("status of {}: answered in ", address(server));
        assert!(outcome.out.starts_with(&first), "{outcome:?}");
        // However wide the column of the keys is.
        let words: Vec<String> = outcome
            .out
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        for line in ["name mine\\u{1b}", "connections now 1, total 1"] {
            assert!(words.iter().any(|words| words == line), "{line}: {outcome:?}");
        }
        let flags = ["--test", "status", "--json", "--concurrent", "3"];
        let document = document(&client(server.port, &flags));
        let test = at(&document, "tests.0");
        assert_eq!((number(test, "answered"), number(test, "delay_ns.count")), (3, 3));
        let clients = list(test, "clients");
        assert!(clients.iter().all(|one| number(one, "status.roundtrip.protocol") == 1));
    });
    let outcome = client(closed_port(), &["--test", "status", "--json"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains("status failed: at step connect, after "), "{outcome:?}");
}
