//! Where the points of a series come from: buffers, sequences, pairs.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyList, PyString, PyTuple};

use super::clock;
use super::read::number_of_text;
use super::record::class_name;
use crate::model::Points;

/// The points of a column of times and one of values.
pub(super) fn of_columns(times: &Bound<'_, PyAny>, values: &Bound<'_, PyAny>) -> PyResult<Points> {
    let times = column(times, clock::of_seconds, clock::of_any)?;
    let values = column(values, Ok, number)?;
    let (left, right) = (times.len(), values.len());
    Points::new(times, values)
        .ok_or_else(|| PyValueError::new_err(format!("as many times as values are needed, found {left} and {right}")))
}

/// The points of a sequence of pairs of time and value.
pub(super) fn of_pairs(pairs: &Bound<'_, PyAny>) -> PyResult<Points> {
    // A length is a hint, which may lie.
    let length = pairs.len().unwrap_or(0).min(1 << 20);
    let (mut times, mut values) = (Vec::with_capacity(length), Vec::with_capacity(length));
    for pair in pairs.try_iter()? {
        let pair = pair?;
        let (time, value) = if let Ok(pair) = pair.cast::<PyTuple>() {
            two(pair.len(), || Ok((pair.get_item(0)?, pair.get_item(1)?)))?
        } else if let Ok(pair) = pair.cast::<PyList>() {
            two(pair.len(), || Ok((pair.get_item(0)?, pair.get_item(1)?)))?
        } else {
            pair.extract()?
        };
        times.push(clock::of_any(&time)?);
        values.push(number(&value)?);
    }
    Ok(Points::new(times, values).unwrap_or_default())
}

fn two<T>(length: usize, items: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    if length == 2 { items() } else { Err(PyValueError::new_err(format!("a pair is of 2 items, found {length}"))) }
}

/// A number, or a text that says one.
fn number(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Ok(number) = value.cast_exact::<PyFloat>() {
        return Ok(number.value());
    }
    if value.is_instance_of::<PyString>() {
        return number_of_text(value).ok_or_else(|| {
            PyValueError::new_err(format!(
                "{} is not a number",
                value.repr().map_or_else(|_| "?".into(), |text| text.to_string())
            ))
        });
    }
    value.extract().map_err(|_| PyTypeError::new_err(format!("values are numbers, found {}", class_name(value))))
}

/// One column: out of a buffer of numbers at once, out of any other iterable one by one.
fn column<T>(
    source: &Bound<'_, PyAny>,
    of_number: impl Fn(f64) -> PyResult<T>,
    of_object: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    if let Some(numbers) = buffer::<f64>(source)? {
        return numbers.into_iter().map(of_number).collect();
    }
    if let Some(numbers) = buffer::<i64>(source)? {
        return numbers.into_iter().map(|number| of_number(number as f64)).collect();
    }
    if let Some(numbers) = buffer::<f32>(source)? {
        return numbers.into_iter().map(|number| of_number(f64::from(number))).collect();
    }
    if let Ok(list) = source.cast::<PyList>() {
        return list.iter().map(|item| of_object(&item)).collect();
    }
    source.try_iter()?.map(|item| of_object(&item?)).collect()
}

/// The items of a buffer of one dimension with that type of items.
fn buffer<T: Element>(source: &Bound<'_, PyAny>) -> PyResult<Option<Vec<T>>> {
    match PyBuffer::<T>::get(source) {
        Ok(buffer) if buffer.dimensions() == 1 => buffer.to_vec(source.py()).map(Some),
        _ => Ok(None),
    }
}
