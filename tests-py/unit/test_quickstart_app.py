"""The quickstart's service: the same pages whatever its settings are, real compression, and no process left behind."""

import gzip
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
LINUX = Path("/proc/self/stat").exists()
PATIENCE = 30.0  # seconds; generous, for a loaded machine

FRUGAL = {"WORKERS": "1", "CACHE_KB": "0", "COMPRESSION": "1", "BATCH_SIZE": "200"}
LAVISH = {"WORKERS": "3", "CACHE_KB": "2000", "COMPRESSION": "9", "BATCH_SIZE": "30"}


class Service:
    """The app in its own process group, on a port that was free."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=folder,
            env=os.environ | settings | {"PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def get(self, target: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(
                "GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def wait_until_healthy(self) -> None:
        def healthy() -> bool:
            assert self.process.poll() is None, self.process.communicate()[0]
            try:
                return self.get("/health")[0] == 200
            except ConnectionRefusedError:
                return False

        eventually(healthy, "the service is healthy")

    def alive(self) -> bool:
        """Whether any process of the service's group is left."""
        if LINUX:
            return bool(self.members())
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def members(self) -> dict[int, bytes]:
        """The command lines of the group's running processes; not of the dead that nobody has waited for yet."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                    if int(group) == self.process.pid and state != "Z":
                        found[int(entry.name)] = (entry / "cmdline").read_bytes()
                except OSError:  # it ended meanwhile
                    continue
        return found

    def workers(self) -> set[int]:
        return {pid for pid, command in self.members().items() if b"spawn_main" in command}


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"expected within {PATIENCE:.0f} s: {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the service, so that the tests make their own catalogue."""
    copy = tmp_path_factory.mktemp("quickstart")
    for name in ("app.py", "catalogue.py"):
        shutil.copy(QUICKSTART / name, copy)
    return copy


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[dict[str, str]], Service]]:
    started: list[Service] = []

    def start(settings: dict[str, str]) -> Service:
        started.append(Service(folder, settings))
        started[-1].wait_until_healthy()
        return started[-1]

    yield start
    for service in started:
        if service.alive():
            os.killpg(service.process.pid, signal.SIGKILL)
        service.process.communicate()


def test_pages_do_not_depend_on_the_settings(start: Callable[[dict[str, str]], Service]) -> None:
    frugal, lavish = start(FRUGAL), start(LAVISH)
    for product in (1, 17, 100, 17):  # 17 again: from the cache of one, rendered again by the other
        pages = [service.get(f"/product/{product}", Accept_Encoding="gzip")[2] for service in (frugal, lavish)]
        text = gzip.decompress(pages[0])
        assert text == gzip.decompress(pages[1])
        assert f"<h1>Product {product}</h1>".encode() in text
        assert text.count(b"<li>") == 300


def test_compression_is_applied(start: Callable[[dict[str, str]], Service]) -> None:
    quick, small = start(FRUGAL), start(LAVISH)
    sizes = []
    for service in (quick, small):
        status, headers, page = service.get("/product/5", Accept_Encoding="gzip")
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        assert int(headers["Content-Length"]) == len(page)
        _, headers, plain = service.get("/product/5", Accept_Encoding="identity")
        assert "Content-Encoding" not in headers
        assert plain == gzip.decompress(page)
        sizes.append(len(page))
    at_level_1, at_level_9 = sizes
    assert at_level_9 < at_level_1 < len(plain) / 2


def test_connections_are_kept_and_bad_requests_answered(start: Callable[[dict[str, str]], Service]) -> None:
    service = start(FRUGAL)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    for target, expected in [
        ("/health", 200),
        ("/product/0", 404),
        ("/product/101", 404),
        ("/product/x", 404),
        ("/", 404),
    ]:
        connection.request("GET", target)
        response = connection.getresponse()
        response.read()
        assert (target, response.status) == (target, expected)
        if target == "/health":
            first = connection.sock
        assert connection.sock is first
    connection.request("POST", "/product/1", body=b"")
    assert connection.getresponse().status == 400
    connection.close()


@pytest.mark.skipif(not LINUX, reason="finds the workers under /proc")
@pytest.mark.parametrize("settings", [FRUGAL, LAVISH])
def test_a_dead_worker_is_replaced(start: Callable[[dict[str, str]], Service], settings: dict[str, str]) -> None:
    service = start(settings)
    former = service.workers()
    assert len(former) == int(settings["WORKERS"])
    os.kill(min(former), signal.SIGKILL)
    eventually(lambda: not former & service.workers(), "the former workers are gone")
    status, _, page = service.get("/product/33", Accept_Encoding="gzip")
    assert status == 200
    assert b"<h1>Product 33</h1>" in gzip.decompress(page)
    assert service.workers()


@pytest.mark.parametrize("settings", [FRUGAL, LAVISH])
@pytest.mark.parametrize("to_the_group", [False, True])
def test_sigterm_ends_every_process(
    start: Callable[[dict[str, str]], Service], settings: dict[str, str], to_the_group: bool
) -> None:
    service = start(settings)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)  # idle, but open
    connection.request("GET", "/health")
    connection.getresponse().read()
    (os.killpg if to_the_group else os.kill)(service.process.pid, signal.SIGTERM)
    output, _ = service.process.communicate(timeout=PATIENCE)
    assert service.process.returncode == 0
    assert "Traceback" not in output
    eventually(lambda: not service.alive(), "no process is left")
    connection.close()


def test_workers_do_not_outlive_a_killed_parent(start: Callable[[dict[str, str]], Service]) -> None:
    service = start(LAVISH)
    service.process.kill()
    service.process.wait()
    eventually(lambda: not service.alive(), "no process is left")


def test_a_wrong_setting_is_refused(folder: Path) -> None:
    service = Service(folder, {"WORKERS": "many"})
    output, _ = service.process.communicate(timeout=PATIENCE)
    assert service.process.returncode == 1
    assert "WORKERS is 'many'; expected a whole number from 1 to 64" in output
