//! Why an optimizer could not be talked to, and what there is to do about it.

use std::time::Duration;

/// What is known of a message that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The same message may get through later.
    Passing,
    /// The same message fails again, however often it is sent.
    Lasting,
    /// It is larger than what is sent or taken: a shorter one may get through.
    TooLarge,
    /// The service does not know this servo any more.
    Gone,
}

/// Why a message could not be delivered or answered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct OptimizerError {
    /// What, where, and what to do.
    pub message: String,
    /// What is known of the message.
    pub failure: Failure,
    /// How long the optimizer asks to wait before the next one.
    pub retry_after: Option<Duration>,
}

impl OptimizerError {
    /// A failure of that kind.
    pub fn new(failure: Failure, message: impl Into<String>) -> Self {
        Self { message: message.into(), failure, retry_after: None }
    }

    /// A failure that may pass: the same message may get through later.
    pub fn passing(message: impl Into<String>) -> Self {
        Self::new(Failure::Passing, message)
    }

    /// A failure that lasts: the same message fails again.
    pub fn lasting(message: impl Into<String>) -> Self {
        Self::new(Failure::Lasting, message)
    }

    /// Whether the same message may get through later.
    pub fn is_passing(&self) -> bool {
        self.failure == Failure::Passing
    }
}
