"""Connectors of installed packages."""

import logging
import sys

import pytest

import servo
from servo import connector
from servo.connector import ENTRY_POINT_GROUP, ConnectorLoader, connector_types, load_all

CONNECTOR = "import servo\nclass {name}Connector(servo.BaseConnector):\n    pass\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Packages with entry points; the first lines of modules by name."""

    def call(group=ENTRY_POINT_GROUP, **modules):
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(source)
            metadata = tmp_path / f"{name}-1.0.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            target = name.removeprefix("plugin_").title()
            (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {name}:{target}Connector\n")
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))

    yield call
    for name in [name for name in sys.modules if name.startswith("plugin_")]:
        del sys.modules[name]


def test_the_group():
    assert ENTRY_POINT_GROUP == "servo.connectors"
    assert ConnectorLoader().group == "servo.connectors"


def test_objects_are_loaded_one_by_one(installed):
    installed("servo.test.connectors", plugin_apple=CONNECTOR.format(name="Apple"))
    loader = ConnectorLoader(group="servo.test.connectors")
    assert [point.name for point in loader.iter_entry_points()] == ["plugin_apple"]
    assert "plugin_apple" not in sys.modules
    loaded = loader.load()
    assert "plugin_apple" not in sys.modules
    (cls,) = loaded
    assert cls.__default_name__ == "apple"
    assert cls in connector._connector_subclasses


def test_errors_are_raised_where_they_are_met(installed):
    installed("servo.test.connectors", plugin_bad="raise RuntimeError('no licence')")
    with pytest.raises(RuntimeError, match="no licence"):
        list(ConnectorLoader(group="servo.test.connectors").load())


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1", "AttributeError: module 'plugin_bad' has no attribute 'BadConnector'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def (", "SyntaxError: invalid syntax"),
    ],
)
def test_one_that_fails_disables_no_other(installed, caplog, source, why):
    installed(plugin_bad=source, plugin_pear=CONNECTOR.format(name="Pear"), plugin_zoo=CONNECTOR.format(name="Zoo"))
    with caplog.at_level(logging.WARNING, logger="servo.connector"):
        failed = load_all()
    assert list(failed) == ["plugin_bad"]
    names = [cls.__default_name__ for cls in connector_types()]
    assert {"pear", "zoo"} <= set(names)
    (message, *_) = [record.getMessage() for record in caplog.records]
    assert message.startswith(f"the connector 'plugin_bad' cannot be imported and is left out: {why}")


def test_every_class_is_known_once():
    class OnceConnector(servo.BaseConnector):
        pass

    known = connector._connector_subclasses
    assert connector_types().count(OnceConnector) == 1
    known.add(OnceConnector)
    assert len([cls for cls in known if cls is OnceConnector]) == 1
    assert servo.BaseConnector not in known
    copied = known.copy()
    copied.discard(OnceConnector)
    copied.discard(OnceConnector)
    assert OnceConnector in known
    assert OnceConnector not in copied
    assert len(copied) == len(known) - 1
    known.remove(OnceConnector)
    with pytest.raises(KeyError):
        known.remove(OnceConnector)
