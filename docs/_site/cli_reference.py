"""Writes docs/cli-reference.md from the commands themselves: `make cli-reference`.

    python docs/_site/cli_reference.py [--check]

With `--check` nothing is written, and the exit code is 1 when the page is not what the commands say.
"""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from servo.cli.application import ServoCLI
from servo.cli.catalogue import Section
from servo.cli.command import section_of

PAGE = Path(__file__).resolve().parents[1] / "cli-reference.md"

BEGINNING = """\
# Command line reference

<!-- Written by `make cli-reference` from the commands themselves: change their help, not this page. -->

Every command with its arguments, options and variables, as `servo COMMAND --help` tells them. What holds for all of
them, such as exit codes, forms of output and signals, is told in [Command line](cli.md).
"""

# What the help says of a variable, a default and a range, in brackets.
_REMARKS = re.compile(r"\s*\[(?P<text>(?:env var|default|required|x[<>]|\d+<=?x)(?:[^\[\]]|\[[^\[\]]*\])*)\]")
# Not shown: not every version of typer tells it.
_RANGE = re.compile(r"x[<>]|\d+<=?x")


def reference() -> str:
    """The whole page."""
    root: Any = typer.main.get_command(ServoCLI())
    context = root.context_class(root, info_name="servo")
    parts = [BEGINNING, "## Options of every command", _table(root, context)]
    for section, commands in _sections(root, context):
        parts.append(f"## {section}")
        for name, command in commands:
            parts += _command(name, command, context, level=3)
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _sections(root: Any, context: Any) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """The commands by section, without those that connectors on this machine add."""
    listed: dict[Section, list[tuple[str, Any]]] = {section: [] for section in Section}
    for name, command in _commands(root, context):
        listed[section_of(command)].append((name, command))
    del listed[Section.connectors]
    return ((section.value, commands) for section, commands in listed.items() if commands)


def _commands(group: Any, context: Any) -> list[tuple[str, Any]]:
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [(name, command) for name, command in found if command is not None and not command.hidden]


def _command(name: str, command: Any, parent: Any, level: int) -> list[str]:
    """A command and those below it."""
    context = command.context_class(command, info_name=name, parent=parent)
    parts = [f"{'#' * level} `{context.command_path}`", f"```text\n{_usage(command, context)}\n```"]
    parts += [_prose(command.help or ""), _table(command, context)]
    if hasattr(command, "list_commands"):
        for inner, subcommand in _commands(command, context):
            parts += _command(inner, subcommand, context, level + 1)
    return parts


def _usage(command: Any, context: Any) -> str:
    """What is typed. Not what typer makes of it, which differs from version to version."""
    words = [context.command_path, "[OPTIONS]"]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            word = _argument(parameter) if parameter.required else f"[{_argument(parameter)}]"
            words.append(word + ("..." if parameter.nargs == -1 else ""))
    if hasattr(command, "list_commands"):
        words.append("COMMAND [ARGS]...")
    return " ".join(words)


def _argument(parameter: Any) -> str:
    """The name of an argument, without the marks that it may have already."""
    return re.sub(r"[{}\[\].]", "", parameter.metavar or parameter.name.upper())


def _prose(text: str) -> str:
    """A help text as Markdown: paragraphs, and what is indented as it is."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\b\n", "\b").strip())
    return "\n\n".join(_paragraph(paragraph) for paragraph in paragraphs)


def _paragraph(text: str) -> str:
    if text.startswith("\b"):
        return f"```text\n{text.removeprefix(chr(8)).strip(chr(10))}\n```"
    return textwrap.fill(_escape(text), 120, break_long_words=False, break_on_hyphens=False)


def _table(command: Any, context: Any) -> str:
    """Arguments and options, each with its variable, default and meaning."""
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or parameter.name == "help":
            continue
        name, text = record
        if parameter.param_type_name == "argument":
            name = _argument(parameter)
        remarks = _remarks(text)
        words = ["Required."] if parameter.required else []
        words += _REMARKS.sub("", text).split()
        variables = ", ".join(f"`{one}`" for one in remarks["env var"])
        rows.append(
            f"| {_code(name)} | {variables} | {_escape('; '.join(remarks['default']))} | {_escape(' '.join(words))} |"
        )
    if not rows:
        return ""
    return "\n".join(["| Argument or option | Variable | Default | Meaning |", "|---|---|---|---|", *rows])


def _remarks(text: str) -> dict[str, list[str]]:
    """What the brackets of a help text say, by kind."""
    remarks: dict[str, list[str]] = {"env var": [], "default": []}
    for remark in _REMARKS.finditer(text):
        kind = ""
        for part in remark["text"].split("; "):
            name, colon, value = part.partition(": ")
            if colon and name in remarks:
                kind = name
                remarks[kind] += value.split(", ") if kind == "env var" else [value]
            elif kind == "default" and not _RANGE.match(part) and part != "required":
                # A default that has a semicolon itself.
                remarks[kind].append(part)
    return remarks


def _code(text: str) -> str:
    return f"`{' '.join(text.split())}`".replace("|", "\\|")


def _escape(text: str) -> str:
    """A text as Markdown; what stands between backquotes is code already, double ones are those of Python."""
    text = text.replace("``", "`")
    pieces = text.split("`")
    for index in range(0, len(pieces), 2):
        pieces[index] = re.sub(r"([*_<>\[\]])", r"\\\1", pieces[index])
    return "`".join(pieces).replace("|", "\\|")


def main() -> int:
    """Write the page, or compare it."""
    text = reference()
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        print(f"error: {PAGE.name} is not what the commands say; write it with `make cli-reference`", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
