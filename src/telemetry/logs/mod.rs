//! The engine's log records, for a program that shows them itself.
//!
//! Records of `tracing` and of `log` go into one queue of bounded size, with the servo, the connector and the event of
//! the spans around them. Whoever logs never waits for whoever shows.

mod facade;
mod layer;
mod levels;
mod queue;
mod record;

use std::sync::{Arc, OnceLock};

use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

pub use levels::{Levels, Number};
pub use queue::LogQueue;
pub use record::{LogRecord, Scope};

use layer::{Recorder, Wanted};

/// The queue of this process, once something is collected.
static COLLECTED: OnceLock<Option<Arc<LogQueue>>> = OnceLock::new();

/// Collects the records of this process from now on, those of the levels that [`Levels::set`] asks for.
///
/// Gives the queue that they are in, the same one at each call; None where a host program has a subscriber of `tracing`
/// already.
pub fn collect() -> Option<Arc<LogQueue>> {
    COLLECTED.get_or_init(install).clone()
}

fn install() -> Option<Arc<LogQueue>> {
    let queue = Arc::new(LogQueue::default());
    let records = Recorder::new(queue.clone()).with_filter(Wanted);
    let subscriber = tracing_subscriber::registry();
    #[cfg(feature = "otel")]
    // What is wrong with it is told by whoever asks for traces.
    let subscriber = subscriber.with(super::otel::span_layer().ok().flatten());
    tracing::subscriber::set_global_default(subscriber.with(records)).ok()?;
    facade::install(queue.clone());
    Some(queue)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;
    use crate::telemetry::spans::{span, success};

    /// All tests share the levels.
    pub(super) fn turn() -> MutexGuard<'static, ()> {
        static TURN: Mutex<()> = Mutex::new(());
        TURN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is queued of what that logs, at those levels.
    fn recorded(levels: &[(&str, Number)], log: impl Fn()) -> Vec<LogRecord> {
        let _turn = turn();
        let queue = Arc::new(LogQueue::default());
        let subscriber = tracing_subscriber::registry().with(Recorder::new(queue.clone()).with_filter(Wanted));
        tracing::subscriber::with_default(subscriber, || {
            Levels::set(levels.iter().map(|(module, number)| ((*module).to_owned(), *number)).collect());
            log();
        });
        Levels::set(Vec::new());
        std::iter::from_fn(|| queue.take()).collect()
    }

    fn log_all() {
        tracing::trace!("trace");
        tracing::debug!("debug");
        tracing::info!("info");
        success!("success");
        tracing::warn!("warn");
        tracing::error!("error");
        tracing::error!(target: "h2", "of another crate");
        tracing::debug!(target: "h2", "a header of another crate");
    }

    #[test]
    fn levels_have_the_numbers_of_python() {
        let all = ["trace", "debug", "info", "success", "warn", "error", "of another crate"];
        let numbers = [5, 10, 20, 25, 30, 40, 40];
        for (at, least) in [5, 10, 20, 25, 30, 40].into_iter().enumerate() {
            let found = recorded(&[("servox", least)], log_all);
            let texts: Vec<_> = found.iter().map(|record| record.message.as_str()).collect();
            assert_eq!(texts, all[at..], "{least}");
            assert_eq!(found.iter().map(|record| record.level).collect::<Vec<_>>(), numbers[at..], "{least}");
        }
        let found = recorded(&[("servox", 50), ("h2", 5)], log_all);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_record_knows_its_place_and_what_it_is_about() {
        let found = recorded(&[("servox", 20)], || {
            let uid = Some("c-1");
            let command = span!(INFO, "command", servo = "shop", cmd = "MEASURE", cmd_uid = uid);
            let _command = command.enter();
            let event = span!(DEBUG, "event", servo = "shop", event = "measure", connectors = 1);
            let _event = event.enter();
            tracing::info!(pid = 7, file = "a b", "of the event");
            let handler = span!(DEBUG, "handler", connector = "load", event = "measure", preposition = %"before");
            let _handler = handler.enter();
            let request = span!(DEBUG, "request", event = "HELLO", optimizer = "dev/app");
            let _request = request.enter();
            tracing::info!(connector = "other", "of the {}", "handler");
            tracing::info!(servo = "mine", cmd_uid = Option::<&str>::None, "of a servo");
        });
        let told = |text: Option<&Arc<str>>| text.map(ToString::to_string).unwrap_or_default();
        let scopes: Vec<_> = found
            .iter()
            .map(|LogRecord { scope, message, .. }| {
                let scope = [&scope.servo, &scope.connector, &scope.event, &scope.command_uid];
                (message.as_str(), scope.map(|text| told(text.as_ref())))
            })
            .collect();
        let expected = [
            ("of the event pid=7 file=\"a b\"", ["shop", "", "measure", "c-1"].map(str::to_owned)),
            ("of the handler", ["shop", "other", "before:measure", "c-1"].map(str::to_owned)),
            ("of a servo", ["mine", "load", "before:measure", "c-1"].map(str::to_owned)),
        ];
        assert_eq!(scopes, expected);
        assert_eq!(found[0].module, module_path!());
        assert!(found[0].file.as_ref().is_some_and(|file| file.ends_with("logs/mod.rs")));
        assert!(found[0].line > 0);
    }

    #[test]
    fn what_is_not_wanted_is_not_even_written() {
        struct Untold;
        impl std::fmt::Display for Untold {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("nobody wants it");
            }
        }
        let found = recorded(&[("servox", 30)], || tracing::debug!("{}", Untold));
        assert!(found.is_empty());
    }
}
