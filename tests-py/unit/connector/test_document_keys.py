"""Connectors whose names are keys of the document."""

import json

import pytest

import servo
from servo import connector
from servo.cli.session import core


@pytest.fixture(autouse=True)
def forget_classes(monkeypatch):
    monkeypatch.setattr(connector, "_connector_subclasses", list(connector._connector_subclasses))


def define(stem):
    class DepthConfiguration(servo.BaseConfiguration):
        depth: int = 1

    return type(
        f"{stem}Connector",
        (servo.BaseConnector,),
        {"__module__": __name__, "__annotations__": {"config": DepthConfiguration}, "config": DepthConfiguration()},
    )


@pytest.mark.parametrize("stem", ["Checks", "Settings", "Name", "Optimizer", "Description"])
def test_they_have_a_key_of_their_own(stem):
    assert define(stem).__default_name__ == f"{stem.lower()}_connector"


@pytest.mark.parametrize("stem", ["Measure", "Adjust", "Shop"])
def test_others_keep_theirs(stem):
    assert define(stem).__default_name__ == stem.lower()


@pytest.mark.parametrize("connectors", [{}, {"connectors": ["ChecksConnector"]}])
def test_checks_stay_checks(tmp_path, connectors):
    cls = define("Checks")
    document = {"optimizer": {"local": {}}, **connectors, "checks": {"wait": "3s"}, "checks_connector": {}}
    (tmp_path / "servo.yaml").write_text(json.dumps(document))
    (one,) = core().open_servos(str(tmp_path / "servo.yaml"), [cls], {})
    assert [name for name, _ in one.connectors] == ["checks_connector"]
    document["checks"] = {"depth": 2}
    (tmp_path / "servo.yaml").write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"checks\.depth: unknown key"):
        core().open_servos(str(tmp_path / "servo.yaml"), [cls], {})


def test_python_agrees():
    cls = define("Settings")
    assert connector._routes_for_connectors_descriptor([cls]) == {"settings_connector": cls}
    assert connector._default_routes()["settings_connector"] is cls


def test_metadata_cannot_choose_such_a_key():
    with pytest.raises(ValueError, match=r"^'checks' is a key of servo.yaml that is no connector's: choose another"):
        servo.metadata(name=("Tests", "checks"))(define("Shop"))
