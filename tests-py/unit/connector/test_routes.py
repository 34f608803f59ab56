"""From `connectors:` of a document to classes."""

import builtins
import json
import re
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

import servo
from servo.configuration.routes import RESERVED_NAMES
from servo.connector import (
    RESERVED_KEYS,
    _connector_class_from_string,
    _default_routes,
    _name_for_connector_class,
    _normalize_connectors,
    _reserved_keys,
    _routes_for_connectors_descriptor,
    import_connector,
)

RULE = (
    "names may only contain alphanumeric characters, hyphens, slashes, periods, and underscores, "
    "and have 3 to 128 of them"
)


class VegetableConnector(servo.BaseConnector):
    pass


class FruitConnector(servo.BaseConnector):
    class Inner(servo.BaseConnector):
        pass


@pytest.fixture
def module(monkeypatch):
    """An importable module with a connector that is not known yet, and things that are none."""
    found = types.ModuleType("some_garden")
    found.number = 5
    found.Plain = type("Plain", (), {})
    monkeypatch.setitem(sys.modules, "some_garden", found)

    def add():
        found.LateConnector = types.new_class(
            "LateConnector", (servo.BaseConnector,), exec_body=lambda body: body.update(__module__="some_garden")
        )
        return found.LateConnector

    return add


class TestNames:
    @pytest.mark.parametrize(
        ("class_name", "expected"),
        [
            ("KubernetesConnector", "kubernetes"),
            ("KubeMetricsConnector", "kube_metrics"),
            ("CamelCaseConnector", "camel_case"),
            ("ACRONYMConnector", "acronym"),
            ("ConnectorThing", "thing"),
            ("AWSConnector", "aws"),
            ("HTTPServerConnector", "h_t_t_p_server"),
            ("Foo2BarConnector", "foo2_bar"),
            ("DataDog", "data_dog"),
            ("Connector", None),
        ],
    )
    def test_default_names(self, class_name, expected):
        cls = type(class_name, (servo.BaseConnector,), {})
        assert cls.__default_name__ == _name_for_connector_class(cls) == expected

    def test_reserved_keys(self):
        assert set(RESERVED_KEYS) == RESERVED_NAMES > {"connectors", "control", "measure", "adjust", "optimization"}
        assert {"settings", "checks", "name", "vegetable", "fruit"} <= set(_reserved_keys())
        assert isinstance(_reserved_keys(), list)


class TestIdentifiers:
    @pytest.mark.parametrize(
        "identifier",
        ["vegetable", "VegetableConnector", f"{__name__}.VegetableConnector"],
        ids=["name", "class", "path"],
    )
    def test_what_stands_for_a_class(self, identifier):
        assert _connector_class_from_string(identifier) is VegetableConnector

    def test_a_qualified_name(self):
        assert _connector_class_from_string("FruitConnector.Inner") is FruitConnector.Inner

    @pytest.mark.parametrize("identifier", ["zz", "", None, 5, VegetableConnector, "str", "filter", "pkg:Connector"])
    def test_what_stands_for_none(self, identifier):
        assert _connector_class_from_string(identifier) is None

    def test_a_dotted_path_is_imported(self, module):
        late = module()
        servo.connector._connector_subclasses.remove(late)
        assert _connector_class_from_string("late") is None
        assert _connector_class_from_string("some_garden.LateConnector") is late
        assert import_connector("some_garden.LateConnector") is late

    @pytest.mark.parametrize(
        ("path", "error", "message"),
        [
            ("no_such_module.X", ModuleNotFoundError, "No module named 'no_such_module'"),
            ("some_garden.Nothing", ImportError, "module 'some_garden' has no attribute 'Nothing'"),
            ("some_garden.", ImportError, "module 'some_garden' has no attribute ''"),
            (".LateConnector", ImportError, "module '' has no attribute 'LateConnector'"),
            ("some_garden.Plain", TypeError, "some_garden.Plain is not a Connector subclass"),
            ("some_garden.number", TypeError, "some_garden.number is not a Connector subclass"),
        ],
    )
    def test_wrong_paths(self, module, path, error, message):
        with pytest.raises(error) as caught:
            _connector_class_from_string(path)
        assert str(caught.value) == message

    def test_nothing_is_evaluated(self, monkeypatch):
        monkeypatch.setattr(builtins, "eval", None)
        monkeypatch.setattr(builtins, "exec", None)
        with pytest.raises(ValueError, match="no connector found"):
            _routes_for_connectors_descriptor(["__import__('os').getpid()"])
        with pytest.raises(ValueError, match="no connector found"):
            _routes_for_connectors_descriptor(["VegetableConnector or FruitConnector"])


