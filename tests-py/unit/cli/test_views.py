"""Numbers, tables, and states with gaps."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.cli.views.figures import BARS, change, figure, settings, span, sparkline
from servo.cli.views.lines import LinesView
from servo.cli.views.result import result_lines
from servo.cli.views.state import Note, State
from servo.cli.views.table import plain_table

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.1, "2.10"),
        (38.04, "38"),
        (38.14, "38.1"),
        (412.3, "412"),
        (99.97, "100"),
        (0.012345, "0.0123"),
        (-2.1, "-2.10"),
        (0, "0"),
        (1e-9, "1.00e-09"),
        (float("nan"), "nan"),
        (None, "-"),
        ("gzip", "gzip"),
    ],
)
def test_figures_show_three_digits_that_count(value, text):
    assert figure(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-6, max_value=1e12))
def test_figures_are_near_the_number(value):
    assert float(figure(value)) == pytest.approx(value, rel=0.006)


@given(st.lists(NUMBERS, max_size=50), st.integers(min_value=-2, max_value=60))
def test_sparklines_fit(values, width):
    line = sparkline(values, width)
    assert len(line) <= max(width, 1)
    assert set(line) <= set(BARS)


def test_the_ends_of_a_sparkline_are_the_extremes():
    assert sparkline([1, 2, 3], 10) == "▁▅█"
    assert sparkline([5, 5], 10) == "▁▁"
    assert sparkline(list(range(100)), 3)[-1] == "█"


def test_changes_without_a_base_are_left_out():
    assert (change(2, 4), change(5, -4), change(1, 0), change(None, 1)) == ("-50 %", "+225 %", "", "")


def test_times_and_settings():
    assert [span(seconds) for seconds in (0.4, 65, 7380)] == ["0s", "1m 05s", "2h 03m"]
    assert settings({"web.a": 1, "web.b": "x"}, short=True) == "a=1 b=x"
    assert settings({"web.a": 1, "db.a": 2}, short=True) == "web.a=1 db.a=2"


LINE = st.text(alphabet="ab", min_size=1, max_size=5)
CELLS = st.lists(LINE, max_size=3).map("\n".join)


@given(st.lists(st.tuples(LINE, CELLS), max_size=6))
def test_tables_keep_their_columns(rows):
    lines = plain_table(["NAME", "VALUE"], rows)
    assert len(lines) == 1 + sum(max(len(cell.splitlines() or [""]) for cell in row) for row in rows)
    assert all(line == line.rstrip() for line in lines)
    start = lines[0].index("VALUE")
    assert all(line[start - 2 : start].strip() == "" for line in lines)


@pytest.mark.parametrize(
    "snapshot",
    [
        {},
        {"phase": "running", "board": {}},
        {"phase": "running", "board": {"current": {}, "best": {}, "baseline": None, "history": [None, {}]}},
        {"phase": "future", "command": {}, "board": {"budget": None, "history": [1, 2.5]}},
        {"phase": "search", "command": {"kind": None, "percent": None}, "board": {"current": {"assignment": None}}},
    ],
)
def test_gaps_in_a_snapshot_are_no_error(snapshot):
    from servo.cli.views.live import LiveView

    state = State.of(json.dumps(snapshot))
    LinesView(io.StringIO()).update("web", state, [Note.of({})])
    view = LiveView()
    view.console.file = io.StringIO()
    view.console.print(view.draw("web", state))


def test_notes_are_read_in_both_forms():
    assert Note.of({"level": "error", "text": "x"}).warning
    assert Note.of({"warning": True, "text": "x", "trial": 3}) == Note("x", True, 3, "")
    assert not Note.of({"level": "info", "text": "x"}).warning


@pytest.mark.parametrize("report", [{}, {"outcome": "improved"}, {"sentence": "so", "trials": [{}], "best": None}])
def test_gaps_in_a_report_are_no_error(report):
    assert result_lines(report)[-1] in ("ended", "improved", "so")


def test_wide_tables_are_cut_and_sentences_fold_between_words(fake):
    lines = result_lines(fake.REPORT, width=30)
    assert max(map(len, lines)) <= 30
    assert " ".join(lines).endswith(fake.REPORT["sentence"])
    assert result_lines(fake.REPORT)[-1] == fake.REPORT["sentence"]


def test_many_settings_share_a_column(fake):
    trial = fake.TRIALS[0] | {"assignment": {f"web.s{number}": number for number in range(12)}}
    [heading, row] = result_lines({"trials": [trial]})[:2]
    assert "SETTINGS" in heading
    assert "web.s11=11" in row
