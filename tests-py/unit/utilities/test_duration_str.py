import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.utilities.duration_str import (
    microseconds_from_duration_str,
    timedelta_from_duration_str,
    timedelta_to_duration_str,
    units,
)

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("+0", 0),
        ("-0", 0),
        ("1ns", 0.001),
        ("1500ns", 1.5),
        ("3us", 3),
        ("3\u00b5s", 3),
        ("3\u03bcs", 3),
        ("14ms", 14_000),
        ("5s", 5 * SECOND),
        ("+5s", 5 * SECOND),
        ("-5s", -5 * SECOND),
        ("5.s", 5 * SECOND),
        (".5s", 0.5 * SECOND),
        ("1.004s", 1.004 * SECOND),
        ("10.5s4m", 250.5 * SECOND),
        ("-2m3.4s", -123.4 * SECOND),
        ("1h 30m", 5_400 * SECOND),
        (" 5m", 300 * SECOND),
        ("39h9m14.425s", 140_954.425 * SECOND),
        ("1w", 7 * 86_400 * SECOND),
        ("2mm", 60 * 86_400 * SECOND),
        ("1y", 365 * 86_400 * SECOND),
        ("1m1m", 120 * SECOND),
    ],
)
def test_reads_every_form(text: str, micros: float) -> None:
    assert microseconds_from_duration_str(text) == pytest.approx(micros, rel=1e-12)
    assert timedelta_from_duration_str(text) == timedelta(microseconds=micros)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Invalid duration ''"),
        ("3", "Invalid duration '3'"),
        ("-", "Invalid duration '-'"),
        ("s", "Invalid duration 's'"),
        (".", "Invalid duration '.'"),
        ("-.", "Invalid duration '-.'"),
        (".s", "Invalid value '.' in duration '.s'"),
        ("1.2.3s", "Invalid value '1.2.3' in duration '1.2.3s'"),
        ("5x", "Unknown unit 'x' in duration '5x'"),
        ("1e3s", "Unknown unit 'e' in duration '1e3s'"),
        ("5 m", "Invalid duration '5 m'"),
        ("5M", "Invalid duration '5M'"),
        # Nothing may stand around a duration, and the sign is one for all.
        ("5m garbage", "Invalid duration '5m garbage'"),
        ("garbage5m", "Invalid duration 'garbage5m'"),
        ("1h-30m", "Invalid duration '1h-30m'"),
    ],
)
def test_refuses_what_is_no_duration(text: str, message: str) -> None:
    for read in (microseconds_from_duration_str, timedelta_from_duration_str):
        with pytest.raises(ValueError, match="duration") as error:
            read(text)
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("span", "plain", "extended"),
    [
        (timedelta(0), "0", "0"),
        (timedelta(milliseconds=1.5), "1ms500us", "1ms500us"),
        (timedelta(seconds=1.5), "1.5s", "1.5s"),
        (timedelta(minutes=1), "1m", "1m"),
        (timedelta(hours=1, minutes=30), "1h30m", "1h30m"),
        (timedelta(hours=26, minutes=3), "26h3m", "1d2h3m"),
        (timedelta(days=1), "24h", "1d"),
        (timedelta(days=400), "9600h", "1y1mm5d"),
        (timedelta(seconds=73_729_440), "20480h24m", "2y4mm3d8h24m"),
        # Exact where %g was not.
        (timedelta(seconds=-5), "-5s", "-5s"),
        (timedelta(minutes=-90), "-1h30m", "-1h30m"),
        (timedelta(days=-2), "-48h", "-2d"),
        (timedelta(seconds=59.999999), "59.999999s", "59.999999s"),
        (timedelta(days=1, microseconds=7), "24h0.000007s", "1d0.000007s"),
        (timedelta.max, "23999999999h59m59.999999s", "2739726y9d23h59m59.999999s"),
    ],
)
def test_writes_the_shortest_exact_form(span: timedelta, plain: str, extended: str) -> None:
    assert timedelta_to_duration_str(span) == plain
    assert timedelta_to_duration_str(span, extended=True) == extended


# Two hundred years: a double counts their microseconds one by one.
@given(st.integers(-6 * 10**15, 6 * 10**15), st.booleans())
def test_what_is_written_is_read(micros: int, extended: bool) -> None:
    span = timedelta(microseconds=micros)
    assert timedelta_from_duration_str(timedelta_to_duration_str(span, extended)) == span


@given(st.text("0123456789.-+ hmsunwydx\u00b5", max_size=12))
def test_both_readers_agree(text: str) -> None:
    try:
        span = timedelta_from_duration_str(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=f"^{re.escape(str(error))}$"):
            microseconds_from_duration_str(text)
    except OverflowError:
        pass  # More than a timedelta holds.
    else:
        assert microseconds_from_duration_str(text) == pytest.approx(span / timedelta(microseconds=1), abs=1, rel=1e-9)


def test_units_are_nanoseconds() -> None:
    assert units["s"] == 10**9
    assert units["y"] == 365 * units["d"] == 365 * 24 * 60 * units["m"]
