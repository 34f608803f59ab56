"""Questions about an application that the servo itself starts and measures, and the samples with the answers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from servo.cli.drafts.samples import Part
from servo.cli.drafts.wanted import Wanted
from servo.cli.prompts import ask

__all__ = ["described"]


def described(wanted: Wanted, parts: Mapping[str, Part]) -> dict[str, Part]:
    """The parts of `process` and `load` with what the user says of the application; other parts as they are.

    Args:
        wanted: The connectors.
        parts: The part of each.

    Raises:
        typer.Abort: There are no more answers.
    """
    found = dict(parts)
    keys = {name: [key for key, cls in wanted.routes.items() if cls.__default_name__ == name] for name in _KINDS}
    process: dict[str, Any] = {}
    load: dict[str, Any] = {}
    if keys["process"]:
        process["command"] = ask("Application command?", _command, default="python3 app.py")
        names = list(dict.fromkeys(re.findall(r"(?<!{){(\w+)}(?!})", " ".join(process["command"]))))
        process["settings"] = ask(
            "What may change? (NAME=MIN..MAX, more with commas)",
            lambda answer: _complete(_settings(answer), names),
            default=",".join(f"{name}=1..8" for name in names or ["threads"]),
        )
    if keys["load"]:
        url = ask("URL to measure?", _url, default="http://127.0.0.1:8080/")
        load["target"] = f"GET {url}"
        if keys["process"]:
            process["health"] = {"tcp": _address(url)}
    for key in keys["process"]:
        found[key] = _with(found[key], process)
    for key in keys["load"]:
        found[key] = _with(found[key], load)
    return found


_KINDS = ("process", "load")


def _with(part: Part, answers: dict[str, Any]) -> Part:
    values = {key: value for key, value in {**part.values, **answers}.items() if key != "description"}
    others = {key: value for key, value in part.others.items() if key not in answers}
    return replace(part, values=values, others=others)


def _command(answer: str) -> list[str]:
    """The words of a command line; quotes hold words together as in a shell."""
    try:
        words = shlex.split(answer)
    except ValueError as error:
        raise ValueError(f"expected a command, found '{answer}' ({error})") from None
    if not words:
        raise ValueError("expected a command, found nothing")
    return words


def _settings(answer: str) -> dict[str, dict[str, Any]]:
    """The settings that may change: each begins with its least value."""
    found: dict[str, dict[str, Any]] = {}
    for text in filter(None, re.split(r"[\s,]+", answer)):
        match = re.fullmatch(r"([A-Za-z_]\w*)=(-?\d+)\.\.(-?\d+)", text)
        if match is None:
            raise ValueError(f"expected NAME=MIN..MAX with whole numbers, such as threads=1..8, found '{text}'")
        least, greatest = int(match[2]), int(match[3])
        if least >= greatest:
            raise ValueError(f"expected MIN to be less than MAX, found '{text}'")
        step = _step(greatest - least)
        found[match[1]] = {"type": "range", "min": least, "max": greatest, "step": step, "value": least}
    if not found:
        raise ValueError("expected at least one setting, such as threads=1..8")
    return found


def _complete(settings: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The settings, among which are those that the command has a place for."""
    for name in names:
        if name not in settings:
            raise ValueError(f"expected values for {{{name}}} of the command, too: {name}=MIN..MAX")
    return settings


def _step(span: int) -> int:
    """The least round step of which a range has at most fifty, and a whole number."""
    power = 1
    while power <= span:
        for step in (power, 2 * power, 5 * power):
            if span % step == 0 and span // step <= 50:
                return step
        power *= 10
    return 1


def _url(answer: str) -> str:
    """An address that requests can be sent to."""
    text = answer.strip()
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isprintable() or " " in text:
        raise ValueError(f"expected a URL such as http://127.0.0.1:8080/, found '{text}'")
    _ = parts.port  # A ValueError where that is no port.
    return text


def _address(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
