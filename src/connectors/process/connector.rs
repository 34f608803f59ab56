//! The connector: events become requests to the keeper.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use super::config::ProcessConfiguration;
use super::keeper::Keeper;
use super::plan::Plan;
use super::request::{Asker, Failure, Request, Shared, StopNotice};
use super::settings::{adjusted, difference};
use super::{METADATA, check};
use crate::config::Problem;
use crate::connector::{Configurable, Connector, Metadata, Subscriptions};
use crate::event::{Call, Context, ErrorKind, EventError, Outcome};
use crate::model::{Adjustment, Component, Control, Description};

/// Runs the application under optimization as a child process.
pub struct ProcessConnector {
    shared: Arc<Shared>,
    /// The way to the keeper, which is started when it is first needed; on another runtime, started again.
    keeper: Mutex<Option<mpsc::Sender<Request>>>,
    /// The run that the present measurement is of.
    measured: Mutex<Option<u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProcessConnector {
    /// Asks the keeper, starting one if there is none.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, EventError> {
        let sender = {
            let mut keeper = lock(&self.keeper);
            match &*keeper {
                Some(sender) if !sender.is_closed() => sender.clone(),
                _ => keeper.insert(Keeper::spawn(self.shared.clone())).clone(),
            }
        };
        let lost = || EventError::failed("the task that owns the application ended; the application was stopped");
        let (reply, answer) = oneshot::channel();
        sender.send(request(reply)).await.map_err(|_| lost())?;
        answer.await.map_err(|_| lost())
    }

    async fn ensure(&self, kind: ErrorKind, context: &Context) -> Result<u64, EventError> {
        let gone = context.cancelled.child_token();
        let _set_when_dropped = gone.clone().drop_guard();
        let asker = Asker { gone, context: context.clone() };
        let component = &self.shared.plan.component;
        self.ask(|reply| Request::Ensure { asker, reply }).await?.map_err(|failure| match failure {
            Failure::Interrupted(why) => EventError::new(ErrorKind::Cancelled, why),
            Failure::NotUp(why) | Failure::NotBack(why) => {
                EventError::new(kind, format!("the application '{component}' did not come up: {why}"))
                    .with_reason("start-failed")
            }
        })
    }

    async fn stop(&self) -> Result<(), EventError> {
        let running = lock(&self.keeper).as_ref().is_some_and(|keeper| !keeper.is_closed());
        if running {
            let notice = StopNotice::give(&self.shared);
            self.ask(|reply| Request::Stop { reply, notice }).await?;
        }
        Ok(())
    }

    fn component(&self) -> Component {
        Component::new(self.shared.plan.component.clone(), self.shared.settings())
    }

    fn description(&self) -> Description {
        Description { components: vec![self.component()], metrics: Vec::new() }
    }
}

impl Configurable for ProcessConnector {
    type Config = ProcessConfiguration;

    const METADATA: Metadata = METADATA;

    fn check(config: &ProcessConfiguration) -> Vec<Problem> {
        check(config)
    }

    fn new(name: &str, config: ProcessConfiguration) -> Result<Self, String> {
        let plan = Plan::compile(name, &config).map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
            lines.join("; ")
        })?;
        Ok(Self { shared: Shared::new(plan), keeper: Mutex::new(None), measured: Mutex::new(None) })
    }
}

#[async_trait]
impl Connector for ProcessConnector {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["startup", "shutdown", "detach", "describe", "components", "adjust"])
            .and_before(["measure"])
            .and_after(["measure"])
    }

    async fn startup(&self, context: &Context) -> Result<(), EventError> {
        self.ensure(ErrorKind::Failed, context).await.map(drop)
    }

    async fn shutdown(&self, _context: &Context) -> Result<(), EventError> {
        self.stop().await
    }

    async fn detach(&self, _context: &Context) -> Result<(), EventError> {
        self.stop().await
    }

    async fn components(&self, _context: &Context) -> Result<Vec<Component>, EventError> {
        Ok(vec![self.component()])
    }

    async fn describe(&self, _control: &Control, _context: &Context) -> Result<Description, EventError> {
        Ok(self.description())
    }

    async fn adjust(
        &self,
        adjustments: &[Adjustment],
        control: &Control,
        context: &Context,
    ) -> Result<Description, EventError> {
        let component = &self.shared.plan.component;
        if !adjustments.iter().any(|adjustment| adjustment.component_name == *component) {
            return Ok(self.description());
        }
        let former = self.shared.settings();
        let settings = adjusted(component, &former, adjustments)?;
        if difference(&former, &settings).is_empty() {
            self.ensure(ErrorKind::AdjustmentFailed, context).await?;
            return Ok(self.description());
        }

        let gone = context.cancelled.child_token();
        let _set_when_dropped = gone.clone().drop_guard();
        let asker = Asker { gone, context: context.clone() };
        let hold = control.settlement.unwrap_or_default().to_std();
        let result = self.ask(|reply| Request::Apply { settings, hold, asker, reply }).await?;
        result.map(|()| self.description()).map_err(|failure| match failure {
            Failure::Interrupted(why) => EventError::new(ErrorKind::Cancelled, why),
            Failure::NotUp(why) => EventError::new(ErrorKind::AdjustmentFailed, why).with_reason("start-failed"),
            Failure::NotBack(why) => EventError::new(ErrorKind::AdjustmentFailed, why).with_reason("revert-failed"),
        })
    }

    async fn before(&self, _call: &Call, context: &Context) -> Result<(), EventError> {
        *lock(&self.measured) = None;
        let run = self.ensure(ErrorKind::MeasurementFailed, context).await?;
        *lock(&self.measured) = Some(run);
        Ok(())
    }

    async fn after(&self, _call: &Call, _results: &[Outcome], _context: &Context) -> Result<(), EventError> {
        let Some(run) = lock(&self.measured).take() else { return Ok(()) };
        self.ask(|reply| Request::Verify { run, reply }).await?.map_err(|why| {
            let component = &self.shared.plan.component;
            let message = format!("the application '{component}' did not run throughout the measurement: {why}");
            EventError::new(ErrorKind::MeasurementFailed, message).with_reason("application-ended")
        })
    }
}
