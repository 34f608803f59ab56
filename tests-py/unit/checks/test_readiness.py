"""What a run of checks means for a servo."""

import asyncio
import itertools
from types import SimpleNamespace

import pytest

from servo.checks import Check, CheckError, CheckHelpers, readiness
from servo.configuration import ChecksConfiguration


def results(*checks, name="c1"):
    return [SimpleNamespace(connector=SimpleNamespace(name=name), value=list(checks))]


def passed(name="ok", **fields):
    return Check(name=name, success=True, **fields)


def failed(name="bad", **fields):
    return Check(name=name, success=False, **fields)


def told(records):
    return [(record["level"].name, record["message"]) for record in records]


async def test_all_passed(records):
    passing: set[str] = set()
    check = passed("ok {x")
    assert await CheckHelpers.process_checks(ChecksConfiguration(), results(check), passing) is True
    assert passing == {check.id}
    assert told(records) == [("SUCCESS", "✅ Check 'ok {x' passed"), ("INFO", "🔥 All checks passed.")]
    assert records[0]["extra"]["component"] == check.id
    await CheckHelpers.process_checks(ChecksConfiguration(), results(check), passing)
    assert told(records)[2:] == [("INFO", "🔥 All checks passed.")]


async def test_no_checks():
    assert await CheckHelpers.process_checks(ChecksConfiguration(), [], passing=set()) is True


async def test_a_failure(records):
    check = failed("bad {y}", message="m {", hint="h {z}", exception=RuntimeError("e"))
    config = ChecksConfiguration()
    assert await CheckHelpers.process_checks(config, results(passed(), check, passed("later")), set()) is False
    assert told(records) == [
        ("SUCCESS", "✅ Check 'ok' passed"),
        ("WARNING", "❌ Check 'bad {y}' failed (1 passed): m {"),
        ("INFO", "Hint: h {z}"),
        ("DEBUG", "check.exception"),
        ("SUCCESS", "✅ Check 'later' passed"),
    ]
    assert records[3]["exception"].value is check.exception


async def test_a_warning_does_not_block(records):
    config = ChecksConfiguration(check_halting=True)
    warning = failed("w", severity="warning", message="careful")
    assert await CheckHelpers.process_checks(config, results(warning, passed()), set()) is True
    assert told(records) == [
        ("WARNING", "❌ Check 'w' failed (0 passed): careful"),
        ("SUCCESS", "✅ Check 'ok' passed"),
        ("INFO", "🔥 All checks passed."),
    ]


async def test_a_failure_ends_the_pass_on_demand(records):
    config = ChecksConfiguration(check_halting=True)
    assert await CheckHelpers.process_checks(config, results(failed(), passed()), set()) is False
    assert len(records) == 1


@pytest.mark.parametrize("kind", ["coroutine function", "coroutine", "function", "function of a coroutine"])
async def test_remedies(records, kind):
    applied = []

    async def remedy():
        await asyncio.sleep(0)
        applied.append(kind)

    given = {
        "coroutine function": remedy,
        "coroutine": remedy() if kind == "coroutine" else None,
        "function": lambda: applied.append(kind),
        "function of a coroutine": lambda: remedy(),
    }[kind]
    assert not await CheckHelpers.process_checks(ChecksConfiguration(), results(failed(remedy=given)), set())
    assert applied == [kind]
    assert told(records)[1:] == [("INFO", "💡 Attempting to apply remedy...")]


async def test_remedies_that_are_not_wanted(records):
    def remedy():
        raise AssertionError

    config = ChecksConfiguration(remedy=False)
    await CheckHelpers.process_checks(config, results(failed(remedy=remedy)), set())
    assert len(records) == 1


async def test_a_remedy_that_fails_ends_nothing(records):
    applied = []

    def remedy():
        raise RuntimeError("no {luck}")

    checks = results(failed(remedy=remedy), failed("other", remedy=lambda: applied.append(1)))
    assert not await CheckHelpers.process_checks(ChecksConfiguration(), checks, set())
    assert told(records)[2] == ("WARNING", "💡 Remedy attempt failed: RuntimeError('no {luck}')")
    assert applied == [1]


