"""What a shell offers for an option."""

from __future__ import annotations

import json
import os
from typing import Any


def servo_names(ctx: Any, incomplete: str) -> list[str]:
    """The names of servos in the configuration file that begin like that; none where it cannot be read."""
    from servo._core import ConfigError, read_documents

    file = ctx.params.get("config_file") or os.environ.get("SERVO_CONFIG_FILE") or "servo.yaml"
    try:
        documents = [json.loads(text) for text in read_documents(str(file))]
    except (ConfigError, OSError):
        return []
    names = [str(one["name"]) for one in documents if isinstance(one, dict) and one.get("name")]
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
