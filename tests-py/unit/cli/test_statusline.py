"""The line that says what goes on."""

import io
import re
import sys

import pytest

from servo.cli.views.statusline import StatusLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


def screen(text):
    """The lines that a terminal shows of a text: `\\r` goes to the begin of the line, `ESC [K` clears its rest."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[K|\r|\n|[^\x1b\r\n]+", text):
        if part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
            column = 0
        else:
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part) :]
            column += len(part)
    return lines


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "xterm")

    def begin():
        # In the test itself: pytest puts its own in place before.
        found = Terminal()
        monkeypatch.setattr(sys, "stderr", found)
        return found

    return begin


def test_it_is_drawn_in_place_and_gone_in_the_end(terminal):
    terminal = terminal()
    with StatusLine() as line:
        line.show("first, long")
        assert screen(terminal.getvalue()) == ["first, long"]
        line.show("second")
        assert screen(terminal.getvalue()) == ["second"]
    assert screen(terminal.getvalue()) == [""]
    assert sys.stderr is terminal


def test_others_write_above_it(terminal):
    terminal = terminal()
    with StatusLine() as line:
        line.show("at work")
        print("a record", file=sys.stderr)
        assert screen(terminal.getvalue()) == ["a record", "at work"]
        print("half", end="", file=sys.stderr)
        line.show("still")
        assert screen(terminal.getvalue()) == ["a record", "half"]
        print(" whole", file=sys.stderr)
        assert screen(terminal.getvalue()) == ["a record", "half whole", "still"]
        assert sys.stderr.isatty()
    assert screen(terminal.getvalue()) == ["a record", "half whole", ""]


def test_it_never_takes_a_second_line(terminal):
    terminal = terminal()
    with StatusLine() as line:
        line.show("0123456789" * 3)
        assert screen(terminal.getvalue()) == ["012345678901234567…"]


def test_the_same_text_is_not_drawn_again(terminal):
    terminal = terminal()
    with StatusLine() as line:
        line.show("same")
        before = terminal.getvalue()
        line.show("same")
        assert terminal.getvalue() == before


@pytest.mark.parametrize("term", ["dumb", None])
def test_nothing_is_shown_elsewhere(monkeypatch, term):
    stream = Terminal() if term else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term or "xterm")
    with StatusLine() as line:
        assert not line.shown
        line.show("at work")
        assert sys.stderr is stream
    assert stream.getvalue() == ""
