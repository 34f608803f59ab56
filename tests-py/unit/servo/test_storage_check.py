"""The check of a local optimizer: whether it can keep its trials."""

import os
import sqlite3

import pytest

import servo
from servo.servo import _storage


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Checks a servo whose local optimizer has that storage; gives the check."""
    monkeypatch.chdir(tmp_path)

    async def check(storage=None, **matching):
        local = {} if storage is None else {"storage": storage}
        one = servo.Servo(config={"optimizer": {"local": local}}, connectors=[])
        found = await one.check(servo.CheckFilter(**matching))
        return found[0] if found else None

    return check


async def test_a_file_that_is_not_there_yet(look, tmp_path):
    found = await look()
    assert (found.name, found.id, found.success) == ("Local optimizer", "ffd7e219", True)
    assert found.message == "servo.db will be made in a folder that can be written"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"id": "ffd7e219"}, True),
        ({"name": "Local optimizer"}, True),
        ({"name": "Opsani API connectivity"}, True),
        ({"name": "Opsani API"}, False),
        ({"id": "x"}, False),
    ],
)
async def test_filters_find_it(look, wanted, found):
    assert (await look(**wanted) is not None) == found


async def test_a_folder_that_is_not_there(look, tmp_path):
    found = await look("sqlite:///none/app.db")
    assert found.failed
    assert found.message == f"the folder of the storage does not exist: {tmp_path / 'none'}"
    assert found.hint == "Make the folder, or name another file in optimizer.local.storage"
    (tmp_path / "none").write_text("")
    assert "is no folder" in (await look("sqlite:///none/app.db")).message


async def test_rights(look, tmp_path, monkeypatch):
    granted = set()
    monkeypatch.setattr(_storage.os, "access", lambda path, mode: str(path) in granted)
    found = await look("sqlite:///app.db")
    assert (found.success, found.message) == (False, f"the folder of the storage may not be written: {tmp_path}")
    assert found.hint.startswith("Change its rights")
    granted.add(str(tmp_path))
    assert (await look("sqlite:///app.db")).success
    (tmp_path / "app.db").write_text("")
    assert (await look("sqlite:///app.db")).message == "app.db may not be read and written"


async def test_what_is_there_is_looked_into(look, tmp_path):
    (tmp_path / "app.db").write_text("no database at all")
    found = await look("sqlite:///app.db")
    assert found.failed
    assert "app.db is not a database that can be read" in found.message
    assert (tmp_path / "app.db").read_text() == "no database at all"
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("create table something (value)")
    assert (await look("sqlite:///other.db")).message == "other.db can be opened, and has no studies yet"
    assert sorted(os.listdir(tmp_path)) == ["app.db", "other.db"]


async def test_a_database_that_does_not_answer(look):
    found = await look("postgresql://me:secret@127.0.0.1:1/app?sslmode=disable")
    assert found.failed
    assert "127.0.0.1:1/app" in found.message
    assert "secret" not in found.message
