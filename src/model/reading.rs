//! What was measured.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, json};

use super::{Metric, Points};

/// One value of a metric at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct DataPoint {
    /// What was measured.
    pub metric: Metric,
    /// When.
    pub time: Timestamp,
    /// How much, in the unit of the metric.
    pub value: f64,
}

/// Values of one metric over time, oldest first.
///
/// Times and values stand in columns of their own: a point takes 16 bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSeries {
    /// What was measured.
    pub metric: Metric,
    /// Tells several series of one metric apart, such as a pod's name.
    pub id: Option<String>,
    /// A remark for people.
    pub annotation: Option<String>,
    points: Points,
}

/// A single value or a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One value.
    DataPoint(DataPoint),
    /// Values over time.
    TimeSeries(TimeSeries),
}

/// The answer to a `measure` event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurement {
    /// The readings of all metrics.
    pub readings: Vec<Reading>,
    /// Remarks, sent along.
    pub annotations: IndexMap<String, String>,
}

impl TimeSeries {
    /// A series of those points, sorted by time.
    pub fn new(metric: Metric, points: Vec<(Timestamp, f64)>) -> Self {
        let (times, values) = points.into_iter().map(|(time, value)| (time.as_microsecond(), value)).unzip();
        let points = Points::new(times, values).expect("both columns come of the same points");
        Self { metric, id: None, annotation: None, points }
    }

    /// A series of columns; `None` when a time is beyond what a timestamp can say.
    pub fn from_points(metric: Metric, points: Points) -> Option<Self> {
        // The times are sorted: those between the first and the last are timestamps when these are.
        for time in [points.times().first(), points.times().last()].into_iter().flatten() {
            Timestamp::from_microsecond(*time).ok()?;
        }
        Some(Self { metric, id: None, annotation: None, points })
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The values, oldest first.
    pub fn values(&self) -> &[f64] {
        self.points.values()
    }

    /// The times and values in columns.
    pub fn columns(&self) -> &Points {
        &self.points
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        self.points.times().iter().zip(self.points.values()).map(|(time, value)| {
            (Timestamp::from_microsecond(*time).expect("the time was a timestamp when it came in"), *value)
        })
    }
}

impl Reading {
    /// What was measured.
    pub fn metric(&self) -> &Metric {
        match self {
            Self::DataPoint(point) => &point.metric,
            Self::TimeSeries(series) => &series.metric,
        }
    }

    /// One number for the whole: the mean of the finite values, `None` when there is none.
    pub fn scalar(&self) -> Option<f64> {
        let values = match self {
            Self::DataPoint(point) => std::slice::from_ref(&point.value),
            Self::TimeSeries(series) => series.values(),
        };
        let finite = || values.iter().filter(|value| value.is_finite());
        let count = finite().count();
        (count > 0).then(|| finite().sum::<f64>() / count as f64)
    }
}

impl Measurement {
    /// Adds what another connector measured; its annotations stand over earlier ones.
    pub fn extend(&mut self, other: Self) {
        self.readings.extend(other.readings);
        self.annotations.extend(other.annotations);
    }

    /// One number a metric: the mean over its readings' means. Metrics without a finite value are left out.
    pub fn scalars(&self) -> IndexMap<String, f64> {
        let mut sums: IndexMap<String, (f64, u32)> = IndexMap::new();
        for reading in &self.readings {
            if let Some(value) = reading.scalar() {
                let (sum, count) = sums.entry(reading.metric().name.clone()).or_default();
                *sum += value;
                *count += 1;
            }
        }
        sums.into_iter().map(|(name, (sum, count))| (name, sum / f64::from(count))).collect()
    }

    /// The objects `metrics` and `annotations` of a MEASUREMENT result.
    ///
    /// A metric with several series has one entry of `values` for each. Points that are not finite are
    /// left out: JSON has no word for them.
    pub fn wire(&self, now: Timestamp) -> (Map<String, serde_json::Value>, Map<String, serde_json::Value>) {
        let mut metrics = Map::new();
        for reading in &self.readings {
            let metric = reading.metric();
            let entry = metrics.entry(metric.name.clone()).or_insert_with(|| json!({ "unit": metric.unit }));
            match reading {
                Reading::DataPoint(point) if point.value.is_finite() => entry["value"] = json!(point.value),
                Reading::DataPoint(_) => {}
                Reading::TimeSeries(series) => {
                    let id = series.id.clone().unwrap_or_else(|| now.as_second().to_string());
                    let data: Vec<_> = series
                        .points()
                        .filter(|(_, value)| value.is_finite())
                        .map(|(time, value)| json!([time.as_second(), value]))
                        .collect();
                    let values = entry
                        .as_object_mut()
                        .expect("the entry was made as an object")
                        .entry("values")
                        .or_insert_with(|| json!([]));
                    if let Some(values) = values.as_array_mut() {
                        values.push(json!({ "id": id, "data": data }));
                    }
                }
            }
        }
        let annotations = self.annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        (metrics, annotations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_series_is_sorted_and_small() {
        let series = TimeSeries::new(Metric::new("rps", Unit::RequestsPerSecond), vec![(at(2), 6.0), (at(1), 5.0)]);
        assert_eq!(series.values(), [5.0, 6.0]);
        assert_eq!(series.points().next(), Some((at(1), 5.0)));
    }

    #[test]
    fn every_series_of_a_metric_is_sent() {
        let metric = Metric::new("rps", Unit::RequestsPerSecond);
        let mut one = TimeSeries::new(metric.clone(), vec![(at(1), 5.0), (at(2), f64::NAN)]);
        one.id = Some("pod-1".into());
        let two = TimeSeries::new(metric, vec![(at(1), 7.0)]);
        let measurement =
            Measurement { readings: vec![Reading::TimeSeries(one), Reading::TimeSeries(two)], ..Default::default() };
        let (metrics, _) = measurement.wire(at(100));
        assert_eq!(
            serde_json::to_string(&metrics).unwrap(),
            r#"{"rps":{"unit":"rps","values":[{"id":"pod-1","data":[[1,5.0]]},{"id":"100","data":[[1,7.0]]}]}}"#
        );
        assert_eq!(measurement.scalars()["rps"], 6.0);
    }
}
