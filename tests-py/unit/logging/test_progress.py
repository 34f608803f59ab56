"""Log records as reports of progress."""

import asyncio
import datetime
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType

import pytest
from loguru import logger

import servo
from servo.events import EventContext, Preposition, get_event
from servo.logging import progress as module
from servo.logging.progress import ProgressHandler


class ReportingConnector(servo.BaseConnector):
    config: servo.BaseConfiguration


@pytest.fixture
def connector():
    return ReportingConnector(name="load", config={})


@pytest.fixture
def of_servo(monkeypatch):
    """The module whose functions tell which servo and which command are at work."""
    found = ModuleType("servo.servo")
    found.at_work = ContextVar("at_work", default="one")
    found.current_servo = found.at_work.get
    found.current_command_uid = lambda: "c-1"
    monkeypatch.setitem(sys.modules, "servo.servo", found)
    return found


@contextmanager
def handling(connector, event="measure", preposition=Preposition.on):
    with connector.current(), EventContext(get_event(event), preposition).current() as context:
        yield context


async def delivered(handler):
    """Waits until all records have been taken in and reported."""
    await logger.complete()
    await handler.shutdown()


class Reports(list):
    def __call__(self, **fields):
        self.append(fields)


@pytest.mark.parametrize(
    ("event", "operation"),
    [("measure", "MEASUREMENT"), ("adjust", "ADJUSTMENT"), ("describe", "DESCRIPTION"), ("startup", None)],
)
@pytest.mark.parametrize("kind", ["function", "coroutine function"])
async def test_a_report(connector, of_servo, event, operation, kind):
    reports = Reports()

    async def reporter(**fields):
        await asyncio.sleep(0)
        reports(**fields)

    handler = ProgressHandler(reports if kind == "function" else reporter)
    logger.add(handler.sink)
    with handling(connector, event) as context:
        connector.logger.info("half way", progress=50)
    await delivered(handler)
    (report,) = reports
    assert list(report) == [
        "command_uid",
        "connector",
        "event_context",
        "message",
        "operation",
        "progress",
        "servo",
        "started_at",
    ]
    assert str(report["message"]).endswith(" - half way\n")
    assert report["message"].record["message"] == "half way"
    del report["message"]
    assert report == {
        "command_uid": "c-1",
        "connector": "load",
        "event_context": context,
        "operation": operation,
        "progress": 50,
        "servo": of_servo.current_servo(),
        "started_at": context.created_at,
    }


async def test_what_is_given_wins(connector, of_servo):
    reports = Reports()
    handler = ProgressHandler(reports)
    logger.add(handler.sink)
    started_at = datetime.datetime(2024, 1, 1)
    given = {"servo": "another", "connector": "by name", "operation": "OTHER", "started_at": started_at}
    logger.bind(**given).info("text", progress="12.5")
    await delivered(handler)
    assert {name: reports[0][name] for name in given} == given
    assert (reports[0]["progress"], reports[0]["event_context"]) == ("12.5", None)


@pytest.mark.parametrize("progress", [0, 0.0, 0.5, "12", 99.99])
async def test_all_but_the_end_is_reported(connector, of_servo, progress):
    reports = Reports()
    handler = ProgressHandler(reports)
    logger.add(handler.sink)
    with handling(connector):
        logger.info("text", progress=progress)
    await delivered(handler)
    assert [report["progress"] for report in reports] == [progress]


@pytest.mark.parametrize("progress", [100, 100.9, "100", None, False])
async def test_the_end_is_not_reported(connector, of_servo, progress):
    reports, errors = Reports(), []
    handler = ProgressHandler(reports, errors.append)
    logger.add(handler.sink)
    with handling(connector):
        logger.info("text", progress=progress)
        logger.info("nothing about it")
    await delivered(handler)
    assert (reports, errors) == ([], [])


async def test_levels_do_not_count(connector, of_servo):
    reports = Reports()
    handler = ProgressHandler(reports)
    logger.add(handler.sink, level="DEBUG")
    with handling(connector):
        logger.debug("text", progress=1)
        logger.critical("text", progress=2)
    await delivered(handler)
    assert [report["progress"] for report in reports] == [1, 2]


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ("servo", "without a servo_ attribute"),
        ("connector", "without a connector attribute"),
        ("operation", "without an operation parameter or inferrable value from event context"),
        ("started_at", "without a started_at parameter or inferrable value from event context"),
        ("progress", "with a progress that is no number: 'half'"),
    ],
)
@pytest.mark.parametrize("kind", ["function", "coroutine function"])
async def test_records_that_say_too_little(missing, text, kind):
    errors = []

    async def error_reporter(error):
        errors.append(error)

    given = {"servo": "s", "connector": "c", "operation": "O", "started_at": datetime.datetime(2024, 1, 1)}
    given["progress"] = 5
    given.pop(missing)
    given.setdefault("progress", "half")
    handler = ProgressHandler(Reports(), errors.append if kind == "function" else error_reporter)
    logger.add(handler.sink)
    logger.bind(**given).info("text")
    await delivered(handler)
    (error,) = errors
    assert error.startswith(f"!!! WARNING: {__name__}:test_progress.py:")
    end = f" | servo.logging.ProgressHandler - declining request to report progress for record {text}"
    assert error.endswith(end)


