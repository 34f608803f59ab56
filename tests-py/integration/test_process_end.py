"""A program ends in order however soon after the engine's answer."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import asyncio
from servo import _core

async def main():
    servo = _core.open_servos("servo.yaml", [], {})[0]
    answers = [asyncio.ensure_future(servo.measure([], None, 0.0, 0.0)) for _ in range(50)]
    await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)

asyncio.run(main())
"""


def test_a_program_that_ends_with_the_first_answer_is_not_aborted(tmp_path: Path) -> None:
    (tmp_path / "servo.yaml").write_text(
        "optimizer: {id: dev.example.com/app, token: x}\nwait: {measure_enabled: true}\n", encoding="utf-8"
    )
    # Threads of the engine still have answers to give: without a halt every third run was ended by a signal.
    codes = [
        subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, timeout=60).returncode
        for _ in range(20)
    ]
    assert codes == [0] * 20
