//! What Python needs to have the engine watched: metrics, traces.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::future_into_py;
use tokio_util::sync::CancellationToken;

use super::errors::runtime_error;
use crate::telemetry::{Endpoint, serve, servos_of_process};

/// `/metrics`, `/healthz` and `/readyz`, until it is closed.
#[pyclass(frozen, module = "servo._core")]
pub struct MetricsEndpoint {
    endpoint: Arc<Endpoint>,
    stop: CancellationToken,
}

#[pymethods]
impl MetricsEndpoint {
    /// Where it listens, as `HOST:PORT`.
    #[getter]
    fn address(&self) -> String {
        self.endpoint.address().to_string()
    }

    /// Ends it; takes less than a second.
    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.stop.cancel();
        let endpoint = self.endpoint.clone();
        future_into_py(py, async move {
            endpoint.closed().await;
            Ok(())
        })
    }
}

impl Drop for MetricsEndpoint {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Begins to count what the engine does, and serves it over HTTP.
///
/// Args:
///     address: `HOST:PORT`; a port of 0 is any that is free.
///     servos: How many servos there are going to be: until then the process is not ready.
///
/// Raises:
///     RuntimeError: It cannot listen there.
#[pyfunction]
pub fn serve_metrics(py: Python<'_>, address: String, servos: usize) -> PyResult<Bound<'_, PyAny>> {
    future_into_py(py, async move {
        let stop = CancellationToken::new();
        let served = serve(&address, Arc::new(servos_of_process(servos)), stop.clone()).await;
        Ok(MetricsEndpoint { endpoint: Arc::new(served.map_err(runtime_error)?), stop })
    })
}

/// Begins to export traces where `OTEL_EXPORTER_OTLP_ENDPOINT` asks for it; gives whether they are exported.
///
/// Raises:
///     RuntimeError: It asks for what cannot be had.
#[pyfunction]
pub fn export_traces(py: Python<'_>) -> PyResult<bool> {
    #[cfg(feature = "otel")]
    return py.detach(crate::telemetry::export_traces).map_err(runtime_error);
    #[cfg(not(feature = "otel"))]
    {
        let _ = py;
        let asked = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
        if asked.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
            return Err(runtime_error("traces are not exported: this was built without the feature 'otel'"));
        }
        Ok(false)
    }
}

/// Delivers the traces that still wait, and ends their export.
///
/// Args:
///     within: The seconds that this may take.
#[pyfunction]
pub fn finish_traces(py: Python<'_>, within: f64) {
    let within = Duration::try_from_secs_f64(within).unwrap_or_default();
    #[cfg(feature = "otel")]
    py.detach(|| crate::telemetry::finish_traces(within));
    #[cfg(not(feature = "otel"))]
    let _ = (py, within);
}
