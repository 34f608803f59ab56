"""The command line: ``servo [OPTIONS] COMMAND [ARGS]...``, and what connectors write commands with.

Commands import what they need when they run, so that help, completion and usage errors answer at once and never need
a configuration, the native module or a connector.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabulate import tabulate as tabulate

    from servo.cli.application import CLI as CLI
    from servo.cli.application import ServoCLI as ServoCLI
    from servo.cli.catalogue import Section as Section
    from servo.cli.command import Command as Command
    from servo.cli.connectors import ConnectorCLI as ConnectorCLI
    from servo.cli.context import Context as Context
    from servo.cli.formats import ConfigOutputFormat as ConfigOutputFormat
    from servo.cli.formats import SchemaOutputFormat as SchemaOutputFormat
    from servo.cli.formats import VersionOutputFormat as VersionOutputFormat
    from servo.cli.formats import timeago as timeago
    from servo.cli.group import Group as Group
    from servo.cli.group import OrderedGroup as OrderedGroup
    from servo.cli.options import LogLevel as LogLevel
    from servo.cli.options import Options as Options
    from servo.cli.session import run_async as run_async
    from servo.cli.views.table import print_table as print_table

# The module each public name lives in.
_HOMES = {
    "servo.cli.application": ["CLI", "ServoCLI"],
    "servo.cli.catalogue": ["Section"],
    "servo.cli.command": ["Command"],
    "servo.cli.connectors": ["ConnectorCLI"],
    "servo.cli.context": ["Context"],
    "servo.cli.formats": ["ConfigOutputFormat", "SchemaOutputFormat", "VersionOutputFormat", "timeago"],
    "servo.cli.group": ["Group", "OrderedGroup"],
    "servo.cli.options": ["LogLevel", "Options"],
    "servo.cli.session": ["run_async"],
    "servo.cli.views.table": ["print_table"],
    "tabulate": ["tabulate"],
}
_NAMES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [*sorted(_NAMES)]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
