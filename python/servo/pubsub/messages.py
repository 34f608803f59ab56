"""What is published."""

from __future__ import annotations

import enum
import json as json_text
from collections.abc import AsyncIterable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Dict, Self, Union  # noqa: UP035

from servo.pubsub.objects import InstanceField, Shown

__all__ = ["ByteStream", "Message", "MessageContent", "Metadata", "MimeTypes"]

# Written with `Union` and `Dict`, because both majors of pydantic and users look inside of them.
ByteStream = Union[Iterable[bytes], AsyncIterable[bytes]]  # noqa: UP007
"""Content that comes in pieces."""
MessageContent = Union[str, bytes, ByteStream]  # noqa: UP007
"""What a message may hold."""
Metadata = Dict[str, str]  # noqa: UP006
"""What may be said of a message beside its content."""


class MimeTypes(enum.StrEnum):
    """The types of content that messages are made of."""

    text = "text/plain"
    json = "application/json"
    yaml = "application/x-yaml"


_TEXT, _JSON, _YAML = (str(kind) for kind in MimeTypes)


class Message(Shown, InstanceField):
    """A message: bytes, what they are, and texts beside them.

    Args:
        content: The bytes, or a text that is written as UTF-8; needs a `content_type`.
        content_type: The type of the content; text, JSON and YAML have one of their own.
        text: A text.
        json: An object that is written as JSON, with its own method `json` if it has one.
        yaml: An object that is written as YAML, with its own method `yaml` if it has one.
        metadata: Texts by name; other values become texts.

    Attributes:
        created_at: When it was made, local time without a zone.

    Raises:
        ValueError: There is more than one of content, text, json and yaml, or the text is none; a `ValidationError`
            of the installed pydantic if there is none of them, or content without a type.
    """

    __slots__ = ("_text", "content", "content_type", "created_at", "metadata")

    content: bytes
    content_type: str
    created_at: datetime
    metadata: Metadata

    def __init__(
        self,
        content: MessageContent | None = None,
        content_type: str | None = None,
        text: str | None = None,
        json: Any = None,
        yaml: Any = None,
        metadata: Metadata | None = None,
        **kwargs: Any,
    ) -> None:
        self._text: str | None = None
        self.created_at = datetime.now()
        if content is None and json is None and yaml is None and type(text) is str:
            self.content = text.encode()
            self.content_type = _TEXT if content_type is None else str(content_type)
        else:
            self._read(content, content_type, text, json, yaml)
        self.metadata = {} if not metadata and type(metadata) in _NOTHING else _texts(metadata)

    def _read(self, content: Any, content_type: Any, text: Any, json: Any, yaml: Any) -> None:
        if sum(map(bool, (content, text, json, yaml))) > 1:
            raise ValueError("only one argument of content, text, json, or yaml can be given")
        kind = None
        if text is not None:
            if not isinstance(text, str):
                raise ValueError(f"Text Messages can only be created with `str` content: got '{type(text).__name__}'")
            content, kind = text, _TEXT
        elif json is not None:
            content, kind = _written_as_json(json), _JSON
        elif yaml is not None:
            content, kind = _written_as_yaml(yaml), _YAML
        errors: list[tuple[str, ...]] = []
        found = _bytes(content)
        if found is None:
            none = content is None
            errors.append(
                ("content", "none is not an allowed value")
                if none
                else ("content", "byte type expected", "type_error.bytes")
            )
        if content_type is None:
            content_type = kind
        if content_type is None:
            errors.append(("content_type", "none is not an allowed value"))
        if errors:
            raise _invalid(errors)
        self.content = found or b""
        self.content_type = str(content_type)

    @property
    def text(self) -> str:
        """The content as UTF-8 text.

        Raises:
            UnicodeDecodeError: It is not UTF-8.
        """
        if self._text is None:
            self._text = self.content.decode()
        return self._text

    def json(self) -> Any:
        """The content, read as JSON.

        Raises:
            ValueError: It is not JSON.
        """
        return json_text.loads(self.content)

    def yaml(self) -> Any:
        """The content, read as YAML.

        Raises:
            yaml.YAMLError: It is not YAML.
        """
        import yaml as yaml_text

        return yaml_text.load(self.content, Loader=yaml_text.FullLoader)

    def dict(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in ("content", "content_type", "created_at", "metadata")}

    def copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """A message of its own with the same content; fields can be replaced."""
        twin = type(self).__new__(type(self))
        twin._text = None
        fields = {**self.dict(), "metadata": {**self.metadata}}
        fields.update(update or {})
        for name, value in fields.items():
            setattr(twin, name, value)
        return twin

    def __eq__(self, other: object) -> bool:
        return self.dict() == other.dict() if isinstance(other, Message) else NotImplemented

    # Mutable.
    __hash__ = None  # type: ignore[assignment]

    def _shown(self) -> Mapping[str, Any]:
        return self.dict()


_NOTHING = (type(None), dict)


def _texts(metadata: Any) -> Metadata:
    if not isinstance(metadata, dict):
        raise _invalid([("metadata", "value is not a valid dict")])
    return {str(name): str(value) for name, value in metadata.items()}


def _bytes(content: Any) -> bytes | None:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytearray | memoryview):
        return bytes(content)
    if isinstance(content, int | float | Decimal):
        return str(content).encode()
    return None


def _written_as_json(value: Any) -> str:
    write = getattr(value, "json", None)
    if not callable(write):
        return json_text.dumps(value)
    if getattr(write, "__module__", None) == "pydantic.main" and hasattr(value, "model_dump_json"):
        write = value.model_dump_json  # pydantic 2's own `json` warns.
    written = write()
    return written if isinstance(written, str) else json_text.dumps(written)


def _written_as_yaml(value: Any) -> str:
    if callable(write := getattr(value, "yaml", None)):
        return str(write())
    import yaml

    written: str = yaml.dump(value)
    return written


def _invalid(errors: list[tuple[str, ...]]) -> Exception:
    from servo import _pydantic

    return _pydantic.validation_error("Message", errors)
