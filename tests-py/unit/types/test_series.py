"""Readings: columns inside, points outside."""

import array
import copy
import datetime
import gc
import math
import pickle
import sys
import weakref
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import servo

METRIC = servo.Metric("tp", "rpm")
NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
TIMES = st.datetimes(min_value=datetime.datetime(1, 1, 1), max_value=datetime.datetime(9999, 12, 30))
ZONES = st.sampled_from([None, datetime.UTC, zoneinfo.ZoneInfo("UTC"), datetime.timezone(datetime.timedelta(hours=5))])
POINTS = st.lists(st.tuples(TIMES, st.floats(allow_nan=False)), max_size=20)


@given(POINTS, ZONES)
def test_what_goes_in_comes_out_sorted(pairs, zone):
    points = [servo.DataPoint(METRIC, time.replace(tzinfo=zone), value) for time, value in pairs]
    series = servo.TimeSeries(METRIC, points)
    expected = sorted(points, key=lambda point: point.time)
    assert list(series) == expected
    assert [point.time.tzinfo for point in series] == [zone] * len(points)
    assert [series[at] for at in range(len(points))] == expected
    assert series.min == min(expected, key=lambda point: point.value, default=None)
    assert series.max == max(expected, key=lambda point: point.value, default=None)
    assert series.timespan == ((expected[0].time, expected[-1].time) if expected else None)
    assert series.duration == (expected[-1].time - expected[0].time if expected else None)
    for other in (copy.copy(series), copy.deepcopy(series), pickle.loads(pickle.dumps(series))):
        assert other == series
    assert series.data_points == expected
    assert list(series) == expected
    assert series == copy.deepcopy(series)


def test_a_list_that_was_taken_is_the_series():
    series = servo.TimeSeries.from_columns(METRIC, [2, 1], [20, 10], id="x")
    series.data_points.append(servo.DataPoint(METRIC, NOW, 5))
    assert (len(series), series[-1].value, series.min.value, series.max.value) == (3, 5.0, 5.0, 20.0)
    assert list(series.values) == [10.0, 20.0, 5.0]
    assert pickle.loads(pickle.dumps(series)) == series


@pytest.mark.parametrize(
    ("times", "values"),
    [
        ([1, 2.5], [1, 2.0]),
        ((1, 2.5), iter([1, "2"])),
        (array.array("d", [1, 2.5]), array.array("f", [1, 2])),
        (memoryview(array.array("d", [1, 2.5])), array.array("q", [1, 2])),
        ([datetime.datetime.fromtimestamp(1, datetime.UTC), 2.5], [1, 2]),
    ],
)
def test_columns_come_from_anything(times, values):
    series = servo.TimeSeries.from_columns(METRIC, times, values, id="a", annotation="b", metadata={"c": 1})
    assert list(series.times) == [1.0, 2.5]
    assert list(series.values) == [1.0, 2.0]
    assert (series.id, series.annotation, series.metadata) == ("a", "b", {"c": "1"})
    assert [point.time.timestamp() for point in series] == [1.0, 2.5]
    assert series == servo.TimeSeries.from_pairs(
        METRIC, [[2.5, "2"], (1, 1)], id="a", annotation="b", metadata={"c": 1}
    )


def test_points_take_sixteen_bytes():
    count = 100_000
    series = servo.TimeSeries.from_columns(METRIC, range(count), range(count))
    assert len(pickle.dumps(series)) < 16 * count + 2_000
    assert sys.getsizeof(series) < 1_000


@pytest.mark.parametrize("enabled", [True, False])
def test_making_the_points_leaves_the_collector_as_it_was(enabled):
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        assert len(servo.TimeSeries.from_columns(METRIC, [1, 2], [3, 4]).data_points) == 2
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_the_time_of_a_point_is_one_object():
    point = servo.TimeSeries.from_columns(METRIC, [1], [2])[0]
    assert point.time is point.time is point[0]
    assert point.time == datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.UTC)


def test_extremes_are_no_nan():
    series = servo.TimeSeries.from_columns(METRIC, [1, 2, 3], [math.nan, 5, 5])
    assert series.min.time == series.max.time == datetime.datetime.fromtimestamp(2, datetime.UTC)


def test_points_of_other_classes_stay_what_they_are():
    class Marked(servo.DataPoint):
        note: str = "none"

    series = servo.TimeSeries(METRIC, [Marked(METRIC, NOW, 1, note="odd")])
    assert series[0].note == "odd"
    other = servo.DataPoint(servo.Metric("other"), NOW, 1)
    assert servo.TimeSeries(METRIC, [other])[0].metric.name == "other"


def test_every_series_of_a_metric_is_sent_with_its_id():
    series = [servo.TimeSeries.from_pairs(METRIC, [[1, 5], [2, math.nan]], id=name) for name in ("a", "b")]
    wire = servo.Measurement(readings=series).__opsani_repr__()
    assert wire["metrics"]["tp"]["values"] == [{"id": "a", "data": [[1, 5.0]]}, {"id": "b", "data": [[1, 5.0]]}]


def test_a_series_without_an_id_is_called_by_the_time_of_python(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_234.5)
    wire = servo.Measurement(readings=[servo.TimeSeries.from_pairs(METRIC, [[1, 5]])]).__opsani_repr__()
    assert wire["metrics"]["tp"]["values"] == [{"id": "1234", "data": [[1, 5.0]]}]


def test_an_iterator_in_its_own_series_is_collected():
    class Kept(servo.TimeSeries):
        pass

    series = Kept(METRIC, [])
    series.__dict__["iterator"] = iter(series)
    gone = weakref.ref(series)
    del series
    gc.collect()
    assert gone() is None


def test_dicts_and_json_round_trip():
    series = servo.TimeSeries.from_pairs(METRIC, [[1, 5]], id="a")
    assert servo.TimeSeries.parse_obj(series.dict()) == series
    assert servo.TimeSeries.parse_raw(series.json()) == series
    assert series.dict(exclude_none=True).keys() == {"metric", "data_points", "id"}
    point = series[0]
    assert str(point) == "tp: 5.00rpm @ 1970-01-01 00:00:01+00:00"
    assert repr(point) == "DataPoint(tp (rpm), (1970-01-01 00:00:01+00:00, 5.0))"
    assert point.json() == '{"metric":{"name":"tp","unit":"rpm"},"time":"1970-01-01T00:00:01+00:00","value":5.0}'
    assert servo.Measurement(readings=[series]).dict()["readings"][0]["id"] == "a"
