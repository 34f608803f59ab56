//! A servo: connectors on one bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use tokio::sync::watch;

use super::greeting::{Provider, Telemetry};
use crate::config::nearest;
use crate::connector::{Connector, Native};
use crate::event::{
    Answer, Call, Context, Dispatched, ErrorKind, EventError, Options, Outcome, Preposition, Prepositions, Progress,
    Responder, dispatch,
};
use crate::model::{Adjustment, Control, Description, Measurement};

/// Connectors on one bus.
#[derive(Clone)]
pub struct Servo {
    name: Arc<str>,
    uid: Option<String>,
    bus: Arc<[Arc<dyn Responder>]>,
    progress: watch::Sender<Option<Progress>>,
    telemetry: Option<Provider>,
    attached: Arc<AtomicBool>,
}

/// Puts a servo together.
pub struct Builder {
    name: Arc<str>,
    uid: Option<String>,
    bus: Vec<Arc<dyn Responder>>,
    telemetry: Option<Provider>,
}

impl Builder {
    /// Adds a connector of that name, behind those already there.
    #[must_use]
    pub fn connector<C: Connector + 'static>(self, name: impl Into<String>, connector: C) -> Self {
        let kind = std::any::type_name::<C>();
        let kind = kind.rsplit("::").next().unwrap_or(kind);
        self.responder(Arc::new(Native::new(name, kind, Arc::new(connector))))
    }

    /// Adds a member of the bus, behind those already there.
    #[must_use]
    pub fn responder(mut self, responder: Arc<dyn Responder>) -> Self {
        self.bus.push(responder);
        self
    }

    /// Sets the identity that goes with every message to the optimizer.
    #[must_use]
    pub fn uid(mut self, uid: Option<String>) -> Self {
        self.uid = uid;
        self
    }

    /// Sets what the greeting tells of the servo and its connectors; asked once they are attached. `None` stands for
    /// what the engine knows by itself.
    #[must_use]
    pub fn telemetry<F>(mut self, telemetry: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Telemetry>> + Send + 'static,
    {
        self.telemetry = Some(provider(telemetry));
        self
    }

    /// The servo.
    pub fn build(self) -> Servo {
        let (progress, attached) = (watch::Sender::new(None), Arc::default());
        Servo { name: self.name, uid: self.uid, bus: self.bus.into(), progress, telemetry: self.telemetry, attached }
    }
}

