"""Runs servos: carries out what their optimizers ask for. `import servo` does not load it."""

from servo.runner.assembly_runner import AssemblyRunner
from servo.runner.servo_runner import ServoRunner

__all__ = ["AssemblyRunner", "ServoRunner"]
