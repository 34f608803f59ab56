"""``servo optimizer COMMAND``: the studies of local optimizers, and optimizers for others.

A command is the module of its name in this package; it is imported when it is asked for.
"""

from __future__ import annotations

import typer

from servo.cli.catalogue import Entry, Section
from servo.cli.group import LazyGroup

_SUMMARIES = {
    "serve": "Serve the local optimizer over HTTP, to many at once.",
    "trials": "List the trials of a study.",
    "best": "Show the best configuration and what it is better than.",
    "explain": "Tell why a trial was made and judged as it was.",
    "export": "Write a study with all its trials: table, JSON, YAML or CSV.",
}


class _Commands(LazyGroup):
    entries = tuple(
        Entry(name, Section.commands, f"{__name__}.{name}:{name}", summary) for name, summary in _SUMMARIES.items()
    )


optimizer = typer.Typer(
    name="optimizer",
    cls=_Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Look at studies of the local optimizer, or serve it to others.",
)
