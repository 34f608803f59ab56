"""The last log records in memory."""

import logging
import threading

import pytest
from loguru import logger

from servo.logging import defaults
from servo.telemetry.diagnostics import by_time
from servo.telemetry.records import LONGEST_LINE, Records


@pytest.fixture
def records(monkeypatch):
    monkeypatch.setattr(defaults.DEFAULT_FILTER, "level", "DEBUG")
    found = Records(size=1_000)
    found.open()
    yield found
    found.close()


def test_both_ways_of_logging_are_kept(records):
    logger.info("from a connector: {}", 1)
    logging.getLogger("servox.runner").warning("from the %s", "engine")
    first, second = records.lines()
    assert first.endswith(" - from a connector: 1")
    assert " | INFO     | " in first
    assert second.endswith(" | WARNING  | servox.runner - from the engine")
    for line in (first, second):
        time, _, _ = line.partition("|")
        assert len(time.strip()) == len("2025-03-03 12:00:01.266")


def test_the_oldest_go_where_there_is_no_room(records):
    for number in range(100):
        records.add(f"{number:>50}")
    lines = [line.strip() for line in records.lines()]
    assert lines == [str(number) for number in range(80, 100)]
    records.add("x" * 5_000)
    assert records.lines() == [], "one that is too large for all of it"
    large = Records()
    large.add("x" * (LONGEST_LINE + 1))
    assert len(large.lines()[0]) == LONGEST_LINE


def test_a_traceback_is_several_lines():
    records = Records()
    records.open()
    try:
        raise ValueError("why")
    except ValueError:
        logger.exception("it failed")
    lines = records.lines()
    records.close()
    assert "ValueError: why" in lines
    assert next(iter(by_time(lines, 10_000).values())).endswith("ValueError: why")


def test_kept_while_anybody_wants_them(records):
    records.open()
    logger.info("one")
    records.close()
    assert len(records.lines()) == 1
    records.close()
    logger.info("two")
    assert records.lines() == []
    records.open()


def test_many_threads(records):
    def add():
        for _ in range(200):
            records.add("0123456789")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert records.lines() == ["0123456789"] * 100


def test_lines_of_equal_times_are_all_there():
    time = "2025-03-03 12:00:01.266"
    lines = [
        "cut off at the begin",
        f"{time} | INFO     | one",
        f"{time} | INFO     | two | with a bar",
        "  a traceback | of two",
        f"{time} | INFO     | three",
        "2025-03-03 12:00:01.267 | DEBUG    | four",
        "",
    ]
    assert by_time(lines, 1_000) == {
        time: "INFO     | one",
        f"{time} #2": "INFO     | two | with a bar\n  a traceback | of two",
        f"{time} #3": "INFO     | three",
        "2025-03-03 12:00:01.267": "DEBUG    | four",
    }
    assert list(by_time(lines, 80)) == [time, "2025-03-03 12:00:01.267"], "the last ones"
    assert by_time(lines, 10) == {}
    assert by_time([], 10) == {}
