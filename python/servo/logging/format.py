"""How a record looks as a line."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from servo.logging.context import about
from servo.logging.structured import json_line

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["DEFAULT_FORMAT", "FORMS", "Formatter"]

DEFAULT_FORMAT = (
    "<green>{time:YYYY-MM-DD HH:mm:ss.SSS}</green> | "
    "<level>{level: <8}</level> | "
    "<cyan>{name}</cyan>:<cyan>{function}</cyan>:<cyan>{line}</cyan> | "
    "<magenta>{extra[component]}</magenta> - "
    "<level>{message}</level>{extra[traceback]}"
)

FORMS = ("text", "json")
"""The forms of log lines."""


class Formatter:
    """Gives the format of a record, and adds to it which component it is of.

    `extra["component"]` is the name of the connector that logs, with the event at work, such as `prometheus[measure]`;
    `servo` outside of connectors. With several servos the identifier of the optimizer stands before it. One that was
    given stays.

    Args:
        form: `text`, or `json` for one JSON object on a line. The attribute of that name may be changed.
    """

    def __init__(self, form: str = "text") -> None:
        self.form = form

    def __call__(self, record: Record) -> str:
        extra = record["extra"]
        if "traceback" not in extra:
            extra["traceback"] = "\n" + "".join(traceback.format_stack()) if extra.get("with_traceback") else ""
        told = about(record)
        if "component" not in extra:
            extra["component"] = told.component
        if self.form != "json":
            return DEFAULT_FORMAT + "\n{exception}"
        if "json_line" not in record:
            # Beside what belongs to the record: a text of its own would be parsed as a format.
            record["json_line"] = json_line(record, told)  # type: ignore[typeddict-unknown-key]
        return "{json_line}\n"
