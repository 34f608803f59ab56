//! How a handler fails, and what an optimizer is told of it.

use std::fmt;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Anything unforeseen.
    Failed,
    /// The event, or the command, was cancelled.
    Cancelled,
    /// No measurement could be taken.
    MeasurementFailed,
    /// The change did not come about.
    AdjustmentFailed,
    /// The change cannot come about with those values; trying again is of no use.
    AdjustmentRejected,
    /// A long operation was ended early, on purpose.
    Aborted,
}

/// How much a failure matters beside others of the same dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(feature = "python"), allow(dead_code, reason = "native failures have the rank of their kind"))]
pub(crate) enum Rank {
    /// Not a failure that the protocol knows.
    #[cfg_attr(not(any(feature = "python", test)), expect(dead_code, reason = "such failures come from Python alone"))]
    Foreign,
    /// Anything else.
    Plain,
    MeasurementFailed,
    AdjustmentFailed,
    AdjustmentRejected,
    Aborted,
}

impl ErrorKind {
    /// The rank of failures of exactly that kind.
    pub(crate) const fn rank(self) -> Rank {
        match self {
            Self::Failed | Self::Cancelled => Rank::Plain,
            Self::MeasurementFailed => Rank::MeasurementFailed,
            Self::AdjustmentFailed => Rank::AdjustmentFailed,
            Self::AdjustmentRejected => Rank::AdjustmentRejected,
            Self::Aborted => Rank::Aborted,
        }
    }
}

/// A failure of one handler, or the one that stands for several.
#[derive(Clone, Debug, PartialEq)]
pub struct EventError {
    /// What kind it is.
    pub kind: ErrorKind,
    /// What, where, and what to do.
    pub message: String,
    /// A short word for programs, such as `unstable`.
    pub reason: Option<String>,
    /// The connector that failed.
    pub connector: Option<String>,
    /// The messages of the other failures of the same dispatch.
    pub others: Vec<String>,
    rank: Rank,
}

impl EventError {
    /// A failure of that kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), reason: None, connector: None, others: Vec::new(), rank: kind.rank() }
    }

    /// Anything unforeseen.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, message)
    }

    /// The same failure with a short word for programs.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The same failure, that matters so much.
    #[must_use]
    #[cfg_attr(not(feature = "python"), allow(dead_code, reason = "native failures have the rank of their kind"))]
    pub(crate) fn with_rank(mut self, rank: Rank) -> Self {
        self.rank = rank;
        self
    }

    /// The same failure with the connector it came from, unless one is known.
    #[must_use]
    pub fn of_connector(mut self, connector: &str) -> Self {
        self.connector.get_or_insert_with(|| connector.to_owned());
        self
    }

    /// One failure for all: the first of those that matter most; `None` when there is none. An abortion matters more than
    /// a rejected adjustment, that more than a failed one, that more than a failed measurement, that more than the rest.
    pub fn of_group(errors: Vec<Self>) -> Option<Self> {
        // The first of equals is to stand, and `max_by_key` takes the last.
        let top = errors.iter().enumerate().rev().max_by_key(|(_, error)| error.rank)?.0;
        let mut errors = errors;
        let mut chosen = errors.remove(top);
        for other in errors {
            chosen.others.push(other.to_string());
            chosen.others.extend(other.others);
        }
        Some(chosen)
    }

    /// The status an optimizer is told.
    pub fn status(&self) -> &'static str {
        match self.kind {
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::AdjustmentRejected => "rejected",
            ErrorKind::Aborted => "aborted",
            ErrorKind::Failed | ErrorKind::MeasurementFailed | ErrorKind::AdjustmentFailed => "failed",
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.connector {
            Some(connector) => write!(f, "{connector}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for EventError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_those_that_matter_most_stands_for_a_group() {
        let group = vec![
            EventError::failed("a"),
            EventError::new(ErrorKind::AdjustmentFailed, "b"),
            EventError::new(ErrorKind::AdjustmentFailed, "c").of_connector("web"),
        ];
        let error = EventError::of_group(group).unwrap();
        assert_eq!(error.message, "b");
        assert_eq!(error.others, ["a", "web: c"]);
        assert_eq!(EventError::of_group(vec![]), None);
        let top = |first: EventError, second: EventError| EventError::of_group(vec![first, second]).unwrap().message;
        let of = |kind, text: &str| EventError::new(kind, text);
        assert_eq!(top(EventError::failed("a"), of(ErrorKind::Cancelled, "b")), "a");
        assert_eq!(top(of(ErrorKind::Cancelled, "b"), EventError::failed("a")), "b");
        assert_eq!(top(EventError::failed("a").with_rank(Rank::Foreign), EventError::failed("b")), "b");
    }
}
