//! A service that says over HTTP what to measure and what to adjust.

mod auth;
mod client;
mod connection_file;
mod endpoint;
mod errors;
mod oauth;
mod pool;
mod proxy;
mod retry;
mod tls;
mod watch;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value as Json;

pub use client::{Client, Message, Tries};
pub use errors::{FailureKind, RemoteError, is_retryable};
pub use pool::Timeouts;
pub use retry::{CONNECT_CONTEXT, Contexts, DEFAULT_CONTEXT, Limits};

use super::{Event, Failure, Optimizer, OptimizerError, Place, Reply, Request, Status};

/// How long a farewell is tried.
const FAREWELL: Duration = Duration::from_secs(5);

/// A service, as the run loop sees it.
#[derive(Debug)]
pub struct RemoteOptimizer {
    client: Client,
}

impl RemoteOptimizer {
    /// The service of what stands under `optimizer` and `settings` of a document.
    pub fn new(optimizer: &Json, settings: &Json) -> Result<Self, RemoteError> {
        Ok(Self { client: Client::new(optimizer, settings)? })
    }

    /// What posts the messages.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

#[async_trait]
impl Optimizer for RemoteOptimizer {
    fn place(&self) -> Option<Place> {
        Some(Place { id: self.client.id().to_owned(), url: self.client.at() })
    }

    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let kind = Kind::of(&request);
        let tries = match kind {
            Kind::Greeting => Tries::Context(CONNECT_CONTEXT),
            Kind::Farewell => Tries::Within(DEFAULT_CONTEXT, FAREWELL),
            // The next report says more than this one again.
            Kind::Progress => Tries::Once,
            Kind::Question | Kind::Result => Tries::Context(DEFAULT_CONTEXT),
        };
        let message =
            Message { event: request.event.as_str(), param: &request.param, servo_uid: request.servo_uid.as_deref() };
        let reply = self.client.post(message, tries).await.map_err(|error| kind.failed(error))?;
        serde_json::from_value(reply).or_else(|error| kind.misread(request.event, &error))
    }
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Greeting,
    Question,
    Progress,
    Result,
    Farewell,
}

impl Kind {
    /// What that message is for.
    pub fn of(request: &Request) -> Self {
        match request.event {
            Event::Hello => Self::Greeting,
            Event::WhatsNext => Self::Question,
            Event::Goodbye => Self::Farewell,
            _ if request.param.get("progress").is_some() && request.param.get("status").is_none() => Self::Progress,
            _ => Self::Result,
        }
    }

    /// What is to be known of a message that the client has given up.
    pub fn failed(self, error: RemoteError) -> OptimizerError {
        let passing = match self {
            // What is wrong from the start is told at the start.
            Self::Greeting => false,
            // Those who ask what is next can ask again: the run goes on when it is right again.
            Self::Question => true,
            // Only what is said of the result itself is the last word. A token may be put right; and what answers with a
            // redirection, or with no JSON, is something that stands before the service: nobody has the result yet.
            Self::Result => !error.refuses_the_message(),
            Self::Progress | Self::Farewell => error.retryable,
        };
        let failure = if error.is_of_unknown_servo(self == Self::Progress) {
            Failure::Gone
        } else if self == Self::Result && error.is_of_size() {
            Failure::TooLarge
        } else if passing {
            Failure::Passing
        } else {
            Failure::Lasting
        };
        OptimizerError { message: error.message, failure, retry_after: error.retry_after }
    }

    /// What to make of an answer that is a JSON object, but neither a command nor a status.
    pub fn misread(self, event: Event, error: &serde_json::Error) -> Result<Reply, OptimizerError> {
        let message = format!("the reply to {} is neither a command nor a status: {error}", event.as_str());
        match self {
            Self::Greeting => Err(OptimizerError::lasting(message)),
            Self::Question => Err(OptimizerError::passing(message)),
            // It was taken, whatever was said of it.
            Self::Progress | Self::Result | Self::Farewell => {
                tracing::warn!("{message}; it counts as taken");
                Ok(Reply::Status(Status::accepted()))
            }
        }
    }
}
