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

use super::{Event, Optimizer, OptimizerError, Reply, Request};

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
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let is_progress = request.param.get("progress").is_some() && request.param.get("status").is_none();
        let tries = match request.event {
            Event::Hello => Tries::Context(CONNECT_CONTEXT),
            Event::Goodbye => Tries::Within(DEFAULT_CONTEXT, FAREWELL),
            // The next report says more than this one again.
            _ if is_progress => Tries::Once,
            _ => Tries::Context(DEFAULT_CONTEXT),
        };
        // Those who ask what is next can ask again, whatever went wrong: the run goes on when it is right again.
        let asks = request.event == Event::WhatsNext;
        let greets = request.event == Event::Hello;
        let message =
            Message { event: request.event.as_str(), param: &request.param, servo_uid: request.servo_uid.as_deref() };
        let reply = self.client.post(message, tries).await.map_err(|error| OptimizerError {
            retryable: asks || error.retryable && !greets,
            message: error.message,
        })?;
        serde_json::from_value(reply).map_err(|error| OptimizerError {
            message: format!("the reply to {} is neither a command nor a status: {error}", request.event.as_str()),
            retryable: asks,
        })
    }
}
