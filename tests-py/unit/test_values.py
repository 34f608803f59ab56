"""The classes of `servo.types`, as connectors use them."""

import copy
import datetime
import pickle

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servo

MAJOR = int(pydantic.VERSION.split(".")[0])
NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
LATENCY = servo.Metric("latency", servo.Unit.milliseconds)


def cpu():
    return servo.RangeSetting(name="cpu", min=1.0, max=4.0, step=0.5, value=2.0)


class TestReadings:
    def test_a_data_point_is_a_pair(self):
        time, value = point = servo.DataPoint(LATENCY, NOW, "41.5")
        assert (time, value) == (NOW, 41.5) == (point[0], point[1])
        assert point.unit is servo.Unit.milliseconds
        with pytest.raises(KeyError, match=r"index out of bounds: 3 not in \(0, 1\)"):
            point[3]
        with pytest.raises(TypeError, match="integer index"):
            point["time"]

    def test_a_series_is_sorted_and_a_sequence(self):
        early, late = (servo.DataPoint(LATENCY, NOW + datetime.timedelta(seconds=s), s) for s in (1, 2))
        series = servo.TimeSeries(LATENCY, (late, early))
        assert list(series) == [early, late]
        assert (len(series), series[-1]) == (2, late)
        assert not servo.TimeSeries(LATENCY, [])
        with pytest.raises(IndexError):
            series[2]
        with pytest.raises(TypeError, match="integer index"):
            series[0:1]

    def test_times_that_cannot_be_compared_are_refused(self):
        points = [servo.DataPoint(LATENCY, time, 1) for time in (NOW, NOW.replace(tzinfo=None))]
        with pytest.raises((pydantic.ValidationError, TypeError), match="naive and offset-aware"):
            servo.TimeSeries(LATENCY, points)

    def test_readings_of_a_measurement_are_of_one_class(self):
        point = servo.DataPoint(LATENCY, NOW, 1)
        with pytest.raises(pydantic.ValidationError, match='expected "DataPoint" but found "TimeSeries"'):
            servo.Measurement(readings=[point, servo.TimeSeries(LATENCY, [point])])

    def test_the_wire_form(self):
        measurement = servo.Measurement(readings=[servo.DataPoint(LATENCY, NOW, 41.5)], annotations={"k": "v"})
        wire = measurement.__opsani_repr__()
        assert wire["metrics"]["latency"]["unit"] == "ms"
        assert wire["metrics"]["latency"]["value"] == 41.5
        assert wire["annotations"] == {"k": "v"}


class TestDescriptions:
    def test_parts_are_found_by_name(self):
        web = servo.Component("web", [cpu(), servo.EnumSetting("gc", ["g1", "z"])])
        description = servo.Description([web], [LATENCY])
        assert description.get_component("web") is web
        assert description.get_component("db") is None
        assert description.get_metric("latency") is LATENCY
        assert description.get_setting("web.gc").values == ["g1", "z"]
        assert description.get_setting("db.gc") is None
        assert web.get_setting("mem") is None
        with pytest.raises(ValueError, match="component name and setting name"):
            description.get_setting("cpu")

    def test_a_list_is_the_list_itself(self):
        description = servo.Description()
        description.metrics.append(LATENCY)
        assert description.metrics == [LATENCY]

    def test_the_wire_form(self):
        wire = servo.Description([servo.Component("web", [cpu()])], [LATENCY]).__opsani_repr__()
        assert wire["application"]["components"]["web"]["settings"]["cpu"]["type"] == "range"
        assert wire["measurement"]["metrics"]["latency"]["unit"] == "ms"

    def test_an_adjustment_tells_its_place(self):
        adjustment = servo.Adjustment("web", "cpu", 1.25)
        assert (adjustment.selector, str(adjustment)) == ("web.cpu", "web.cpu=1.25")


class TestUnits:
    def test_names_and_wire_texts_are_both_understood(self):
        for name, unit in servo.Unit.__members__.items():
            assert servo.Unit(name) is unit
            assert servo.Unit(unit.value) is unit
            assert servo.Metric("m", name).unit is unit

    def test_plain_numbers_share_one_unit(self):
        assert servo.Unit.count is servo.Unit.rate is servo.Unit.int is servo.Unit.float
        assert str(servo.Unit.float) == ""

    @pytest.mark.parametrize("wrong", ["parsec", 5, None])
    def test_others_are_refused(self, wrong):
        with pytest.raises(ValueError, match="is not a valid Unit"):
            servo.Unit(wrong)


MICROSECONDS = st.integers(min_value=-(10**17), max_value=10**17)
SPANS = MICROSECONDS.map(lambda micros: servo.Duration(microseconds=micros))


