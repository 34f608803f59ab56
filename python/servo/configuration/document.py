"""A document of `servo.yaml`."""

from __future__ import annotations

import abc
import inspect
import os
from typing import Any

from servo import _pydantic
from servo.configuration.base import AbstractBaseConfiguration
from servo.configuration.checks import ChecksConfiguration
from servo.configuration.common import CommonConfiguration
from servo.configuration.environment import merged, values_of
from servo.configuration.optimizers import AppdynamicsOptimizer, LocalOptimizer, OpsaniOptimizer, OptimizerTypes
from servo.configuration.routes import normalized_connectors

__all__ = ["BaseServoConfiguration"]


class BaseServoConfiguration(AbstractBaseConfiguration, abc.ABC):
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
        default_factory=CommonConfiguration, description="How the optimizer is reached"
    )
    checks: ChecksConfiguration | None = _pydantic.field(
        default_factory=ChecksConfiguration, description="Which checks run before the start"
    )

    def __init__(self, /, **values: Any) -> None:
        super().__init__(**values)
        # It always counts as given: a dump without it would say nothing of where commands come from.
        _pydantic.set_value(self, "optimizer", self.optimizer)

    if _pydantic.MAJOR > 1:
        __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def _environment(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What `SERVO_…` adds, and the older names behind it."""
        found = values_of(cls)
        for key, part in (("settings", CommonConfiguration), ("checks", ChecksConfiguration)):
            if more := values_of(part):
                found = merged(found, {key: more})
        written = values.get("optimizer") or {}
        if isinstance(written, dict):
            named = merged(written, found.get("optimizer") or {})
            kind = _optimizer_class(named)
            if kind is not None:
                found["optimizer"] = merged(found.get("optimizer") or {}, _variables(kind, named))
        return found

    @_pydantic.before("optimizer")
    def _one_optimizer(cls, value: Any) -> Any:
        if isinstance(value, dict) and "local" in value:
            return LocalOptimizer(**value)
        return value

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
