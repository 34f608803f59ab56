"""A new document of a configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from servo.cli.drafts import optimizer
from servo.cli.drafts.comments import comment, entry, mapping
from servo.cli.drafts.outline import Outline
from servo.cli.drafts.samples import Part, part_of_class, parts
from servo.cli.drafts.scalars import scalar
from servo.cli.drafts.wanted import Wanted

__all__ = ["Draft", "header", "lines_of"]

_NOTHING = Outline({})


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked for."""

    wanted: Wanted
    """The connectors."""
    environment: Mapping[str, str]
    """The variables with which the file will be read."""
    name: str | None = None
    """What the servo is called."""
    defaults: bool = False
    """Whether values that are defaults are written."""
    standalone: bool = False
    """Whether `connectors` is left out."""
    alone: bool = True
    """Whether it is the only document of its file. Of several, each needs an optimizer."""


def header(schema_file: str) -> list[str]:
    """The line by which editors find the schema."""
    return [f"# yaml-language-server: $schema={schema_file}"]


def lines_of(draft: Draft, samples: Mapping[str, Part] | None = None) -> list[str]:
    """The lines of a document.

    Args:
        draft: What is asked for.
        samples: The parts of connectors, instead of what their classes generate.
    """
    explicit = draft.wanted.descriptor is not None and not draft.standalone
    found = samples
    if found is None:
        asked = draft.wanted.descriptor is not None
        found = parts(draft.wanted.routes, required=asked, defaults=draft.defaults)
    sections = [comment("Change the values to match your application, then run: servo validate")]
    if any(part.others for part in found.values()):
        sections[0] += comment("Keys behind a # are not needed; they have their defaults.")
    if draft.name is not None:
        sections.append(entry("name", draft.name, _NOTHING, 0, short=False))
    sections.append(_optimizer(draft))
    if explicit:
        sections.append(
            [
                *comment("The connectors that are active."),
                *entry("connectors", draft.wanted.descriptor, _NOTHING, 0, short=False),
            ]
        )
    if draft.defaults:
        sections += _defaults()
    sections += [_part(key, part) for key, part in found.items()]
    return [line for number, section in enumerate(sections) for line in (["", *section] if number else section)]


def _optimizer(draft: Draft) -> list[str]:
    variable = optimizer.variable_of(draft.environment)
    if variable is None:
        return optimizer.local(draft.wanted.routes, defaults=draft.defaults)
    if draft.alone:
        return optimizer.absent(variable)
    named = optimizer.named_by(draft.environment)
    return optimizer.service(named) if named else optimizer.local(draft.wanted.routes, defaults=draft.defaults)


def _defaults() -> list[list[str]]:
    from servo.configuration import ChecksConfiguration, CommonConfiguration

    told = comment("Whether a service that asks for the configuration and log lines gets none.")
    return [
        [*told, *entry("no_diagnostics", True, _NOTHING, 0, short=False)],
        _part("settings", part_of_class(CommonConfiguration, title="How an optimizer at a service is reached.")),
        _part("checks", part_of_class(ChecksConfiguration, title="Which checks run before the start.")),
    ]


def _part(key: str, part: Part) -> list[str]:
    lines = comment(part.title)
    if isinstance(part.values, dict) and part.values:
        body = mapping(part.values, part.outline, 2, short=part.native, offer=part.others)
        return [*lines, f"{scalar(key)}:", *body]
    lines += entry(key, part.values, part.outline, 0, short=part.native)
    if part.others:
        lines += comment("In place of {}, any of these:", 2)
        lines += mapping({}, part.outline, 2, short=True, offer=part.others)
    return lines
