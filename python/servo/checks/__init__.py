"""Checks: whether what a connector depends on is there, told before the servo starts its work."""

from __future__ import annotations

from servo.checks.base import BaseChecks
from servo.checks.decorators import check, require, warn
from servo.checks.filters import CheckFilter
from servo.checks.handlers import (
    CHECK_HANDLER_SIGNATURE,
    CheckHandler,
    CheckHandlerResult,
    run_check_handler,
    run_check_handler_sync,
)
from servo.checks.iterables import create_checks_from_iterable
from servo.checks.models import CHECK_SIGNATURE, Check, CheckError, CheckRunner, Tag
from servo.checks.multichecks import MULTICHECK_SIGNATURE, MultiCheckExpander, MultiCheckHandler, multicheck
from servo.checks.readiness import CheckHelpers
from servo.types.enums import ErrorSeverity

__all__ = [
    "CHECK_HANDLER_SIGNATURE",
    "CHECK_SIGNATURE",
    "MULTICHECK_SIGNATURE",
    "BaseChecks",
    "Check",
    "CheckError",
    "CheckFilter",
    "CheckHandler",
    "CheckHandlerResult",
    "CheckHelpers",
    "CheckRunner",
    "ErrorSeverity",
    "MultiCheckExpander",
    "MultiCheckHandler",
    "Tag",
    "check",
    "create_checks_from_iterable",
    "multicheck",
    "require",
    "run_check_handler",
    "run_check_handler_sync",
    "warn",
]
