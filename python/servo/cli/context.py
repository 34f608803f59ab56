"""What commands work with: `Context`, whose servos are assembled when a command asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from servo.cli.catalogue import Section
from servo.cli.help import formatter
from servo.cli.options import Options

if TYPE_CHECKING:
    from servo.assembly import Assembly
    from servo.connector import BaseConnector
    from servo.servo import Servo

__all__ = ["Context"]

_INHERITED = ("config_file", "name", "limit", "assembly", "servo_", "connector", "section")


class Context(typer.Context):
    """What a command works with. A context takes its attributes from the one around it.

    Attributes:
        config_file: The configuration file.
        name: The servo that ``--name`` names; the first where there are several.
        limit: The number of servos that run at a time.
        assembly: The servos of the configuration file, made and attached when first asked for.
        servo_: The servo that was selected, None where there are several to choose from; `servo` is the same.
        connector: The connector that was selected.
        section: Where the command stands in the help.
        reports: Whether errors that nobody foresaw are told and end the process, rather than raised.
    """

    config_file: Path | None = None
    name: str | None = None
    limit: int | None = None
    connector: BaseConnector | None = None
    section: Section = Section.commands
    reports: bool = False

    def __init__(self, command: Any, *args: Any, **kwargs: Any) -> None:
        own = {name: kwargs.pop(name) for name in (*_INHERITED, "reports") if name in kwargs}
        super().__init__(command, *args, **kwargs)
        self._assembly: Assembly | None = None
        self._servo: Servo | None = None
        self.selecting: Callable[[Context], None] | None = None
        """Selects a connector when the command below runs."""
        self.behind: dict[str, Any] = {}
        """Options of the root that were given behind the command."""
        if isinstance(self.parent, Context):
            for name in ("config_file", "name", "limit", "connector", "section"):
                setattr(self, name, getattr(self.parent, name))
        for name, value in own.items():
            if value is not None:
                setattr(self, name, value)

    def make_formatter(self) -> Any:
        """What writes the help."""
        return formatter(self)

    @classmethod
    def attributes(cls) -> set[str]:
        """The names of what a context takes from the one around it."""
        return set(_INHERITED)

    @property
    def assembly(self) -> Assembly | None:
        """The servos of the configuration file; None without a configuration file.

        Raises:
            CommandError: The configuration is wrong, or a connector cannot be attached.
            typer.BadParameter: There is no such file.
        """
        if self._assembly is not None:
            return self._assembly
        if isinstance(self.parent, Context):
            return self.parent.assembly
        if isinstance(self.obj, Options) and not self.resilient_parsing:
            from servo.cli.session import assemble

            self._assembly = assemble(self.obj, attach=True)
        return self._assembly

    @assembly.setter
    def assembly(self, assembly: Assembly | None) -> None:
        self._assembly = assembly

    @property
    def servo_(self) -> Servo | None:
        """The only servo, or the one that ``--name`` names; None where there are several.

        Raises:
            CommandError: The configuration is wrong, or a connector cannot be attached.
            typer.BadParameter: There is no such file, or no servo of that name.
        """
        if self._servo is not None:
            return self._servo
        if isinstance(self.parent, Context) and self._assembly is None:
            return self.parent.servo_
        if isinstance(self.obj, Options) and (assembly := self.assembly) is not None:
            from servo.cli.session import selected

            found = selected(assembly, self.obj)
            self._servo = found[0] if len(found) == 1 else None
        return self._servo

    @servo_.setter
    def servo_(self, servo_: Servo | None) -> None:
        self._servo = servo_

    @property
    def servo(self) -> Servo | None:
        """The servo that was selected."""
        return self.servo_

    def select(self) -> None:
        """Selects what the groups around ask for; what they select is selected here, too.

        Raises:
            typer.BadParameter: It cannot be selected.
        """
        around = self.parent
        if not isinstance(around, Context):
            return
        around.select()
        if around.selecting is not None:
            select, around.selecting = around.selecting, None
            try:
                select(around)
            except typer.BadParameter as error:
                if error.ctx is None:
                    error.ctx = around
                raise
        self.connector = self.connector or around.connector

    def adopt(self, options: Options) -> None:
        """From now on these are the options, here and in the contexts around."""
        self.obj = options
        self.color = None if options.color else False
        self.config_file, self.limit = options.config_file, options.limit
        self.name = options.names[0] if options.names else None
        if isinstance(self.parent, Context):
            self.parent.adopt(options)
