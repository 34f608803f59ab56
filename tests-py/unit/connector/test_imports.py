"""Modules of connectors that fail while they are imported."""

import pytest

from servo import connector
from servo.connector.identifiers import found_class
from servo.connector.imports import ConnectorImportError, explained, import_module

CLASS = "import servo\n\n\nclass BrokenConnector(servo.BaseConnector):\n    config: servo.BaseConfiguration\n\n\n"


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Writes modules into the working directory, where they can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(**modules):
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)

    return write


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CLASS + "value = x\n", "broken_one.py:8: NameError: name 'x' is not defined"),
        ("raise ValueError('two\\n  lines')\n", "broken_one.py:1: ValueError: two lines"),
        ("import no_such_package\n", "broken_one.py:1: ModuleNotFoundError: No module named 'no_such_package'"),
        ("\ndef f(:\n    pass\n", "broken_one.py:2: SyntaxError: invalid syntax"),
        ("raise SystemExit(3)\n", "broken_one.py:1: SystemExit: 3"),
        ("import json\njson.loads('{')\n", "broken_one.py:2: JSONDecodeError: "),
        ("import broken_two\nbroken_two.fail()\n", "broken_two.py:2: KeyError: 'k'"),
        (
            "import servo\nclass AConnector(servo.BaseConnector):\n    @servo.on_event()\n    def check(self): ...\n",
            "broken_one.py:3: TypeError: invalid event handler",
        ),
    ],
)
def test_the_place_the_class_and_the_text_are_told_in_a_line(beside, text, told):
    beside(broken_one=text, broken_two="def fail():\n    raise KeyError('k')\n")
    with pytest.raises(ConnectorImportError) as caught:
        connector.import_connector("broken_one.BrokenConnector")
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ImportError)


def test_a_module_that_is_not_there_stays_what_it_is():
    for path in ("no_such_module.AnyConnector", "no_such_package.module.AnyConnector"):
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_") as caught:
            connector.import_connector(path)
        assert not isinstance(caught.value, ConnectorImportError)


def test_classes_of_a_module_that_failed_are_forgotten(beside):
    beside(broken_one=CLASS + "value = x\n")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"broken_one\.py:8: NameError"):
            found_class("broken_one.BrokenConnector")
    assert "BrokenConnector" not in [cls.__name__ for cls in connector._connector_subclasses]


def test_an_error_of_the_engine_gets_its_cause(beside):
    beside(broken_one="1 / 0\n")

    def ask():
        try:
            import_module("broken_one")
        except ImportError:
            raise RuntimeError("told by the engine") from None

    with pytest.raises(RuntimeError, match="told by") as caught, explained():
        ask()
    assert isinstance(caught.value.__cause__, ConnectorImportError)
    assert isinstance(caught.value.__cause__.__cause__, ZeroDivisionError)
    with pytest.raises(RuntimeError) as caught, explained():
        raise RuntimeError("another")
    assert caught.value.__cause__ is None
