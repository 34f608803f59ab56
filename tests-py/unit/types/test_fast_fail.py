"""What becomes of the objectives of a measurement: vectors, texts, windows, times."""

import datetime
import math

import loguru
import pydantic
import pytest

import servo
from servo import DataPoint, Duration, Metric, SloCondition, SloInput, TimeSeries
from servo.configuration import FastFailConfiguration
from servo.fast_fail import SLO_FAILED_REASON, FastFailObserver

AT = datetime.datetime(2020, 1, 21, 12, 0, 1)
LATENCY = Metric("m")


def point(value):
    return DataPoint(LATENCY, AT, value)


def series(*values):
    return TimeSeries(LATENCY, [point(value) for value in values])


async def nothing(start, end):
    return {}


def observer(*conditions, **config):
    return FastFailObserver(
        config=FastFailConfiguration(**config),
        input=SloInput(conditions=[SloCondition(**{"metric": "m", **condition}) for condition in conditions]),
        metrics_getter=nothing,
    )


@pytest.fixture
def logged():
    lines = []
    sink = loguru.logger.add(lambda line: lines.append(line.record["message"]), level="INFO")
    yield lines
    loguru.logger.remove(sink)


def status(logged, watcher, metrics):
    """The outcome of a check, and what it raised."""
    raised = None
    try:
        watcher.check_readings(metrics, AT)
    except servo.EventAbortedError as error:
        raised = error
    assert raised is None or raised.reason == SLO_FAILED_REASON == "slo-violation"
    return logged.pop().removeprefix("SLO statuses from last check: "), raised and str(raised)


BELOW_5 = {"threshold": 5}
BELOW_T = {"threshold_metric": "t"}
OUTCOMES = [
    (BELOW_5, {"m": [point(5)]}, "passed"),
    ({"threshold": 5, "keep": "above"}, {"m": [point(5)]}, "passed"),
    (BELOW_5, {"m": [point(5.001)]}, "failed"),
    ({"threshold": 5, "keep": "above"}, {"m": [point(4.999)]}, "failed"),
    ({"threshold": 5, "threshold_multiplier": 2}, {"m": [point(10)]}, "passed"),
    (BELOW_5, {"m": [point(-math.inf)]}, "passed"),
    (BELOW_5, {"m": [point(math.inf)]}, "failed"),
    # Near zero counts for thresholds that are metrics alone.
    (BELOW_5, {"m": [point(0)]}, "passed"),
    ({"threshold": 0}, {"m": [point(0)]}, "passed"),
    (BELOW_T, {"m": [point(0.25)], "t": [point(1)]}, "zero_metric"),
    (BELOW_T, {"m": [point(0.25)], "t": [point(0.25)]}, "zero_metric"),
    (BELOW_T, {"m": [point(2)], "t": [point(0.25)]}, "zero_threshold"),
    (BELOW_T, {"m": [point(2)], "t": [point(0)]}, "zero_threshold"),
    (BELOW_T, {"m": [point(-1)], "t": [point(-1)]}, "passed"),
    ({**BELOW_T, "slo_metric_minimum": 2}, {"m": [point(2)], "t": [point(1)]}, "zero_metric"),
    ({**BELOW_T, "slo_threshold_minimum": 1}, {"m": [point(2)], "t": [point(1)]}, "zero_threshold"),
    # Equal is equal, however long the number is.
    (BELOW_T, {"m": [point(0.26)], "t": [point(0.26)]}, "passed"),
    ({**BELOW_T, "keep": "above"}, {"m": [point(0.26)], "t": [point(0.26)]}, "passed"),
    ({**BELOW_T, "threshold_multiplier": "1.1"}, {"m": [point(11)], "t": [point(10)]}, "passed"),
    ({**BELOW_T, "threshold_multiplier": "1.1"}, {"m": [point(12)], "t": [point(10)]}, "failed"),
    # Nothing to check.
    (BELOW_5, {}, "missing_metric"),
    (BELOW_5, {"m": []}, "missing_metric"),
    (BELOW_5, {"m": None}, "missing_metric"),
    (BELOW_5, {"m": [series()]}, "missing_metric"),
    (BELOW_5, {"m": [point(math.nan)]}, "missing_metric"),
    (BELOW_5, {"m": [series(1, math.nan)]}, "missing_metric"),
    (BELOW_5, {"m": [point(math.inf), point(-math.inf)]}, "missing_metric"),
    (BELOW_T, {"m": [point(2)]}, "missing_threshold"),
    (BELOW_T, {"m": [point(2)], "t": [series()]}, "missing_threshold"),
    (BELOW_T, {"m": [point(2)], "t": [point(math.nan)]}, "missing_threshold"),
    (BELOW_T, {"t": [point(2)]}, "missing_metric"),
]


