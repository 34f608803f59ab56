"""A PostgreSQL server of the tests' own: in a folder that is removed, on a port of this machine."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

MISSING = (
    "These tests need the programs of PostgreSQL 12 or newer, and found no `initdb`. Set them up with `make postgres`, "
    "or install them (Debian, Ubuntu: apt-get install postgresql), or name their folder in SERVO_POSTGRES_BIN."
)
NOBODY = 65534
"""Everybody has it, and it owns nothing: PostgreSQL refuses to run as root."""
PASSWORD, ESCAPED = "p@ss:w/ord?", "p%40ss%3Aw%2Ford%3F"


def programs():
    """The folder of PostgreSQL's programs."""
    folders = [os.environ.get("SERVO_POSTGRES_BIN", ""), *os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders.append(Path(__file__).parents[2] / "target/postgres/bin")
    for folder in filter(None, folders):
        if all((Path(folder) / name).is_file() for name in ("initdb", "postgres")):
            return Path(folder)
    raise RuntimeError(MISSING)


class Cluster:
    """A running server; `url` is that of its database `servo`."""

    def __init__(self):
        self.bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="servo-pg", dir="/tmp"))
        self.rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if self.rights:
            for path in (self.folder, password):
                os.chown(path, NOBODY, NOBODY)
        data = self.folder / "data"
        self.run(
            "initdb", "--username=servo", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync",
            f"--pwfile={password}", "-D", data,
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = (
            f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        )
        self.run("pg_ctl", "start", "-w", "-D", data, "-l", self.folder / "log", "-o", options)

    def run(self, program, *arguments):
        """Run a program of PostgreSQL to its end."""
        done = subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.folder, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **self.rights,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

    @property
    def url(self):
        """The storage."""
        return f"postgresql://servo:{ESCAPED}@127.0.0.1:{self.port}/postgres"

    def end(self):
        """End the server and remove its folder."""
        self.run("pg_ctl", "stop", "-m", "fast", "-D", self.folder / "data")
        shutil.rmtree(self.folder, ignore_errors=True)
