"""The commands of ``servo``: their order, their sections in the help, and where they are.

A command is imported when it is asked for; the help of the root needs this table alone.
"""

from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Where a command stands in the help, in this order."""

    assembly, ops, config = "Assembly Commands", "Operational Commands", "Configuration Commands"
    connectors, commands, other = "Connector Commands", "Commands", "Other Commands"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the catalogue."""

    name: str
    """What is typed."""
    section: Section
    """Where the help lists it."""
    target: str
    """``module:attribute`` of the function, or of the `typer.Typer` of a group."""
    summary: str
    """The first line of its help, in at most 60 characters."""


COMMANDS = (
    Entry("init", Section.assembly, "servo.cli.init:init", "Ask what a servo needs, and write its configuration."),
    Entry("list", Section.assembly, "servo.cli.installed:list_servos", "List the servos of the configuration."),
    Entry(
        "connectors",
        Section.assembly,
        "servo.cli.installed:list_connectors",
        "List the connectors that are installed.",
    ),
    Entry("show", Section.assembly, "servo.cli.show:show", "Show connectors, components, metrics or events."),
    Entry("run", Section.ops, "servo.cli.run:run", "Run the servos until their optimizers are done."),
    Entry("check", Section.ops, "servo.cli.check:check", "Check that all is there that the servos depend on."),
    Entry("describe", Section.ops, "servo.cli.describe:describe", "Show components with their settings, and metrics."),
    Entry("measure", Section.ops, "servo.cli.measure:measure", "Read metrics and show their values."),
    Entry("adjust", Section.ops, "servo.cli.adjust:adjust", "Change settings and show all of them afterwards."),
    Entry(
        "optimizer",
        Section.ops,
        "servo.cli.optimizer:optimizer",
        "Look at local studies, or serve the optimizer.",
    ),
    Entry("config", Section.config, "servo.cli.config:config", "Show the configuration that servos use."),
    Entry("schema", Section.config, "servo.cli.schema:schema", "Show what a configuration may say, as JSON Schema."),
    Entry(
        "validate", Section.config, "servo.cli.validate:validate", "Check a configuration: all that is wrong with it."
    ),
    Entry("generate", Section.config, "servo.cli.generate:generate", "Write a configuration file to start from."),
    Entry(
        "migrate",
        Section.config,
        "servo.cli.migrate:migrate",
        "Say what becomes of a ServoX project, and put it right.",
    ),
    Entry(
        "completion", Section.other, "servo.cli.completion:completion", "Show the script that makes a shell complete."
    ),
    Entry("version", Section.other, "servo.cli.version:version", "Show the version; needs no configuration."),
)
"""The commands, in the order of the help; those of connectors come from their modules."""
