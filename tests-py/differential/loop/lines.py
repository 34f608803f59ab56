"""A conversation as lines with labels, without what differs between two runs of one program."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from .optimizer import Asked

HEADERS = ("user-agent", "authorization", "x-sf-token", "content-type", "accept", "accept-encoding", "connection")


def lines(asked: Iterable[Asked]) -> dict[str, Any]:
    """Every request: its headers, and what it says."""
    asked = list(asked)
    found = conversation([each.message for each in asked if each.message is not None])
    for each in asked:
        kind = "token" if each.message is None else "message"
        found.setdefault(f"{kind} method", each.method)
        found.setdefault(f"{kind} path", each.path)
        if kind == "token":
            found.setdefault("token body", each.text)
        for name in HEADERS:
            value = each.headers.get(name)
            value = value and re.sub(r", *", ", ", value)
            # The same with every message.
            known = found.setdefault(f"{kind} {name}", value)
            assert known == value, f"{name}: {known!r}, and then {value!r}"
    return found


def conversation(messages: Iterable[Any]) -> dict[str, Any]:
    """What is said, by event and number."""
    found: dict[str, Any] = {}
    order = []
    numbers: Counter[str] = Counter()
    for message in messages:
        event, param = message["event"], message["param"]
        kind = f"{event} progress" if isinstance(param, dict) and "progress" in param else event
        numbers[kind] += 1
        order.append(kind)
        if kind == "WHATS_NEXT" and numbers[kind] > 1:
            continue
        label = f"{kind} {numbers[kind]}"
        found[f"{label} keys"] = [list(message), list(param) if isinstance(param, dict) else param]
        found[f"{label} servo_uid"] = message["servo_uid"]
        for key, value in steady(param).items() if isinstance(param, dict) else ():
            if key == "telemetry":
                found |= {f"{label} {name}": each for name, each in value.items()}
            else:
                found[f"{label} {key}"] = value
    found["order"] = order
    return found


def steady(param: dict[str, Any]) -> dict[str, Any]:
    """A `param` without what is another one each time."""
    param = json.loads(json.dumps(param))
    if "telemetry" in param and "servox.platform" in param["telemetry"]:
        platform = param["telemetry"]["servox.platform"]
        # `Linux-6.1.0-x86_64-with-glibc2.36`
        param["telemetry"]["servox.platform"] = len(platform.split("-")) >= 4 and platform.startswith("Linux-")
    if "progress" in param:
        assert 0 < param["progress"] < 100
        param["progress"] = "…"
        # Every two seconds: late on a busy machine, never early.
        param["runtime"] = param["runtime"] >= 1.9
        text = re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ", "… ", param["message"])
        param["message"] = re.sub(r"\d+(\.\d+)?(%|s)", r"…\2", text)
    for metric in (param.get("metrics") or {}).values():
        for series in metric.get("values", ()):
            series["id"] = bool(re.fullmatch(r"\d{10}", series["id"]))
    return param
