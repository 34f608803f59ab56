//! `servo.TimeSeries`

use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyList, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit, intern};

use super::clock::{self, Zone};
use super::columns;
use super::data_point::{DataPoint, Time};
use super::read::{duration_class, metric, optional_text, optional_texts};
use super::record::{self, Record, record_methods};
use crate::model::{self, Points};

/// Values of one metric over time, oldest first.
///
/// Times and values stand in columns: a point takes 16 bytes, and a `DataPoint` is made when one is asked for. Whoever
/// takes the list `data_points` has the points as objects from then on, so that the list can be changed.
///
/// Args:
///     metric: What was measured.
///     data_points: Points of that metric, in any order.
///     id: Tells several series of one metric apart.
///     annotation: A remark for people.
///     metadata: Free form texts.
#[pyclass(subclass, weakref, module = "servo.types.core")]
pub struct TimeSeries {
    metric: Py<PyAny>,
    data: Data,
    id: Py<PyAny>,
    annotation: Py<PyAny>,
    metadata: Py<PyAny>,
}

enum Data {
    Columns { points: Points, zone: Zone },
    List(Py<PyList>),
}

impl Record for TimeSeries {
    const FIELDS: &'static [&'static str] = &["metric", "data_points", "id", "annotation", "metadata"];
    const REQUIRED: usize = 2;

    fn field_objects<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let points = Self::objects(slf)?.into_any();
        let (this, py) = (slf.borrow(), slf.py());
        let [metric, id, annotation, metadata] =
            [&this.metric, &this.id, &this.annotation, &this.metadata].map(|field| field.bind(py).clone());
        Ok(vec![metric, points, id, annotation, metadata])
    }

    fn store(slf: &Bound<'_, Self>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<Result<(), String>> {
        if name == "data_points" {
            let metric = slf.borrow().metric.bind(slf.py()).clone();
            return Ok(read_points(&metric, value)?.map(|data| slf.borrow_mut().data = data));
        }
        let read = match name {
            "metric" => metric(value),
            "metadata" => optional_texts(value),
            _ => optional_text(value),
        };
        Ok(read.map(|value| {
            let mut this = slf.borrow_mut();
            let field = match name {
                "metric" => &mut this.metric,
                "metadata" => &mut this.metadata,
                "id" => &mut this.id,
                _ => &mut this.annotation,
            };
            *field = value.unbind();
        }))
    }
}

