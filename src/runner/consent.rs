//! Whether a servo may take its next step.

use async_trait::async_trait;

/// What a servo is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Attach its connectors and greet its optimizer.
    Connect,
    /// Ask its optimizer for a command.
    Poll,
}

impl Intent {
    /// `connect` or `poll`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Poll => "poll",
        }
    }
}

/// Someone who is asked before each step, such as the person at the terminal.
#[async_trait]
pub trait Consent: Send + Sync {
    /// Whether the servo of that name may go on; otherwise its run ends in order. The question is dropped when the run is
    /// asked to end.
    async fn given(&self, servo: &str, to: Intent) -> bool;
}
