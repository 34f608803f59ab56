"""JSON Schemas with the conventions of pydantic 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydantic

from servo._pydantic.major import MAJOR, fields_of

if MAJOR == 1 or TYPE_CHECKING:
    OpenSchema: Any = None
else:

    class OpenSchema(pydantic.json_schema.GenerateJsonSchema):
        """What cannot be said in JSON Schema is left open, as it is for people to read."""

        def handle_invalid_for_json_schema(self, schema, error_info):
            return {}

        def emit_warning(self, kind, detail):
            pass


def model_schema(model: Any, by_alias: bool, ref_template: str) -> dict[str, Any]:
    """The JSON Schema of a model of pydantic 2, with the conventions of pydantic 1."""
    schema = model.model_json_schema(by_alias, ref_template, schema_generator=OpenSchema)
    definitions = schema.pop("$defs", None)
    schema = old_schema(schema)
    if definitions:
        schema["definitions"] = {name: old_schema(inner) for name, inner in definitions.items()}
    found: dict[str, Any] = schema
    return found


def old_schema(schema: Any) -> Any:
    """A JSON Schema of pydantic 2 with the conventions of pydantic 1: optional values are not marked as such."""
    if isinstance(schema, list):
        return [old_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        kept = [branch for branch in branches if branch != {"type": "null"}]
        if len(kept) < len(branches) and schema.get("default", ...) is None:
            del schema["default"]
        if len(kept) == 1:
            del schema["anyOf"]
            schema = {**kept[0], **schema}
        else:
            schema["anyOf"] = kept
    elif schema.get("default", ...) is None:
        del schema["default"]
    if "$ref" in schema and len(schema) > 1:
        schema["allOf"] = [{"$ref": schema.pop("$ref")}]
    if isinstance(schema.get("enum"), list):
        # A member of an enumeration that has several names is one.
        schema["enum"] = list(dict.fromkeys(schema["enum"]))
    if "const" in schema and "enum" not in schema:
        schema["enum"] = [schema["const"]]
    if schema.get("format") == "uri":
        schema["maxLength"] = 65536
    return {
        # The keys below `properties` are names, not words of JSON Schema.
        key: {name: old_schema(inner) for name, inner in value.items()}
        if key in ("properties", "patternProperties") and isinstance(value, dict)
        else value
        if key in ("default", "examples", "enum", "const", "env_names", "env")
        else old_schema(value)
        for key, value in schema.items()
    }


def describe(schema: dict[str, Any], *_: Any) -> None:
    """Leaves the first paragraph of a docstring as the description: the rest is for programmers."""
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split("\n\n")[0].split())


def schema_by_field(model: Any) -> dict[str, Any]:
    """The JSON Schema of a model of pydantic 1, with nothing said of the fields that have none."""
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for name, model_field in fields_of(model).items():
        create: Any = pydantic.create_model
        try:
            single = create(model.__name__, __config__=model.__config__, **{name: (model_field.annotation, None)})
            schema = single.schema()
        except (RuntimeError, TypeError, ValueError):
            schema = {"properties": {model_field.alias: {}}}
        definitions.update(schema.get("definitions", {}))
        properties[model_field.alias] = {
            **(schema["properties"].get(model_field.alias) or {}),
            **model_field.field_info.extra,
        }
    return {"type": "object", "properties": properties, "definitions": definitions}