async def test_nobody_wants_to_know():
    handler = ProgressHandler(Reports())
    logger.add(handler.sink)
    logger.info("text", progress=5)
    await delivered(handler)


async def test_each_report_goes_through_its_servo(connector, of_servo):
    class Servo:
        def __init__(self, name):
            self.name, self.reports = name, []

        async def report_progress(self, **fields):
            self.reports.append((fields["progress"], fields["servo"] is self, servo.current_connector().name))

    one, two = Servo("one"), Servo("two")
    handler = ProgressHandler()
    logger.add(handler.sink)
    for number, at_work in enumerate([one, two, one]):
        of_servo.at_work.set(at_work)
        other = ReportingConnector(name=f"load-{number}", config={})
        with handling(other):
            logger.info("text", progress=number)
    await delivered(handler)
    assert one.reports == [(0, True, "load-0"), (2, True, "load-2")]
    assert two.reports == [(1, True, "load-1")]


async def test_the_newest_reports_win(connector, of_servo, records):
    reports, go = Reports(), asyncio.Event()

    async def reporter(**fields):
        await go.wait()
        reports(**fields)

    handler = ProgressHandler(reporter)
    logger.add(handler.sink)
    with handling(connector):
        for number in range(module.QUEUED * 3):
            logger.info("text", progress=number / 100)
        await logger.complete()
        await asyncio.sleep(0)
        (lane,) = handler._lanes.values()
        assert len(lane.queue) <= module.QUEUED
        go.set()
    await delivered(handler)
    found = [report["progress"] for report in reports]
    assert found == sorted(found)
    assert found[-1] == (module.QUEUED * 3 - 1) / 100
    assert len(found) <= module.QUEUED + 1


async def test_the_queue_can_be_cleared(connector, of_servo):
    reports, go, begun = Reports(), asyncio.Event(), asyncio.Event()

    async def reporter(**fields):
        begun.set()
        await go.wait()
        reports(**fields)

    handler = ProgressHandler(reporter)
    logger.add(handler.sink)
    with handling(connector):
        for number in range(3):
            logger.info("text", progress=number)
    await begun.wait()
    await logger.complete()
    handler.clear_progress_queue()
    go.set()
    await delivered(handler)
    assert [report["progress"] for report in reports] == [0]


@pytest.mark.parametrize("kind", ["function", "coroutine function"])
async def test_a_report_that_fails(connector, of_servo, records, kind):
    failures, reports = [], Reports()

    def reporter(**fields):
        if fields["progress"] == 1:
            raise RuntimeError("no {luck}")
        reports(**fields)

    async def exception_handler(fields, error):
        failures.append((fields["progress"], repr(error)))

    def plain(fields, error):
        failures.append((fields["progress"], repr(error)))

    handler = ProgressHandler(reporter, None, plain if kind == "function" else exception_handler)
    logger.add(handler.sink)
    with handling(connector):
        logger.info("text", progress=1)
        logger.info("text", progress=2)
    await delivered(handler)
    assert failures == [(1, "RuntimeError('no {luck}')")]
    assert [report["progress"] for report in reports] == [2]
    (warning,) = [record["message"] for record in records if record["level"].name == "WARNING"]
    assert warning.startswith("encountered exception while processing progress logging: {'command_uid': 'c-1'")
    assert warning.endswith(" => RuntimeError('no {luck}')")


async def test_a_failure_without_a_handler(connector, of_servo, records):
    def reporter(**fields):
        raise RuntimeError("e")

    handler = ProgressHandler(reporter)
    logger.add(handler.sink)
    with handling(connector):
        logger.info("text", progress=1)
    await delivered(handler)
    assert [record["message"] for record in records][-1] == (
        "ignoring exception raised during progress reporting due to lack of handler: RuntimeError('e')"
    )


async def test_a_handler_of_failures_that_fails_ends_the_group(connector, of_servo, records):
    def fail(*args, **fields):
        raise RuntimeError("e")

    async def grouped():
        async with asyncio.TaskGroup() as group:
            handler = ProgressHandler(fail, None, fail, group)
            logger.add(handler.sink)
            with handling(connector):
                logger.info("text", progress=1)
            await asyncio.sleep(30)

    with pytest.raises(ExceptionGroup) as caught:
        await grouped()
    assert [repr(error) for error in caught.value.exceptions] == ["RuntimeError('e')"]
    assert "CRITICAL" in [record["level"].name for record in records]


async def test_shutdown_is_bounded(connector, of_servo):
    cancelled = []

    async def reporter(**fields):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(fields["progress"])
            raise

    handler = ProgressHandler(reporter)
    logger.add(handler.sink)
    with handling(connector):
        logger.info("text", progress=1)
        logger.info("text", progress=2)
    await logger.complete()
    await asyncio.sleep(0)
    await handler.shutdown(within=0.05)
    assert cancelled == [1]
    await handler.shutdown()


async def test_shutdown_before_anything():
    await ProgressHandler(Reports()).shutdown()
