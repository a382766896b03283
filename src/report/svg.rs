//! stub
use super::timeline::{Rate, Timeline};
use crate::stats::Recorder;
/// stub
pub enum Panel<'a> {
    /// stub
    Rtt {
        /// n
        name: &'a str,
        /// t
        timeline: &'a Timeline,
        /// r
        recorder: &'a Recorder,
    },
    /// stub
    Throughput {
        /// n
        name: &'a str,
        /// s
        series: &'a [(&'a str, &'a Rate)],
    },
}
/// stub
#[must_use]
pub fn picture(_title: &str, _subtitle: &str, _panels: &[Panel]) -> String {
    String::new()
}
