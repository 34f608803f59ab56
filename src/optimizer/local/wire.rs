//! The contents of the messages: what commands carry, and what results say.

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::config::TrialConfig;
use super::space::Assignment;
use crate::model::{Adjustment, Duration};
use crate::optimizer::Status;

/// The `param` of a MEASURE command.
pub fn measure<'a>(metrics: impl IntoIterator<Item = &'a String>, trial: &TrialConfig) -> Json {
    let metrics: Vec<_> = metrics.into_iter().collect();
    json!({ "metrics": metrics, "control": { "warmup": seconds(trial.warmup), "duration": seconds(trial.duration) } })
}

/// The `param` of an ADJUST command.
pub fn adjust(assignment: &Assignment) -> Json {
    let mut param = Adjustment::wire(&assignment.adjustments());
    param["control"] = json!({});
    param
}

/// The `param` of a SLEEP command.
pub fn sleep(reason: &str) -> Json {
    json!({ "duration": 60, "data": { "reason": reason } })
}

fn seconds(span: Duration) -> Json {
    let seconds = span.as_secs_f64();
    if seconds.fract() == 0.0 { json!(seconds as i64) } else { json!(seconds) }
}

/// Whether a message tells how far a command is, and not how it ended.
pub fn is_progress(param: &Json) -> bool {
    param.get("progress").is_some() && param.get("status").is_none()
}

/// The result in a message; the error says what is wrong with it.
pub fn result(param: Json) -> Result<Status, String> {
    let status: Status =
        serde_json::from_value(param).map_err(|error| format!("expected an object with a status: {error}"))?;
    match status.status.as_str() {
        "ok" | "failed" | "rejected" | "aborted" | "cancelled" => Ok(status),
        other => Err(format!("unknown status '{other}'; known: ok, failed, rejected, aborted, cancelled")),
    }
}

/// One number a metric: the mean of the finite values of each series, and the mean over series.
pub fn scalars(status: &Status) -> IndexMap<String, f64> {
    let metrics = status.content.get("metrics").and_then(Json::as_object).into_iter().flatten();
    metrics.filter_map(|(name, reading)| Some((name.clone(), scalar(reading)?))).collect()
}

fn scalar(reading: &Json) -> Option<f64> {
    if let Some(value) = reading.get("value") {
        return value.as_f64();
    }
    let series = reading.get("values")?.as_array()?.iter().filter_map(|series| {
        let points = series.get("data")?.as_array()?.iter();
        mean(points.filter_map(|point| point.get(1)?.as_f64()))
    });
    mean(series)
}

/// The mean of the finite values; `None` when there is none, or none that is finite.
pub fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) =
        values.filter(|value| value.is_finite()).fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    let mean = sum / f64::from(count);
    mean.is_finite().then_some(mean)
}

/// Why something did not come about, for people.
pub fn reason(status: &Status) -> String {
    let text =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    match (text(&status.message), text(&status.reason)) {
        (Some(message), Some(reason)) if reason != "unknown" => format!("{reason}: {message}"),
        (Some(message), _) => message,
        (None, Some(reason)) => reason,
        (None, None) => format!("{} without a reason", status.status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_become_numbers() {
        let status = result(json!({"status": "ok", "metrics": {
            "a": {"unit": "rpm", "value": 3},
            "b": {"unit": "", "values": [{"id": "1", "data": [[1, 1.0], [2, 3.0]]}, {"id": "2", "data": [[1, 10.0], [2, null]]}]},
            "c": {"unit": "", "values": [{"id": "1", "data": []}]},
            "d": {"unit": "", "value": "much"},
            "e": 5,
        }}))
        .unwrap();
        assert_eq!(scalars(&status), IndexMap::from([("a".to_owned(), 3.0), ("b".to_owned(), 6.0)]));
    }

    #[test]
    fn results_in_another_form_are_refused() {
        for param in [json!(null), json!("ok"), json!({}), json!({"status": 1}), json!({"status": "fine"}), json!([])] {
            assert!(result(param.clone()).is_err(), "{param}");
        }
    }
}
