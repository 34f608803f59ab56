"""Signals to a program that runs an assembly: an orderly end, and no other."""

import signal
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

PROGRAM = textwrap.dedent(
    """
    import asyncio, sys
    import servo
    from servo.runner import AssemblyRunner

    class HangConfiguration(servo.BaseConfiguration):
        pass

    class HangConnector(servo.BaseConnector):
        config: HangConfiguration

        @servo.on_event()
        async def measure(
            self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
        ) -> servo.Measurement:
            self.logger.info("begins", progress=1)
            await asyncio.sleep(600)

        @servo.on_event()
        async def shutdown(self) -> None:
            print("shutdown", flush=True)
            if "stubborn" in sys.argv:
                await asyncio.sleep(600)

    async def assemble():
        optimizer = {"id": "example.com/app", "token": "s3cret", "base_url": sys.argv[1]}
        return await servo.Assembly.assemble(
            configs=[{"optimizer": optimizer, "connectors": {"hang": HangConnector}, "hang": {}}]
        )

    AssemblyRunner(asyncio.run(assemble())).run()
    print("over", flush=True)
    """
)


@pytest.fixture
def program(service, command):
    service.commands["app"] = [command("MEASURE", metrics=["m"], control={})]
    started = []

    def start(*args):
        made = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, service.url, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(made)
        service.got(service.progress)
        return made

    yield start
    for made in started:
        made.kill()
        made.communicate()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
def test_a_signal_ends_it_in_order(program, service, name):
    made = program()
    made.send_signal(signal.Signals[name])
    out, err = made.communicate(timeout=100)
    assert (made.returncode, out.split()) == (0, ["shutdown", "over"]), err
    assert "Traceback" not in err
    assert f"Received exit signal {name}..." in err
    assert service.events() == ["HELLO", "WHATS_NEXT", "MEASUREMENT", "GOODBYE"]
    assert service.results()[0]["status"] == "cancelled"
    assert service.params("GOODBYE") == [{"reason": name}]


def test_a_second_signal_ends_it_at_once(program):
    made = program("stubborn")
    made.send_signal(signal.SIGTERM)
    assert made.stdout.readline() == "shutdown\n"
    made.send_signal(signal.SIGTERM)
    made.communicate(timeout=100)
    assert made.returncode == 128 + signal.SIGTERM