@pytest.mark.parametrize(("condition", "metrics", "expected"), OUTCOMES)
def test_outcomes(logged, condition, metrics, expected):
    found, error = status(logged, observer(condition), metrics)
    assert found == f"x1 {expected} [{SloCondition(**{'metric': 'm', **condition})}]"
    assert (error is not None) == (expected == "failed")


@pytest.mark.parametrize(
    ("condition", "metrics", "expected"),
    [
        ({"threshold": 1, "keep": "above"}, {"m": [point(0)]}, "missing_metric"),
        ({"threshold": 1, "keep": "above"}, {"m": [series(0, 0)]}, "missing_metric"),
        (BELOW_T, {"m": [point(2)], "t": [point(0)]}, "missing_threshold"),
    ],
)
def test_zero_may_mean_that_nothing_was_measured(logged, condition, metrics, expected):
    found, _ = status(logged, observer(condition, treat_zero_as_missing=True), metrics)
    assert found.startswith(f"x1 {expected} ")


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([point(150)], "150"),
        ([point(6535.5)], "6535.5"),
        ([series(101, 102, 103)], "102"),
        # The mean of means, however many points each has.
        ([series(101, 102, 103), point(110)], "106"),
        ([series(200, 200, 201)], "200.333333333"),
        ([point(6535.8)], "6535.8"),
    ],
)
def test_the_value_of_readings_is_their_mean(logged, readings, expected):
    _, error = status(logged, observer({"threshold": 100}), {"m": readings})
    assert error == (
        f"SLO violation(s) observed: (m below 100)[2020-01-21 12:00:01 SLO failed metric value {expected} "
        "was not below threshold value 100]"
    )


@pytest.mark.parametrize(
    ("count", "window", "values", "aborted"),
    [
        (2, 3, (150, 50, 150), (False, False, True)),
        (2, 3, (150, 50, 50, 150, 150), (False, False, False, False, True)),
        (1, 1, (50, 150, 50, 150), (False, True, False, True)),
        (2, 2, (150, 50, 150, 150), (False, False, False, True)),
        # What is missing takes its place, and breaks nothing itself.
        (2, 3, (150, None, None, 150, None, 150), (False, False, False, False, False, True)),
        (2, 3, (150, 150, None, 50), (False, True, False, False)),
    ],
)
def test_so_many_misses_in_a_window_break_an_objective(logged, count, window, values, aborted):
    watcher = observer({"threshold": 100, "trigger_count": count, "trigger_window": window})
    found = [status(logged, watcher, {"m": [] if value is None else [point(value)]})[1] for value in values]
    assert tuple(text is not None for text in found) == aborted
    assert [len(results) for results in watcher._results.values()] == [min(window, len(values))]


def test_the_texts_of_several_conditions(logged):
    watcher = observer(
        {"threshold": 1, "description": "lat", "trigger_window": 2},
        {"metric": "n", "threshold": 1, "keep": "above"},
        {"metric": "o", "threshold": 1},
        {"metric": "p", "threshold_metric": "m", "trigger_window": 2},
    )
    first = {"m": [], "n": [point(2)], "o": [point(1)], "p": [point(3)]}
    assert status(logged, watcher, first) == (
        "x1 missing_metric [(m below 1 -> lat)], x2 passed [(n above 1), (o below 1)], "
        "x1 missing_threshold [(p below m)]",
        None,
    )
    second = {"m": [point(2)], "n": [point(0)], "o": [point(1)], "p": [point(3)]}
    assert status(logged, watcher, second) == (
        "x3 failed [(m below 1 -> lat), (n above 1), (p below m)], x1 passed [(o below 1)]",
        "SLO violation(s) observed: (m below 1 -> lat)[2020-01-21 12:00:01 Metric m was not found in readings, "
        "2020-01-21 12:00:01 SLO failed metric value 2 was not below threshold value 1], "
        "(n above 1)[2020-01-21 12:00:01 SLO failed metric value 0 was not above threshold value 1], "
        "(p below m)[2020-01-21 12:00:01 Threshold metric m was not found in readings, "
        "2020-01-21 12:00:01 SLO failed metric value 3 was not below threshold value 2]",
    )


