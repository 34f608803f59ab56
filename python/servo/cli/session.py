"""The servos that a command works with: the command line's view of the native module."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from servo.cli.errors import CommandError, RootUsageError, engine_errors
from servo.cli.options import Options

if TYPE_CHECKING:
    import asyncio

    from servo.assembly import Assembly as PythonAssembly
    from servo.servo import Servo as PythonServo

T = TypeVar("T")
N = TypeVar("N", bound="Named")

Permits = Callable[[str, str], Awaitable[bool]]
"""Whether a servo of that name may take that step."""

NAMES_TOLD = 20
"""How many names an error lists."""


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str: ...


class Servo(Protocol):
    """One servo of a configuration file, as ``servo._core`` gives it."""

    @property
    def name(self) -> str: ...
    @property
    def optimizer(self) -> str: ...
    @property
    def connectors(self) -> list[tuple[str, str]]: ...
    @property
    def no_diagnostics(self) -> bool: ...

    def make_view(self) -> Any: ...
    def attach(self) -> Awaitable[None]: ...
    def detach(self) -> Awaitable[None]: ...
    def run(self) -> Awaitable[str]: ...
    def interrupt(self, reason: str, within: float | None = None) -> None: ...
    def snapshot(self) -> str: ...
    def drain(self) -> str: ...


class Assembly(Protocol):
    """Servos that run side by side, as ``servo._core`` gives them."""

    def run(self) -> Awaitable[str]: ...
    def interrupt(self, reason: str, within: float | None = None) -> None: ...
    def drain(self) -> str: ...


class MetricsEndpoint(Protocol):
    """Metrics that are served over HTTP."""

    @property
    def address(self) -> str: ...
    def close(self) -> Awaitable[None]: ...


class Core(Protocol):
    """The functions of ``servo._core`` that commands call."""

    def version(self) -> str: ...
    def native_connectors(self) -> list[tuple[str, list[str]]]: ...
    def open_servos(self, config_file: str, types: list[object], environment: Mapping[str, str]) -> list[Servo]: ...
    def validate_file(
        self, config_file: str, types: list[object], environment: Mapping[str, str], **options: Any
    ) -> int: ...
    def Assembly(self, servos: Sequence[Servo], *, poll: bool, permits: Permits | None) -> Assembly: ...
    def serve_metrics(self, address: str, servos: int) -> Awaitable[MetricsEndpoint]: ...
    def export_traces(self) -> bool: ...
    def finish_traces(self, within: float) -> None: ...


def core() -> Core:
    """The native module.

    Raises:
        CommandError: It is not installed or cannot be loaded.
    """
    try:
        return cast(Core, import_module("servo._core"))
    except ImportError as error:
        raise CommandError(
            [
                f"error: the native module of the servo cannot be loaded: {error}",
                "Install it again with `pip install --force-reinstall servox-rs`, or in a checkout run `make build`.",
            ]
        ) from error


def connector_types(config_file: Path) -> list[object]:
    """The connector classes that are installed; modules beside the configuration file can be named in it."""
    look_beside(config_file)
    return list(import_module("servo.connector").connector_types())


def look_beside(config_file: Path) -> None:
    """Lets modules in the folder of the configuration file be imported."""
    beside = str(config_file.resolve().parent)
    if beside not in sys.path:
        # Last: nothing that is installed is hidden by a file of the same name.
        sys.path.append(beside)


def open_servos(options: Options, *, logger: bool = False) -> list[Servo]:
    """The servos of the configuration file, or those that ``--name`` names.

    Args:
        options: The options before the command.
        logger: Whether the logger of connectors in Python is used even where there is none of them.

    Raises:
        CommandError: The configuration is not valid.
        typer.BadParameter: The file does not exist, or it has no servo of one of the names.
    """
    from servo.cli.logs import adopt_loguru, configure_logging, forward_engine, name_servos

    require_file(options.config_file)
    configure_logging(options)
    native = core()
    forward_engine(options)
    with engine_errors(), import_module("servo.connector.imports").explained():
        types = connector_types(options.config_file)
        servos = native.open_servos(str(options.config_file), types, dict(os.environ))
    natively = {name for name, _ in native.native_connectors()}
    written = any(kind not in natively for servo in servos for _, kind in servo.connectors)
    adopt_loguru(options, used=logger or written)
    name_servos(servos)
    return named(servos, options.names)


def assemble(options: Options, *, attach: bool = False) -> PythonAssembly:
    """The servos of the configuration file as classes of Python; nothing is started.

    Args:
        options: The options of the root.
        attach: Whether the connectors of the servos that ``--name`` selects are told that they are attached, on an
            event loop of its own.

    Raises:
        CommandError: The configuration is wrong, or a connector cannot be attached.
        typer.BadParameter: The file does not exist, or it has no servo of one of the names.
    """
    from servo.cli.logs import adopt_loguru, configure_logging, forward_engine

    require_file(options.config_file)
    configure_logging(options)
    native = core()
    forward_engine(options)
    adopt_loguru(options, used=True)
    with engine_errors(), import_module("servo.connector.imports").explained():
        # The engine tells what is wrong with its place.
        types = connector_types(options.config_file)
        count = native.validate_file(str(options.config_file), types, dict(os.environ))
        with _selecting(count):
            assembly: PythonAssembly = import_module("servo.assembly").Assembly._of_file(options.config_file)
        servos = selected(assembly, options)
        if attach:
            run_async(assembly._attach(servos))
    return assembly


@contextlib.contextmanager
def _selecting(servos: int) -> Iterator[None]:
    """For a while ``SERVO_NAME`` names the only servo of a file alone: of several it selects, and names none."""
    name = os.environ.pop("SERVO_NAME", None) if servos > 1 else None
    try:
        yield
    finally:
        if name is not None:
            os.environ["SERVO_NAME"] = name


def selected(assembly: PythonAssembly, options: Options) -> list[PythonServo]:
    """The servos of an assembly that ``--name`` names, in the order of the file; all without it.

    Raises:
        typer.BadParameter: There is none of a name.
    """
    return named(assembly.servos, options.names)


def named(servos: Sequence[N], names: Sequence[str]) -> list[N]:
    """The servos of those names, the first of each, in the order of the file; all without names.

    Raises:
        typer.BadParameter: There is none of a name.
    """
    if not names:
        return list(servos)
    known = {servo.name: servo for servo in reversed(servos)}
    for name in names:
        if name not in known:
            raise RootUsageError(f'No servo was found named "{name}"' + hint_of(name, list(reversed(known))))
    return [servo for servo in servos if servo.name in names and known[servo.name] is servo]


def assembly_of(servos: Sequence[Servo], *, poll: bool, permits: Permits | None) -> Assembly:
    """The servos as one, to run side by side.

    Args:
        servos: The servos.
        poll: Whether their optimizers are asked for commands.
        permits: Whether a servo may take its next step; each may where it is None.
    """
    return core().Assembly(servos, poll=poll, permits=permits)


def require_file(path: Path) -> None:
    """Refuse a configuration file that does not exist, as a usage error."""
    if not path.exists():
        raise RootUsageError(
            f"Config file '{path}' does not exist\nHint: `servo init` writes one; `servo -c FILE …` reads another"
        )
    if path.is_dir():
        raise RootUsageError(f"File '{path}' is a directory.", param_hint="'--config-file' / '-c'")


def unknown(kind: str, name: str, known: Sequence[str]) -> str:
    """The message for a name that does not exist, with what it may have meant."""
    return f"no {kind} found named '{name}'{hint_of(name, known)}"


def hint_of(name: str, known: Sequence[str]) -> str:
    """What a name that does not exist may have meant, to be put behind the error."""
    near = get_close_matches(name, known, n=1)
    told = ", ".join(known[:NAMES_TOLD]) + (f" and {len(known) - NAMES_TOLD} more" if len(known) > NAMES_TOLD else "")
    text = f" (known: {told})" if known else ""
    return f"{text}. Did you mean '{near[0]}'?" if near else text


def run_async(work: Awaitable[T], *, debug: bool = False) -> T:
    """Run a coroutine to its end, on an event loop of its own: uvloop where that is installed.

    What the loop notices meanwhile, such as a connection that nobody closed, is logged and ends nothing.

    Args:
        work: The coroutine, or anything else that can be awaited.
        debug: Whether asyncio looks for mistakes, and failures of callbacks are logged with their tracebacks.

    Raises:
        RuntimeError: An event loop runs already.
    """
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("This event loop is already running: await the work instead")
    with asyncio.Runner(loop_factory=_loop_factory(), debug=debug or None) as runner:
        if not debug:
            runner.get_loop().set_exception_handler(_log_notice)
        return runner.run(_awaited(work))


async def _awaited(work: Awaitable[T]) -> T:
    result: T = await work
    return result


def _log_notice(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Logs what a loop notices in one line; the traceback with DEBUG."""
    import logging

    log = logging.getLogger("asyncio")
    message, error = context.get("message") or "a failure", context.get("exception")
    if error is None:
        log.warning("%s", message)
        return
    log.error("%s: %s: %s", message, type(error).__name__, error)
    log.debug("traceback", exc_info=error)


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    try:
        return import_module("uvloop").new_event_loop
    except ImportError:
        return None
