"""Which values `json_encoders` are asked for."""

import datetime
import enum
import json
import uuid

import pydantic

import servo


class Format(str, enum.Enum):  # noqa: UP042 (as in the connectors that exist)
    plain = "plain"


class Mebibytes(int):
    """A number that people read as a text."""

    @classmethod
    def __get_validators__(cls):
        yield cls.parse

    @classmethod
    def parse(cls, value):
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls)

    def human_readable(self, **kwargs):
        return f"{int(self)}Mi"


class Secretive:
    """What JSON has no word for."""


def never(value):
    raise AssertionError(f"asked for {value!r}")


class Written(servo.BaseConfiguration):
    format: Format = Format.plain
    text: str = "t"
    when: datetime.datetime = datetime.datetime(2026, 1, 2, 3, 4, 5)
    id: uuid.UUID = uuid.UUID(int=5)
    size: Mebibytes = Mebibytes(64)
    odd: Secretive = pydantic.Field(default_factory=Secretive)

    class Config:
        json_encoders = servo.BaseConfiguration.json_encoders(
            {
                **dict.fromkeys((Format, str, int, float, datetime.datetime, uuid.UUID, Mebibytes), never),
                Secretive: lambda _: "odd",
            }
        )


def test_what_json_has_a_word_for_is_not_encoded():
    assert json.loads(Written().json()) == {
        "description": None,
        "format": "plain",
        "text": "t",
        "when": "2026-01-02T03:04:05",
        "id": "00000000-0000-0000-0000-000000000005",
        "size": "64Mi",
        "odd": "odd",
    }


def test_yaml_says_the_same():
    assert "size: 64Mi\n" in Written().yaml()