async def test_a_remedy_that_takes_too_long(records, monkeypatch):
    monkeypatch.setattr(readiness, "REMEDY_SECONDS", 0.01)
    remedy = asyncio.Event().wait
    assert not await CheckHelpers.process_checks(ChecksConfiguration(), results(failed(remedy=remedy)), set())
    assert told(records)[2] == ("WARNING", "💡 Remedy attempt timed out after 0.01s")


async def test_a_remedy_of_an_error(records):
    applied = []

    def handler():
        raise CheckError("wrong", remedy=lambda: applied.append(1))

    check = await Check.run("it", handler=handler)
    await CheckHelpers.process_checks(ChecksConfiguration(), results(check), set())
    assert applied == [1]


TABLE = [
    *results(passed(), failed(message="Response status code: 404"), failed("w", severity="warning", message="careful")),
    *results(name="none"),
    *results(passed("fine", tags=["a"]), name="connector3_long"),
    *results(
        failed("long", message="word " * 40), failed("z", message="z" * 100), failed("two", message="a\nb"), name="c4"
    ),
    *results(failed("w", severity="warning", message="only"), name="c5"),
]


async def test_the_table():
    first, second, third = ("word " * 14).strip(), ("word " * 14).strip(), ("word " * 12).strip()
    expected = f"""
CONNECTOR        STATUS    ERRORS
c1               X FAILED  (1/2) bad: ['Response status code: 404']
                           (2/2) w: ['careful']
connector3_long  √ PASSED
c4               X FAILED  (1/3) long: ['{first}', '{second}', '{third}']
                           (2/3) z: ['{"z" * 70}', '{"z" * 30}']
                           (3/3) two: ['a b']
c5               √ PASSED  (1/1) w: ['only']"""
    assert await CheckHelpers.checks_to_table(ChecksConfiguration(), TABLE) == expected[1:]


async def test_the_verbose_table():
    ids = {name: Check(name=name).id for name in ("ok", "bad", "w", "fine", "long", "z", "two")}
    expected = f"""
CONNECTOR        CHECK    ID        TAGS    STATUS     MESSAGE
c1               ok       {ids["ok"]}  -       √ PASSED   -
                 bad      {ids["bad"]}  -       X FAILED   Response status code: 404
                 w        {ids["w"]}  -       ! WARNING  careful
connector3_long  fine     {ids["fine"]}  a       √ PASSED   -
c4               long     {ids["long"]}  -       X FAILED   {("word " * 13).strip()} [...]
                 z        {ids["z"]}  -       X FAILED   [...]
                 two      {ids["two"]}  -       X FAILED   a b
c5               w        {ids["w"]}  -       ! WARNING  only"""
    assert await CheckHelpers.checks_to_table(ChecksConfiguration(verbose=True), TABLE) == expected[1:]


async def test_the_table_of_nothing():
    assert await CheckHelpers.checks_to_table(ChecksConfiguration(), results()) == "CONNECTOR    STATUS    ERRORS"


@pytest.mark.parametrize(
    ("delay", "expected"), [("expo", [8, 16, 32, 64]), ("1m", [60, 60, 60, 60]), ("500ms", [0.5] * 4), ("0", [0] * 4)]
)
def test_delays(delay, expected):
    assert list(itertools.islice(CheckHelpers.delay_generator(delay), 4)) == expected


def test_a_delay_that_is_none():
    with pytest.raises(ValueError, match="Invalid duration 'soon'"):
        next(iter(CheckHelpers.delay_generator("soon")))


async def test_nothing_of_a_check_steers_the_terminal(records):
    bad = failed("b\x1b[2Jad", id="i\x07d", message="m\x1b]0;x\x07", hint="h\rh")
    config = ChecksConfiguration()
    assert await CheckHelpers.process_checks(config, results(bad, passed("o\x1b[1mk")), set()) is False
    texts = [text for _, text in told(records)]
    assert texts == [
        r"❌ Check 'b\x1b[2Jad' failed (0 passed): m\x1b]0;x\x07",
        "Hint: h h",
        r"✅ Check 'o\x1b[1mk' passed",
    ]
    for verbose in (True, False):
        table = await CheckHelpers.checks_to_table(ChecksConfiguration(verbose=verbose), results(bad))
        assert all(char.isprintable() or char == "\n" for char in table)
        assert r"b\x1b[2Jad" in table
        assert r"m\x1b]0;x\x07" in table