class TestRoutes:
    @pytest.mark.parametrize(
        ("descriptor", "expected"),
        [
            (None, None),
            ([], {}),
            ({}, {}),
            (["vegetable"], {"vegetable": VegetableConnector}),
            (("vegetable", FruitConnector), {"vegetable": VegetableConnector, "fruit": FruitConnector}),
            ({"vegetable"}, {"vegetable": VegetableConnector}),
            (["fruit", "FruitConnector", FruitConnector], {"fruit": FruitConnector}),
            ({"one": "fruit", "two": FruitConnector}, {"one": FruitConnector, "two": FruitConnector}),
            ({"fruit": "fruit"}, {"fruit": FruitConnector}),
            ({"my-alias/x.y": "fruit"}, {"my-alias/x.y": FruitConnector}),
            ('["fruit"]', {"fruit": FruitConnector}),
            ('{"one": "fruit"}', {"one": FruitConnector}),
            ("null", None),
        ],
    )
    def test_what_is_accepted(self, descriptor, expected):
        for _ in range(2):
            found = _routes_for_connectors_descriptor(descriptor)
            assert found == expected
            if found is not None:
                assert list(found) == list(expected)
                found.clear()

    @pytest.mark.parametrize(
        ("descriptor", "error", "message"),
        [
            ("x", ValueError, 'error parsing JSON for "x"'),
            ('"x"', ValueError, 'JSON string values for `connectors` cannot parse into strings: ""x""'),
            (["nope"], ValueError, 'no connector found for the identifier "nope"'),
            ([None], ValueError, 'no connector found for the identifier "None"'),
            ([5], ValueError, 'no connector found for the identifier "5"'),
            ([int], TypeError, "int is not a Connector subclass"),
            (
                ["no_such_module.X"],
                ValueError,
                "no connector found for the identifier \"no_such_module.X\" (No module named 'no_such_module')",
            ),
            ({1: "fruit"}, TypeError, 'Connector names must be strings: "1"'),
            ({"ab": "fruit"}, ValueError, f'"ab" is not a valid connector name: {RULE}'),
            ({"abc\n": "fruit"}, ValueError, f'"abc\n" is not a valid connector name: {RULE}'),
            ({"abc": 5}, ValueError, '"5" is not a string or type'),
            ({"abc": None}, ValueError, '"None" is not a string or type'),
            ({"abc": "nope"}, ValueError, 'no connector found for the identifier "nope"'),
            ({"abc": int}, TypeError, "int is not a Connector subclass"),
            ({"vegetable": "fruit"}, ValueError, 'Name "vegetable" is reserved by `VegetableConnector`'),
            ({"connectors": "fruit"}, ValueError, 'Name "connectors" is reserved'),
            ({"settings": "fruit"}, ValueError, 'Name "settings" is reserved'),
            ({"name": "fruit"}, ValueError, 'Name "name" is reserved'),
            (5, ValueError, "Unexpected type `int`` encountered (connectors: 5)"),
        ],
    )
    def test_what_is_refused(self, descriptor, error, message):
        for _ in range(2):
            with pytest.raises(error) as caught:
                _routes_for_connectors_descriptor(descriptor)
            assert str(caught.value) == message

    @pytest.mark.parametrize("alias", ["yaml", "generate", "schema", "_hidden"])
    def test_keys_that_a_configuration_has_for_something_else(self, alias):
        with pytest.raises(ValueError, match=f'^Name "{alias}" is reserved: '):
            _routes_for_connectors_descriptor({alias: "fruit"})

    def test_the_base_class_is_no_connector_of_a_document(self):
        with pytest.raises(ValueError, match=r"BaseConnector is no connector of a document"):
            _routes_for_connectors_descriptor(["servo.connector.BaseConnector"])

    def test_a_new_name_is_seen(self):
        class SeedConnector(servo.BaseConnector):
            pass

        assert _routes_for_connectors_descriptor(["seed"]) == {"seed": SeedConnector}
        servo.metadata(("Seed", "sprout"))(SeedConnector)
        assert _routes_for_connectors_descriptor(["sprout"]) == {"sprout": SeedConnector}
        with pytest.raises(ValueError, match="no connector found"):
            _routes_for_connectors_descriptor(["seed"])

    def test_default_routes_are_in_the_order_of_definition(self):
        fresh = [type(f"{letter}oneConnector", (servo.BaseConnector,), {}) for letter in "ZAMBY"]
        again = type("ZoneConnector", (servo.BaseConnector,), {})
        assert again.__default_name__ == fresh[0].__default_name__
        routes = _default_routes()
        assert list(routes.values())[-5:] == fresh
        assert [name for name in routes if routes[name] in fresh] == ["zone", "aone", "mone", "bone", "yone"]
        assert "servo" not in routes


