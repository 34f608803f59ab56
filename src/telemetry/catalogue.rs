//! The names of what is counted. `docs/observability.md` tells the same; a test compares them.

use metrics::Unit;

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it is divided by.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

impl Entry {
    /// Hands the description to the recorder.
    pub(super) fn describe(&self) {
        let (name, help) = (self.name, self.help);
        match self.kind {
            Kind::Counter => metrics::describe_counter!(name, Unit::Count, help),
            Kind::Gauge => metrics::describe_gauge!(name, help),
            Kind::Histogram => metrics::describe_histogram!(name, Unit::Seconds, help),
        }
    }
}

const fn entry(name: &'static str, kind: Kind, labels: &'static [&'static str], help: &'static str) -> Entry {
    Entry { name, kind, labels, help }
}

use Kind::{Counter, Gauge, Histogram};

/// Everything that the agent counts by itself.
pub const METRICS: &[Entry] = &[
    entry("servo_build_info", Gauge, &["version"], "1, with the version of the engine."),
    entry("servo_servos", Gauge, &["state"], "Servos of this process by state."),
    entry("servo_out_of_reach", Gauge, &[], "Servos whose optimizer has not answered for more than five minutes."),
    entry("servo_commands_total", Counter, &["command", "status"], "Commands that were carried out, by result."),
    entry(
        "servo_command_duration_seconds",
        Histogram,
        &["command"],
        "From a command to its result, without its delivery.",
    ),
    entry("servo_events_total", Counter, &["event", "outcome"], "Events that were dispatched to connectors."),
    entry(
        "servo_handler_duration_seconds",
        Histogram,
        &["event", "connector"],
        "How long the handlers of a type of connectors worked on an event.",
    ),
    entry(
        "servo_optimizer_requests_total",
        Counter,
        &["event", "outcome"],
        "Requests to optimizers at a service, each try by itself.",
    ),
    entry(
        "servo_optimizer_request_duration_seconds",
        Histogram,
        &["event"],
        "From a request to the end of its answer or its failure, each try by itself.",
    ),
    entry("servo_optimizer_retries_total", Counter, &["event"], "Requests to optimizers that were made again."),
    entry(
        "servo_results_lost_total",
        Counter,
        &["command"],
        "Results that no optimizer has taken, whatever was tried.",
    ),
    entry(
        "servo_progress_total",
        Counter,
        &["outcome"],
        "Progress that connectors have reported, and what was posted of it: the newest wins.",
    ),
    entry("servo_restarts_total", Counter, &["reason"], "Servos that began anew after they were out of step."),
    entry("servo_asyncio_queue_depth", Gauge, &[], "Calls that wait for the asyncio loop."),
];

/// Upper bounds in seconds of what takes as long as a request.
pub(super) const SHORT: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Upper bounds in seconds of what takes as long as a measurement may.
pub(super) const LONG: &[f64] =
    &[0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0];
/// The histograms with long bounds; all others have short ones.
pub(super) const TAKES_LONG: &[&str] = &["servo_command_duration_seconds", "servo_handler_duration_seconds"];
