"""`servo optimizer serve`: its file, its options, its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

FILE = """
listen: 127.0.0.1:0
storage: sqlite:///optimizer.db
applications:
  example.com/app:
    token: hunter2
    local: {sampler: random, goal: {objective: minimize, metric: cost}}
"""

RUN = [sys.executable, "-c", "from servo.entry_points import run_cli; run_cli()", "optimizer", "serve"]
SECONDS = 60


@pytest.fixture
def place(tmp_path):
    (tmp_path / "optimizer.yaml").write_text(FILE)
    return tmp_path


def environment(more=None):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SERVO_", "OPSANI_", "APPD_"))}
    return kept | {"COLUMNS": "100"} | (more or {})


def serve(place, *arguments, **more):
    """Run the command to its end."""
    return subprocess.run(
        [*RUN, *arguments],
        cwd=place,
        env=environment(more),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        encoding="utf-8",
    )


def test_the_help_tells_every_option(place):
    help_ = serve(place, "--help")
    assert help_.returncode == 0, help_.stderr
    for word in ("--file", "--listen", "--storage", "--insecure", "--check", "SERVO_OPTIMIZER_STORAGE", "SIGTERM"):
        assert word in help_.stdout


def test_a_file_is_checked(place):
    checked = serve(place, "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "√ Valid configuration in optimizer.yaml\n"
    assert [path.name for path in place.iterdir()] == ["optimizer.yaml"]


def test_everything_wrong_is_told_with_its_place(place):
    (place / "optimizer.yaml").write_text(FILE.replace("goal:", "gaol:").replace("listen:", "listn:"))
    checked = serve(place, "--check")
    assert checked.returncode == 1
    lines = checked.stderr.splitlines()
    assert lines[0].startswith("optimizer.yaml:2:1: listn: unknown key, did you mean 'listen'?")
    assert lines[1].startswith(
        "optimizer.yaml:7:30: applications.example.com/app.local.gaol: unknown key, did you mean"
    )
    assert len(lines) == 2
    assert "hunter2" not in checked.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-f", "none.yaml", "--check"], "File 'none.yaml' does not exist"),
        (["--listen", "8080", "--check"], "error: listen: expected a host and a port"),
        (["--storage", "mysql://x/y", "--check"], "error: storage: expected"),
        (["--listen", "0.0.0.0:0"], "insecure: true"),
        (["--storage", "sqlite:///no/such/folder/x.db"], "error: storage: "),
    ],
    ids=["file", "listen", "storage", "insecure", "folder"],
)
def test_what_cannot_work_is_told(place, arguments, told):
    refused = serve(place, *arguments)
    assert refused.returncode in (1, 2)
    assert told in " ".join(refused.stderr.split()), refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_address_in_use_is_told(place):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        refused = serve(place, SERVO_OPTIMIZER_LISTEN=address)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: cannot listen on {address}: "), refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_it_serves_until_a_signal(place, name):
    process = subprocess.Popen(
        [*RUN, "--storage", "sqlite:///other.db"],
        cwd=place,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        facts = [process.stdout.readline() for _ in range(3)]
        assert facts[1:] == ["applications: 1\n", "storage: sqlite:///other.db\n"], facts
        url = facts[0].removeprefix("listening on ").strip()
        with urllib.request.urlopen(f"{url}/readyz", timeout=SECONDS) as answer:
            assert json.load(answer) == {"status": "ok"}
        request = urllib.request.Request(
            f"{url}/accounts/example.com/applications/app/servo",
            data=b'{"event": "WHATS_NEXT", "param": null, "servo_uid": null}',
            headers={"Authorization": "Bearer hunter2", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            assert json.load(answer)["cmd"] == "DESCRIBE"
        process.send_signal(getattr(signal, name))
        _, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.communicate()