impl TimeSeries {
    /// The points as objects, in a list that is this series' own only where it has one.
    fn objects<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        let (py, this) = (slf.py(), slf.borrow());
        match &this.data {
            Data::List(list) => Ok(list.bind(py).clone()),
            Data::Columns { points, zone } => without_collections(py, || {
                let all = (0..points.len()).map(|at| point(py, &this.metric, points, zone, at));
                PyList::new(py, all.collect::<PyResult<Vec<_>>>()?)
            }),
        }
    }

    fn length(&self, py: Python<'_>) -> usize {
        match &self.data {
            Data::Columns { points, .. } => points.len(),
            Data::List(list) => list.bind(py).len(),
        }
    }

    fn at<'py>(slf: &Bound<'py, Self>, at: usize) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.borrow());
        match &this.data {
            Data::List(list) => list.bind(py).get_item(at),
            Data::Columns { points, zone } => point(py, &this.metric, points, zone, at).map(Bound::into_any),
        }
    }

    /// The columns as they are now, with the zone of the times.
    fn columns(slf: &Bound<'_, Self>) -> PyResult<(Points, Zone)> {
        let py = slf.py();
        let list = match &slf.borrow().data {
            Data::Columns { points, zone } => return Ok((points.clone(), zone.clone_ref(py))),
            Data::List(list) => list.bind(py).clone(),
        };
        // Objects may differ in their zones: what they have in common is the instant.
        let (mut times, mut values) = (Vec::with_capacity(list.len()), Vec::with_capacity(list.len()));
        for point in list {
            let (micros, zone) = clock::micros(&point.getattr(intern!(py, "time"))?)?;
            times.push(clock::instant(micros, &zone)?.as_microsecond());
            values.push(point.getattr(intern!(py, "value"))?.extract()?);
        }
        Ok((Points::new(times, values).unwrap_or_default(), clock::utc(py)?))
    }

    /// The point with the smallest or the greatest value.
    fn extreme<'py>(
        slf: &Bound<'py, Self>,
        choose: impl Fn(&Points) -> Option<usize>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let chosen = if let Data::Columns { points, .. } = &slf.borrow().data { Some(choose(points)) } else { None };
        let at = if let Some(at) = chosen {
            at
        } else {
            // In the order of the list, whatever it has become.
            let list = Self::objects(slf)?;
            let values = list.iter().map(|point| point.getattr("value")?.extract()).collect::<PyResult<Vec<f64>>>()?;
            Points::new((0..).take(values.len()).collect(), values).as_ref().and_then(choose)
        };
        at.map(|at| Self::at(slf, at)).transpose()
    }

    /// The series as the engine knows it.
    pub(super) fn to_model(slf: &Bound<'_, Self>) -> PyResult<model::TimeSeries> {
        let (points, zone) = Self::columns(slf)?;
        let points = match zone {
            Zone::Aware(_) => points,
            Zone::Naive => {
                let times = points.times().iter().map(|time| Ok(clock::instant(*time, &zone)?.as_microsecond()));
                Points::new(times.collect::<PyResult<_>>()?, points.values().to_vec()).unwrap_or_default()
            }
        };
        let (this, py) = (slf.borrow(), slf.py());
        let metric = super::metric::to_model(this.metric.bind(py))?;
        let mut series = model::TimeSeries::from_points(metric, points)
            .ok_or_else(|| PyValueError::new_err("a time is beyond the year 9999"))?;
        series.id = this.id.extract(py)?;
        series.annotation = this.annotation.extract(py)?;
        Ok(series)
    }

    /// The object of a series.
    pub(super) fn of_model(py: Python<'_>, metric: &Bound<'_, PyAny>, series: &model::TimeSeries) -> PyResult<Self> {
        Ok(Self {
            metric: metric.clone().unbind(),
            data: Data::Columns { points: series.columns().clone(), zone: clock::utc(py)? },
            id: series.id.as_deref().into_pyobject(py)?.unbind(),
            annotation: series.annotation.as_deref().into_pyobject(py)?.unbind(),
            metadata: py.None(),
        })
    }

    /// A new series of a class with those columns.
    fn of_columns<'py>(
        cls: &Bound<'py, PyType>,
        metric: &Bound<'py, PyAny>,
        points: Points,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = cls.py();
        let object = cls.call((metric, PyList::empty(py)), kwargs)?;
        object.cast::<Self>()?.borrow_mut().data = Data::Columns { points, zone: clock::utc(py)? };
        Ok(object)
    }
}

fn point<'py>(
    py: Python<'py>,
    metric: &Py<PyAny>,
    points: &Points,
    zone: &Zone,
    at: usize,
) -> PyResult<Bound<'py, DataPoint>> {
    let (micros, value) = points.get(at).ok_or_else(|| PyIndexError::new_err("list index out of range"))?;
    Bound::new(py, DataPoint { metric: metric.clone_ref(py), time: Time::Micros(micros, zone.clone_ref(py)), value })
}

/// The points that were given: in columns where they have all in common, as objects otherwise.
fn read_points(metric: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<Result<Data, String>> {
    let py = value.py();
    if value.is_none() {
        return Ok(Err("none is not an allowed value".into()));
    }
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyDict>() {
        return Ok(Err("value is not a valid list".into()));
    }
    let Ok(items) = value.try_iter() else { return Ok(Err("value is not a valid list".into())) };
    let list = PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)?;
    if let Some(data) = in_columns(metric, &list)? {
        return Ok(Ok(data));
    }
    let key = py.import("operator")?.getattr("attrgetter")?.call1(("time",))?;
    let kwargs = PyDict::new(py);
    kwargs.set_item("key", key)?;
    list.call_method("sort", (), Some(&kwargs))?;
    for item in &list {
        if !item.is_instance_of::<DataPoint>() {
            return Ok(Err(format!("instance of DataPoint expected, found {}", record::class_name(&item))));
        }
    }
    Ok(Ok(Data::List(list.unbind())))
}

