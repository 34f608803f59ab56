"""Packages that came along with ServoX."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import PythonFile

BROUGHT_BY_SERVOX = {
    "aiofiles": "aiofiles",
    "aiohttp": "aiohttp",
    "anyio": "anyio",
    "authlib": "authlib",
    "backoff": "backoff",
    "bullet": "bullet",
    "certifi": "certifi",
    "colorama": "colorama",
    "curlify2": "curlify2",
    "dateutil": "python-dateutil",
    "devtools": "devtools",
    "httpcore": "httpcore",
    "httpx": "httpx",
    "jsonschema": "jsonschema",
    "kubernetes_asyncio": "kubernetes-asyncio",
    "orjson": "orjson",
    "pyaml": "pyaml",
    "pytz": "pytz",
    "semver": "semver",
    "timeago": "timeago",
    "toml": "toml",
    "ulid": "python-ulid",
    "uvloop": "uvloop",
    "watchfiles": "watchfiles",
}
"""Modules that an environment with ServoX has and one with servox-rs has not, and their distributions."""


@ROOM.rule(
    "python-undeclared-dependency",
    Severity.blocker,
    "packages-of-connectors",
    "a lock file",
    what="`{module}` came along with ServoX; it does not any more, and no file of requirements names it.",
    action="Add `{distribution}` to the requirements.",
)
def undeclared_dependency(file: PythonFile, project: Project) -> Iterator[Hit]:
    told: set[str] = set()
    for node in file.all_nodes:
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        else:
            continue
        for module in (name.partition(".")[0] for name in modules):
            distribution = BROUGHT_BY_SERVOX.get(module)
            if distribution is None or module in told or distribution in project.declared or _is_guarded(file, node):
                continue
            if module not in project.local_modules:
                told.add(module)
                yield Hit(file.offset(node), {"module": module, "distribution": distribution})


def _is_guarded(file: PythonFile, node: ast.AST) -> bool:
    return any(isinstance(above, ast.Try) for above in file.around(node))
