//! What is counted, and the readings it becomes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use jiff::Timestamp;

use crate::model::{Metric, Reading, TimeSeries, Unit};

/// The names and units of the metrics, in the order they are described.
const METRICS: [(&str, Unit); 12] = [
    ("throughput", Unit::RequestsPerMinute),
    ("error_rate", Unit::Percentage),
    ("latency_total", Unit::Milliseconds),
    ("latency_mean", Unit::Milliseconds),
    ("latency_50th", Unit::Milliseconds),
    ("latency_90th", Unit::Milliseconds),
    ("latency_95th", Unit::Milliseconds),
    ("latency_99th", Unit::Milliseconds),
    ("latency_max", Unit::Milliseconds),
    ("latency_min", Unit::Milliseconds),
    ("rate_asked", Unit::RequestsPerSecond),
    ("rate_achieved", Unit::RequestsPerSecond),
];

/// The most distinct texts of errors that are kept, and the most characters of each.
const ERROR_TEXTS: usize = 20;
const ERROR_LENGTH: usize = 200;

/// The metrics of the connector.
pub fn metrics() -> Vec<Metric> {
    METRICS.iter().map(|(name, unit)| Metric::new(*name, *unit)).collect()
}

/// Latencies and counts of the requests that ended in one interval.
pub(super) struct Tally {
    histogram: Histogram<u64>,
    sum: u128,
    shortest: u64,
    longest: u64,
    requests: u64,
    errors: u64,
    sent: u64,
}

/// What one interval came to. Latencies are in milliseconds, and `None` when no request ended in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) time: Timestamp,
    values: [Option<f64>; METRICS.len()],
}

impl Tally {
    pub(super) fn new() -> Self {
        // From a microsecond to an hour with three digits: about 180 KiB, whatever is counted.
        let histogram = Histogram::new_with_bounds(1_000, 3_600_000_000_000, 3).expect("the bounds are in order");
        Self { histogram, sum: 0, shortest: u64::MAX, longest: 0, requests: 0, errors: 0, sent: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.histogram.reset();
        (self.sum, self.shortest, self.longest) = (0, u64::MAX, 0);
        (self.requests, self.errors, self.sent) = (0, 0, 0);
    }

    /// A request is on its way.
    pub(super) fn sent(&mut self) {
        self.sent += 1;
    }

    /// `count` requests ended after that latency.
    pub(super) fn ended(&mut self, latency: Duration, ok: bool, count: u64) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.histogram.saturating_record_n(nanos, count);
        self.sum += u128::from(nanos) * u128::from(count);
        self.shortest = self.shortest.min(nanos);
        self.longest = self.longest.max(nanos);
        self.requests += count;
        if !ok {
            self.errors += count;
        }
    }

    /// The latency in milliseconds that this share of requests stayed within.
    fn quantile(&self, quantile: f64) -> f64 {
        // The histogram's buckets are wider than the values in them, which the true extremes bound.
        self.histogram.value_at_quantile(quantile).clamp(self.shortest, self.longest) as f64 / 1e6
    }

    /// The values of an interval: `span` is its whole length, `sending` the part in which requests were due.
    pub(super) fn point(&self, time: Timestamp, span: Duration, sending: Duration, asked: Option<f64>) -> Point {
        let any = self.requests > 0;
        let when = |value: f64| any.then_some(value);
        let per_second = |count: u64, span: Duration| {
            let seconds = span.as_secs_f64();
            (seconds > 0.0).then(|| count as f64 / seconds)
        };
        let total = self.sum as f64 / 1e6;
        let quantile = |quantile| any.then(|| self.quantile(quantile));
        Point {
            time,
            values: [
                per_second(self.requests - self.errors, span).map(|rate| rate * 60.0),
                when(self.errors as f64 * 100.0 / self.requests as f64),
                when(total),
                when(total / self.requests as f64),
                quantile(0.5),
                quantile(0.9),
                quantile(0.95),
                quantile(0.99),
                when(self.longest as f64 / 1e6),
                when(self.shortest as f64 / 1e6),
                asked,
                per_second(self.sent, sending),
            ],
        }
    }
}

impl Point {
    /// One line for people.
    pub(super) fn summary(&self) -> String {
        let value = |name| {
            let at = METRICS.iter().position(|(metric, _)| *metric == name);
            at.and_then(|at| self.values[at]).unwrap_or(0.0)
        };
        let mut text = format!("~{:.2}rpm", value("throughput"));
        if self.values[1].is_some() {
            let _ = write!(
                text,
                " ({:.2}% errors) [latencies: 50th={:.2}ms, 90th={:.2}ms, 95th={:.2}ms, 99th={:.2}ms]",
                value("error_rate"),
                value("latency_50th"),
                value("latency_90th"),
                value("latency_95th"),
                value("latency_99th"),
            );
        }
        text
    }
}

