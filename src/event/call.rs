//! The standard events with their arguments, and what handlers answer.

use crate::model::{Adjustment, Component, Control, Description, Measurement, Metric};

/// An event with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// The connector joins a servo.
    Attach,
    /// The connector leaves its servo.
    Detach,
    /// The servo starts to work.
    Startup,
    /// The servo ends its work.
    Shutdown,
    /// Which metrics can be measured?
    Metrics,
    /// Which components can be adjusted?
    Components,
    /// What does the application consist of?
    Describe {
        /// How the command is to be carried out.
        control: Control,
    },
    /// Take a measurement.
    Measure {
        /// The metrics wanted; all when empty.
        metrics: Vec<String>,
        /// How long, after which warm-up.
        control: Control,
    },
    /// Change settings.
    Adjust {
        /// The changes.
        adjustments: Vec<Adjustment>,
        /// How long the change may take to settle.
        control: Control,
    },
    /// The present settings are to stay.
    Promote,
    /// An event that a connector declared.
    Custom {
        /// Its name.
        event: String,
        /// Its arguments by name.
        arguments: serde_json::Map<String, serde_json::Value>,
    },
}

impl Call {
    /// The name of the event.
    pub fn event(&self) -> &str {
        match self {
            Self::Attach => "attach",
            Self::Detach => "detach",
            Self::Startup => "startup",
            Self::Shutdown => "shutdown",
            Self::Metrics => "metrics",
            Self::Components => "components",
            Self::Describe { .. } => "describe",
            Self::Measure { .. } => "measure",
            Self::Adjust { .. } => "adjust",
            Self::Promote => "promote",
            Self::Custom { event, .. } => event,
        }
    }
}

/// What a handler answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing, as most events want it.
    Done,
    /// To `metrics`.
    Metrics(Vec<Metric>),
    /// To `components`.
    Components(Vec<Component>),
    /// To `describe` and `adjust`.
    Description(Description),
    /// To `measure`.
    Measurement(Measurement),
    /// To an event that a connector declared.
    Custom(serde_json::Value),
}