/// The points as columns; `None` when an object is more than a point of that metric with a time of the common zone.
fn in_columns(metric: &Bound<'_, PyAny>, list: &Bound<'_, PyList>) -> PyResult<Option<Data>> {
    let py = list.py();
    let (mut times, mut values) = (Vec::with_capacity(list.len()), Vec::with_capacity(list.len()));
    let mut common: Option<Zone> = None;
    let mut known = metric.clone();
    for item in list {
        let Ok(point) = item.cast_exact::<DataPoint>() else { return Ok(None) };
        let (its_metric, time, value) = {
            let point = point.borrow();
            (point.metric.bind(py).clone(), point.time.clone_ref(py), point.value)
        };
        if !its_metric.is(&known) {
            if !its_metric.get_type().is(metric.get_type()) || !its_metric.eq(metric)? {
                return Ok(None);
            }
            known = its_metric;
        }
        let (micros, zone) = time.micros(py)?;
        match (&common, &zone) {
            (None, _) | (Some(Zone::Naive), Zone::Naive) => {}
            (Some(Zone::Aware(one)), Zone::Aware(other)) if one.is(other) => {}
            _ => return Ok(None),
        }
        // The second of two equal hours, when clocks are set back, is no other number.
        if let (Zone::Naive, Time::Object(time)) = (&zone, &time)
            && time.bind(py).getattr(intern!(py, "fold"))?.is_truthy()?
        {
            return Ok(None);
        }
        common.get_or_insert(zone);
        times.push(micros);
        values.push(value);
    }
    let zone = match common {
        Some(zone) => zone,
        None => clock::utc(py)?,
    };
    Ok(Points::new(times, values).map(|points| Data::Columns { points, zone }))
}

