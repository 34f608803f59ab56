//! The server of local optimizers in the hands of the command line.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::future_into_py;
use tokio_util::sync::CancellationToken;

use super::errors::{config_error, runtime_error};
use super::sampler::Samplers;
use crate::optimizer::local::StorageUrl;
use crate::optimizer::server::{Server, ServerConfig};

/// The local optimizer over HTTP.
///
/// Args:
///     config_file: The path of its configuration.
///     listen: The host and the port to use in place of the file's.
///     storage: The storage URL to use in place of the file's.
///     insecure: Whether plain HTTP may be spoken where others can reach it, whatever the file says.
///
/// Raises:
///     ConfigError: Everything that is wrong with the file.
///     RuntimeError: An argument is wrong.
#[pyclass(frozen, module = "servo._core")]
pub struct OptimizerServer {
    state: Mutex<State>,
    stop: CancellationToken,
}

enum State {
    Configured(Box<ServerConfig>),
    Bound(Box<Server>),
    Gone,
}

impl OptimizerServer {
    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}

#[pymethods]
impl OptimizerServer {
    #[new]
    #[pyo3(signature = (config_file, listen = None, storage = None, insecure = false))]
    #[allow(clippy::needless_pass_by_value)]
    fn new(
        py: Python<'_>,
        config_file: &str,
        listen: Option<String>,
        storage: Option<String>,
        insecure: bool,
    ) -> PyResult<Self> {
        let config = py.detach(|| ServerConfig::load(config_file, &Samplers));
        let mut config = config.map_err(|error| config_error(py, &error))?;
        config.replace(listen, storage, insecure).map_err(runtime_error)?;
        Ok(Self { state: Mutex::new(State::Configured(Box::new(config))), stop: CancellationToken::new() })
    }

    /// Opens the storage and listens; gives the URL, the number of applications, and the storage without its password.
    fn bind<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let State::Configured(config) = slf.get().replace(State::Gone) else {
            return Err(runtime_error("the server is bound already"));
        };
        let this = slf.clone().unbind();
        future_into_py(py, async move {
            let storage = match config.storage_url().map_err(runtime_error)? {
                StorageUrl::Sqlite(path) => format!("sqlite:///{}", path.display()),
                StorageUrl::Postgres(server) => server.to_string(),
            };
            let server = Server::bind(*config, Arc::new(Samplers)).await.map_err(runtime_error)?;
            let facts = (server.url(), server.applications(), storage);
            this.get().replace(State::Bound(Box::new(server)));
            Ok(facts)
        })
    }

    /// Answers until `stop`.
    fn serve<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let State::Bound(server) = self.replace(State::Gone) else {
            return Err(runtime_error("bind the server, and serve once"));
        };
        let stop = self.stop.clone();
        future_into_py(py, async move {
            server.serve(stop).await;
            Ok(())
        })
    }

    /// Asks the server to end in order; it takes about ten seconds at the most.
    fn stop(&self) {
        self.stop.cancel();
    }
}
