//! Records of `tracing` to `log`, as tracing passes them on while it has no subscriber.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Hands events to whoever takes the records of `log`: Python's logging, mostly.
pub(super) struct LogBridge;

/// Spans are no records.
pub(super) fn is_record(about: &Metadata<'_>) -> bool {
    about.is_event()
}

/// The level of the least records that somebody takes.
pub(super) fn most() -> LevelFilter {
    match log::max_level() {
        log::LevelFilter::Off => LevelFilter::OFF,
        log::LevelFilter::Error => LevelFilter::ERROR,
        log::LevelFilter::Warn => LevelFilter::WARN,
        log::LevelFilter::Info => LevelFilter::INFO,
        log::LevelFilter::Debug => LevelFilter::DEBUG,
        log::LevelFilter::Trace => LevelFilter::TRACE,
    }
}

impl<S: Subscriber> Layer<S> for LogBridge {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let about = event.metadata();
        let level = match *about.level() {
            Level::ERROR => log::Level::Error,
            Level::WARN => log::Level::Warn,
            Level::INFO => log::Level::Info,
            Level::DEBUG => log::Level::Debug,
            Level::TRACE => log::Level::Trace,
        };
        if level > log::max_level() {
            return;
        }
        let logger = log::logger();
        let target = log::Metadata::builder().level(level).target(about.target()).build();
        if !logger.enabled(&target) {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        logger.log(
            &log::Record::builder()
                .metadata(target)
                .file(about.file())
                .line(about.line())
                .module_path(about.module_path())
                .args(format_args!("{}", text.0))
                .build(),
        );
    }
}

/// The message, and the fields behind it.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let gap = if self.0.is_empty() { "" } else { " " };
        // Writing to a String does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{gap}{value:?}"),
            name => write!(self.0, "{gap}{name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }
}
