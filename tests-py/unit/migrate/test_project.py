"""A whole project for ServoX: its report, its diff, and what it is like afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "python"
SNAPSHOTS = Path(__file__).with_name("snapshots")


@pytest.mark.parametrize(("name", "arguments"), [("report", ()), ("diff", ("--diff",)), ("json", ("-f", "json"))])
def test_it_is_reported_as_before(servo, shop, name, arguments):
    result = servo("migrate", *arguments)
    assert result.exit_code == 1
    snapshot = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(result.stdout, encoding="utf-8")
    assert result.stdout == snapshot.read_text(encoding="utf-8")


def test_what_was_put_right_works(servo, shop):
    broken = run("-m", "servo", "validate", folder=shop)
    assert broken.returncode == 1
    assert servo("migrate", "--fix", "--yes").exit_code == 1  # The image is still that of ServoX.
    # What the packages in the requirements would bring.
    (shop / "connectors" / "httpx.py").write_text("class AsyncClient: ...\nclass HTTPError(Exception): ...\n")
    (shop / "connectors" / "pytz.py").write_text("utc = 'UTC'\n")
    valid = run("-m", "servo", "validate", folder=shop)
    assert valid.returncode == 0, valid.stderr
    imported = run(
        "-c", "from shop_connectors import FrontConnector; print(FrontConnector.__default_name__)", folder=shop
    )
    assert (imported.returncode, imported.stdout) == (0, "front\n"), imported.stderr
    assert 'servox-rs = "*"          # the agent\n' in (shop / "pyproject.toml").read_text()
    assert (shop / "requirements-agent.txt").read_bytes().endswith(b"\r\nbackoff==2.2.1\r\n")


def test_what_no_fix_is_about_stays_as_it_was(servo, shop):
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    servo("migrate", "--fix", "--yes")
    after = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    changed = {str(path.relative_to(shop)) for path in before if before[path] != after[path]}
    assert changed == {
        ".github/workflows/agent.yml",
        "Dockerfile",
        "connectors/shop_connectors/front.py",
        "deploy/agent.yaml",
        "deploy/entrypoint.sh",
        "pyproject.toml",
        "requirements-agent.txt",
        "servo.yaml",
    }
    servo("migrate", "--fix", "--yes")
    assert {path: path.read_bytes() for path in after} == after


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    search = os.pathsep.join([str(PACKAGE), str(folder / "connectors"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": search}, capture_output=True, text=True, timeout=120
    )
