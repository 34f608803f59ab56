"""`servo --limit NUMBER run`: servos that take their turns."""

import os
import re
import subprocess
import sys

CONNECTOR = """
import datetime
import servo


class SquareConnector(servo.BaseConnector):
    x: int = 3

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        x = servo.RangeSetting(name="x", min=1, max=3, step=1, value=self.x)
        return servo.Description(components=[servo.Component("c", [x])], metrics=[servo.Metric("y", servo.Unit.count)])

    @servo.on_event()
    def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        y = servo.Metric("y", servo.Unit.count)
        return servo.Measurement(readings=[servo.DataPoint(y, datetime.datetime.now(datetime.UTC), self.x**2)])

    @servo.on_event()
    def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        self.x = int(adjustments[0].value)
        return self.describe()
"""
SERVO = """\
name: {name}
optimizer:
  local:
    sampler: grid
    goal: {{objective: minimize, metric: y}}
    budget: {{trials: 2}}
    storage: sqlite:///{name}.db
connectors: {{square: square.SquareConnector}}
square: {{}}
"""


def test_a_servo_begins_when_another_has_ended(tmp_path):
    (tmp_path / "square.py").write_text(CONNECTOR)
    (tmp_path / "servo.yaml").write_text("---\n".join(SERVO.format(name=name) for name in ("one", "two", "three")))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVO_")}
    done = subprocess.run(
        [sys.executable, "-m", "servo", "run", "--limit", "1"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    trials = re.findall(r"^\S+  (\w+): trial \d", done.stdout, re.MULTILINE)
    # Whoever came first: its trials are all together.
    turns = [name for place, name in enumerate(trials) if place == 0 or trials[place - 1] != name]
    assert sorted(turns) == ["one", "three", "two"], done.stdout
    assert done.stderr.count("waits for another servo to end (--limit 1)") == 2
