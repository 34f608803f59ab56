"""Every difference between pydantic 1 and pydantic 2."""

from servo._pydantic.annotations import inner_type, model_within
from servo._pydantic.configurations import SettingsModel, is_nested, nested, schema_text
from servo._pydantic.encoders import encoded
from servo._pydantic.errors import problems, silent_mismatch, validation_error
from servo._pydantic.fields import (
    after,
    at_least_one,
    before,
    before_all,
    between,
    declared_env,
    field,
    http_url,
    matching,
    number_or_text,
    one_of,
    set_env_names,
    whole_number,
)
from servo._pydantic.major import MAJOR, ModelMetaclass, field_type, fields_of, set_value
from servo._pydantic.options import config_option, model_base, option
from servo._pydantic.records import (
    add_validator,
    checked_schema,
    duration_schema,
    further_model,
    instance_schema,
    value_schema,
    value_validators,
)
from servo._pydantic.schemas import old_schema
from servo._pydantic.values import value_model

__all__ = [
    "MAJOR",
    "ModelMetaclass",
    "SettingsModel",
    "add_validator",
    "after",
    "at_least_one",
    "before",
    "before_all",
    "between",
    "checked_schema",
    "config_option",
    "declared_env",
    "duration_schema",
    "encoded",
    "field",
    "field_type",
    "fields_of",
    "further_model",
    "http_url",
    "inner_type",
    "instance_schema",
    "is_nested",
    "matching",
    "model_base",
    "model_within",
    "nested",
    "number_or_text",
    "old_schema",
    "one_of",
    "option",
    "problems",
    "schema_text",
    "set_env_names",
    "set_value",
    "silent_mismatch",
    "validation_error",
    "value_model",
    "value_schema",
    "value_validators",
    "whole_number",
]
