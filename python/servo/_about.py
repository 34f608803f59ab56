"""What there is to tell of the servo itself; light enough for a command that imports nothing else."""

from __future__ import annotations

CRYPTONYM = "ollyander"
"""The name of the release of ServoX that this package succeeds."""
DESCRIPTION = "Continuous Optimization Orchestrator"
HOMEPAGE = "https://github.com/servox-rs/servox-rs"
LICENSE = "Apache 2.0"
MATURITY = "Experimental"
