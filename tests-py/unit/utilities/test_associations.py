import gc
import weakref

import pytest

from servo.utilities.associations import Associative, Mixin, _tables


class Thing(Mixin):
    def __init__(self, name: str = "") -> None:
        self.name = name

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return True


def test_sets_and_gets() -> None:
    thing = Thing()
    thing._set_association("a", 1)
    thing._set_association("none", None)
    assert thing._get_association("a") == 1
    assert thing._get_association("none", 3) is None
    assert thing._get_association("b", None) is None
    assert thing._associations == {"a": 1, "none": None}
    with pytest.raises(KeyError, match="b"):
        thing._get_association("b")


def test_belong_to_one_object_whatever_its_hash() -> None:
    one, other = Thing(), Thing()
    one._set_association("a", 1)
    one.name = "renamed"
    assert one._get_association("a") == 1
    assert other._associations == {}


def test_need_no_construction_and_no_attributes() -> None:
    class Slots(Mixin):
        __slots__ = ("__weakref__",)

    for obj in (Thing.__new__(Thing), Slots()):
        obj._set_association("a", 1)
        assert obj._get_association("a") == 1


def test_go_with_their_object() -> None:
    thing = Thing()
    value = Thing()
    gone = weakref.ref(value)
    thing._set_association("a", value)
    key = id(thing)
    del thing, value
    gc.collect()
    assert gone() is None
    assert key not in _tables


def test_the_protocol() -> None:
    assert isinstance(Thing(), Associative)
    assert not isinstance(5, Associative)