/// The series of those metrics, of all when none is named. A metric without a value has none.
pub(super) fn readings(points: &[Point], wanted: &[String]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (at, (name, unit)) in METRICS.iter().enumerate() {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let values: Vec<_> =
            points.iter().filter_map(|point| point.values[at].map(|value| (point.time, value))).collect();
        if !values.is_empty() {
            readings.push(Reading::TimeSeries(TimeSeries::new(Metric::new(*name, *unit), values)));
        }
    }
    readings
}

/// The distinct texts of errors with how often each came; a bounded number of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Errors {
    counts: BTreeMap<String, u64>,
    others: u64,
    first: Option<String>,
}

impl Errors {
    pub(super) fn add(&mut self, text: &str, count: u64) {
        let end = text.char_indices().nth(ERROR_LENGTH).map_or(text.len(), |(at, _)| at);
        let text = &text[..end];
        if self.first.is_none() {
            self.first = Some(text.to_owned());
        }
        if let Some(known) = self.counts.get_mut(text) {
            *known += count;
        } else if self.counts.len() < ERROR_TEXTS {
            self.counts.insert(text.to_owned(), count);
        } else {
            self.others += count;
        }
    }

    pub(super) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// `503 Service Unavailable (12 times); ...`, the most frequent first; `None` without errors.
    pub(super) fn text(&self) -> Option<String> {
        let mut counts: Vec<_> = self.counts.iter().map(|(text, count)| (text.as_str(), *count)).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        if self.others > 0 {
            counts.push(("other errors", self.others));
        }
        let times = |(text, count)| format!("{text} ({count} time{})", if count == 1 { "" } else { "s" });
        (!counts.is_empty()).then(|| counts.into_iter().map(times).collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn value(points: &[Point], name: &str) -> f64 {
        let found = readings(points, &[name.to_owned()]);
        assert_eq!(found.len(), 1, "{name}");
        found[0].scalar().unwrap()
    }

    #[test]
    fn a_point_has_the_units_of_its_metrics() {
        let mut tally = Tally::new();
        for latency in 1..=100 {
            tally.sent();
            tally.ended(MS * latency, latency > 2, 1);
        }
        let points = [tally.point(Timestamp::UNIX_EPOCH, MS * 2_000, MS * 1_000, Some(120.0))];
        assert_eq!(value(&points, "throughput"), 98.0 * 30.0);
        assert_eq!(value(&points, "error_rate"), 2.0);
        assert_eq!(value(&points, "latency_total"), 5050.0);
        assert_eq!(value(&points, "latency_mean"), 50.5);
        assert_eq!(value(&points, "latency_min"), 1.0);
        assert_eq!(value(&points, "latency_max"), 100.0);
        assert_eq!(value(&points, "rate_asked"), 120.0);
        assert_eq!(value(&points, "rate_achieved"), 100.0);
        for (name, expected) in
            [("latency_50th", 50.0), ("latency_90th", 90.0), ("latency_95th", 95.0), ("latency_99th", 99.0)]
        {
            assert!((value(&points, name) - expected).abs() <= expected * 0.001, "{name}");
        }
        assert_eq!(readings(&points, &[]).len(), METRICS.len());
        assert_eq!(readings(&points, &["foreign".to_owned()]), []);
    }

    #[test]
    fn an_interval_without_requests_has_no_latencies() {
        let mut tally = Tally::new();
        tally.ended(MS, true, 3);
        tally.clear();
        let point = tally.point(Timestamp::UNIX_EPOCH, MS, MS, None);
        let names: Vec<_> = readings(&[point], &[]).iter().map(|reading| reading.metric().name.clone()).collect();
        assert_eq!(names, ["throughput", "rate_achieved"]);
        assert_eq!(point.summary(), "~0.00rpm");
    }

    #[test]
    fn latencies_beyond_the_histogram_keep_their_extremes() {
        let mut tally = Tally::new();
        tally.ended(Duration::from_nanos(10), true, 1);
        tally.ended(Duration::from_secs(7_200), true, 1);
        let points = [tally.point(Timestamp::UNIX_EPOCH, MS, MS, None)];
        assert_eq!(value(&points, "latency_max"), 7_200_000.0);
        assert_eq!(value(&points, "latency_min"), 0.000_01);
    }

    #[test]
    fn errors_are_bounded() {
        let mut errors = Errors::default();
        assert_eq!(errors.text(), None);
        errors.add("first", 1);
        for at in 0..1_000 {
            errors.add(&format!("é{at}{}", "é".repeat(1_000)), 1);
        }
        errors.add("first", 1);
        assert_eq!(errors.first(), Some("first"));
        let text = errors.text().unwrap();
        assert!(text.starts_with("first (2 times); "), "{text}");
        assert!(text.ends_with("other errors (981 times)"), "{text}");
        assert!(text.chars().count() < (ERROR_TEXTS + 1) * (ERROR_LENGTH + 20));
    }
}