class TestDurations:
    @given(SPANS)
    def test_the_text_of_a_duration_is_read_as_the_same(self, span):
        assert servo.Duration(str(span)) == span
        assert eval(repr(span), {"Duration": servo.Duration}) == span
        assert span == str(span)

    @given(SPANS)
    def test_copies_pickles_and_hashes(self, span):
        for other in (copy.copy(span), copy.deepcopy(span), pickle.loads(pickle.dumps(span)), servo.Duration(span)):
            assert type(other) is servo.Duration
            assert other == span
            assert hash(other) == hash(span)

    @given(st.text() | st.from_regex(r"[-+]?([0-9.]{1,12}(ns|us|ms|s|m|h|d|w|mm|y|x)){1,4}", fullmatch=True))
    def test_any_text_is_a_duration_or_a_value_error(self, text):
        try:
            span = servo.Duration(text)
        except ValueError:
            return
        assert servo.Duration(str(span)) == span

    @given(st.floats(allow_nan=True, allow_infinity=True) | st.integers())
    def test_any_number_is_a_duration_or_a_value_error(self, number):
        try:
            span = servo.Duration(number)
        except ValueError:
            return
        assert servo.Duration(str(span)) == span

    @given(SPANS, SPANS)
    def test_arithmetic_gives_durations(self, one, two):
        plain, other = (datetime.timedelta(microseconds=s // datetime.timedelta(microseconds=1)) for s in (one, two))
        results = {
            "+": (one + two, one + other, plain + two, plain + other),
            "-": (one - two, one - other, plain - two, plain - other),
            "*": (one * 2, 2 * one, plain * 2),
            "/": (one / 2, plain / 2),
            "//": (one // 2, plain // 2),
            "neg": (-one, -plain),
            "pos": (+one, +plain),
            "abs": (abs(one), abs(plain)),
        }
        if two:
            results["%"] = (one % two, one % other, plain % two, plain % other)
            assert one / two == plain / other
            assert one // two == plain // other
            assert divmod(one, two) == divmod(plain, other)
            assert type(divmod(one, two)[1]) is servo.Duration
        for operator, (*durations, expected) in results.items():
            for duration in durations:
                assert type(duration) is servo.Duration, operator
                assert duration == expected, operator

    def test_times_move_by_durations(self):
        assert NOW + servo.Duration("1h") == NOW + datetime.timedelta(hours=1) == servo.Duration("1h") + NOW
        assert type(NOW - servo.Duration("1h")) is datetime.datetime
        assert sum([servo.Duration("1s"), servo.Duration("2s")], servo.Duration()) == servo.Duration("3s")
        with pytest.raises(TypeError):
            servo.Duration("1s") + 60

    def test_how_they_compare(self):
        span = servo.Duration(300)
        assert span == "5m"
        assert span != "300s"
        assert span == 300
        assert span == 300.0
        assert span == datetime.timedelta(minutes=5)
        assert span != None  # noqa: E711
        assert span < datetime.timedelta(minutes=6)
        assert {span: 1}[datetime.timedelta(minutes=5)] == 1
        assert not servo.Duration(0)
        with pytest.raises(TypeError):
            assert span < "6m"

    @pytest.mark.parametrize(
        ("arguments", "units", "text"),
        [
            ((120,), {}, "2m"),
            ((), {"hours": 10, "seconds": 25}, "10h25s"),
            (("1h",), {"minutes": 5}, "1h5m"),
            ((datetime.timedelta(minutes=1),), {"seconds": 1}, "1m1s"),
            ((servo.Duration("1s"),), {"milliseconds": 5}, "1.005s"),
            (("-1.5s",), {}, "-1.5s"),
            ((), {}, "0"),
        ],
    )
    def test_how_they_are_made(self, arguments, units, text):
        assert servo.Duration(*arguments, **units) == servo.Duration(text)

    @pytest.mark.parametrize("wrong", ["", "3", "-", "s", ".", "5 m", "5M", "5x", "5m garbage", "1e3s", "1.2.3s"])
    def test_what_is_no_duration(self, wrong):
        with pytest.raises(ValueError, match="duration"):
            servo.Duration(wrong)

    @pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1e18, "300000y", datetime.timedelta.max])
    def test_what_is_too_long(self, wrong):
        with pytest.raises(ValueError, match=r"out of range|NaN"):
            servo.Duration(wrong)

    def test_how_long_ago(self):
        for zone in (None, datetime.UTC):
            span = servo.Duration.since(datetime.datetime.now(zone) - datetime.timedelta(hours=1))
            assert type(span) is servo.Duration
            assert datetime.timedelta(hours=1) <= span < datetime.timedelta(hours=2)
