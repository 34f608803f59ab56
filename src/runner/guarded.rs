//! An optimizer that may panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;

use super::assembly::text_of;
use crate::optimizer::{Command, Event, Failure, Optimizer, OptimizerError, Place, Reply, Request};

/// An optimizer whose panics are failures like any other: connectors are shut down in order whatever it does.
pub(super) struct Guarded(pub Arc<dyn Optimizer>);

#[async_trait]
impl Optimizer for Guarded {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let event = request.event;
        // Nothing of the future is used afterwards but what it shares with itself, such as the locks it poisoned.
        let answer = AssertUnwindSafe(async { self.0.post(request).await }).catch_unwind().await;
        answer.unwrap_or_else(|panic| {
            // What is wrong from the start is told at the start. Later on the next message may get through.
            let passing = self.outlives_lost_results() && event != Event::Hello;
            let failure = if passing { Failure::Passing } else { Failure::Lasting };
            let text = text_of(&*panic);
            Err(OptimizerError::new(failure, format!("{} panicked, a defect of the optimizer: {text}", event.as_str())))
        })
    }

    fn place(&self) -> Option<Place> {
        self.0.place()
    }

    fn finished(&self) -> bool {
        self.0.finished()
    }

    fn outlives_lost_results(&self) -> bool {
        self.0.outlives_lost_results()
    }

    async fn wind_down(&self) -> Option<Command> {
        let last = AssertUnwindSafe(async { self.0.wind_down().await }).catch_unwind().await;
        last.unwrap_or_else(|panic| {
            tracing::error!("the last adjustment is unknown: the optimizer panicked, a defect: {}", text_of(&*panic));
            None
        })
    }
}
