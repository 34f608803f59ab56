"""A configuration as a ConfigMap of Kubernetes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.connector import BaseConnector


def configmap(text: str, connectors: Iterable[tuple[str, type[BaseConnector]]]) -> str:
    """The manifest, with its last newline.

    Args:
        text: The configuration as YAML.
        connectors: The name and the class of each active connector.
    """
    import yaml

    import servo
    from servo.utilities.yaml import PreservedScalarString

    told = [
        {
            "name": name,
            "type": cls.full_name,
            "description": cls.description,
            "version": str(cls.version),
            "url": str(cls.homepage),
        }
        for name, cls in connectors
    ]
    manifest: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "opsani-servo-config",
            "labels": {"app.kubernetes.io/name": "servo", "app.kubernetes.io/version": str(servo.__version__)},
            "annotations": {
                "servo.opsani.com/configured_at": datetime.datetime.now(datetime.UTC).isoformat(),
                "servo.opsani.com/connectors": json.dumps(told),
            },
        },
        "data": {"servo.yaml": PreservedScalarString(text)},
    }
    return str(yaml.safe_dump(manifest, sort_keys=False, explicit_start=True))
