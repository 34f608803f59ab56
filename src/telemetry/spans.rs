//! Spans of `tracing`: `command`, `event`, `handler` and `request`, each inside of the one before.

/// The target of all spans, for filters such as `servox::span=debug`.
pub(crate) const TARGET: &str = "servox::span";
/// The field of a record that tells of something that was brought to its end: `SUCCESS` to those who know that level,
/// between INFO and WARNING.
#[cfg(any(feature = "logs", test))]
pub(crate) const SUCCESS: &str = "success";

/// Logs at INFO, or at SUCCESS where that level is known.
macro_rules! success {
    ($($fields:tt)*) => { ::tracing::info!(success = true, $($fields)*) };
}

pub(crate) use success;

/// A span of that level and name, where a subscriber wants spans of that level; otherwise none, for the price of a
/// comparison.
///
/// tracing's own macros would write a record to `log` for each span, and two for each time it is polled, while there is
/// no subscriber.
macro_rules! span {
    ($level:ident, $name:literal, $($fields:tt)*) => {
        if ::tracing::Level::$level <= ::tracing::level_filters::LevelFilter::current() {
            ::tracing::span!(target: $crate::telemetry::spans::TARGET, ::tracing::Level::$level, $name, $($fields)*)
        } else {
            ::tracing::Span::none()
        }
    };
}

pub(crate) use span;

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// Others may listen in the process of all tests.
    #[test]
    fn nobody_who_listens_means_no_span() {
        let alone = ["--exact", "telemetry::spans::tests::without_anybody", "--ignored"];
        let done = Command::new(std::env::current_exe().unwrap()).args(alone).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    #[ignore = "needs a process of its own: the test before gives it one"]
    fn without_anybody() {
        assert!(span!(INFO, "command", servo = "shop").metadata().is_none());
    }

    #[test]
    fn whoever_listens_gets_spans() {
        let subscriber = tracing_subscriber::FmtSubscriber::builder().with_max_level(tracing::Level::INFO).finish();
        tracing::subscriber::with_default(subscriber, || {
            let span = span!(INFO, "command", servo = "shop");
            assert_eq!(span.metadata().map(|about| (about.name(), about.target())), Some(("command", super::TARGET)));
        });
    }
}
