//! What can become of a ping besides an answer in time.

/// What can become of a ping besides an answer in time. A protocol that can lose or
/// repeat answers defines its own, as constants; the code that shows or keeps samples
/// needs to know none of them.
///
/// ```
/// use roundtrip::measure::Outcome;
///
/// const LOST: Outcome = Outcome { word: "lost", phrase: "was lost", settled: true };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// One word for a program.
    pub word: &'static str,
    /// What a person reads behind the number of the ping.
    pub phrase: &'static str,
    /// Whether this is how the ping ended. Otherwise the ping had ended before, or may
    /// still be answered.
    pub settled: bool,
}