def test_the_texts_of_what_was_near_zero(logged):
    watcher = observer({"threshold_metric": "t", "trigger_window": 3})
    status(logged, watcher, {"m": [point(0.125)], "t": [point(1)]})
    status(logged, watcher, {"m": [point(1)], "t": [point(0.125)]})
    _, error = status(logged, watcher, {"m": [point(2)], "t": [point(1)]})
    assert "SLO passed" not in error
    assert "Skipping SLO m due to near-zero metric value of 0.125, " in error
    assert "Skipping SLO m due to near-zero threshold value of 0.125, " in error


@pytest.mark.parametrize(
    ("value", "multiplier", "texts"),
    [
        (6535.8, "1", ("6535.8", "10")),
        (0.1 + 0.2 + 15, "1.1", ("15.3", "11.0")),
        (1e300 / 3, "1", ("3.33333333333E+299", "10")),
        (123456789012.0, "1", ("123456789012", "10")),
    ],
)
def test_values_are_told_as_people_write_them(logged, value, multiplier, texts):
    watcher = observer({"threshold_metric": "t", "threshold_multiplier": multiplier})
    _, error = status(logged, watcher, {"m": [point(value)], "t": [point(10)]})
    assert f"SLO failed metric value {texts[0]} was not below threshold value {texts[1]}]" in error


def test_variables_have_a_prefix(monkeypatch):
    monkeypatch.setenv("PERIOD", "7s")
    monkeypatch.setenv("DISABLED", "1")
    assert (FastFailConfiguration().period, FastFailConfiguration().disabled) == (servo.Duration("60s"), 0)
    monkeypatch.setenv("FAST_FAIL_PERIOD", "7s")
    assert FastFailConfiguration().period == servo.Duration("7s")
    assert FastFailConfiguration().span == servo.Duration("7s")
    assert FastFailConfiguration(period="8s").period == servo.Duration("8s")


def test_other_readings_are_refused():
    with pytest.raises(ValueError, match="Unknown metric reading type <class 'int'>"):
        observer(BELOW_5).check_readings({"m": [3]}, AT)


class Elapsed:
    def __init__(self, elapsed):
        self.elapsed = elapsed


@pytest.mark.parametrize(
    ("elapsed", "skip", "asks"),
    [("9s", "10s", False), ("10s", "10s", True), ("0s", "0s", True), (None, "10s", False), (None, "0s", True)],
)
async def test_readings_are_asked_for_once_enough_has_elapsed(elapsed, skip, asks):
    asked = []

    async def getter(start, end):
        asked.append((end - start, end.tzinfo, end <= datetime.datetime.now()))
        return {"m": [point(10)]}

    watcher = FastFailObserver(
        config=FastFailConfiguration(skip=skip, span="5m"),
        input={"conditions": [{"metric": "m", "threshold": 5}]},
        metrics_getter=getter,
    )
    progress = Elapsed(None if elapsed is None else Duration(elapsed))
    if asks:
        with pytest.raises(servo.EventAbortedError):
            await watcher.observe(progress)
        assert asked == [(datetime.timedelta(minutes=5), None, True)]
    else:
        await watcher.observe(progress)
        assert asked == []


def test_arguments_are_checked():
    with pytest.raises(pydantic.ValidationError) as caught:
        FastFailObserver(config={}, input={"conditions": 3}, metrics_getter=3)
    assert {item["loc"][0] for item in caught.value.errors()} == {"input", "metrics_getter"}
