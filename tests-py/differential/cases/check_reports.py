"""What is told of checks: log lines, remedies, tables, pauses, configuration."""

import asyncio
import itertools
from types import SimpleNamespace

from loguru import logger
from report import attempt, show

from servo import Check
from servo.checks import CheckHelpers
from servo.configuration import ChecksConfiguration

told = []


def result(name, *checks):
    return SimpleNamespace(connector=SimpleNamespace(name=name), value=list(checks))


def passed(**fields):
    return Check(name="ok", success=True, **fields)


def failed(**fields):
    return Check(name="bad", success=False, message="why", **fields)


async def process(label, *checks, passing=(), **config):
    told.clear()
    known = set(passing)
    ready = await CheckHelpers.process_checks(ChecksConfiguration(**config), [result("c1", *checks)], known)
    show(f"process {label}", [ready, sorted(known), told])


async def later():
    told.append("remedy")


def remedy():
    told.append("remedy")


async def processed():
    await process("nothing")
    await process("passed", passed())
    await process("passed before", passed(), passing=[passed().id])
    await process("failed", passed(), failed())
    await process("failed first", failed(), passed())
    await process("hint", failed(hint="do {x}"))
    await process("error", failed(exception=ValueError("v")))
    await process("halting", failed(), passed(), check_halting=True)
    await process("not run", Check(name="never"))
    await process("braces", Check(name="n", success=False, message="{x} }"))
    await process("a warning", Check(name="w", success=False, severity="warning", message="m"))
    await process("remedy", failed(remedy=remedy))
    await process("asynchronous remedy", failed(remedy=later))
    await process("remedy off", failed(remedy=remedy), remedy=False)
    await process("remedy of none", passed(remedy=remedy))


async def tables():
    results = [
        result("c1", failed(), Check(name="w", success=False, severity="warning", message="careful"), passed(tags=["b"])),
        result("c2"),
        result("c3", passed()),
        result("c4", failed(), failed(), Check(name="long", success=False, message="word " * 40), Check(name="silent", success=False),
               Check(name="one word", success=False, message="x" * 100), Check(name="lines", success=False, message="a\nb\n\nc")),
    ]
    for verbose in (False, True):
        config = ChecksConfiguration(verbose=verbose)
        show(f"table {verbose}", (await CheckHelpers.checks_to_table(config, results)).split("\n"))
        show(f"empty table {verbose}", await CheckHelpers.checks_to_table(config, []))


logger.remove()
logger.add(lambda line: told.append([line.record["level"].name, line.record["message"], line.record["extra"].get("component")]), level=0)
asyncio.run(processed())
asyncio.run(tables())
for delay in ["expo", "5s", "1m", "1.5s", "soon"]:
    attempt(f"delay {delay}", lambda delay=delay: list(itertools.islice(CheckHelpers.delay_generator(delay), 4)))
for field, value in [("connectors", ["a"]), ("name", ["/x/"]), ("wait", ""), ("wait", "0"), ("wait", None), ("wait", "soon"), ("wait", 30), ("delay", "expo"),
                     ("halt_on", None), ("halt_on", "foo"), ("halt_on", "warning"), ("quiet", "yes"), ("id", ["a,b"]), ("foo", 1), ("progressive", None)]:
    attempt(f"config {field} {value}", lambda field=field, value=value: getattr(ChecksConfiguration(**{field: value}), field))
show("config", ChecksConfiguration().dict())
