//! What a servo tells those who operate it: counters, gauges and histograms in the format of Prometheus.
//!
//! Every layer counts through the crate [`metrics`]. Nothing is kept before [`Metrics::install`].

mod catalogue;
mod metrics;
mod process;

pub use catalogue::{Entry, Kind, METRICS};
pub use metrics::{Metrics, counting};