record_methods! {
    TimeSeries + {
        #[new]
        #[pyo3(signature = (*_args, **_kwargs))]
        fn __new__(
            py: Python<'_>,
            _args: &Bound<'_, PyTuple>,
            _kwargs: Option<&Bound<'_, PyDict>>,
        ) -> PyResult<Self> {
            let data = Data::Columns { points: Points::default(), zone: clock::utc(py)? };
            Ok(Self { metric: py.None(), data, id: py.None(), annotation: py.None(), metadata: py.None() })
        }

        /// A series of two columns of equal length.
        ///
        /// Args:
        ///     metric: What was measured.
        ///     times: Seconds since 1970, in an array or any iterable; datetimes too.
        ///     values: Numbers, in an array or any iterable.
        ///     kwargs: The other arguments of the constructor.
        ///
        /// Raises:
        ///     ValueError: The lengths differ, or a number is no time.
        #[classmethod]
        #[pyo3(signature = (metric, times, values, **kwargs))]
        fn from_columns<'py>(
            cls: &Bound<'py, PyType>,
            metric: &Bound<'py, PyAny>,
            times: &Bound<'py, PyAny>,
            values: &Bound<'py, PyAny>,
            kwargs: Option<&Bound<'py, PyDict>>,
        ) -> PyResult<Bound<'py, PyAny>> {
            Self::of_columns(cls, metric, columns::of_columns(times, values)?, kwargs)
        }

        /// A series of pairs of time and value, such as Prometheus gives them.
        ///
        /// Args:
        ///     metric: What was measured.
        ///     pairs: Each of the seconds since 1970 or a datetime, and of a number or the text of one.
        ///     kwargs: The other arguments of the constructor.
        ///
        /// Raises:
        ///     ValueError: An item is no such pair.
        #[classmethod]
        #[pyo3(signature = (metric, pairs, **kwargs))]
        fn from_pairs<'py>(
            cls: &Bound<'py, PyType>,
            metric: &Bound<'py, PyAny>,
            pairs: &Bound<'py, PyAny>,
            kwargs: Option<&Bound<'py, PyDict>>,
        ) -> PyResult<Bound<'py, PyAny>> {
            Self::of_columns(cls, metric, columns::of_pairs(pairs)?, kwargs)
        }

        /// What was measured.
        #[getter]
        fn metric(&self, py: Python<'_>) -> Py<PyAny> {
            self.metric.clone_ref(py)
        }

        /// The points, in a list that is this series' own: it can be changed.
        #[getter]
        fn data_points<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
            let list = Self::objects(slf)?;
            slf.borrow_mut().data = Data::List(list.clone().unbind());
            Ok(list)
        }

        /// Tells several series of one metric apart.
        #[getter]
        fn id(&self, py: Python<'_>) -> Py<PyAny> {
            self.id.clone_ref(py)
        }

        /// A remark for people.
        #[getter]
        fn annotation(&self, py: Python<'_>) -> Py<PyAny> {
            self.annotation.clone_ref(py)
        }

        /// Free form texts.
        #[getter]
        fn metadata(&self, py: Python<'_>) -> Py<PyAny> {
            self.metadata.clone_ref(py)
        }

        /// The times of all points in seconds since 1970, as an `array.array`.
        #[getter]
        fn times<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            let (points, zone) = Self::columns(slf)?;
            let seconds = points.times().iter().map(|time| match zone {
                Zone::Aware(_) => Ok(*time as f64 / 1e6),
                Zone::Naive => clock::instant(*time, &zone).map(|stamp| stamp.as_microsecond() as f64 / 1e6),
            });
            array(slf.py(), &seconds.collect::<PyResult<Vec<_>>>()?)
        }

        /// The values of all points, as an `array.array`.
        #[getter]
        fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            if let Data::Columns { points, .. } = &slf.borrow().data {
                return array(slf.py(), points.values());
            }
            array(slf.py(), Self::columns(slf)?.0.values())
        }

        /// The point with the smallest value, the earliest of equal ones; None without points.
        #[getter]
        fn min<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
            Self::extreme(slf, Points::least)
        }

        /// The point with the greatest value, the earliest of equal ones; None without points.
        #[getter]
        fn max<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
            Self::extreme(slf, Points::greatest)
        }

        /// The times of the first and the last point; None without points.
        #[getter]
        fn timespan<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
            let length = slf.borrow().length(slf.py());
            if length == 0 {
                return Ok(None);
            }
            Ok(Some((Self::at(slf, 0)?.getattr("time")?, Self::at(slf, length - 1)?.getattr("time")?)))
        }

        /// The time between the first and the last point; None without points.
        #[getter]
        fn duration<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
            let Some((first, last)) = Self::timespan(slf)? else { return Ok(None) };
            duration_class(slf.py())?.call1((last.sub(first)?,)).map(Some)
        }

        fn __len__(&self, py: Python<'_>) -> usize {
            self.length(py)
        }

        fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
            // One point at a time: a long series is never there as objects.
            if let Data::List(list) = &slf.borrow().data {
                return Ok(list.bind(slf.py()).try_iter()?.into_any());
            }
            Ok(Bound::new(slf.py(), TimeSeriesIterator { series: slf.clone().unbind(), at: 0 })?.into_any())
        }

        fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            let Ok(index) = index.extract::<isize>() else {
                return Err(PyTypeError::new_err("values can only be retrieved by integer index"));
            };
            let length = slf.borrow().length(slf.py());
            let at = if index < 0 { length.checked_sub(index.unsigned_abs()) } else { Some(index.unsigned_abs()) };
            match at {
                Some(at) if at < length => Self::at(slf, at),
                _ => Err(PyIndexError::new_err("list index out of range")),
            }
        }

        fn __eq__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            let py = slf.py();
            let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented().into_bound(py)) };
            let equal = if slf.is(other) {
                true
            } else {
                record::equal(&Self::field_objects(slf)?, &Self::field_objects(other)?)?
            };
            Ok(PyBool::new(py, equal).to_owned().into_any())
        }

        fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
            let (py, this) = (slf.py(), slf.borrow());
            let data = match &this.data {
                Data::List(list) => list.bind(py).clone().into_any(),
                Data::Columns { points, zone } => {
                    let zone = match zone {
                        Zone::Naive => py.None(),
                        Zone::Aware(zone) => zone.clone_ref(py),
                    };
                    let times: Vec<u8> = points.times().iter().flat_map(|time| time.to_le_bytes()).collect();
                    let values: Vec<u8> = points.values().iter().flat_map(|value| value.to_le_bytes()).collect();
                    (PyBytes::new(py, &times), PyBytes::new(py, &values), zone).into_pyobject(py)?.into_any()
                }
            };
            let [metric, id, annotation, metadata] =
                [&this.metric, &this.id, &this.annotation, &this.metadata].map(|field| field.bind(py).clone());
            drop(this);
            record::reduce(slf.as_any(), [metric, data, id, annotation, metadata])
        }

        /// Fills a new object with what `__reduce__` gave, past the constructor of whatever subclass it is.
        fn __setstate__(slf: &Bound<'_, Self>, state: &Bound<'_, PyTuple>) -> PyResult<()> {
            let object = slf.as_any();
            let part = |at| record::stored(object, state, at);
            let data = part(1)?;
            let data = if let Ok(list) = data.cast::<PyList>() {
                Data::List(list.clone().unbind())
            } else {
                    let (times, values, zone): (Vec<u8>, Vec<u8>, Option<Py<PyAny>>) = data.extract()?;
                    let times = times.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
                    let values = values.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
                    let points = Points::new(times, values)
                        .ok_or_else(|| PyValueError::new_err("the state has columns of different lengths"))?;
                    Data::Columns { points, zone: zone.map_or(Zone::Naive, Zone::Aware) }
            };
            {
                let [metric, id, annotation, metadata] = [part(0)?, part(2)?, part(3)?, part(4)?].map(Bound::unbind);
                *slf.borrow_mut() = Self { metric, data, id, annotation, metadata };
            }
            record::restore_attributes(object, state, 5)
        }

        #[allow(clippy::needless_pass_by_value)] // The signature is pyo3's.
        fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
            match &self.data {
                Data::List(list) => visit.call(list)?,
                Data::Columns { zone: Zone::Aware(zone), .. } => visit.call(zone)?,
                Data::Columns { .. } => {}
            }
            for field in [&self.metric, &self.id, &self.annotation, &self.metadata] {
                visit.call(field)?;
            }
            Ok(())
        }

        fn __clear__(&mut self, py: Python<'_>) {
            self.data = Data::Columns { points: Points::default(), zone: Zone::Naive };
            for field in [&mut self.metric, &mut self.id, &mut self.annotation, &mut self.metadata] {
                *field = py.None();
            }
        }
    }
}

/// Goes through the points of a series.
#[pyclass(module = "servo._core")]
pub struct TimeSeriesIterator {
    series: Py<TimeSeries>,
    at: usize,
}

#[pymethods]
impl TimeSeriesIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let series = self.series.bind(py);
        if self.at >= series.borrow().length(py) {
            return Ok(None);
        }
        self.at += 1;
        TimeSeries::at(series, self.at - 1).map(Some)
    }

    #[allow(clippy::needless_pass_by_value)] // The signature is pyo3's.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.series)
    }
}

/// Makes many objects without going through all of them for garbage again and again. No Python code runs meanwhile.
fn without_collections<T>(py: Python<'_>, make: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let gc = py.import("gc")?;
    if !gc.call_method0("isenabled")?.is_truthy()? {
        return make();
    }
    gc.call_method0("disable")?;
    let result = make();
    gc.call_method0("enable")?;
    result
}

/// Numbers as an `array.array` of doubles.
fn array<'py>(py: Python<'py>, numbers: &[f64]) -> PyResult<Bound<'py, PyAny>> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
    py.import("array")?.getattr("array")?.call1(("d", PyBytes::new(py, &bytes)))
}