impl Servo {
    /// A servo of that name, without connectors yet.
    pub fn builder(name: impl Into<Arc<str>>) -> Builder {
        Builder { name: name.into(), uid: None, bus: Vec::new(), telemetry: None }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The identity that goes with every message to the optimizer.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// The names of its connectors, in bus order.
    pub fn connectors(&self) -> impl Iterator<Item = &str> {
        self.bus.iter().map(|member| member.name())
    }

    /// Its connectors, in bus order.
    pub fn members(&self) -> &[Arc<dyn Responder>] {
        &self.bus
    }

    /// The same servo with other telemetry (see [`Builder::telemetry`]).
    #[must_use]
    pub fn with_telemetry<F>(mut self, telemetry: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Telemetry>> + Send + 'static,
    {
        self.telemetry = Some(provider(telemetry));
        self
    }

    pub(super) fn telemetry(&self) -> Option<&Provider> {
        self.telemetry.as_ref()
    }

    /// The newest report of progress, of whichever connector.
    pub fn progress(&self) -> watch::Receiver<Option<Progress>> {
        self.progress.subscribe()
    }

    /// The context of a dispatch on this servo's bus.
    pub fn context(&self) -> Context {
        Context::new(self.name.clone()).reporting_to(self.progress.clone())
    }

    /// Dispatches an event to the connectors.
    pub async fn dispatch(&self, call: &Call, options: &Options, context: &Context) -> Result<Dispatched, EventError> {
        dispatch(&self.bus, call, options, context).await
    }

    /// Tells every connector that it has joined the servo, unless they know.
    pub async fn attach(&self) -> Result<(), EventError> {
        if self.is_attached() {
            return Ok(());
        }
        self.dispatch(&Call::Attach, &Options::default(), &self.context()).await?;
        self.attached.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether the connectors were told that they have joined the servo, and not since that they leave it.
    pub fn is_attached(&self) -> bool {
        self.attached.load(Ordering::Acquire)
    }

    /// Tells every connector that it leaves the servo. Each is told, whichever fails; the failures come back.
    pub async fn detach(&self) -> Vec<EventError> {
        self.leave(&Call::Detach).await
    }

    /// Tells every connector that the work begins.
    pub async fn startup(&self, context: &Context) -> Result<(), EventError> {
        let options = Options { prepositions: Prepositions::ON, ..Options::default() };
        self.dispatch(&Call::Startup, &options, context).await.map(drop)
    }

    /// Tells every connector that the work ends and that it leaves the servo. Each is told, whichever fails; the
    /// failures come back.
    pub async fn shutdown(&self) -> Vec<EventError> {
        let mut errors = self.leave(&Call::Shutdown).await;
        errors.extend(self.leave(&Call::Detach).await);
        errors
    }

    /// One half of a shutdown.
    pub(super) async fn leave(&self, call: &Call) -> Vec<EventError> {
        if matches!(call, Call::Detach) {
            self.attached.store(false, Ordering::Release);
        }
        // What fails before it, or objects to it, holds nobody back.
        let phases: &[Prepositions] = match call {
            Call::Shutdown => &[Prepositions::ON],
            _ => &[Preposition::Before.into(), Prepositions::from_iter([Preposition::On, Preposition::After])],
        };
        let mut errors = Vec::new();
        for &prepositions in phases {
            let options = Options { keep_errors: true, prepositions, ..Options::default() };
            match self.dispatch(call, &options, &self.context()).await {
                Ok(Dispatched::Completed(outcomes)) => {
                    errors.extend(outcomes.into_iter().filter_map(|outcome| outcome.result.err()));
                }
                Ok(Dispatched::Cancelled(error)) | Err(error) => errors.push(error),
            }
        }
        errors
    }

    /// What all connectors describe, together.
    pub async fn describe(&self, control: Control, context: &Context) -> Result<Description, EventError> {
        let call = Call::Describe { control };
        self.answers(&call, context).await.map(fold_descriptions)
    }

    /// What all connectors measure, together.
    pub async fn measure(
        &self,
        metrics: Vec<String>,
        control: Control,
        context: &Context,
    ) -> Result<Measurement, EventError> {
        let outcomes = self.answers(&Call::Measure { metrics, control }, context).await?;
        let mut whole = Measurement::default();
        for outcome in outcomes {
            if let Ok(Answer::Measurement(part)) = outcome.result {
                whole.extend(part);
            }
        }
        Ok(whole)
    }

    /// Changes settings; gives the state that all connectors say stands afterwards.
    pub async fn adjust(
        &self,
        adjustments: Vec<Adjustment>,
        control: Control,
        context: &Context,
    ) -> Result<Description, EventError> {
        let outcomes = self.answers(&Call::Adjust { adjustments, control }, context).await?;
        if outcomes.is_empty() {
            return Err(EventError::failed("no connector handles 'adjust': add one that changes the application"));
        }
        Ok(fold_descriptions(outcomes))
    }

    /// Fails when a component or setting is not described by any connector, before anything is changed.
    pub async fn check_adjustments(&self, adjustments: &[Adjustment], context: &Context) -> Result<(), EventError> {
        let known = self.describe(Control::default(), context).await?;
        let selectors: Vec<_> = known.settings().map(|(owner, setting)| format!("{owner}.{}", setting.name)).collect();
        for adjustment in adjustments {
            let selector = adjustment.selector();
            if selectors.contains(&selector) {
                continue;
            }
            let meant = nearest(&selector, selectors.iter().map(String::as_str));
            let meant = meant.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default();
            let text = format!("no connector has the setting '{selector}'{meant} (known: {})", selectors.join(", "));
            return Err(EventError::new(ErrorKind::AdjustmentRejected, text).with_reason("invalid-value"));
        }
        Ok(())
    }

    async fn answers(&self, call: &Call, context: &Context) -> Result<Vec<Outcome>, EventError> {
        match self.dispatch(call, &Options::default(), context).await? {
            Dispatched::Completed(outcomes) => Ok(outcomes),
            Dispatched::Cancelled(error) => Err(error),
        }
    }
}

fn provider<F>(telemetry: impl Fn() -> F + Send + Sync + 'static) -> Provider
where
    F: Future<Output = Option<Telemetry>> + Send + 'static,
{
    Arc::new(move || telemetry().boxed())
}

fn fold_descriptions(outcomes: Vec<Outcome>) -> Description {
    let mut whole = Description::default();
    for outcome in outcomes {
        if let Ok(Answer::Description(part)) = outcome.result {
            whole.extend(part);
        }
    }
    whole
}
