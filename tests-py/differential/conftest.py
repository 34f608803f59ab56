"""Programs for ServoX, run there and here. Only where SERVO_PEER_PYTHON names a Python that has `servox` 25.3."""

import os
import sys
from pathlib import Path

# The scripts are programs, not tests.
collect_ignore_glob = ["cases/*"] if os.environ.get("SERVO_PEER_PYTHON") else ["cases/*", "test_*.py"]

# What several tests here share.
sys.path.insert(0, str(Path(__file__).parent))
