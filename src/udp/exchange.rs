//! The four times of a ping and its answer.

/// The four times of one exchange, T1 to T4, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// T1: when the client sent the ping, by the client's clock.
    pub sent: u64,
    /// T2: when the server received the ping, by the server's clock.
    pub received: u64,
    /// T3: when the server sent the answer, by the server's clock.
    pub answered: u64,
    /// T4: when the client received the answer, by the client's clock.
    pub arrived: u64,
}
