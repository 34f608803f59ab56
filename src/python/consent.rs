//! A Python callable that is asked whether a servo may take its next step.

use std::sync::Arc;

use async_trait::async_trait;
use pyo3::prelude::*;
use pyo3_async_runtimes::{TaskLocals, into_future_with_locals};

use crate::runner::{Consent, Intent};

/// `async def permits(servo: str, step: str) -> bool`, called on the loop of the run.
#[derive(Clone)]
pub(super) struct Asked(Arc<(Py<PyAny>, TaskLocals)>);

impl Asked {
    /// Asks that callable on the loop of this thread.
    pub fn new(py: Python<'_>, permits: Py<PyAny>) -> PyResult<Self> {
        let running = pyo3_async_runtimes::get_running_loop(py)?;
        Ok(Self(Arc::new((permits, TaskLocals::new(running)))))
    }
}

#[async_trait]
impl Consent for Asked {
    async fn given(&self, servo: &str, to: Intent) -> bool {
        let (this, servo) = (self.clone(), servo.to_owned());
        // No thread of the runtime waits for the GIL.
        let asked = tokio::task::spawn_blocking(move || {
            Python::attach(|py| {
                let (permits, locals) = &*this.0;
                let question = permits.bind(py).call1((servo, to.as_str()))?;
                into_future_with_locals(locals, question)
            })
        });
        let answer = async { asked.await.map_err(super::errors::runtime_error)??.await };
        let given = match answer.await {
            Ok(answer) => tokio::task::spawn_blocking(move || Python::attach(|py| answer.is_truthy(py))).await,
            Err(error) => Ok(Err(error)),
        };
        match given {
            Ok(Ok(given)) => given,
            Ok(Err(error)) => {
                tracing::error!("nobody could be asked: {error}");
                false
            }
            Err(_) => false,
        }
    }
}
