"""Studies that servos make, and the commands that show them, with SQLite and with PostgreSQL."""

import asyncio
import csv
import importlib.util
import io
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from servo.cli import ServoCLI

CONFIG = "connectors: [tuned]\ntuned: {}\n"


@pytest.fixture(scope="module")
def cluster():
    """A PostgreSQL server."""
    specification = importlib.util.spec_from_file_location("postgres", Path(__file__).with_name("postgres.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    made = module.Cluster()
    yield made
    made.end()


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request, tmp_path):
    """The URL of a storage, and how it is shown."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/study.db", f"{tmp_path}/study.db"
    cluster = request.getfixturevalue("cluster")
    return cluster.url, f"postgresql://servo@127.0.0.1:{cluster.port}/postgres"


def show(*arguments):
    result = CliRunner().invoke(ServoCLI(), ["optimizer", *map(str, arguments)], prog_name="servo")
    assert result.exit_code == 0, result.output
    return result.stdout


class TestAStudy:
    async def test_is_shown_as_it_was_made(self, open_servos, study, tuned, storage):
        url, place = storage
        name = f"made-{place.partition(':')[0].strip('/').replace('/', '-')}"
        limit = {"absolute": [{"name": "x", "formula": "cost <= 40"}]}
        (one,) = open_servos(study(trials=6, storage=url, study=name, constraints=limit) + CONFIG, tuned)
        result = json.loads(await asyncio.wait_for(one.run(), 100))
        assert result["ended"] == "finished", result
        report = result["report"]
        assert report["storage"] == place
        shown = json.loads(show("trials", "--storage", url, "--study", name, "-o", "json"))
        assert shown["trials"] == report["trials"]
        assert (shown["storage"], shown["goal"], shown["direction"]) == (place, "cost", "minimize")
        assert (shown["best"], shown["verification"]) == (report["best"], report["verification"])
        assert shown["change_percent"] == report["change_percent"]
        assert shown["verified"] is (report["outcome"] == "improved")
        rows = list(csv.DictReader(io.StringIO(show("export", "--storage", url, "--study", name, "--format", "csv"))))
        assert [row["trial"] for row in rows] == [str(trial["number"]) for trial in report["trials"]]
        assert rows[0]["proposed_by"] == "baseline"
        broken = [trial for trial in report["trials"] if trial["state"] == "infeasible"]
        for trial in report["trials"]:
            told = show("explain", trial["number"], "--storage", url, "--study", name)
            assert f"trial {trial['number']} of study {name} in {place}" in told
            assert ("not met by" in told) is (trial in broken)

    async def test_is_followed_by_optuna_in_the_same_place(self, open_servos, study, tuned, storage):
        optuna = pytest.importorskip("optuna")
        url, place = storage
        if url.startswith("postgresql"):
            pytest.importorskip("psycopg")
        (one,) = open_servos(study("tpe", trials=8, storage=url, study="followed") + CONFIG, tuned)
        report = json.loads(await asyncio.wait_for(one.run(), 100))["report"]
        there = url.replace("postgresql://", "postgresql+psycopg://")
        follower = optuna.load_study(study_name="followed", storage=there)
        numbers = {trial.user_attrs["servo:trial"] for trial in follower.get_trials() if trial.value is not None}
        told = [t for t in report["trials"] if t["kind"] in ("baseline", "search") and t["goal"] is not None]
        assert numbers == {trial["number"] for trial in told}
        assert follower.best_value == min(trial["goal"] for trial in told)
        # The connections of this test.
        follower._storage.remove_session()
        follower._storage._backend.engine.dispose()
        assert place in show("trials", "--storage", url, "--study", "followed", "-o", "json")

    async def test_can_be_looked_at_while_it_is_made(self, open_servos, study, tuned, storage):
        url, _ = storage
        (one,) = open_servos(study(trials=6, storage=url, study="running") + CONFIG, tuned)
        run = asyncio.ensure_future(one.run())
        seen = []
        while not run.done():
            await asyncio.sleep(0.01)
            if (json.loads(one.snapshot())["board"] or {}).get("baseline") is not None:
                seen.append(
                    json.loads(await asyncio.to_thread(show, "best", "--storage", url, "-s", "running", "-o", "json"))
                )
        assert json.loads(run.result())["ended"] == "finished"
        assert seen
        assert all(look["baseline"]["goal"] == 50.0 for look in seen)


class TestAServo:
    async def test_is_refused_a_study_that_another_one_makes(self, open_servos, study, tuned, storage):
        url, place = storage
        text = study(trials=6, storage=url, study="one") + CONFIG
        (first,), (second,) = open_servos(text, tuned), open_servos(text, tuned)
        runs = await asyncio.gather(first.run(), second.run(), return_exceptions=True)
        refused = [run for run in runs if isinstance(run, Exception) or json.loads(run)["ended"] == "failed"]
        assert len(refused) == 1, runs
        assert f"study one in {place} is in use by another servo of this process" in str(refused[0])

    async def test_tells_what_a_database_refuses_without_the_password(self, open_servos, study, tuned, cluster):
        url = cluster.url.replace("p%40ss", "secret")
        (one,) = open_servos(study(storage=url) + CONFIG, tuned)
        with pytest.raises(RuntimeError, match="password authentication failed") as refused:
            await one.run()
        assert "secret" not in str(refused.value)
        assert f"postgresql://servo@127.0.0.1:{cluster.port}/postgres" in str(refused.value)

    def test_shows_no_password_of_a_storage_that_is_not_one(self, open_servos, study, tuned):
        with pytest.raises(ValueError, match="storage") as refused:
            open_servos(study(storage="mysql://root:secret@db/servo") + CONFIG, tuned)
        assert "secret" not in str(refused.value) + refused.value.problems


async def test_a_configuration_names_the_study(open_servos, study, tuned, tmp_path, monkeypatch):
    from servo import connector

    monkeypatch.setattr(connector, "connector_types", lambda: [tuned], raising=False)
    (one,) = open_servos("name: web\n" + study(trials=3) + CONFIG, tuned)
    await asyncio.wait_for(one.run(), 60)
    assert json.loads(show("trials", "-f", tmp_path / "servo.yaml", "-o", "json"))["study"] == "web"
    with sqlite3.connect(tmp_path / "study.db") as database:
        assert database.execute("SELECT version FROM servo_schema").fetchone() == (2,)
    database.close()
