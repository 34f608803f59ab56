//! What a servo tells those who operate it: counters, gauges and histograms in the format of Prometheus.
//!
//! Every layer counts through the crate [`metrics`]. Nothing is kept before [`Metrics::install`].

mod catalogue;
mod metrics;
mod process;
mod readiness;
mod server;

pub use catalogue::{Entry, Kind, METRICS};
pub use metrics::{Metrics, counting};
pub use readiness::{Census, OUT_OF_REACH, Readiness};
pub use server::{Endpoint, ServeError, serve};
