"""How the scripts tell what they saw: one line of JSON for each label.

Runs under ServoX as well, so nothing here comes from `servo`.
"""

import asyncio
import datetime
import enum
import inspect
import json
import re

import pydantic

ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
# One place for each script: the place of the interpreter and of the package differ.
FILE = re.compile(r"/[^\s'\"]*/(?=[\w.-]+\.(?:py|yaml))")


def text(value):
    """A text without what differs between two runs of one program."""
    return FILE.sub("", ADDRESS.sub("0x…", str(value)))


def plain(value):
    """A value as JSON has it; what JSON has not, as its repr."""
    if value is None or isinstance(value, (bool, int)):
        return int(value) if isinstance(value, enum.Enum) else value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else repr(value)
    if isinstance(value, str):
        return text(str(value))
    if isinstance(value, dict):
        return {plain(key) if isinstance(key, str) else text(repr(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return text(repr(value))


def problem(error):
    """An exception: its type, its text, what it groups; errors of validation one by one."""
    told = {"raises": type(error).__name__}
    if isinstance(error, pydantic.ValidationError):
        told["errors"] = sorted(
            [".".join(map(str, item["loc"])), text(item["msg"]), item["type"]] for item in error.errors()
        )
        return told
    told["text"] = text(error)
    if isinstance(error, BaseExceptionGroup):
        told["errors"] = [problem(item) for item in error.exceptions]
    if isinstance(error, TypeError) and error.__cause__ is not None:
        told["cause"] = type(error.__cause__).__name__
    return told


def show(label, value):
    """Prints a value under a label."""
    print(json.dumps({"label": label, "value": plain(value)}, ensure_ascii=False), flush=True)


def attempt(label, function, *args, **kwargs):
    """Calls a function; prints what it gives, or how it fails."""
    try:
        value = function(*args, **kwargs)
        if inspect.isawaitable(value):
            value = asyncio.run(awaited(value))
        show(label, value)
    except Exception as error:
        show(label, problem(error))


async def attempted(label, awaitable):
    """Awaits; prints what comes, or how it fails."""
    try:
        show(label, await awaitable)
    except Exception as error:
        show(label, problem(error))


async def awaited(value):
    """Awaits what `asyncio.run` does not take, such as a dispatch."""
    return await value
