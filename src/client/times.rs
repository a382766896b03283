//! What a client remembers of its connection's times.

use std::time::{Duration, Instant};

/// The times of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// When the client began to connect.
    pub began: Instant,
    /// The shortest round trip that is known of this connection. A download that took no
    /// longer has no rate.
    pub round_trip: Duration,
    /// The time from when the client began to connect to its first answer, if there was
    /// one. The first answer shows how long a client waits to be served: the answers after
    /// it do not.
    pub first_answer: Option<Duration>,
}

impl Times {
    /// Nothing is known yet.
    pub(super) fn from(began: Instant) -> Self {
        Times { began, round_trip: Duration::MAX, first_answer: None }
    }

    /// Notes the first answer.
    pub(super) fn answered(&mut self) {
        self.first_answer.get_or_insert_with(|| self.began.elapsed());
    }
}
