from typing import Any

import pydantic
import pytest

from servo import _pydantic
from servo.utilities.pydantic import (
    allow_mutation,
    append_pydantic_validator,
    extra,
    prepend_pydantic_validator,
)


def frozen() -> Any:
    class Frozen(_pydantic.model_base(frozen=True) if _pydantic.MAJOR > 1 else pydantic.BaseModel):  # type: ignore[misc]
        if _pydantic.MAJOR == 1:

            class Config:
                allow_mutation = False

        size: int = 1

    return Frozen


def forbidding() -> Any:
    class Forbidding(_pydantic.model_base(extra="forbid")):  # type: ignore[misc]
        size: int = 1

    return Forbidding


@pytest.mark.parametrize("value", ["allow", pydantic.Extra.allow if _pydantic.MAJOR == 1 else "allow"])
def test_extra_lets_attributes_be_set_for_a_while(value: Any) -> None:
    model = forbidding()()
    with pytest.raises(ValueError, match='object has no field "note"'):
        model.note = 1
    with extra(model, value) as same:
        assert same is model
        model.note = 2
    assert model.note == 2
    for name in ("note", "other"):
        with pytest.raises(ValueError, match=f'object has no field "{name}"'):
            setattr(model, name, 4)


def test_extra_ends_with_an_error_too() -> None:
    model = forbidding()()
    with pytest.raises(RuntimeError), extra(model):
        raise RuntimeError
    with pytest.raises(ValueError, match="note"):
        model.note = 1


def test_extra_can_be_told_what() -> None:
    model = forbidding()()
    with extra(type(model)), extra(model, "forbid"), pytest.raises(ValueError, match="note"):
        model.note = 1


def test_allow_mutation() -> None:
    model = frozen()()
    with allow_mutation(model) as same:
        assert same is model
        model.size = 2
    with pytest.raises((TypeError, ValueError), match=r"immutable|frozen"):
        model.size = 3
    assert model.size == 2


def test_mutation_can_be_forbidden_for_a_while() -> None:
    model = forbidding()()
    model.size = 2
    with allow_mutation(model, False), pytest.raises((TypeError, ValueError), match=r"immutable|frozen"):
        model.size = 3
    model.size = 4
    assert model.size == 4


def test_validators_of_a_class() -> None:
    class Celsius:
        def __init__(self, degrees: float) -> None:
            self.degrees = degrees

    def read(value: Any) -> Any:
        return Celsius(value) if isinstance(value, int) else value

    def check(value: Celsius) -> Celsius:
        if value.degrees < -273:
            raise ValueError("colder than cold")
        return value

    prepend_pydantic_validator(Celsius, read)
    append_pydantic_validator(Celsius, check)

    class Weather(_pydantic.model_base()):  # type: ignore[misc]
        now: Celsius

    assert Weather(now=20).now.degrees == 20
    assert Weather(now=Celsius(3)).now.degrees == 3
    with pytest.raises(ValueError, match="colder than cold"):
        Weather(now=-300)
    with pytest.raises(ValueError, match="Celsius"):
        Weather(now="warm")


def test_validators_of_a_subclass_of_a_known_type() -> None:
    class Name(str):
        pass

    prepend_pydantic_validator(Name, lambda value: Name(value.strip()))

    class Person(_pydantic.model_base(arbitrary_types_allowed=True)):  # type: ignore[misc]
        name: Name
        other: str = ""

    person = Person(name=" Ann ", other=" x ")
    assert person.name == "Ann"
    assert isinstance(person.name, Name)
    assert person.other == " x "


@pytest.mark.skipif(_pydantic.MAJOR == 1, reason="pydantic 1 has a table for every type")
@pytest.mark.parametrize("add", [prepend_pydantic_validator, append_pydantic_validator])
def test_pydantic_2_says_what_to_do_for_a_builtin_type(add: Any) -> None:
    with pytest.raises(TypeError, match=r"Annotated\[str, pydantic.(Before|After)Validator"):
        add(str, lambda value: value)
