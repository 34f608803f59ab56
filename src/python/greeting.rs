//! What the greeting tells of a servo with connectors in Python.

use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;
use tokio::sync::oneshot;

use super::event_loop::EventLoop;
use crate::runner::{Servo, Telemetry};

/// The servo that tells what its connectors have set, or what every servo of this process tells.
pub(super) fn telling(servo: Servo, event_loop: Arc<EventLoop>) -> Servo {
    servo.with_telemetry(move || {
        let event_loop = event_loop.clone();
        async move { if event_loop.is_empty() { common().await } else { of_view(event_loop).await } }
    })
}

/// Read on the loop that owns the connectors, where they write it.
async fn of_view(event_loop: Arc<EventLoop>) -> Option<Telemetry> {
    let (sender, told) = oneshot::channel();
    let home = event_loop.clone();
    event_loop.submit(Box::new(move |py, _| {
        let values = home.servo(py).map(|servo| {
            let values = servo.getattr("telemetry")?.getattr("values")?;
            texts(&values)
        });
        let _ = sender.send(told_of(values));
    }));
    told.await.ok().flatten()
}

/// What a servo without connectors in Python tells: the same for all of the process.
async fn common() -> Option<Telemetry> {
    static COMMON: OnceLock<Telemetry> = OnceLock::new();
    if let Some(common) = COMMON.get() {
        return Some(common.clone());
    }
    // The GIL may be taken for long by Python code: no thread of the runtime waits for it.
    let read = || {
        Python::attach(|py| {
            let telemetry = py.import("servo.telemetry").and_then(|module| module.getattr("Telemetry")?.call0());
            told_of(Some(telemetry.and_then(|telemetry| texts(&telemetry.getattr("values")?))))
        })
    };
    let common = tokio::task::spawn_blocking(read).await.ok()??;
    Some(COMMON.get_or_init(|| common).clone())
}

/// A connector may put anything into it; what is sent are texts.
fn texts(values: &Bound<'_, PyAny>) -> PyResult<Telemetry> {
    let mut telemetry = Telemetry::new();
    for pair in values.call_method0("items")?.try_iter()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        telemetry.insert(name.str()?.to_string_lossy().into_owned(), value.str()?.to_string_lossy().into_owned());
    }
    Ok(telemetry)
}

fn told_of(values: Option<PyResult<Telemetry>>) -> Option<Telemetry> {
    values?.inspect_err(|error| tracing::warn!("the telemetry of the connectors cannot be read: {error}")).ok()
}
