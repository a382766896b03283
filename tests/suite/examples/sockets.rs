//! Lessons about sockets, messages and deadlines.

use super::{cells, numbers, short, shows};

#[test]
fn the_system_connects_before_the_server_accepts_and_0_bytes_are_the_end() {
    let out = short("00_socket");
    let place = |text: &str| out.find(text).unwrap_or_else(|| panic!("no {text:?} in {out}"));
    assert!(place("connect    done") < place("accept     a connection"), "{out}");
    assert!(place("read       5 bytes") < place("read       0 bytes"), "{out}");
    assert!(place("again was told so") < place("without its listener: "), "{out}");
    assert!(numbers(&out, "was told so ")[0] > 1.0, "{out}");
    assert!(!out.contains("although nobody listens"), "{out}");
}

#[test]
fn a_read_is_not_a_message() {
    let out = short("01_framing");
    assert_eq!(numbers(&out, "waits after 1 ")[..3], [1000.0, 0.0, 0.0]);
    // Five messages fit into the buffer, so none is cut; and a thousand do not.
    let [_, several, cut] = numbers(&out, "waits after 5 ")[..3] else { panic!("{out}") };
    assert!(several > 0.0 && cut == 0.0, "{out}");
    assert!(numbers(&out, "never waits ")[2] > 0.0, "{out}");
    let framed = out.split_once("framed").unwrap().1;
    assert_eq!(numbers(framed, "never waits "), [1000.0]);
}

#[test]
fn a_socket_that_is_closed_in_order_keeps_its_last_word() {
    let out = short("06_last_word");
    assert!(numbers(&out, "drop(stream) ")[0] < 5.0, "{out}");
    assert!(numbers(&out, "Stream::close() ")[0] >= 5.0, "{out}");
}

#[test]
fn two_ends_that_write_first_wait_for_each_other() {
    let out = short("16_deadlock");
    let deadlocks: Vec<&str> = out.lines().filter(|line| line.ends_with("deadlock")).collect();
    let [naive] = deadlocks[..] else { panic!("{out}") };
    assert!(naive.contains("naive") && naive.contains(" 16.00 MiB ") && naive.contains(" 0 B "));
    for way in ["right: read while writing", "measure::bidirectional"] {
        assert_eq!(cells(&out, way), ["16.00 MiB"; 3], "{out}");
    }
}

#[test]
fn a_deadline_holds_where_a_timeout_for_each_read_does_not() {
    // On a busy machine the server can pause for longer than the timeout.
    shows("17_deadline", |out| {
        let [naive, library, by_hand] =
            ["naive: a timeout ", "net::Deadline: ", "the same by hand "].map(|how| {
                let line = out.lines().find(|line| line.contains(how)).unwrap();
                (numbers(line, how)[0], line.contains("the whole answer"))
            });
        assert!(!library.1 && !by_hand.1, "{out}");
        naive.1 && naive.0 > 2.0 * library.0 && naive.0 > 2.0 * by_hand.0
    });
}

/// On a busy machine even a server that does nothing else can be too late.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_works_between_two_accepts_makes_clients_wait_for_a_second() {
    shows("18_backlog", |out| {
        assert!(numbers(out, "never calls `accept`: ")[0] > 100.0, "{out}");
        let slow = |how: &str| numbers(out, how)[2];
        slow("naive: accept, work, accept, … ") > slow("accept at once, work elsewhere ")
    });
}
