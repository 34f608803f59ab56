"""`@servo.metadata`."""

import pytest

import servo
from servo.types import License, Maturity


def decorated(*args, **kwargs):
    class PlainConnector(servo.BaseConnector):
        pass

    return servo.metadata(*args, **kwargs)(PlainConnector)


def test_names():
    named = decorated("Better")
    assert (named.name, named.full_name, named.__default_name__) == ("Better", "Plain Connector", "plain")
    both = decorated(("Better", "alias"))
    assert (both.name, both.full_name, both.__default_name__) == ("Better", "Plain Connector", "alias")
    assert both(config={}).name == "alias"


def test_everything():
    cls = decorated(
        description="Does it", version="1.2.3", homepage="https://x.io", license="MIT", maturity="Stable", cryptonym="n"
    )
    assert (cls.name, cls.description, cls.homepage, cls.cryptonym) == ("Plain", "Does it", "https://x.io", "n")
    assert (cls.version, cls.license, cls.maturity) == (servo.Version(1, 2, 3), License.mit, Maturity.stable)
    same = decorated(version=servo.Version(2), license=License.apache2, maturity=Maturity.robust)
    assert (same.version, same.license, same.maturity) == ("2.0.0", License.apache2, Maturity.robust)


def test_a_cryptonym_is_always_assigned():
    class Parent(servo.BaseConnector):
        cryptonym = "inherited"
        description = "inherited"

    class Child(Parent):
        pass

    assert Child.cryptonym == "inherited"
    servo.metadata(description="")(Child)
    assert (Child.cryptonym, Child.description) == (None, "inherited")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"name": ("one", "two", "three")},
            ValueError,
            "Connector names given as tuples must contain exactly 2 elements: full name and alias",
        ),
        ({"version": "bad"}, ValueError, "bad is not valid SemVer string"),
        ({"license": "Beer"}, NameError, 'No license identified by "Beer".'),
        ({"maturity": "Ripe"}, NameError, 'No maturity level identified by "Ripe".'),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error) as caught:
        decorated(**arguments)
    assert str(caught.value) == message


def test_only_connectors_are_decorated():
    with pytest.raises(TypeError, match=r"^Metadata can only be attached to Connector subclasses$"):
        servo.metadata("x")(int)
    with pytest.raises(TypeError):
        servo.metadata("x")(len)
