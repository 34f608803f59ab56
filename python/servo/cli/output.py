"""Where a result goes and in which form: ``-f/--format`` and ``-o/--output``, the same for every command.

``-o`` takes a form (``-o json``) or a file (``-o servos.json``); a file whose name is that of a form is ``./json``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from servo.cli.options import Options


class Form(StrEnum):
    """The forms of a result that most commands know."""

    table = "table"
    yaml = "yaml"
    json = "json"


FORMS = tuple(Form)

FormOption = Annotated[
    str | None, typer.Option("--format", "-f", metavar="FORM", help="Form of the result: table, yaml or json.")
]
TargetOption = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FORM|FILE", help="Form of the result, or a file to write it to."),
]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a result goes, and its form."""

    form: str
    path: Path | None = None
    color: bool = True
    """Whether the user lets stdout have colours; it has them on a terminal only."""

    def write(self, text: str, lexer: str | None = None) -> None:
        """Write a text as it is: to the file, or to stdout.

        Args:
            text: The text, with its last newline.
            lexer: The language of the text; a terminal shows it in colours.

        Raises:
            typer.BadParameter: The file cannot be written.
        """
        if self.path is None:
            _show(text, lexer if self.color and is_terminal() else None)
            return
        try:
            self.path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise typer.BadParameter(
                f"'{self.path}' cannot be written: {error.strerror or error}", param_hint="'--output' / '-o'"
            ) from None

    def write_data(self, data: object) -> None:
        """Write a result as one document of JSON or YAML."""
        self.write(as_text(data, self.form), lexer=self.form)


def target_of(
    options: Options,
    form: str | None,
    output: str | None,
    forms: Sequence[str] = FORMS,
    default: str = Form.table,
    other_names: dict[str, str] | None = None,
) -> Target:
    """What the two options ask for.

    Args:
        options: The options before the command.
        form: The value of ``--format``.
        output: The value of ``--output``; ``-`` is stdout.
        forms: The forms of this command.
        default: The form without an option.
        other_names: Further names of forms, such as ``text`` of ``table``.

    Raises:
        typer.BadParameter: There is no such form, or the options name two.
    """
    names = {**{name: name for name in map(str, forms)}, **(other_names or {"text": str(default)})}
    if form is not None and form.lower() not in names:
        known = ", ".join(repr(str(name)) for name in forms)
        raise typer.BadParameter(f"'{form}' is not one of {known}.", param_hint="'--format' / '-f'")
    chosen = None if form is None else names[form.lower()]
    if output is None or output == "-":
        return Target(chosen or str(default), color=options.color)
    if output.lower() in names:
        named = names[output.lower()]
        if chosen not in (None, named):
            raise typer.BadParameter(
                f"'{output}' is a form, and --format says '{form}'; a file of that name is './{output}'",
                param_hint="'--output' / '-o'",
            )
        return Target(named, color=options.color)
    path = Path(output)
    if path.is_dir():
        raise typer.BadParameter(f"File '{output}' is a directory.", param_hint="'--output' / '-o'")
    return Target(chosen or str(default), path, options.color)


def as_text(data: object, form: str) -> str:
    """One document of JSON or YAML, with its last newline; keys stay in their order."""
    if form == Form.json:
        import json

        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120))


def is_terminal() -> bool:
    """Whether people read stdout as it comes."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _show(text: str, lexer: str | None) -> None:
    if lexer is None:
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.syntax import Syntax

    # The sixteen colours of the terminal, which suit dark and light ones.
    console = Console(file=sys.stdout, soft_wrap=True)
    console.print(Syntax(text.rstrip("\n"), lexer, theme="ansi_dark", background_color="default", word_wrap=False))
