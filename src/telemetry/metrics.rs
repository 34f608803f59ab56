//! The recorder of this process, and what it holds as text.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::catalogue::{LONG, METRICS, SHORT, TAKES_LONG};
use super::process;

/// How often observations are put into their buckets. Until then they are kept one by one.
const UPKEEP: Duration = Duration::from_secs(1);

static COUNTING: AtomicBool = AtomicBool::new(false);
static INSTALLED: OnceLock<Metrics> = OnceLock::new();

/// Whether anyone wants to know. What costs more than a comparison is not counted otherwise.
#[inline]
pub fn counting() -> bool {
    COUNTING.load(Ordering::Relaxed)
}

/// What is counted in this process.
#[derive(Clone, Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Begins to count, for all of this process and for good; further calls give the same.
    ///
    /// A recorder that a host program has installed before stays: it gets what is counted, and [`Metrics::render`] tells
    /// of the process alone.
    pub fn install() -> Self {
        let installed = INSTALLED.get_or_init(|| {
            let recorder = builder().build_recorder();
            let metrics = Self { handle: recorder.handle() };
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder of metrics is installed: it gets what the servo counts");
            } else {
                metrics.keep_up();
            }
            for entry in METRICS {
                entry.describe();
            }
            metrics::gauge!("servo_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            COUNTING.store(true, Ordering::Relaxed);
            metrics
        });
        installed.clone()
    }

    /// What is counted by now, in the text format of Prometheus, version 0.0.4.
    pub fn render(&self) -> String {
        let mut text = self.handle.render();
        process::render(&mut text);
        text
    }

    /// Observations are kept one by one until they are put into their buckets, whether anyone asks or not.
    fn keep_up(&self) {
        let handle = self.handle.clone();
        let work = move || {
            loop {
                std::thread::sleep(UPKEEP);
                handle.run_upkeep();
            }
        };
        if let Err(error) = std::thread::Builder::new().name("servo-metrics".into()).spawn(work) {
            tracing::warn!("no thread for metrics ({error}): memory grows until they are asked for");
        }
    }
}

fn builder() -> PrometheusBuilder {
    // The only error is that there are no bounds.
    let mut builder = PrometheusBuilder::new().set_buckets(SHORT).unwrap_or_default();
    for name in TAKES_LONG {
        builder = builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), LONG).unwrap_or_default();
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_once_installed() {
        let metrics = Metrics::install();
        assert!(counting());
        metrics::counter!("servo_restarts_total", "reason" => "test").increment(3);
        metrics::histogram!("servo_optimizer_request_duration_seconds", "event" => "TEST").record(0.3);
        metrics::histogram!("servo_command_duration_seconds", "command" => "TEST").record(700.0);
        for text in [metrics.render(), Metrics::install().render()] {
            for line in [
                "# TYPE servo_restarts_total counter",
                "servo_restarts_total{reason=\"test\"} 3",
                "servo_optimizer_request_duration_seconds_bucket{event=\"TEST\",le=\"0.25\"} 0",
                "servo_optimizer_request_duration_seconds_bucket{event=\"TEST\",le=\"0.5\"} 1",
                "servo_command_duration_seconds_bucket{command=\"TEST\",le=\"600\"} 0",
                "servo_command_duration_seconds_bucket{command=\"TEST\",le=\"1200\"} 1",
                "# HELP servo_build_info 1, with the version of the engine.",
                concat!("servo_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            ] {
                assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
            }
        }
    }

    #[test]
    fn names_are_those_of_prometheus() {
        use super::super::catalogue::Kind;

        for entry in METRICS {
            assert!(entry.name.starts_with("servo_"), "{}", entry.name);
            assert_eq!(entry.name.ends_with("_total"), entry.kind == Kind::Counter, "{}", entry.name);
            assert_eq!(entry.name.ends_with("_seconds"), entry.kind == Kind::Histogram, "{}", entry.name);
            assert!(entry.help.ends_with('.'), "{}", entry.name);
        }
        for name in TAKES_LONG {
            assert!(METRICS.iter().any(|entry| entry.name == *name), "{name}");
        }
    }
}
