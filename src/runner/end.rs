//! END: the last adjustment, the connectors' end, GOODBYE.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::commands::{Task, carry_out};
use super::run::Runner;
use crate::event::Call;
use crate::optimizer::{Event, OptimizerError, Status};

/// How long a farewell may take where nobody waits for the end.
const FAREWELL: Duration = Duration::from_secs(10);

impl Runner {
    /// The last command: it leaves the application as it is meant to stay.
    pub(super) async fn wind_down(&self) {
        let last = async {
            let Some(command) = self.optimizer.wind_down().await else { return Ok(()) };
            self.show(Some(&command));
            let status = match Task::read(&command) {
                Ok(task) => carry_out(&self.servo, task, &self.servo.context()).await,
                Err(error) => Status::of_error(&error),
            };
            self.post_result(&command, status).await.map(drop)
        };
        let ended: Result<Result<(), OptimizerError>, _> =
            self.stop.bound(last, || self.grace().wind_down, Some(self.patience)).await;
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(servo = self.servo.name(), "the last adjustment failed: {error}"),
            Err(_) => tracing::warn!(servo = self.servo.name(), "the last adjustment took too long"),
        }
    }

    /// Shuts the connectors down, detaches them, and says goodbye. Each comes about whatever becomes of those before it:
    /// once the run is asked to end, `shutdown` has three quarters of the grace, `detach` half of what is left then, and
    /// the farewell all the rest.
    pub(super) async fn close(&self, goodbye: Option<&str>) {
        let deadline = OnceLock::new();
        let left = || {
            let deadline = deadline.get_or_init(|| Instant::now() + self.grace().shutdown);
            deadline.saturating_duration_since(Instant::now())
        };
        for (call, quarters) in [(Call::Shutdown, 3), (Call::Detach, 2)] {
            self.leave(&call, || left() * quarters / 4).await;
        }
        let Some(reason) = goodbye else { return };
        let request = self.request(Event::Goodbye, json!({ "reason": reason }));
        let error = match self.stop.bound(self.optimizer.post(request), left, Some(FAREWELL)).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::warn!(servo = self.servo.name(), "Failed to send GOODBYE event: {error}");
    }

    /// Sends the connectors one event of the end; what fails, and what takes too long, is logged.
    pub(super) async fn leave(&self, call: &Call, grace: impl Fn() -> Duration) {
        let event = call.event();
        let Ok(errors) = self.stop.bound(self.servo.leave(call), grace, Some(self.patience)).await else {
            tracing::warn!(servo = self.servo.name(), "connectors did not end '{event}' in time");
            return;
        };
        for error in errors {
            tracing::error!(servo = self.servo.name(), "{event}: {error}");
        }
    }
}
