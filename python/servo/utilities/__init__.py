"""Small tools for connectors: durations, hashing, key paths, strings, child processes, YAML.

Names are imported when they are first used. The names of `associations` and `inspect` stay in their modules.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.utilities.duration_str import microseconds_from_duration_str as microseconds_from_duration_str
    from servo.utilities.duration_str import timedelta_from_duration_str as timedelta_from_duration_str
    from servo.utilities.duration_str import timedelta_to_duration_str as timedelta_to_duration_str
    from servo.utilities.duration_str import units as units
    from servo.utilities.hashing import dump_container as dump_container
    from servo.utilities.hashing import get_hash as get_hash
    from servo.utilities.key_paths import value_for_key_path as value_for_key_path
    from servo.utilities.key_paths import values_for_keys as values_for_keys
    from servo.utilities.pydantic import append_pydantic_validator as append_pydantic_validator
    from servo.utilities.pydantic import extra as extra
    from servo.utilities.pydantic import prepend_pydantic_validator as prepend_pydantic_validator
    from servo.utilities.strings import check_status_to_str as check_status_to_str
    from servo.utilities.strings import commandify as commandify
    from servo.utilities.strings import join_to_series as join_to_series
    from servo.utilities.strings import parse_csv as parse_csv
    from servo.utilities.strings import parse_id as parse_id
    from servo.utilities.strings import parse_re as parse_re
    from servo.utilities.subprocess import OutputStreamCallback as OutputStreamCallback
    from servo.utilities.subprocess import SubprocessResult as SubprocessResult
    from servo.utilities.subprocess import SubprocessTimeoutError as SubprocessTimeoutError
    from servo.utilities.subprocess import Timeout as Timeout
    from servo.utilities.subprocess import run_subprocess_exec as run_subprocess_exec
    from servo.utilities.subprocess import run_subprocess_shell as run_subprocess_shell
    from servo.utilities.subprocess import stream_subprocess_exec as stream_subprocess_exec
    from servo.utilities.subprocess import stream_subprocess_output as stream_subprocess_output
    from servo.utilities.subprocess import stream_subprocess_shell as stream_subprocess_shell
    from servo.utilities.yaml import PreservedScalarString as PreservedScalarString
    from servo.utilities.yaml import pss_representer as pss_representer

# The module each name lives in.
_HOMES = {
    "duration_str": [
        "microseconds_from_duration_str",
        "timedelta_from_duration_str",
        "timedelta_to_duration_str",
        "units",
    ],
    "hashing": ["dump_container", "get_hash"],
    "key_paths": ["value_for_key_path", "values_for_keys"],
    "pydantic": ["append_pydantic_validator", "extra", "prepend_pydantic_validator"],
    "strings": ["check_status_to_str", "commandify", "join_to_series", "parse_csv", "parse_id", "parse_re"],
    "subprocess": [
        "OutputStreamCallback",
        "SubprocessResult",
        "SubprocessTimeoutError",
        "Timeout",
        "run_subprocess_exec",
        "run_subprocess_shell",
        "stream_subprocess_exec",
        "stream_subprocess_output",
        "stream_subprocess_shell",
    ],
    "yaml": ["PreservedScalarString", "pss_representer"],
}
_NAMES = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = {*_HOMES, "associations", "inspect"}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if (module := _NAMES.get(name)) is not None:
        value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES, *_MODULES})
