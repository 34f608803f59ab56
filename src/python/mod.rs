//! The extension module `servo._core`: the engine as Python sees it.

mod assembly;
mod bell;
mod calls;
mod config;
mod connector;
mod consent;
mod dispatch;
mod ending;
mod errors;
mod event_loop;
mod greeting;
mod json;
mod logs;
mod loop_queue;
mod native;
mod optimizer_client;
mod partner;
mod pubsub;
mod runner;
mod sampler;
mod server;
mod servo;
mod studies;
mod telemetry;
mod types;
mod values;

use pyo3::prelude::*;

/// Table of contents of `servo._core`.
#[pymodule(name = "_core")]
mod core {
    #[pymodule_export]
    use super::assembly::PyAssembly;
    #[pymodule_export]
    use super::config::{
        effective_documents, environment_values, local_optimizer_schema, native_connectors, open_servos,
        read_documents, validate_file,
    };
    #[pymodule_export]
    use super::dispatch::{Dispatch, EventContext, EventResult, use_instance_handlers};
    #[pymodule_export]
    use super::errors::ConfigError;
    #[pymodule_export]
    use super::logs::{
        dropped_logs, finish_logs, flush_logs, forward_logs, set_log_form, set_log_levels, show_logs, write_logs,
    };
    #[pymodule_export]
    use super::native::{NativeCall, NativeConnector, native_metadata, native_problems, native_schema};
    #[pymodule_export]
    use super::optimizer_client::{OptimizerClient, is_retryable_status};
    #[pymodule_export]
    use super::pubsub::{SelectorIndex, glob_matches};
    #[pymodule_export]
    use super::runner::ServoLoop;
    #[pymodule_export]
    use super::server::OptimizerServer;
    #[pymodule_export]
    use super::servo::PyServo;
    #[pymodule_export]
    use super::studies::{StudySource, configured_studies};
    #[pymodule_export]
    use super::telemetry::{MetricsEndpoint, export_traces, finish_traces, serve_metrics};
    #[pymodule_export]
    use super::values::{
        DataPoint, TimeSeries, duration_pattern, duration_to_text, measurement_wire, step_alignment, text_to_duration,
    };
    #[pymodule_export]
    use super::version;

    #[pymodule_init]
    fn init(module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        super::ending::register(module)
    }
}

/// The version of the engine.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
