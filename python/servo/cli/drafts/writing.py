"""From a draft to its file, and the schema beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import typer

from servo._whole_files import write_file
from servo.cli.drafts.appending import documents_of, joined, unused_name
from servo.cli.drafts.document import Draft, header, lines_of
from servo.cli.drafts.files import check_writable
from servo.cli.drafts.optimizer import variable_of
from servo.cli.drafts.samples import Part
from servo.cli.errors import CommandError

__all__ = ["Writing"]


@dataclass(slots=True)
class Writing:
    """A file that is written.

    Args:
        path: The file; `-` is stdout.
        schema: Whether a schema is written beside it.
        append: Whether what it holds stays, with the new document behind it.
    """

    path: Path
    schema: bool = True
    append: bool = False
    written: list[Path] = field(default_factory=list)
    """The files that were written, the one with the schema first."""

    @property
    def to_stdout(self) -> bool:
        """Whether nothing is written to a file."""
        return str(self.path) == "-"

    @property
    def schema_path(self) -> Path:
        """Where the schema is: `servo.schema.json` for `servo.yaml`."""
        return self.path.with_name(f"{self.path.stem}.schema.json")

    def check(self, option: str) -> None:
        """Refuse what cannot be written, as a usage error.

        Args:
            option: The option that the path is from.
        """
        check_writable(self.path, option)
        if self.schema and self.schema_path.exists() and not _is_schema(self.schema_path):
            raise typer.BadParameter(
                f"File '{self.schema_path}' exists, and is no schema that was generated. Choose another file, "
                "or --no-schema.",
                param_hint=option,
            )

    def write(self, draft: Draft, samples: Mapping[str, Part] | None = None) -> str:
        """Write the document.

        Args:
            draft: What is asked for.
            samples: The parts of connectors, instead of what their classes generate.

        Returns:
            The new document.

        Raises:
            CommandError: It cannot be generated or written.
        """
        behind = self.append and not self.to_stdout and self.path.exists()
        existing = self.path.read_bytes() if behind else b""
        documents = documents_of(self.path) if behind else []
        if documents:
            draft = replace(draft, alone=False)
            if draft.name is None and variable_of(draft.environment) is None:
                draft = replace(draft, name=unused_name(documents))
        lines = lines_of(draft, samples)
        named = header(self.schema_path.name)[0]
        # A file whose owner did without a schema goes on without it.
        schema = self.schema and not self.to_stdout and (not documents or named in existing.decode().splitlines())
        if schema:
            lines = [named, "", *lines]
        text = "\n".join(lines) + "\n"
        if self.to_stdout:
            return text
        try:
            if schema:
                self._write_schema(draft, documents)
            write_file(self.path, joined(existing, text) if existing else text.encode())
        except OSError as error:
            raise CommandError(f"error: {self.path} cannot be written: {error.strerror or error}") from error
        self.written.append(self.path)
        return text

    def report(self) -> None:
        """Say what was written; the configuration comes last."""
        for path in self.written:
            typer.echo(f"Generated {path}")

    def problems(self, environment: dict[str, str]) -> list[str]:
        """What keeps the file from being valid, in lines for people; none when it is valid.

        Args:
            environment: The variables that fill its gaps.
        """
        from servo.cli.generate import problems_of

        found = problems_of(self.path, environment)
        return [f"{self.path} is not valid yet:", *found] if found else []

    def _write_schema(self, draft: Draft, documents: list[Any]) -> None:
        from servo.cli.drafts.schema import schema_for

        text = json.dumps(schema_for(draft.wanted.routes, documents), indent=2, ensure_ascii=False) + "\n"
        write_file(self.schema_path, text.encode())
        self.written.append(self.schema_path)


def _is_schema(path: Path) -> bool:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(read, dict) and read.get("title") == "Servo Configuration Schema"
