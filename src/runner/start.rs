//! START: attach, HELLO, startup.

use super::greeting::greeting;
use super::run::{Reached, RunError, Runner, step};
use super::stop::Overdue;
use crate::event::{ErrorKind, EventError};
use crate::optimizer::Event;

impl Runner {
    /// Whether the servo has started; it has not when the run was asked to end meanwhile.
    pub(super) async fn start(&self, reached: &mut Reached) -> Result<bool, RunError> {
        if let Some(place) = self.optimizer.place() {
            step!(self, "Connecting to Opsani Optimizer @ {}...", place.url);
        }
        let mut context = self.servo.context();
        context.cancelled = self.stop.token().child_token();
        if !self.started(self.servo.attach()).await? {
            return Ok(false);
        }
        step!(self, "Saying HELLO.");
        let hello = async { self.post(Event::Hello, greeting(&self.servo).await).await };
        match self.stop.unless_requested(hello).await {
            Some(Ok(_welcome)) => {}
            Some(Err(_)) if self.stop.is_requested() => return Ok(false),
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(false),
        }
        reached.greeted = true;
        if !self.started(self.servo.startup(&context)).await? {
            return Ok(false);
        }
        // A connection file has been read by now.
        let place = self.optimizer.place().map(|place| format!(" [{} @ {}]", place.id, place.url)).unwrap_or_default();
        if self.steps {
            let count = self.servo.connectors().count();
            tracing::info!(servo = self.servo.name(), "Servo started with {count} active connectors{place}");
        }
        Ok(true)
    }

    /// Whether a part of the start came to its end; it has not when the run was asked to end meanwhile.
    async fn started(&self, part: impl Future<Output = Result<(), EventError>>) -> Result<bool, RunError> {
        match self.stop.bound(part, || self.grace().command, Some(self.patience)).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(error)) if error.kind == ErrorKind::Cancelled && self.stop.is_requested() => Ok(false),
            Ok(Err(error)) => Err(RunError::Startup(error)),
            Err(Overdue::Stop) => Ok(false),
            Err(Overdue::Patience) => {
                let text = format!("the connectors were not done after {:?}: one of them hangs", self.patience);
                Err(RunError::Startup(EventError::failed(text)))
            }
        }
    }
}
