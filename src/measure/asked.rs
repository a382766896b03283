//! Status as a measurement: of one client, or of several at once.

use std::io;

use super::{Measurement, Status, StatusError};
use crate::json::Map;
use crate::stats::Recorder;

/// What one client, or several, asked and were told.
#[derive(Debug, Default)]
pub struct Asked {
    /// How many asked.
    pub asked: u64,
    /// How long the answers took.
    pub delay: Recorder,
    /// The answer, if a single client asked.
    pub answer: Option<Map>,
    /// Why there is none.
    pub failure: Option<io::Error>,
}

impl From<Result<Status, StatusError>> for Asked {
    fn from(status: Result<Status, StatusError>) -> Self {
        match status {
            Ok(Status { answer, delay }) => Asked {
                asked: 1,
                delay: [delay].into_iter().collect(),
                answer: Some(answer),
                failure: None,
            },
            Err(error) => Asked::failed(error.into()),
        }
    }
}

impl Measurement for Asked {
    fn failed(error: io::Error) -> Self {
        Asked { asked: 1, failure: Some(error), ..Asked::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn total(all: &[Self]) -> Self {
        let mut total = Asked::default();
        for one in all {
            total.asked += one.asked;
            total.delay.merge(&one.delay);
        }
        if let [Asked { answer: Some(answer), .. }] = all {
            total.answer = Some(answer.clone());
        }
        total
    }
}
