"""The JSON Schema of what the connectors of a servo are configured with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.servo import Servo


def schema_of(servo_: Servo, *, every: bool) -> dict[str, Any]:
    from servo.connector import connector_types

    types = [*connector_types(), type(servo_)] if every else [type(connector) for connector in servo_.connectors]
    models = list(dict.fromkeys(cls.config_model() for cls in dict.fromkeys(types)))
    names = [model.__name__ for model in models]
    definitions: dict[str, Any] = {}
    for model, name in zip(models, names, strict=True):
        # Taken apart as a copy: pydantic 1 gives the same object at every call.
        schema = dict(model.schema())
        definitions.update(schema.pop("definitions", {}))
        # Of several classes of one name each has its module before it.
        full = f"{model.__module__}__{model.__qualname__}".replace(".", "__")
        definitions[name if names.count(name) == 1 else full] = schema
    return {"title": "Servo Schema", "definitions": definitions}
