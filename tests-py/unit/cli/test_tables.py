"""Tables as a pipe and as a terminal get them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servo.cli.views import table
from servo.cli.views.table import print_table, table_text

CELLS = st.text(st.sampled_from("abc def-/.=,"), min_size=0, max_size=60)
CONNECTORS = [
    ["load", "0.1.0", "Sends HTTP requests at a rate, measures how they are answered", "https://example.com/load"],
    ["process", "0.1.0", "Starts a program with its settings", None],
]
HEADERS = ["NAME", "VERSION", "DESCRIPTION", "HOMEPAGE"]


def test_a_table_has_the_shape_that_scripts_read():
    assert table_text(
        [["main", "cpu=3\ngc=a", None], ["web", "replicas=2", "gauge"]], ["COMPONENT", "SETTINGS", "C"]
    ) == ("COMPONENT    SETTINGS    C\nmain         cpu=3\n             gc=a\nweb          replicas=2  gauge\n")


def test_columns_of_numbers_stand_to_the_right():
    assert table_text([[1, "a"], [22, "b"]], ["N", "TEXT"]) == "  N  TEXT\n  1  a\n 22  b\n"


def test_a_table_without_rows_is_its_headings():
    assert table_text([], ["NAME", "VERSION"]) == "NAME    VERSION\n"


def test_a_printed_table_ends_with_an_empty_line(capsys):
    print_table([["a", "b"]], ["NAME", "X"])
    assert capsys.readouterr().out == "NAME    X\na       b\n\n"


def test_a_pipe_gets_lines_of_any_length(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    print_table(CONNECTORS, HEADERS)
    assert "answered  https://example.com/load\n" in capsys.readouterr().out


def test_cells_fold_on_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setattr(table, "terminal_width", lambda: 80)
    print_table(CONNECTORS, HEADERS)
    assert capsys.readouterr().out == (
        "NAME     VERSION    DESCRIPTION                         HOMEPAGE\n"
        "load     0.1.0      Sends HTTP requests at a rate,      https://example.com/load\n"
        "                      measures how they are answered\n"
        "process  0.1.0      Starts a program with its settings\n\n"
    )


@pytest.mark.parametrize("width", [80, 200, 1])
def test_a_table_that_fits_or_never_can_stays_whole(width):
    narrow = [["a", "b"]]
    assert table_text(narrow, ["NAME", "X"], width) == table_text(narrow, ["NAME", "X"])


def squeezed(text):
    return sorted(text.replace(" ", "").replace("\n", ""))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), st.integers(50, 120))
def test_folding_loses_nothing_and_keeps_to_the_width(rows, width):
    folded = table_text(rows, ["NAME", "SETTINGS", "CONNECTOR"], width)
    assert squeezed(folded) == squeezed(table_text(rows, ["NAME", "SETTINGS", "CONNECTOR"]))
    assert max(len(line) for line in folded.splitlines()) <= width
