"""Classes of documents, and the fastest way to an object of one, with either pydantic."""

from __future__ import annotations

import copy
import types
from collections.abc import Mapping
from typing import Any

import pydantic

from servo._pydantic.errors import validation_error
from servo._pydantic.major import MAJOR


def renamed(base: Any, name: str, **attributes: Any) -> Any:
    """A subclass that differs by its name.

    Args:
        base: The class above.
        name: The name of the class.
        attributes: Of the class.
    """
    model: Any = types.new_class(name, (base,), exec_body=lambda namespace: namespace.update(attributes))
    if MAJOR == 1 or model.__pydantic_complete__ or not base.__pydantic_complete__:
        return model
    # Names in annotations may have been those of a function that has returned; the fields know what they stood for.
    fields = {key: copy.copy(field) for key, field in base.model_fields.items()}
    annotations = {key: field.annotation for key, field in fields.items()}
    attributes |= {**fields, "__annotations__": annotations}
    return types.new_class(name, (base,), exec_body=lambda namespace: namespace.update(attributes))


def with_parts(base: type, name: str, parts: Mapping[str, type], *, required: bool, **attributes: Any) -> type:
    """A subclass with a field for each part.

    Args:
        base: The class above.
        name: The name of the class.
        parts: The type of each field.
        required: Whether the fields must be given; otherwise None stands for them.
        attributes: Of the class.
    """

    def body(namespace: dict[str, Any]) -> None:
        namespace.update(attributes)
        namespace["__annotations__"] = {
            key: part if required or MAJOR == 1 else part | None for key, part in parts.items()
        }
        if not required:
            namespace.update(dict.fromkeys(parts))

    return types.new_class(name, (base,), exec_body=body)


def set_title(model: Any, title: str) -> None:
    """Sets the title that the schema of a model has."""
    model.__schema_title__ = title
    if MAJOR == 1:
        model.__config__.title = title


def parsed(model: Any, document: Any) -> Any:
    """An object of a model.

    Raises:
        pydantic.ValidationError: What is wrong, in the words of pydantic 1.
    """
    if not isinstance(document, dict):
        return model.parse_obj(document)
    try:
        if MAJOR > 1:
            return model.__pydantic_validator__.validate_python(document)
        if wrong := [str(key) for key in document if not isinstance(key, str)]:
            raise validation_error(model.__name__, [(key, "extra fields not permitted") for key in wrong])
        return model(**document)
    except pydantic.ValidationError as error:
        if MAJOR == 1:
            raise
        from servo._pydantic.words import old_error

        raise old_error(error, document) from None
    except RecursionError:
        raise validation_error(model.__name__, [("__root__", "it is nested too deeply")]) from None
