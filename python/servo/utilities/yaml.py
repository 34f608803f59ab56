"""Text that stays readable in YAML."""

from __future__ import annotations

import functools
import importlib
from typing import Any

__all__ = ["PreservedScalarString", "pss_representer"]


class PreservedScalarString(str):
    """A text that PyYAML writes as a block, line by line, rather than on one line with escapes.

    Every dumper of PyYAML knows it from the first one that is made.

    Raises:
        ModuleNotFoundError: PyYAML is not installed.
    """

    __slots__ = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> PreservedScalarString:
        _register()
        return super().__new__(cls, *args, **kwargs)


def pss_representer(dumper: Any, scalar_string: PreservedScalarString) -> Any:
    """The node of a text that is to be a block, as PyYAML calls for it.

    Args:
        dumper: PyYAML's dumper.
        scalar_string: The text.
    """
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(scalar_string), style="|")


@functools.cache
def _register() -> None:
    try:
        yaml = importlib.import_module("yaml")
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        raise ModuleNotFoundError(
            "PreservedScalarString needs PyYAML, which is not installed: pip install PyYAML", name="yaml"
        ) from None
    for name in ("Dumper", "SafeDumper", "CDumper", "CSafeDumper"):
        if (dumper := getattr(yaml, name, None)) is not None:
            # Of subclasses too: each is a text that asks for a block.
            yaml.add_multi_representer(PreservedScalarString, pss_representer, Dumper=dumper)
            yaml.add_representer(PreservedScalarString, pss_representer, Dumper=dumper)
