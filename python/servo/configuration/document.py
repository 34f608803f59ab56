"""A document of `servo.yaml`."""

from __future__ import annotations

import abc
import functools
import inspect
import os
import typing
from typing import Any, ClassVar

from servo import _pydantic
from servo._pydantic import lazy
from servo.configuration.base import AbstractBaseConfiguration
from servo.configuration.checks import ChecksConfiguration
from servo.configuration.common import CommonConfiguration
from servo.configuration.environment import merged, values_of
from servo.configuration.optimizers import AppdynamicsOptimizer, LocalOptimizer, OpsaniOptimizer, OptimizerTypes
from servo.configuration.routes import normalized_connectors
from servo.configuration.variables import part_of

__all__ = ["BaseServoConfiguration"]


@functools.cache
def _default_settings() -> CommonConfiguration:
    with _pydantic.nested():
        return CommonConfiguration()


@functools.cache
def _default_checks() -> ChecksConfiguration:
    with _pydantic.nested():
        return ChecksConfiguration()


class BaseServoConfiguration(lazy.LazyDefaults, AbstractBaseConfiguration, abc.ABC):
    """The keys of a document that are no connectors; an assembly adds one for each connector.

    Attributes:
        name: What the servo is called.
        description: What it is for.
        servo_uid: What a service is told with every request.
        optimizer: Who says what to measure and adjust.
        connectors: Which connectors are active.
        no_diagnostics: Whether requests for diagnostics are declined.
        settings: How the optimizer is reached.
        checks: Which checks run before the start.
    """

    # The configuration class of each connector's key, and whether the keys must be there.
    __routes__: ClassVar[dict[str, Any]] = {}
    __routes_required__: ClassVar[bool] = False

    class Config:
        extra = "forbid"
        title = "Abstract Servo Configuration Schema"
        env_prefix = "SERVO_"

    name: str | None = None
    description: str | None = None
    servo_uid: str | None = _pydantic.field(None, env="SERVO_UID")
    optimizer: OptimizerTypes = _pydantic.field({})
    connectors: list[str] | dict[str, str] | None = _pydantic.field(
        None,
        description="The connectors that are active: a list of names, or names with what they stand for. "
        "Without it, those whose keys are in the document.",
        examples=[["kubernetes", "prometheus"], {"staging_prom": "prometheus", "gateway_prom": "prometheus"}],
    )
    no_diagnostics: bool = _pydantic.field(True, description="Whether requests for diagnostics are declined")
    settings: CommonConfiguration | None = _pydantic.field(
        default_factory=lazy.default(_default_settings), description="How the optimizer is reached"
    )
    checks: ChecksConfiguration | None = _pydantic.field(
        default_factory=lazy.default(_default_checks), description="Which checks run before the start"
    )

    def _initialized(self) -> None:
        # It always counts as given: a dump without it would say nothing of where commands come from.
        self.__fields_set__.add("optimizer")
        # A key with nothing behind it says nothing.
        lazy.restore_default(self, "settings", _default_settings)
        lazy.restore_default(self, "checks", _default_checks)

    @classmethod
    def _environment(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What `SERVO_…` adds, and the older names behind it."""
        # Keys of connectors are read below: they know how aliases are written in names of variables.
        found = values_of(BaseServoConfiguration if cls.__routes__ else cls)
        for key, part in (("settings", CommonConfiguration), ("checks", ChecksConfiguration)):
            if more := values_of(part):
                found = merged(found, {key: more})
        written = values.get("optimizer") or {}
        if isinstance(written, dict):
            named = merged(written, found.get("optimizer") or {})
            kind = _optimizer_class(named)
            if kind is not None:
                found["optimizer"] = merged(found.get("optimizer") or {}, _variables(kind, named))
        for key, model in cls.__routes__.items():
            if (part := part_of(key, model, values, required=cls.__routes_required__)) is not None:
                found[key] = part
        return found

    @classmethod
    def _describe(cls, schema: typing.Dict[str, Any]) -> None:  # noqa: UP006 (`dict` is a method here)
        super()._describe(schema)
        for name, shown in schema.get("properties", {}).items():
            # As pydantic 1 has it: a part that is a model is called by its key.
            if any("$ref" in branch for branch in (shown, *shown.get("anyOf", ()))):
                shown.setdefault("title", name.replace("_", " ").title())

    @_pydantic.before("optimizer")
    def _one_optimizer(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if "local" in value:
            return LocalOptimizer(**value)
        # The class that the keys speak of need not be found by trying all of them.
        kind = OpsaniOptimizer if "id" in value else None
        return value if kind is None else lazy.valid_or_same(kind, value)

    @_pydantic.before("connectors")
    def _known_connectors(cls, value: Any) -> Any:
        return normalized_connectors(value)

    @classmethod
    def generate(cls, **kwargs: Any) -> Any:
        """A sample with what each connector generates.

        Args:
            kwargs: Values of fields, which are taken as they are.
        """
        for name, field in _pydantic.fields_of(cls).items():
            kind = _pydantic.model_within(field.outer_type_ if _pydantic.MAJOR == 1 else field.annotation)
            if name in kwargs or kind is None or not issubclass(kind, AbstractBaseConfiguration):
                continue
            if inspect.isgeneratorfunction(kind.generate):
                for key, config in kind.generate():
                    kwargs[key] = config
            elif config := kind.generate():
                kwargs[name] = config
        kwargs.setdefault("optimizer", {"id": "generated-id.test/generated", "token": "generated-token"})
        return cls(**kwargs)


def _variables(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    read = getattr(kind, "_environment", None)
    found: dict[str, Any] = read(values) if read is not None else values_of(kind)
    return found


def _optimizer_class(written: dict[str, Any]) -> Any:
    """What the keys say, or else the environment: a complete `APPD_…` goes before `OPSANI_…`."""
    if "local" in written:
        return None
    if "id" in written:
        return OpsaniOptimizer
    alone = {"optimizer_id", "tenant_id", "client_id", "client_secret", "connection_file", "token_url"}
    if alone & written.keys():
        return AppdynamicsOptimizer

    def given(*names: str) -> bool:
        return all(os.environ.get(f"APPD_{name}") for name in names)

    if given("OPTIMIZER_ID") and (
        given("CONNECTION_FILE") or given("BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "TENANT_ID")
    ):
        return AppdynamicsOptimizer
    return OpsaniOptimizer if os.environ.get("OPSANI_OPTIMIZER") else None


lazy.share_defaults(BaseServoConfiguration, settings=_default_settings, checks=_default_checks)
