//! The optimizer: who says what to measure and what to adjust.
//!
//! A servo posts a [`Request`] and gets a [`Reply`]. Whether a service far away answers or the local optimizer of
//! this process, the messages are the same.

mod error;
pub mod local;
mod message;
pub mod remote;
pub mod server;

pub use error::{Failure, OptimizerError};
pub use message::{Command, Commands, Event, Reply, Request, Status};

use async_trait::async_trait;

/// How this agent names itself to a service: the name that services of ServoX know, and the version of this crate.
pub(crate) fn agent() -> String {
    format!("github.com/opsani/servox v{}", env!("CARGO_PKG_VERSION"))
}

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the servo is called there.
    pub id: String,
    /// Its URL, without any secret.
    pub url: String,
}

/// One side of the protocol: takes a servo's messages and answers them.
#[async_trait]
pub trait Optimizer: Send + Sync {
    /// Answers one message.
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError>;

    /// Where it is, for those who look on; None where it is in this process.
    fn place(&self) -> Option<Place> {
        None
    }

    /// Whether it has nothing more to ask. A service never says so.
    fn finished(&self) -> bool {
        false
    }

    /// Whether the run goes on when a result could not be delivered for good: one that asks for the next command all the
    /// same.
    fn outlives_lost_results(&self) -> bool {
        true
    }

    /// The last command before the farewell when a run is interrupted: what leaves the application in the state it
    /// is meant to stay in. Its result is posted like any other.
    async fn wind_down(&self) -> Option<Command> {
        None
    }
}
