"""Imported for what it checks: that `servo/__init__.py` is ours, and not that of servox, installed after us.

Raises:
    ImportError: It is that of servox.
"""

from __future__ import annotations

import os
import sys

from servo._distributions import conflict, predecessor_beside

_package = sys.modules["servo"]
if not hasattr(_package, "_HOMES"):
    _version = predecessor_beside(os.path.dirname(_package.__file__ or "")) or "(of an unknown version)"
    raise ImportError(conflict(_version), name="servo")