class TestNormalized:
    @pytest.mark.parametrize(
        ("descriptor", "expected"),
        [
            (None, None),
            ([FruitConnector, "vegetable"], ["FruitConnector", "vegetable"]),
            (("fruit",), ["fruit"]),
            ({"fruit"}, ["fruit"]),
            ({"one": FruitConnector, "two": "fruit"}, {"one": "FruitConnector", "two": "fruit"}),
            ('["fruit"]', ["fruit"]),
        ],
    )
    def test_what_is_accepted(self, descriptor, expected):
        for _ in range(2):
            assert _normalize_connectors(descriptor) == expected

    @pytest.mark.parametrize(
        ("descriptor", "message"),
        [
            (5, "Invalid connectors value: 5"),
            (["zz"], "Invalid connectors value: zz"),
            ([5], "Invalid connectors value: 5"),
            ([int], "Invalid connectors value: <class 'int'>"),
            ({1: "fruit"}, "Connector descriptor keys must be strings (invalid value '1')"),
            ({"measure": "fruit"}, 'Name "measure" is reserved'),
            ({"load": "fruit"}, 'Name "load" is reserved by `LoadConnector`'),
        ],
    )
    def test_what_is_refused(self, descriptor, message):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            _normalize_connectors(descriptor)


TEXTS = st.one_of(
    st.sampled_from(
        ["fruit", "FruitConnector", "vegetable", "measure", "settings", "a.b", "os.path", "__class__", "x" * 3]
    ),
    st.text(max_size=6),
)
ITEMS = st.one_of(TEXTS, st.none(), st.integers(), st.sampled_from([FruitConnector, int]))
DESCRIPTORS = st.one_of(
    ITEMS, st.lists(ITEMS, max_size=4), st.dictionaries(st.one_of(TEXTS, st.integers()), ITEMS, max_size=4)
)


@given(DESCRIPTORS, st.booleans())
def test_a_descriptor_gives_routes_or_says_why_not(descriptor, as_json):
    if as_json:
        descriptor = json.dumps(descriptor, default=lambda cls: cls.__name__)
    try:
        routes = _routes_for_connectors_descriptor(descriptor)
    except (TypeError, ValueError) as error:
        explanation = str(error)
    else:
        explanation = None
    if explanation is not None:
        assert explanation
        return
    for name, cls in (routes or {}).items():
        assert issubclass(cls, servo.BaseConnector)
        assert name not in RESERVED_NAMES
        assert cls(name=name, config={}).name == name
        # No key of another connector.
        assert _default_routes().get(name, cls) is cls
    # What has routes is also what a document may say, and stays the same when it is read again.
    assert _normalize_connectors(_normalize_connectors(descriptor)) == _normalize_connectors(descriptor)
