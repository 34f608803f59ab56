"""Servos that run in one process."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import copy
import gc
import json
import os
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from servo import _pydantic
from servo.configuration.derived import (
    _create_config_model,
    _create_config_model_from_routes,  # noqa: F401 (where ServoX has them)
    _derive_config_model_for_route,  # noqa: F401
    parse_document,
)
from servo.connector import BaseConnector, load_all
from servo.connector.registry import known_connectors
from servo.events import Event, EventResult, Preposition, _own_handlers
from servo.servo import Servo
from servo.servo._lifecycle import raise_all, restore, undo_attach

if TYPE_CHECKING:
    from pydantic import BaseModel as _Model
else:
    _Model = _pydantic.model_base(arbitrary_types_allowed=True)

__all__ = ["Assembly", "current_assembly"]

_current_assembly: contextvars.ContextVar[Assembly | None] = contextvars.ContextVar(
    "servox.current_assembly", default=None
)


def current_assembly() -> Assembly | None:
    """The assembly at work: the one that was assembled last in this context, or whose method runs."""
    return _current_assembly.get()


class Assembly(_Model):
    """The servos of one process, each with an optimizer, a configuration and a bus of its own.

    Attributes:
        config_file: The file of the configuration, if there is one.
        servos: The servos.
    """

    config_file: Path | None = None
    if TYPE_CHECKING:
        servos: list[Servo] = pydantic.Field(default_factory=list)
    else:
        # They stay the same objects.
        servos: list[Any]
    # What runs it: an `AssemblyRunner`, while one does.
    _runner: Any = pydantic.PrivateAttr(None)

    @classmethod
    async def assemble(
        cls,
        *,
        config_file: Path | str | None = None,
        configs: Sequence[Any] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Assembly:
        """Makes the servos of a file or of documents, and tells their connectors that they are attached.

        It is the current assembly of the calling context from here on.

        Args:
            config_file: A file with one document for each servo.
            configs: The documents; they go before those of the file.
            env: Accepted as ever; variables are read from the environment of the process.

        Raises:
            ValueError: There is neither a file nor a document, or one of several documents has no optimizer.
            FileNotFoundError: The file does not exist.
            ConfigError: The file is no YAML.
            pydantic.ValidationError: A document is wrong.
            ExceptionGroup: Handlers of `attach` failed; all others were detached again.
        """
        assembly = cls._of_file(config_file, configs)
        await assembly._attach(assembly.servos)
        return assembly

    async def _attach(self, servos: Iterable[Servo]) -> None:
        """Makes this the current assembly, and tells the connectors of some of its servos that they are attached."""
        _current_assembly.set(self)
        await _attach_all(_handling("attach", servos))

    @classmethod
    def _of_file(cls, config_file: Path | str | None, configs: Sequence[Any] | None = None) -> Assembly:
        """The servos of a file or of documents; their connectors are not told that they are attached."""
        if config_file is None and configs is None:
            raise ValueError("cannot assemble with a config file and config objects")
        load_all()
        documents = configs if configs is not None else _documents(Path(config_file or ""))
        if len(documents) > 1 and not all(isinstance(one, dict) and one.get("optimizer") for one in documents):
            raise ValueError("cannot configure a multi-servo assembly without an optimizer specified in each config")
        build = _Builder().servo_of
        file = None if config_file is None else Path(config_file)
        with _collecting_later():
            servos = [build(document) for document in documents]
        return cls(config_file=file, servos=servos)

    @classmethod
    def all_connector_types(cls) -> set[type[BaseConnector]]:
        """Every connector class that is known, `Servo` among them."""
        return set(known_connectors())

    @contextlib.contextmanager
    def current(self) -> Iterator[Assembly]:
        """Makes this the current assembly for the time of a `with` block."""
        token = _current_assembly.set(self)
        try:
            yield self
        finally:
            _current_assembly.reset(token)

    @property
    def is_running(self) -> bool:
        """Whether one of the servos runs, or an `AssemblyRunner` runs the assembly."""
        return self._runner is not None or any(servo_.is_running for servo_ in self.servos)

    async def startup(self) -> None:
        """Starts all servos at once. One that fails does not stop the others.

        Raises:
            Exception: What a servo raised; a group of what several raised.
        """
        with self.current():
            await _all("errors while servos were started", (servo_.startup() for servo_ in self.servos))

    async def shutdown(self, reason: str | None = None) -> None:
        """Shuts down all servos that run, at once. One that fails does not stop the others.

        Args:
            reason: What the optimizers are told.

        Raises:
            Exception: What a servo raised; a group of what several raised.
        """
        with self.current():
            running = [servo_ for servo_ in self.servos if servo_.is_running]
            await _all("errors while servos were shut down", (servo_.shutdown(reason=reason) for servo_ in running))

    async def dispatch_event(
        self,
        event: Event | str,
        *args: Any,
        first: bool = False,
        include: Sequence[Any] | None = None,
        exclude: Sequence[Any] | None = None,
        prepositions: Preposition = Preposition.all,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[EventResult] | EventResult | None:
        """Sends an event to all servos at once.

        Args:
            event: The event.
            args: Its arguments.
            first: Whether one answer is enough: the servos are asked one after another until a connector answers.
            include: Only these connectors, by name or themselves.
            exclude: None of these connectors, by name or themselves.
            prepositions: The phases.
            return_exceptions: Whether what on-handlers raise is a result.
            kwargs: Its arguments by name.

        Returns:
            The results in the order of the servos; with `first` the first one or None.

        Raises:
            KeyError: There is no such event.
            Exception: What the dispatch of a servo raised, when all have ended; a group of what several raised.
        """
        options: dict[str, Any] = {
            "first": first,
            "include": include,
            "exclude": exclude,
            "return_exceptions": return_exceptions,
            "_prepositions": kwargs.pop("_prepositions", prepositions),
        }
        with self.current():
            if first:
                for servo_ in self.servos:
                    if (result := await servo_.dispatch_event(event, *args, **options, **kwargs)) is not None:
                        return result  # type: ignore[no-any-return]
                return None
            dispatches = [servo_.dispatch_event(event, *args, **options, **kwargs) for servo_ in self.servos]
            found = await _all(f"errors while '{event}' was dispatched", (_result(one) for one in dispatches))
            return [result for results in found for result in results]

    def _driven_by(self, runner: Any) -> None:
        """From now on that `AssemblyRunner` starts and ends servos that are added and removed; with None, none does."""
        self._runner = runner

    async def add_servo(self, servo_: Servo) -> None:
        """Adds a servo: its connectors are attached, and started when the assembly runs.

        While an `AssemblyRunner` runs the assembly, it runs the servo as well; this returns when the servo has started.

        A servo that was shut down gets its connectors back. One that fails is detached and not added.

        Raises:
            ValueError: It is in the assembly.
            RuntimeError: The runner of the assembly is shutting down.
            Exception: What its startup or its handlers of `attach` raised.
        """
        runner = self._runner
        if runner is not None and runner.is_elsewhere:
            return await runner.on_its_loop(self.add_servo(servo_))  # type: ignore[no-any-return]
        if any(known is servo_ for known in self.servos):
            raise ValueError(f"invalid servo: '{servo_.name}' is in the assembly")
        starts = self.is_running
        with self.current():
            self.servos.append(servo_)
            try:
                restore(servo_)
                await _attach_all([servo_])
                try:
                    if runner is not None:
                        await runner.add_servo(servo_)
                    elif starts and not servo_.is_running:
                        await servo_.startup()
                except BaseException:
                    await undo_attach(servo_, None)
                    raise
            except BaseException:
                self._forget(servo_)
                raise

    async def remove_servo(self, servo_: Servo, reason: str | None = None) -> None:
        """Removes a servo: it is shut down if it runs, and its connectors are detached. It goes even where that fails.

        While an `AssemblyRunner` runs the assembly, the command at work is cancelled and reported before.

        Args:
            servo_: The servo.
            reason: What its optimizer is told.

        Raises:
            ValueError: It is not in the assembly.
            Exception: What its shutdown or its handlers of `detach` raised.
        """
        runner = self._runner
        if runner is not None and runner.is_elsewhere:
            await runner.on_its_loop(self.remove_servo(servo_, reason))
            return
        if not any(known is servo_ for known in self.servos):
            raise ValueError(f"invalid servo: '{servo_.name}' is not in the assembly")
        with self.current():
            try:
                if runner is not None and await runner.remove_servo(servo_, reason):
                    return
                # A shutdown detaches every connector.
                await (servo_.shutdown(reason=reason) if servo_.is_running else servo_.detach(servo_))
            finally:
                self._forget(servo_)

    def _forget(self, servo_: Servo) -> None:
        self.servos[:] = [known for known in self.servos if known is not servo_]


async def _attach_all(servos: Sequence[Servo]) -> None:
    """Tells the connectors of all servos that they are attached; when one fails, those that were are detached again.

    Raises:
        ExceptionGroup: What their handlers raised.
    """
    if not servos:
        return
    found = await asyncio.gather(*(_result(servo_.attach(servo_)) for servo_ in servos), return_exceptions=True)
    if errors := [one for one in found if isinstance(one, BaseException)]:
        for servo_, error in zip(servos, found, strict=True):
            await undo_attach(servo_, error)
        raise BaseExceptionGroup("unhandled errors in a TaskGroup", errors)


async def _result(dispatch: Any) -> Any:
    return await dispatch


async def _all(message: str, works: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """The results of what runs at once, when all has ended; raises the error, or a group of several."""
    found = await asyncio.gather(*works, return_exceptions=True)
    raise_all(message, [one for one in found if isinstance(one, BaseException)])
    return found


def _documents(file: Path) -> list[Any]:
    from servo._core import read_documents

    if not file.exists():
        raise FileNotFoundError(f"config file '{file}' does not exist")
    # A file without a document is one without keys.
    return [json.loads(text) for text in read_documents(str(file))] or [{}]


@contextlib.contextmanager
def _collecting_later() -> Iterator[None]:
    """Pauses the garbage collector: what is made meanwhile stays, and looking through it takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Builder:
    """Makes the servos of one assembly; what documents have in common is found out once."""

    def __init__(self) -> None:
        self._known: dict[Any, tuple[Any, dict[str, type[BaseConnector]], Any]] = {}

    def servo_of(self, document: Any) -> Servo:
        key = _key_of(document)
        if (known := self._known.get(key)) is None:
            model, routes = _create_config_model(config=document)
            config = parse_document(model, document)
            if key is not None:
                self._known[key] = model, routes, config.connectors
        else:
            model, routes, connectors = known
            config = parse_document(model, {name: value for name, value in document.items() if name != "connectors"})
            # Past validation, and past what completes all fields first.
            object.__setattr__(config, "connectors", copy.copy(connectors))
            config.__fields_set__.add("connectors")
        servo_ = Servo(config=config, routes=routes)
        if routes:
            servo_.load_connectors()
        return servo_


def _key_of(document: Any) -> Any:
    """What `connectors` of a document says, for comparison; None for what is not compared."""
    descriptor = document.get("connectors") if isinstance(document, dict) else None
    if not descriptor or "SERVO_CONNECTORS" in os.environ:
        return None
    try:
        key = tuple(descriptor.items()) if isinstance(descriptor, dict) else tuple(descriptor)
        hash(key)
    except TypeError:
        return None
    return type(descriptor), key


def _discover_connectors() -> set[type[BaseConnector]]:
    """Every connector class, those of installed packages among them."""
    load_all()
    return Assembly.all_connector_types()


def _handling(event: str, servos: Iterable[Servo]) -> list[Servo]:
    """The servos of which a connector, or the servo, has a handler of an event."""
    classes: dict[type, bool] = {}
    found = []
    for servo_ in servos:
        for member in servo_.__event_bus__:
            cls = type(member)
            if (handles := classes.get(cls)) is None:
                handles = classes[cls] = cls.responds_to_event(event)
            if handles or (_own_handlers(member) and member.responds_to_event(event)):
                found.append(servo_)
                break
    return found
