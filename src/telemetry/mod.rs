//! What a servo tells those who operate it: counters, gauges and histograms in the format of Prometheus.
//!
//! Every layer counts through the crate [`metrics`]. Nothing is kept before [`Metrics::install`]. Spans of `tracing`
//! tell what takes how long inside of what.

mod catalogue;
#[cfg(any(feature = "logs", test))]
pub mod logs;
mod metrics;
#[cfg(feature = "otel")]
mod otel;
mod process;
mod readiness;
mod server;
pub(crate) mod servos;
pub(crate) mod spans;

pub use catalogue::{Entry, Kind, METRICS};
pub use metrics::{Metrics, counting};
#[cfg(feature = "otel")]
pub use otel::{TraceError, export_traces, finish_traces};
pub use readiness::{Census, OUT_OF_REACH, Readiness};
pub use server::{Endpoint, ServeError, serve};

/// How the servos of this process are, as their runners tell it. Until there are as many as expected, the others count
/// as starting.
pub fn servos_of_process(expected: usize) -> impl Readiness {
    move || servos::census(expected)
}

#[cfg(feature = "otel")]
pub(crate) use otel::propagate;

/// Spans go nowhere, so that a service need not know of them.
#[cfg(not(feature = "otel"))]
pub(crate) fn propagate(_headers: &mut reqwest::header::HeaderMap) {}
