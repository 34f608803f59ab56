"""``servo show events``: which connectors handle which events."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo.cli.options import Options
from servo.cli.output import Form, FormOption, TargetOption, target_of

if TYPE_CHECKING:
    from servo.cli.asking import Member

PHASES = ("before", "on", "after")


def events(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="Of all connectors that are installed, not of the active ones only.")
    ] = False,
    by_connector: Annotated[bool, typer.Option("--by-connector", "-c", help="List by connector.")] = False,
    before: Annotated[bool | None, typer.Option("--before/--no-before", help="What comes before an event.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--no-on", help="What carries an event out.")] = None,
    after: Annotated[bool | None, typer.Option("--after/--no-after", help="What comes after an event.")] = None,
    form: FormOption = None,
    output: TargetOption = None,
) -> None:
    """Show which connectors handle which events."""
    from servo.cli.about import installed_types
    from servo.cli.asking import members_of
    from servo.cli.views.table import table_text, width_for

    options: Options = context.obj
    target = target_of(options, form, output)
    phases = phases_of(before, on, after)
    members = members_of(options)
    installed = _of_classes(installed_types()) if every else []
    found = [
        (member, sorted({one for one in (*installed, *_of_member(member)) if one[1] in phases}, key=_order))
        for member in members.selected
    ]
    if target.form != Form.table:
        data = [
            {
                "name": member.name,
                "handlers": [dict(zip(("event", "phase", "connector"), one, strict=True)) for one in of],
            }
            for member, of in found
        ]
        target.write_data({"servos": data})
        return
    text = ""
    for member, handlers in found:
        pairs = [(event if phase == "on" else f"{phase} {event}", connector) for event, phase, connector in handlers]
        headers = ["EVENT", "CONNECTORS"]
        if by_connector:
            headers = ["CONNECTOR", "EVENTS"]
            pairs = sorted(((connector, label) for label, connector in pairs), key=lambda pair: pair[0])
        table = table_text(_grouped(pairs), headers, width_for(target))
        text += f"{members.heading(member)}{table}\n"
    target.write(text)


def phases_of(before: bool | None, on: bool | None, after: bool | None) -> Sequence[str]:
    """Which phases three options select: all but those that are negated, or else those that are named, or else all."""
    given = dict(zip(PHASES, (before, on, after), strict=True))
    if False in given.values():
        return [phase for phase in PHASES if given[phase] is not False]
    return [phase for phase in PHASES if given[phase]] or PHASES


def _of_member(member: "Member") -> list[tuple[str, str, str]]:
    """Event, phase and connector of each handler of a servo, also of those that were added to single connectors."""
    from servo.events import _own_handlers

    own = [
        (handler.event.name, _phase(handler), type(connector).name)
        for connector in member.connectors
        for handler in _own_handlers(connector)
    ]
    return own + _of_classes(type(connector) for connector in member.connectors)


def _of_classes(classes: Iterable[Any]) -> list[tuple[str, str, str]]:
    return [(handler.event.name, _phase(handler), cls.name) for cls in classes for handler in cls.__event_handlers__]


def _phase(handler: Any) -> str:
    return str(handler.preposition)


def _order(handler: tuple[str, str, str]) -> tuple[str, int, str]:
    event, phase, connector = handler
    return event, PHASES.index(phase), connector


def _grouped(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """A row for each first text, with the second ones below each other; the order stays."""
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(first, []).append(second)
    return [[first, "\n".join(seconds)] for first, seconds in found.items()]
