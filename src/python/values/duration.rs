//! The logic behind `servo.Duration`, which is a `datetime.timedelta` and therefore a Python class.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::read::duration_class;
use crate::model;

/// The microseconds of a duration such as `1h30m`; raises ValueError for anything else.
#[pyfunction]
pub fn text_to_duration(text: &str) -> PyResult<i64> {
    let parsed: Result<model::Duration, _> = text.parse();
    parsed.map(model::Duration::as_micros).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The shortest exact text of a number of microseconds.
#[pyfunction]
pub fn duration_to_text(micros: i64) -> String {
    model::Duration::from_micros(micros).to_string()
}

/// The regular expression of a duration, for JSON Schemas.
#[pyfunction]
pub fn duration_pattern() -> &'static str {
    model::Duration::PATTERN
}

/// A `timedelta` as a value.
pub(super) fn to_model(value: &Bound<'_, PyAny>) -> PyResult<model::Duration> {
    let part = |name: &str| value.getattr(name)?.extract::<i64>();
    // A `servo.Duration` is refused where 64 bits do not hold it; a plain timedelta has the greatest one instead.
    let seconds = part("days")?.saturating_mul(86_400).saturating_add(part("seconds")?);
    let micros = seconds.saturating_mul(1_000_000).saturating_add(part("microseconds")?);
    Ok(model::Duration::from_micros(micros))
}

/// A `servo.Duration` of a value.
pub(super) fn from_model(py: Python<'_>, value: model::Duration) -> PyResult<Py<PyAny>> {
    let kwargs = pyo3::types::PyDict::new(py);
    kwargs.set_item("microseconds", value.as_micros())?;
    Ok(duration_class(py)?.call((), Some(&kwargs))?.unbind())
}
