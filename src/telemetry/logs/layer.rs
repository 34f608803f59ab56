//! What `tracing` tells, as records.

use std::sync::Arc;
use std::time::SystemTime;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use super::levels::{most, number, wants};
use super::record::{RecordFields, SpanFields};
use super::{LogQueue, LogRecord, Scope};

/// Puts events of `tracing` into a queue.
pub(super) struct Recorder {
    queue: Arc<LogQueue>,
}

impl Recorder {
    pub fn new(queue: Arc<LogQueue>) -> Self {
        Self { queue }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = SpanFields::default();
        attributes.record(&mut fields);
        let mut scope = fields.scope();
        if attributes.metadata().name() == "request" {
            // The event of a message is none of the servo's.
            scope.event = None;
        }
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(scope);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let about = event.metadata();
        let mut fields = RecordFields::default();
        event.record(&mut fields);
        let mut scope = std::mem::take(&mut fields.scope);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Scope>() {
                scope.fill(outer);
            }
        }
        self.queue.push(LogRecord {
            time: SystemTime::now(),
            level: number(about),
            module: about.module_path().unwrap_or(about.target()).into(),
            file: about.file().map(Into::into),
            line: about.line().unwrap_or_default(),
            message: fields.message(),
            scope,
        });
    }
}

/// Lets the levels pass that are wanted. A place that logs is asked about once, and again when the levels change.
pub(super) struct Wanted;

impl<S> Filter<S> for Wanted {
    fn enabled(&self, about: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        wants(about)
    }

    fn callsite_enabled(&self, about: &'static Metadata<'static>) -> Interest {
        if wants(about) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(most())
    }
}
