"""What a command asks the connectors of servos: they are attached, asked, and detached again, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from servo.cli.errors import CommandError, describe_error, engine_errors, is_expected
from servo.cli.options import Options
from servo.cli.session import Servo, named, open_servos, run_async, unknown

if TYPE_CHECKING:
    from servo.cli.output import Target
    from servo.connector import BaseConnector

T = TypeVar("T")

DETACH_SECONDS = 30.0
"""How long the connectors of all servos have to be detached."""


@dataclass(frozen=True, slots=True)
class Member:
    """A servo of the configuration file."""

    engine: Servo
    view: Any
    """The `servo.Servo` with its connectors."""

    @property
    def name(self) -> str:
        """The name of the servo."""
        return self.engine.name

    @property
    def optimizer(self) -> str:
        """The identifier of its optimizer; `local` for the local one."""
        return str(getattr(self.view.config.optimizer, "id", None) or self.engine.optimizer)

    @property
    def connectors(self) -> list[BaseConnector]:
        """The connectors in the order of the file, the servo itself first."""
        return list(self.view.all_connectors)

    async def ask(self, event: str, *arguments: Any, include: Sequence[str] | None = None, **named: Any) -> list[Any]:
        """The connector and the answer of each that handles an event, as results of its dispatch.

        Args:
            event: The name of the event.
            arguments: Its arguments.
            include: The names of the connectors to ask; all without names.
            named: Its arguments by name.
        """
        with self.view.current():
            found = self.view.dispatch_event(event, *arguments, include=include or None, **named)
            return list(await found or ())

    def handles(self, event: str) -> list[BaseConnector]:
        """The connectors that have a handler of an event."""
        return [member for member in self.connectors if member.responds_to_event(event)]


@dataclass(frozen=True, slots=True)
class Members:
    """The servos that a command works with."""

    all: tuple[Member, ...]
    """Those of the file."""
    selected: tuple[Member, ...]
    """Those that `--name` names; all without it."""

    def heading(self, member: Member) -> str:
        """What stands above the output of a servo: its name where the file has several."""
        return f"{member.name}\n" if len(self.all) > 1 else ""


def members_of(options: Options) -> Members:
    """The servos of the configuration file; their connectors are not attached.

    Raises:
        CommandError: The configuration is not valid.
        typer.BadParameter: The file does not exist, or it has no servo of one of the names.
    """
    engines = open_servos(replace(options, names=()))
    chosen = {id(engine) for engine in named(engines, options.names)}
    with engine_errors():
        found = tuple(Member(engine, engine.make_view()) for engine in engines)
    return Members(found, tuple(member for member in found if id(member.engine) in chosen))


def check_connectors(members: Sequence[Member], names: Sequence[str]) -> None:
    """Refuse names that are no connector of every servo, as a usage error."""
    for member in members:
        known = [connector.name for connector in member.connectors]
        for name in names:
            if name not in known:
                raise typer.BadParameter(unknown("connector", name, known))


Part = tuple[str, dict[str, Any]]
"""What is told of one servo: as a table, and as data."""


def tell_each(
    options: Options,
    target: Target,
    members: Members,
    ask: Callable[[Member], Awaitable[Part]],
    prefix: str = "error: ",
    before: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Ask the selected servos one after another while their connectors are attached, and write what they tell.

    What was told before a failure is written all the same.

    Args:
        options: The options before the command.
        target: Where it is written.
        members: The servos.
        ask: Asks one of them.
        prefix: What the lines of errors begin with.
        before: What must succeed before the first one is asked.

    Raises:
        CommandError: A connector failed.
        typer.Exit: A signal came.
    """
    parts: list[tuple[Member, Part]] = []

    async def work() -> None:
        if before is not None:
            await before()
        for member in members.selected:
            parts.append((member, await ask(member)))

    failed = True
    try:
        _with_attached(options, members.selected, work, prefix)
        failed = False
    finally:
        if parts or not failed:
            _write(target, members, parts)


def _write(target: Target, members: Members, parts: Sequence[tuple[Member, Part]]) -> None:
    if target.form == "table":
        target.write("".join(members.heading(member) + table for member, (table, _) in parts if table))
    else:
        target.write_data({"servos": [{"name": member.name, **data} for member, (_, data) in parts]})


def _with_attached(options: Options, members: Sequence[Member], work: Callable[[], Awaitable[T]], prefix: str) -> T:
    """What a coroutine gives while the connectors of servos are attached.

    They are detached when it ends, fails, or is cancelled by Ctrl-C or a signal that asks the process to end.

    Args:
        options: The options before the command.
        members: The servos.
        work: Makes the coroutine.
        prefix: What the lines of errors begin with.

    Raises:
        CommandError: A connector failed.
        typer.Exit: A signal came.
    """

    async def asked() -> T:
        with _ending_by_signals() as received:
            try:
                for member in members:
                    await member.engine.attach()
                return await work()
            except asyncio.CancelledError:
                if not received:
                    raise
                raise typer.Exit(128 + received[0]) from None
            finally:
                await _let_go(members)

    try:
        return run_async(asked(), debug=options.debug)
    except (CommandError, typer.TyperException, typer.Exit):
        raise
    except Exception as error:
        raise CommandError([line for leaf in _leaves(error) for line in _told(leaf, prefix)]) from error


async def _let_go(members: Sequence[Member]) -> None:
    import logging

    log = logging.getLogger("servo.cli")
    leaving = asyncio.gather(*(member.engine.detach() for member in members), return_exceptions=True)
    try:
        found = await asyncio.wait_for(leaving, DETACH_SECONDS)
    except TimeoutError:
        log.error("the connectors were not detached within %g seconds", DETACH_SECONDS)
        return
    for member, error in zip(members, found, strict=True):
        if isinstance(error, Exception):
            log.error("%s: detach: %s", member.name, error)


@contextlib.contextmanager
def _ending_by_signals() -> Iterator[list[int]]:
    """Within the block a signal that asks the process to end cancels this task; gives those that came."""
    task, loop, received = asyncio.current_task(), asyncio.get_running_loop(), list[int]()

    def note(number: int) -> None:
        received.append(number)
        if task is not None:
            task.cancel()

    watched = []
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # One that is ignored, as by nohup, stays so. Not every loop and thread can watch signals.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(number, note, int(number))
                watched.append(number)
    try:
        yield received
    finally:
        for number in watched:
            loop.remove_signal_handler(number)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _told(error: BaseException, prefix: str) -> list[str]:
    """The lines of what a handler raised: which connector, and what."""
    result = getattr(error, "__event_result__", None)
    who = f"{result.connector.name}: " if result is not None else ""
    kind = "" if is_expected(error) else f"{type(error).__name__}: "
    return describe_error(error, f"{prefix}{who}{kind}")
