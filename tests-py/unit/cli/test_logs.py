"""Log records of connectors on the command line."""

import subprocess
import sys

CONNECTOR = """
import servo

class TalkativeConnector(servo.BaseConnector):
    config: servo.BaseConfiguration

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        self.logger.debug("a {detail")
        self.logger.success("told")
        return servo.Description()
"""


def described(folder, *options, **variables):
    (folder / "talkative.py").write_text(CONNECTOR)
    (folder / "servo.yaml").write_text("connectors: {talk: talkative.TalkativeConnector}\ntalk: {}\n")
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "", **variables}
    command = [sys.executable, "-m", "servo", *options, "describe"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [line.split(" | ", 1)[1] for line in done.stderr.splitlines()]


def test_lines_name_the_component(tmp_path):
    assert described(tmp_path) == ["SUCCESS  | talkative:describe:10 | talk[describe] - told"]


def test_levels(tmp_path):
    assert described(tmp_path, "--log-level", "warning") == []
    lines = described(tmp_path, "-l", "debug")
    assert "DEBUG    | talkative:describe:9 | talk[describe] - a {detail" in lines


def test_a_file(tmp_path):
    described(tmp_path, SERVO_LOG_FILE="logs/servo.log")
    assert " | talk[describe] - told" in (tmp_path / "logs" / "servo.log").read_text()
