"""Values as YAML in one line."""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["flow", "scalar"]


def scalar(value: Any) -> str:
    """A text, a number, true, false or null as YAML reads it again."""
    return _dumped(value).removesuffix("...\n").strip("\n")


def flow(value: Any) -> str:
    """A list or a mapping, such as `{min: 1, max: 8}`."""
    return _dumped(value, default_flow_style=True).strip("\n")


def _dumped(value: Any, **options: Any) -> str:
    import yaml

    text = yaml.dump(value, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=float("inf"), **options)
    return str(text)


@functools.cache
def _dumper() -> Any:
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        """Writes texts of several lines in double quotes, where a line break is `\\n`."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def represent(dumper: Any, text: str) -> Any:
        # Any letter that ends a line.
        style = '"' if len(f"{text}.".splitlines()) > 1 else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent)
    return Dumper
