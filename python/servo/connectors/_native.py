"""Connectors of the engine as members of a Python assembly.

Their work is done by the engine; the classes here pass events on to it. `servo run` uses the same connectors without
them: there, no event passes through Python.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, ClassVar, Self

import servo
from servo import _about, _core, _pydantic
from servo.events import Preposition

__all__ = ["NativeConfiguration", "NativeConnector"]

_END = 10.0
"""Seconds that a cancelled handler has to end in order."""


class NativeConfiguration(servo.BaseConfiguration):
    """The configuration of a connector of the engine, which checks it.

    Every key of its part of `servo.yaml` is an attribute; those that were not given have the defaults of the schema.
    """

    class Config:
        extra = "allow"

    __native_type__: ClassVar[str] = ""

    @_pydantic.before_all
    def _checked_by_the_engine(cls, values: Any) -> Any:
        if cls.__native_type__ and isinstance(values, dict):
            problems = _core.native_problems(cls.__native_type__, _text(values))
            if problems:
                raise ValueError("; ".join(_sentence(steps, why) for steps, why in problems))
        return values

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            with contextlib.suppress(KeyError):
                return self.schema()["properties"][name]["default"]
        return super().__getattr__(name)  # type: ignore[misc]

    @classmethod
    def schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """The JSON Schema, as the engine has it."""
        if not cls.__native_type__:
            return super().schema(*args, **options)
        found: dict[str, Any] = json.loads(_core.native_schema(cls.__native_type__))
        return found


def _text(values: Any) -> str:
    return json.dumps(values, default=str)


def _sentence(steps: list[str | int], why: str) -> str:
    return f"{'.'.join(str(step) for step in steps)}: {why}" if steps else why


def _told_already(work: asyncio.Future[Any]) -> None:
    """Whoever cancelled a handler is not told how it ended."""
    if not work.cancelled():
        work.exception()


def told(cls: type[NativeConnector]) -> type[NativeConnector]:
    """Gives a class what the engine tells of its connector, and where it comes from."""
    _, description, version, maturity = _core.native_metadata(cls.__native_type__)
    return servo.metadata(
        description=description,
        version=version,
        maturity=maturity,
        homepage=_about.HOMEPAGE,
        license=_about.LICENSE,
    )(cls)


class NativeConnector(servo.BaseConnector):
    """A connector of the engine."""

    # The base of connectors, and none itself.
    __abstract__: ClassVar[bool] = True

    config: NativeConfiguration

    __native_type__: ClassVar[str] = ""
    # Pydantic's fields are for what users write; this is how the work is done.
    __slots__ = ("__engine__",)

    @classmethod
    def of_engine(cls, engine: _core.NativeConnector, config: Any) -> Self:
        """The connector for one that the engine has made already."""
        connector = cls(name=engine.name, config=config)
        object.__setattr__(connector, "__engine__", engine)
        return connector

    @property
    def engine(self) -> _core.NativeConnector:
        """The engine's part, made when it is first needed."""
        try:
            engine: _core.NativeConnector = object.__getattribute__(self, "__engine__")
        except AttributeError:
            engine = _core.NativeConnector(self.__native_type__, self.name, _text(self.config.dict(exclude_unset=True)))
            object.__setattr__(self, "__engine__", engine)
        return engine

    async def _ask(
        self, event: str, preposition: Preposition = Preposition.on, results: list[Any] | None = None, **arguments: Any
    ) -> Any:
        """Passes an event on, and reports the progress of its handler.

        Raises:
            EventError: The handler failed; the class says how.
        """
        current = servo.current_servo()
        call = self.engine.call(
            str(preposition), event, arguments, list(results or ()), current.name if current is not None else ""
        )
        work = asyncio.ensure_future(call.start())
        reports = asyncio.create_task(self._report(call))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # It ends in order: an application may be half way through a change.
            call.cancel()
            work.add_done_callback(_told_already)
            await asyncio.wait([work], timeout=_END)
            raise
        finally:
            reports.cancel()

    async def _report(self, call: _core.NativeCall) -> None:
        while True:
            report = await call.progress()
            if report is None:
                continue
            percent, message = report
            self.logger.info(message, progress=percent)
