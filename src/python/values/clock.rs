//! Times of Python as microseconds since 1970, and back.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyFloat, PyInt};

/// What the times of a series have in common.
#[derive(Debug)]
pub(super) enum Zone {
    /// Without a zone: local time.
    Naive,
    /// With that `tzinfo`.
    Aware(Py<PyAny>),
}

impl Zone {
    pub fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Naive => Self::Naive,
            Self::Aware(zone) => Self::Aware(zone.clone_ref(py)),
        }
    }
}

struct Clock {
    datetime: Py<PyAny>,
    utc: Py<PyAny>,
    naive_epoch: Py<PyAny>,
    epoch: Py<PyAny>,
    timedelta: Py<PyAny>,
}

fn clock(py: Python<'_>) -> PyResult<&'static Clock> {
    static CLOCK: PyOnceLock<Clock> = PyOnceLock::new();
    CLOCK.get_or_try_init(py, || {
        let datetime = py.import("datetime")?;
        let utc = datetime.getattr("timezone")?.getattr("utc")?;
        let class = datetime.getattr("datetime")?;
        let naive_epoch = class.call1((1970, 1, 1))?;
        let kwargs = pyo3::types::PyDict::new(py);
        kwargs.set_item("tzinfo", &utc)?;
        let epoch = naive_epoch.call_method("replace", (), Some(&kwargs))?;
        let timedelta = datetime.getattr("timedelta")?;
        Ok(Clock {
            datetime: class.unbind(),
            utc: utc.unbind(),
            naive_epoch: naive_epoch.unbind(),
            epoch: epoch.unbind(),
            timedelta: timedelta.unbind(),
        })
    })
}

/// The zone of times that are seconds since 1970.
pub(super) fn utc(py: Python<'_>) -> PyResult<Zone> {
    Ok(Zone::Aware(clock(py)?.utc.clone_ref(py)))
}

/// The microseconds of a datetime, and its zone.
pub(super) fn micros(time: &Bound<'_, PyAny>) -> PyResult<(i64, Zone)> {
    let py = time.py();
    let clock = clock(py)?;
    let zone = time.getattr(intern!(py, "tzinfo"))?;
    let naive = zone.is_none();
    if !naive && let Some(micros) = of_timestamp(time)? {
        return Ok((micros, Zone::Aware(zone.unbind())));
    }
    let span = time.sub(if naive { &clock.naive_epoch } else { &clock.epoch })?;
    let part = |name: &Bound<'_, pyo3::types::PyString>| span.getattr(name)?.extract::<i64>();
    let seconds = part(intern!(py, "days"))? * 86_400 + part(intern!(py, "seconds"))?;
    let micros = seconds * 1_000_000 + part(intern!(py, "microseconds"))?;
    Ok((micros, if naive { Zone::Naive } else { Zone::Aware(zone.unbind()) }))
}

/// The microseconds of a datetime with a zone, out of its seconds: for the times that are exact so, until 2106.
fn of_timestamp(time: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    let seconds: f64 = time.call_method0(intern!(time.py(), "timestamp"))?.extract()?;
    Ok((seconds.abs() < f64::from(u32::MAX)).then(|| (seconds * 1e6).round() as i64))
}

/// The datetime of microseconds.
pub(super) fn datetime<'py>(py: Python<'py>, micros: i64, zone: &Zone) -> PyResult<Bound<'py, PyAny>> {
    let clock = clock(py)?;
    if let Some(state) = state(micros) {
        let state = PyBytes::new(py, &state);
        match zone {
            Zone::Naive => return clock.datetime.bind(py).call1((state,)),
            Zone::Aware(zone) if zone.is(&clock.utc) => return clock.datetime.bind(py).call1((state, zone)),
            Zone::Aware(_) => {}
        }
    }
    let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let span = clock.timedelta.bind(py).call1((seconds.div_euclid(86_400), seconds.rem_euclid(86_400), micros))?;
    match zone {
        Zone::Naive => clock.naive_epoch.bind(py).add(span),
        Zone::Aware(zone) if zone.is(&clock.utc) => clock.epoch.bind(py).add(span),
        Zone::Aware(zone) => clock.epoch.bind(py).add(span)?.call_method1(intern!(py, "astimezone"), (zone,)),
    }
}

/// What a datetime is pickled as, the form in which it is made fastest; `None` for what no datetime can say.
fn state(micros: i64) -> Option<[u8; 10]> {
    let time = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?);
    let year = u16::try_from(time.year()).ok().filter(|year| *year > 0)?.to_be_bytes();
    let part = |number: i8| u8::try_from(number).ok();
    let fraction = u32::try_from(time.subsec_nanosecond() / 1_000).ok()?.to_be_bytes();
    Some([
        year[0],
        year[1],
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
        fraction[1],
        fraction[2],
        fraction[3],
    ])
}

/// Microseconds of seconds since 1970.
pub(super) fn of_seconds(seconds: f64) -> PyResult<i64> {
    // Within the years that a datetime can say: 1 to 9999.
    if (-62_135_596_800.0..253_402_300_800.0).contains(&seconds) {
        return Ok((seconds * 1e6).round() as i64);
    }
    Err(PyValueError::new_err(format!("{seconds} seconds since 1970 are no time between the years 1 and 9999")))
}

/// Microseconds of one time of a column: seconds since 1970, or a datetime with a zone.
pub(super) fn of_any(time: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(seconds) = time.cast_exact::<PyFloat>() {
        return of_seconds(seconds.value());
    }
    if time.is_instance_of::<PyInt>()
        && let Ok(seconds) = time.extract::<i64>()
    {
        return of_seconds(seconds as f64);
    }
    if let Ok(seconds) = time.extract::<f64>() {
        return of_seconds(seconds);
    }
    match micros(time) {
        Ok((micros, Zone::Aware(_))) => Ok(micros),
        Ok((found, Zone::Naive)) => Ok(instant(found, &Zone::Naive)?.as_microsecond()),
        Err(_) => Err(PyTypeError::new_err(format!(
            "times are seconds since 1970 or datetimes, found {}",
            super::record::class_name(time)
        ))),
    }
}

/// The instant of a time of a series; one without a zone is local time.
pub(super) fn instant(micros: i64, zone: &Zone) -> PyResult<Timestamp> {
    let beyond = |error: jiff::Error| PyOverflowError::new_err(error.to_string());
    let stamp = Timestamp::from_microsecond(micros).map_err(beyond)?;
    match zone {
        Zone::Aware(_) => Ok(stamp),
        Zone::Naive => {
            let local = stamp.to_zoned(TimeZone::UTC).datetime().to_zoned(TimeZone::system());
            local.map(|zoned| zoned.timestamp()).map_err(beyond)
        }
    }
}
