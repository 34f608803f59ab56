//! Connectors written in Rust.

use std::sync::Arc;

use async_trait::async_trait;

use crate::event::{Answer, Call, Context, EventError, Outcome, Preposition, Responder};
use crate::model::{Adjustment, Component, Control, Description, Measurement, Metric};

/// The events a connector handles.
///
/// ```
/// use servox::connector::Subscriptions;
/// let events = Subscriptions::on(["describe", "measure"]).and_before(["measure"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    before: Vec<&'static str>,
    on: Vec<&'static str>,
    after: Vec<&'static str>,
}

impl Subscriptions {
    /// Handles those events.
    pub fn on(events: impl IntoIterator<Item = &'static str>) -> Self {
        Self { on: events.into_iter().collect(), ..Self::default() }
    }

    /// Is also called before those events.
    #[must_use]
    pub fn and_before(mut self, events: impl IntoIterator<Item = &'static str>) -> Self {
        self.before.extend(events);
        self
    }

    /// Is also called after those events.
    #[must_use]
    pub fn and_after(mut self, events: impl IntoIterator<Item = &'static str>) -> Self {
        self.after.extend(events);
        self
    }

    /// Whether that event and preposition is among them.
    pub fn contains(&self, event: &str, preposition: Preposition) -> bool {
        let events = match preposition {
            Preposition::Before => &self.before,
            Preposition::On => &self.on,
            Preposition::After => &self.after,
        };
        events.contains(&event)
    }
}

fn unimplemented(event: &str) -> EventError {
    EventError::failed(format!("the connector subscribes to '{event}' but does not implement it"))
}

/// A connector written in Rust.
///
/// [`Connector::subscriptions`] names the events; only the methods of those events are ever called. A method that
/// takes long waits for `context.cancelled` beside its work and reports with `context.report`.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The events it handles.
    fn subscriptions(&self) -> Subscriptions;

    /// `attach`: the connector joins a servo.
    async fn attach(&self, _context: &Context) -> Result<(), EventError> {
        Err(unimplemented("attach"))
    }

    /// `detach`: the connector leaves its servo.
    async fn detach(&self, _context: &Context) -> Result<(), EventError> {
        Err(unimplemented("detach"))
    }

    /// `startup`: the servo starts to work.
    async fn startup(&self, _context: &Context) -> Result<(), EventError> {
        Err(unimplemented("startup"))
    }

    /// `shutdown`: the servo ends its work.
    async fn shutdown(&self, _context: &Context) -> Result<(), EventError> {
        Err(unimplemented("shutdown"))
    }

    /// `metrics`: what can be measured.
    async fn metrics(&self, _context: &Context) -> Result<Vec<Metric>, EventError> {
        Err(unimplemented("metrics"))
    }

    /// `components`: what can be adjusted.
    async fn components(&self, _context: &Context) -> Result<Vec<Component>, EventError> {
        Err(unimplemented("components"))
    }

    /// `describe`: both.
    async fn describe(&self, _control: &Control, _context: &Context) -> Result<Description, EventError> {
        Err(unimplemented("describe"))
    }

    /// `measure`: takes a measurement of those metrics, of all when the list is empty.
    async fn measure(
        &self,
        _metrics: &[String],
        _control: &Control,
        _context: &Context,
    ) -> Result<Measurement, EventError> {
        Err(unimplemented("measure"))
    }

    /// `adjust`: changes settings; gives the state that stands afterwards. Adjustments of components that are not
    /// this connector's are for others.
    async fn adjust(
        &self,
        _adjustments: &[Adjustment],
        _control: &Control,
        _context: &Context,
    ) -> Result<Description, EventError> {
        Err(unimplemented("adjust"))
    }

    /// `promote`: the present settings are to stay.
    async fn promote(&self, _context: &Context) -> Result<(), EventError> {
        Err(unimplemented("promote"))
    }

    /// An event that a connector declared.
    async fn custom(
        &self,
        event: &str,
        _arguments: &serde_json::Map<String, serde_json::Value>,
        _context: &Context,
    ) -> Result<serde_json::Value, EventError> {
        Err(unimplemented(event))
    }

    /// Before an event. A failure of kind `Cancelled` cancels it.
    async fn before(&self, call: &Call, _context: &Context) -> Result<(), EventError> {
        Err(unimplemented(call.event()))
    }

    /// After an event, with its results.
    async fn after(&self, call: &Call, _results: &[Outcome], _context: &Context) -> Result<(), EventError> {
        Err(unimplemented(call.event()))
    }
}

/// A native connector as a member of a bus.
pub(crate) struct Native {
    name: String,
    kind: &'static str,
    connector: Arc<dyn Connector>,
    subscriptions: Subscriptions,
}

impl Native {
    /// A member of that name and type.
    pub(crate) fn new(name: impl Into<String>, kind: &'static str, connector: Arc<dyn Connector>) -> Self {
        let subscriptions = connector.subscriptions();
        Self { name: name.into(), kind, connector, subscriptions }
    }
}

#[async_trait]
impl Responder for Native {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &str {
        self.kind
    }

    fn responds_to(&self, event: &str, preposition: Preposition) -> bool {
        self.subscriptions.contains(event, preposition)
    }

    async fn respond(
        &self,
        preposition: Preposition,
        call: &Call,
        results: &[Outcome],
        context: &Context,
    ) -> Result<Vec<Answer>, EventError> {
        let connector = &self.connector;
        let answer = match (preposition, call) {
            (Preposition::Before, call) => connector.before(call, context).await.map(|()| Answer::Done),
            (Preposition::After, call) => connector.after(call, results, context).await.map(|()| Answer::Done),
            (Preposition::On, Call::Attach) => connector.attach(context).await.map(|()| Answer::Done),
            (Preposition::On, Call::Detach) => connector.detach(context).await.map(|()| Answer::Done),
            (Preposition::On, Call::Startup) => connector.startup(context).await.map(|()| Answer::Done),
            (Preposition::On, Call::Shutdown) => connector.shutdown(context).await.map(|()| Answer::Done),
            (Preposition::On, Call::Promote) => connector.promote(context).await.map(|()| Answer::Done),
            (Preposition::On, Call::Metrics) => connector.metrics(context).await.map(Answer::Metrics),
            (Preposition::On, Call::Components) => connector.components(context).await.map(Answer::Components),
            (Preposition::On, Call::Describe { control }) => {
                connector.describe(control, context).await.map(Answer::Description)
            }
            (Preposition::On, Call::Measure { metrics, control }) => {
                connector.measure(metrics, control, context).await.map(Answer::Measurement)
            }
            (Preposition::On, Call::Adjust { adjustments, control }) => {
                connector.adjust(adjustments, control, context).await.map(Answer::Description)
            }
            (Preposition::On, Call::Custom { event, arguments }) => {
                connector.custom(event, arguments, context).await.map(Answer::Custom)
            }
        };
        Ok(vec![answer?])
    }
}
