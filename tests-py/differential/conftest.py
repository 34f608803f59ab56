"""Programs for ServoX, run there and here. Only where SERVO_PEER_PYTHON names a Python that has `servox` 25.3."""

import os

# The scripts are programs, not tests.
collect_ignore_glob = ["cases/*"] if os.environ.get("SERVO_PEER_PYTHON") else ["cases/*", "test_*.py"]
