"""Fields that have a description and no default, as connectors declare them."""

from __future__ import annotations

import typing

import pydantic
import pytest

import servo


class Probe(servo.BaseConfiguration):
    kubeconfig: typing.Optional[str] = pydantic.Field(description="Where the cluster is.")  # noqa: UP045
    pause: servo.Duration | None = pydantic.Field(description="How long to wait.", alias="wait_for")
    count: typing.Optional[int] = pydantic.Field(description="How many.", gt=2)  # noqa: UP045
    name: str = pydantic.Field(description="Whose.")


class Reading(servo.BaseModel):
    note: typing.Optional[str] = pydantic.Field(description="What was seen.")  # noqa: UP045


def test_what_may_be_none_is_none():
    probe = Probe(name="x")
    assert (probe.kubeconfig, probe.pause, probe.count) == (None, None, None)
    assert Reading().note is None
    assert Probe.schema()["required"] == ["name"]
    assert not Probe.__fields__["kubeconfig"].required


def test_what_is_given_is_checked():
    probe = Probe(name="x", wait_for="5s", count=3)
    assert (probe.pause, probe.count) == (servo.Duration("5s"), 3)
    with pytest.raises(pydantic.ValidationError, match="greater than 2"):
        Probe(name="x", count=2)


def test_what_may_not_be_none_is_required():
    with pytest.raises(pydantic.ValidationError, match="field required"):
        Probe()


def test_what_is_required_in_so_many_words_stays_so():
    class Strict(servo.BaseConfiguration):
        pair: typing.Optional[typing.Tuple[int, ...]] = pydantic.Field(description="Not required.")  # noqa: UP006, UP045
        zone: typing.Optional[str] = pydantic.Field(..., description="May be null, must be told.")  # noqa: UP045
        room: typing.Optional[str] = pydantic.Field(description="Not required.")  # noqa: UP045

    assert Strict(zone=None).dict() == {"description": None, "pair": None, "zone": None, "room": None}
    with pytest.raises(pydantic.ValidationError, match="zone\n  field required"):
        Strict()


def test_the_description_is_in_the_schema():
    assert Probe.schema()["properties"]["kubeconfig"]["description"] == "Where the cluster is."
