//! The client of a remote optimizer in the hands of Python.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTimeoutError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_async_runtimes::tokio::future_into_py;
use pythonize::pythonize;
use reqwest::Method;
use serde_json::Value as Json;

use super::errors::from_python;
use super::json::to_json;
use crate::optimizer::remote::{Client, FailureKind, Limits, Message, RemoteError, Tries, is_retryable};

/// The client of one optimizer at a service.
///
/// Args:
///     optimizer: What stands under `optimizer` of a servo.yaml, as JSON.
///     settings: What stands under `settings`, as JSON.
///
/// Raises:
///     servo.errors.ServoError: What is configured cannot work.
#[pyclass(frozen, module = "servo._core")]
pub struct OptimizerClient {
    client: Mutex<Option<Arc<Client>>>,
    id: String,
}

#[pymethods]
impl OptimizerClient {
    #[new]
    fn new(py: Python<'_>, optimizer: &str, settings: &str) -> PyResult<Self> {
        // What serde says may show a secret.
        let parse = |text| serde_json::from_str::<Json>(text).map_err(|_| PyTypeError::new_err("expected JSON"));
        let (optimizer, settings) = (parse(optimizer)?, parse(settings)?);
        let client = Client::new(&optimizer, &settings).map_err(|error| to_python(py, &error))?;
        Ok(Self { id: client.id().to_owned(), client: Mutex::new(Some(Arc::new(client))) })
    }

    /// What the servo is called at the service.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }

    /// Posts a message and gives the reply.
    ///
    /// Cancelling the awaiting task ends the request.
    #[pyo3(signature = (event, param, servo_uid = None, *, retry = true, context = "__default__".to_owned()))]
    fn post<'py>(
        &self,
        py: Python<'py>,
        event: String,
        param: Option<Bound<'py, PyDict>>,
        servo_uid: Option<String>,
        retry: bool,
        context: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.open()?;
        let param: Json = match param {
            None => Json::Null,
            Some(param) => to_json(&param).map_err(|error| {
                PyTypeError::new_err(format!("the param of {event} cannot be written as JSON: {error}"))
            })?,
        };
        future_into_py(py, async move {
            let message = Message { event: &event, param: &param, servo_uid: servo_uid.as_deref() };
            let tries = if retry { Tries::Context(&context) } else { Tries::Once };
            Ok(Posted(client.post(message, tries).await))
        })
    }

    /// Makes another request than a message, at a path behind the URL of the optimizer, and gives the JSON of the answer.
    ///
    /// It is tried within the limits, once unless there are any.
    #[pyo3(signature = (method, path, body = None, *, max_time = None, max_tries = Some(1)))]
    fn request<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: String,
        body: Option<Bound<'py, PyDict>>,
        max_time: Option<f64>,
        max_tries: Option<u32>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.open()?;
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| PyTypeError::new_err(format!("expected a method of HTTP, found '{method}'")))?;
        let body = body
            .map(|body| to_json(&body))
            .transpose()
            .map_err(|error| PyTypeError::new_err(format!("the body for {path} cannot be written as JSON: {error}")))?;
        let max_time = max_time.map(|time| Duration::try_from_secs_f64(time).unwrap_or_default());
        future_into_py(py, async move {
            let limits = Limits { max_time, max_tries };
            Ok(Posted(client.request(method, &path, body.as_ref(), Tries::Limits(limits)).await))
        })
    }

    /// Lets go of the connections; a closed client posts nothing more. What is under way goes on.
    fn close(&self) {
        drop(self.client.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn __repr__(&self) -> String {
        format!("OptimizerClient({:?})", self.id)
    }
}

impl OptimizerClient {
    fn open(&self) -> PyResult<Arc<Client>> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        client.ok_or_else(|| PyRuntimeError::new_err("the client is closed"))
    }
}

/// What came of a message. It becomes Python where no thread of the runtime waits for the GIL.
struct Posted(Result<Json, RemoteError>);

impl<'py> IntoPyObject<'py> for Posted {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0 {
            Ok(reply) => Ok(pythonize(py, &reply)?),
            Err(error) => Err(to_python(py, &error)),
        }
    }
}

/// Whether a request that got this HTTP status may get through later.
#[pyfunction]
pub fn is_retryable_status(status: u16) -> bool {
    is_retryable(status)
}

/// The exception of a failure, a class of `servo._optimizer_client`.
fn to_python(py: Python<'_>, error: &RemoteError) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = match error.kind {
            FailureKind::Configuration | FailureKind::Credentials if error.status.is_none() => "OptimizerAccessError",
            FailureKind::Status | FailureKind::Credentials => "OptimizerStatusError",
            FailureKind::Reply | FailureKind::TooLarge => "OptimizerReplyError",
            _ => "OptimizerConnectionError",
        };
        let fields = PyDict::new(py);
        fields.set_item("reason", error.kind.as_str())?;
        fields.set_item("status_code", error.status)?;
        fields.set_item("body", error.body.as_deref())?;
        fields.set_item("retryable", error.retryable)?;
        fields.set_item("retry_after", error.retry_after.map(|time| time.as_secs_f64()))?;
        let class = py.import("servo._optimizer_client")?.getattr(class)?;
        Ok(PyErr::from_value(class.call((error.message.as_str(),), Some(&fields))?))
    };
    make().unwrap_or_else(|failure| failure)
}

/// What is known of a message that failed so. Exceptions of another HTTP client are told by their `response`.
pub(super) fn remote_error(py: Python<'_>, error: &PyErr) -> RemoteError {
    let value = error.value(py);
    let response = value.getattr("response").ok();
    let of_response = |name| response.as_ref().and_then(|response| response.getattr(name).ok());
    let status: Option<u16> =
        value.getattr("status_code").ok().or_else(|| of_response("status_code")).and_then(|code| code.extract().ok());
    let body: Option<String> =
        value.getattr("body").ok().or_else(|| of_response("text")).and_then(|body| body.extract().ok());
    let word: Option<String> = value.getattr("reason").ok().and_then(|word| word.extract().ok());
    let kind = word.and_then(|word| word.parse().ok());
    let kind = kind.unwrap_or(if status.is_some() { FailureKind::Status } else { FailureKind::Interrupted });
    let told: Option<bool> = value.getattr("retryable").ok().and_then(|retryable| retryable.extract().ok());
    let of_system = || error.is_instance_of::<PyOSError>(py) || error.is_instance_of::<PyTimeoutError>(py);
    let connection = || of_system() || (response.is_none() && value.getattr("request").is_ok());
    RemoteError {
        kind,
        message: from_python(py, error).message,
        status,
        body,
        retryable: told.unwrap_or_else(|| status.map_or_else(connection, is_retryable)),
        retry_after: value
            .getattr("retry_after")
            .ok()
            .and_then(|seconds| seconds.extract().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    }
}
