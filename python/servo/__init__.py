"""Connects an application to an optimizer.

Subclass `BaseConnector`, answer events with `@on_event()`, and run `python -m servo run`.

Names are imported when they are first used: `import servo` itself costs next to nothing.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from servo._distributions import warn_of_predecessor

if TYPE_CHECKING:
    from servo.assembly import Assembly as Assembly
    from servo.assembly import current_assembly as current_assembly
    from servo.checks import BaseChecks as BaseChecks
    from servo.checks import Check as Check
    from servo.checks import CheckFilter as CheckFilter
    from servo.checks import CheckHandler as CheckHandler
    from servo.checks import CheckHandlerResult as CheckHandlerResult
    from servo.checks import check as check
    from servo.checks import multicheck as multicheck
    from servo.checks import require as require
    from servo.checks import warn as warn
    from servo.configuration import AbstractBaseConfiguration as AbstractBaseConfiguration
    from servo.configuration import AppdynamicsOptimizer as AppdynamicsOptimizer
    from servo.configuration import BaseConfiguration as BaseConfiguration
    from servo.configuration import BaseServoConfiguration as BaseServoConfiguration
    from servo.configuration import CommonConfiguration as CommonConfiguration
    from servo.configuration import OpsaniOptimizer as OpsaniOptimizer
    from servo.configuration import OptimizerTypes as OptimizerTypes
    from servo.connector import BaseConnector as BaseConnector
    from servo.connector import current_connector as current_connector
    from servo.connector.description import metadata as metadata
    from servo.errors import AdjustmentFailedError as AdjustmentFailedError
    from servo.errors import AdjustmentRejectedError as AdjustmentRejectedError
    from servo.errors import BaseError as BaseError
    from servo.errors import ConnectorError as ConnectorError
    from servo.errors import ConnectorNotFoundError as ConnectorNotFoundError
    from servo.errors import EventAbortedError as EventAbortedError
    from servo.errors import EventCancelledError as EventCancelledError
    from servo.errors import EventError as EventError
    from servo.errors import EventHandlersNotFoundError as EventHandlersNotFoundError
    from servo.errors import MeasurementFailedError as MeasurementFailedError
    from servo.errors import ServoError as ServoError
    from servo.errors import UnexpectedEventError as UnexpectedEventError
    from servo.events import Event as Event
    from servo.events import EventHandler as EventHandler
    from servo.events import EventResult as EventResult
    from servo.events import Preposition as Preposition
    from servo.events import after_event as after_event
    from servo.events import before_event as before_event
    from servo.events import create_event as create_event
    from servo.events import current_event as current_event
    from servo.events import event as event
    from servo.events import event_handler as event_handler
    from servo.events import on_event as on_event
    from servo.logging import ProgressHandler as ProgressHandler
    from servo.logging import log_execution as log_execution
    from servo.logging import log_execution_time as log_execution_time
    from servo.logging import logger as logger
    from servo.logging import reset_to_defaults as reset_to_defaults
    from servo.logging import set_level as set_level
    from servo.pubsub import Aggregator as Aggregator
    from servo.pubsub import BaseSubscription as BaseSubscription
    from servo.pubsub import Callback as Callback
    from servo.pubsub import Channel as Channel
    from servo.pubsub import Exchange as Exchange
    from servo.pubsub import Filter as Filter
    from servo.pubsub import Message as Message
    from servo.pubsub import Metadata as Metadata
    from servo.pubsub import Mixin as Mixin
    from servo.pubsub import Publisher as Publisher
    from servo.pubsub import Splitter as Splitter
    from servo.pubsub import Subscriber as Subscriber
    from servo.pubsub import Subscription as Subscription
    from servo.pubsub import Transformer as Transformer
    from servo.servo import Events as Events
    from servo.servo import Servo as Servo
    from servo.servo import current_command_uid as current_command_uid
    from servo.servo import current_servo as current_servo
    from servo.types import CONFIGMAP_FORMAT as CONFIGMAP_FORMAT
    from servo.types import CPU as CPU
    from servo.types import DEFAULT_JSON_ENCODERS as DEFAULT_JSON_ENCODERS
    from servo.types import DICT_FORMAT as DICT_FORMAT
    from servo.types import HTML_FORMAT as HTML_FORMAT
    from servo.types import HTTP_METHODS as HTTP_METHODS
    from servo.types import JSON_FORMAT as JSON_FORMAT
    from servo.types import MARKDOWN_FORMAT as MARKDOWN_FORMAT
    from servo.types import TEXT_FORMAT as TEXT_FORMAT
    from servo.types import YAML_FORMAT as YAML_FORMAT
    from servo.types import AbstractOutputFormat as AbstractOutputFormat
    from servo.types import Adjustment as Adjustment
    from servo.types import BaseModel as BaseModel
    from servo.types import BaseModelConfig as BaseModelConfig
    from servo.types import BaseProgress as BaseProgress
    from servo.types import Component as Component
    from servo.types import Control as Control
    from servo.types import DataPoint as DataPoint
    from servo.types import Description as Description
    from servo.types import Duration as Duration
    from servo.types import DurationDescriptor as DurationDescriptor
    from servo.types import DurationProgress as DurationProgress
    from servo.types import EnumSetting as EnumSetting
    from servo.types import EnvironmentEnumSetting as EnvironmentEnumSetting
    from servo.types import EnvironmentRangeSetting as EnvironmentRangeSetting
    from servo.types import EnvironmentSetting as EnvironmentSetting
    from servo.types import EnvironmentSettingList as EnvironmentSettingList
    from servo.types import ErrorSeverity as ErrorSeverity
    from servo.types import EventProgress as EventProgress
    from servo.types import Futuristic as Futuristic
    from servo.types import HumanReadable as HumanReadable
    from servo.types import InstanceType as InstanceType
    from servo.types import InstanceTypeUnits as InstanceTypeUnits
    from servo.types import License as License
    from servo.types import Maturity as Maturity
    from servo.types import Measurement as Measurement
    from servo.types import Memory as Memory
    from servo.types import Metric as Metric
    from servo.types import NoneCallable as NoneCallable
    from servo.types import NormalizationPolicy as NormalizationPolicy
    from servo.types import Numeric as Numeric
    from servo.types import NumericType as NumericType
    from servo.types import OpsaniRepr as OpsaniRepr
    from servo.types import RangeSetting as RangeSetting
    from servo.types import Reading as Reading
    from servo.types import Readings as Readings
    from servo.types import Replicas as Replicas
    from servo.types import Setting as Setting
    from servo.types import SloCondition as SloCondition
    from servo.types import SloInput as SloInput
    from servo.types import SloKeep as SloKeep
    from servo.types import TimeSeries as TimeSeries
    from servo.types import TriggerConstraints as TriggerConstraints
    from servo.types import Unit as Unit
    from servo.types import UserData as UserData
    from servo.types import Version as Version
    from servo.types import find_setting as find_setting
    from servo.types import isfuturistic as isfuturistic
    from servo.utilities import OutputStreamCallback as OutputStreamCallback
    from servo.utilities import PreservedScalarString as PreservedScalarString
    from servo.utilities import SubprocessResult as SubprocessResult
    from servo.utilities import SubprocessTimeoutError as SubprocessTimeoutError
    from servo.utilities import Timeout as Timeout
    from servo.utilities import append_pydantic_validator as append_pydantic_validator
    from servo.utilities import check_status_to_str as check_status_to_str
    from servo.utilities import commandify as commandify
    from servo.utilities import dump_container as dump_container
    from servo.utilities import extra as extra
    from servo.utilities import get_hash as get_hash
    from servo.utilities import join_to_series as join_to_series
    from servo.utilities import microseconds_from_duration_str as microseconds_from_duration_str
    from servo.utilities import parse_csv as parse_csv
    from servo.utilities import parse_id as parse_id
    from servo.utilities import parse_re as parse_re
    from servo.utilities import prepend_pydantic_validator as prepend_pydantic_validator
    from servo.utilities import pss_representer as pss_representer
    from servo.utilities import run_subprocess_exec as run_subprocess_exec
    from servo.utilities import run_subprocess_shell as run_subprocess_shell
    from servo.utilities import stream_subprocess_exec as stream_subprocess_exec
    from servo.utilities import stream_subprocess_output as stream_subprocess_output
    from servo.utilities import stream_subprocess_shell as stream_subprocess_shell
    from servo.utilities import timedelta_from_duration_str as timedelta_from_duration_str
    from servo.utilities import timedelta_to_duration_str as timedelta_to_duration_str
    from servo.utilities import units as units
    from servo.utilities import value_for_key_path as value_for_key_path
    from servo.utilities import values_for_keys as values_for_keys

# The module each public name lives in.
_HOMES = {
    "servo.assembly": ["Assembly", "current_assembly"],
    "servo.checks": [
        "BaseChecks",
        "Check",
        "CheckFilter",
        "CheckHandler",
        "CheckHandlerResult",
        "check",
        "multicheck",
        "require",
        "warn",
    ],
    "servo.configuration": [
        "AbstractBaseConfiguration",
        "AppdynamicsOptimizer",
        "BaseConfiguration",
        "BaseServoConfiguration",
        "CommonConfiguration",
        "OpsaniOptimizer",
        "OptimizerTypes",
    ],
    "servo.connector": ["BaseConnector", "current_connector", "metadata"],
    "servo.errors": [
        "AdjustmentFailedError",
        "AdjustmentRejectedError",
        "BaseError",
        "ConnectorError",
        "ConnectorNotFoundError",
        "EventAbortedError",
        "EventCancelledError",
        "EventError",
        "EventHandlersNotFoundError",
        "MeasurementFailedError",
        "ServoError",
        "UnexpectedEventError",
    ],
    "servo.events": [
        "Event",
        "EventHandler",
        "EventResult",
        "Preposition",
        "after_event",
        "before_event",
        "create_event",
        "current_event",
        "event",
        "event_handler",
        "on_event",
    ],
    "servo.servo": ["Events", "Servo", "current_command_uid", "current_servo"],
    "servo.logging": [
        "ProgressHandler",
        "log_execution",
        "log_execution_time",
        "logger",
        "reset_to_defaults",
        "set_level",
    ],
    "servo.pubsub": [
        "Aggregator",
        "BaseSubscription",
        "Callback",
        "Channel",
        "Exchange",
        "Filter",
        "Message",
        "Metadata",
        "Mixin",
        "Publisher",
        "Splitter",
        "Subscriber",
        "Subscription",
        "Transformer",
    ],
    "servo.types": [
        "AbstractOutputFormat",
        "Adjustment",
        "BaseModel",
        "BaseModelConfig",
        "BaseProgress",
        "CONFIGMAP_FORMAT",
        "CPU",
        "Component",
        "Control",
        "DEFAULT_JSON_ENCODERS",
        "DICT_FORMAT",
        "DataPoint",
        "Description",
        "Duration",
        "DurationDescriptor",
        "DurationProgress",
        "EnumSetting",
        "EnvironmentEnumSetting",
        "EnvironmentRangeSetting",
        "EnvironmentSetting",
        "EnvironmentSettingList",
        "ErrorSeverity",
        "EventProgress",
        "Futuristic",
        "HTML_FORMAT",
        "HTTP_METHODS",
        "HumanReadable",
        "InstanceType",
        "InstanceTypeUnits",
        "JSON_FORMAT",
        "License",
        "MARKDOWN_FORMAT",
        "Maturity",
        "Measurement",
        "Memory",
        "Metric",
        "NoneCallable",
        "NormalizationPolicy",
        "Numeric",
        "NumericType",
        "OpsaniRepr",
        "RangeSetting",
        "Reading",
        "Readings",
        "Replicas",
        "Setting",
        "SloCondition",
        "SloInput",
        "SloKeep",
        "TEXT_FORMAT",
        "TimeSeries",
        "TriggerConstraints",
        "Unit",
        "UserData",
        "Version",
        "YAML_FORMAT",
        "find_setting",
        "isfuturistic",
    ],
    "servo.utilities": [
        "OutputStreamCallback",
        "PreservedScalarString",
        "SubprocessResult",
        "SubprocessTimeoutError",
        "Timeout",
        "append_pydantic_validator",
        "check_status_to_str",
        "commandify",
        "dump_container",
        "extra",
        "get_hash",
        "join_to_series",
        "microseconds_from_duration_str",
        "parse_csv",
        "parse_id",
        "parse_re",
        "prepend_pydantic_validator",
        "pss_representer",
        "run_subprocess_exec",
        "run_subprocess_shell",
        "stream_subprocess_exec",
        "stream_subprocess_output",
        "stream_subprocess_shell",
        "timedelta_from_duration_str",
        "timedelta_to_duration_str",
        "units",
        "value_for_key_path",
        "values_for_keys",
    ],
}
_NAMES = {name: module for module, names in _HOMES.items() for name in names}

__cryptonym__ = "ollyander"
"""The name of the release of ServoX that this package succeeds."""

# Modules that have their place in the package of utilities, and can be reached from here.
_UTILITIES = {"duration_str", "hashing", "inspect", "key_paths", "pydantic", "strings", "subprocess", "yaml"}

# No part of this package, but always found in it: old connectors write `servo.Optional` and `servo.datetime`.
_BORROWED = {
    "inspect": ["isclass"],
    "datetime": ["timedelta"],
    "typing": [
        *("Annotated", "Any", "AsyncIterator", "Awaitable", "Callable", "Dict", "Generator", "List", "Literal"),
        *("Optional", "Pattern", "Protocol", "Sequence", "Tuple", "Type", "TypeVar", "Union"),
        *("cast", "get_origin", "runtime_checkable"),
    ],
}
_BORROWED_NAMES = {name: module for module, names in _BORROWED.items() for name in names}
_BORROWED_MODULES = {
    *("abc", "asyncio", "builtins", "collections", "contextlib", "datetime", "decimal", "enum", "functools", "hashlib"),
    *("operator", "pathlib", "re", "time"),
}

__all__ = [*sorted(_NAMES), "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from servo import _core

        return _core.version()
    if (module := _NAMES.get(name) or _BORROWED_NAMES.get(name)) is not None:
        value = getattr(importlib.import_module(module), name)
        globals()[name] = value
        return value
    if name in _UTILITIES:
        return importlib.import_module(f"servo.utilities.{name}")
    if name in _BORROWED_MODULES:
        return importlib.import_module(name)
    try:
        return importlib.import_module(f"servo.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"servo.{name}":
            raise
    raise AttributeError(f"module 'servo' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


warn_of_predecessor(os.path.dirname(__file__))
