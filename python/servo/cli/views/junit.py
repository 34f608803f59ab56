"""What came of checks as JUnit XML, which build servers read."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from servo.cli.rounds import Outcome, status_of

if TYPE_CHECKING:
    from servo.checks import Check


def junit_text(outcomes: Sequence[Outcome]) -> str:
    """A document with a suite for each connector of each servo, and a case for each check.

    A check that fails is a failure, one that only warns is skipped; a servo without an answer is an error.
    """
    suites = [suite for outcome in outcomes for suite in _suites(outcome)]
    root = ElementTree.Element("testsuites", name="servo check")
    root.extend(suites)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.set("time", _seconds(sum(outcome.seconds for outcome in outcomes)))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suites(outcome: Outcome) -> list[ElementTree.Element]:
    suites = []
    for connector in dict.fromkeys(connector for connector, _ in outcome.checks):
        members = [(at, check) for at, (name, check) in enumerate(outcome.checks) if name == connector]
        checks = [check for _, check in members]
        suite = _suite(f"{outcome.servo}.{connector}", checks)
        suite.extend(_case(outcome, connector, check, outcome.remedies.get(at)) for at, check in members)
        suites.append(suite)
    if outcome.error is not None:
        suite = _suite(outcome.servo, [])
        suite.set("tests", "1")
        suite.set("errors", "1")
        suite.set("time", _seconds(outcome.seconds))
        case = ElementTree.SubElement(suite, "testcase", classname=_legal(outcome.servo), name="checks")
        case.set("time", _seconds(outcome.seconds))
        error = ElementTree.SubElement(case, "error", message=_first_line(outcome.error), type="error")
        error.text = _legal(outcome.error)
        suites.append(suite)
    return suites


def _suite(name: str, checks: Sequence[Check]) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_legal(name), tests=str(len(checks)))
    suite.set("failures", str(sum(status_of(check) == "failed" for check in checks)))
    suite.set("errors", "0")
    suite.set("skipped", str(sum(status_of(check) == "warning" for check in checks)))
    suite.set("time", _seconds(sum(_time(check) for check in checks)))
    began = [check.run_at for check in checks if check.run_at is not None]
    if began:
        suite.set("timestamp", min(began).isoformat(timespec="seconds"))
    suite.set("hostname", _legal(socket.gethostname()))
    return suite


def _case(outcome: Outcome, connector: str, check: Check, remedy: str | None) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=_legal(f"{outcome.servo}.{connector}"), name=_legal(check.name))
    case.set("time", _seconds(_time(check)))
    message = check.message or ""
    lines = [message, f"hint: {check.hint}" if check.hint else "", f"remedy: {remedy}" if remedy else ""]
    text = _legal("\n".join(line for line in lines if line))
    match status_of(check):
        case "failed":
            kind = type(check.exception).__name__ if check.exception is not None else str(check.severity)
            failure = ElementTree.SubElement(case, "failure", message=_first_line(message or "failed"), type=kind)
            failure.text = text
        case "warning":
            ElementTree.SubElement(case, "skipped", message=_legal(" ".join(["warning:", *text.split()])))
        case _ if text:
            ElementTree.SubElement(case, "system-out").text = text
    return case


def _time(check: Check) -> float:
    return 0.0 if check.runtime is None else check.runtime.total_seconds()


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _first_line(text: str) -> str:
    return _legal(text.strip().partition("\n")[0])


def _legal(text: str) -> str:
    """A text without what XML 1.0 cannot have; such characters are written as Python writes them."""
    return "".join(char if _is_legal(ord(char)) else char.encode("unicode_escape").decode() for char in text)


def _is_legal(code: int) -> bool:
    if code < 0x20:
        return code in (0x9, 0xA, 0xD)
    # Beyond them are controls, surrogates and what is no character.
    return not (0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF))
