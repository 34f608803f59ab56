"""``servo show TOPIC``: what the servos of the configuration have."""

import typer

from servo.cli.show.components import components
from servo.cli.show.connectors import connectors
from servo.cli.show.events import events
from servo.cli.show.metrics import metrics

show = typer.Typer(
    name="show",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Show connectors, components, metrics or events.",
)
show.command("components")(components)
show.command("connectors")(connectors)
show.command("events")(events)
show.command("metrics")(metrics)


@show.callback()
def root() -> None:
    """Show connectors, components, metrics or events."""
