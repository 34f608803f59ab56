"""The values that travel between connectors, the engine and an optimizer.

Names are imported when they are first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo._core import DataPoint as DataPoint
    from servo._core import TimeSeries as TimeSeries
    from servo.types.api import Adjustment as Adjustment
    from servo.types.api import Component as Component
    from servo.types.api import Control as Control
    from servo.types.api import Description as Description
    from servo.types.api import Measurement as Measurement
    from servo.types.api import UserData as UserData
    from servo.types.durations import Duration as Duration
    from servo.types.enums import CONFIGMAP_FORMAT as CONFIGMAP_FORMAT
    from servo.types.enums import DICT_FORMAT as DICT_FORMAT
    from servo.types.enums import HTML_FORMAT as HTML_FORMAT
    from servo.types.enums import HTTP_METHODS as HTTP_METHODS
    from servo.types.enums import JSON_FORMAT as JSON_FORMAT
    from servo.types.enums import MARKDOWN_FORMAT as MARKDOWN_FORMAT
    from servo.types.enums import TEXT_FORMAT as TEXT_FORMAT
    from servo.types.enums import YAML_FORMAT as YAML_FORMAT
    from servo.types.enums import AbstractOutputFormat as AbstractOutputFormat
    from servo.types.enums import ErrorSeverity as ErrorSeverity
    from servo.types.enums import License as License
    from servo.types.enums import Maturity as Maturity
    from servo.types.enums import NormalizationPolicy as NormalizationPolicy
    from servo.types.enums import Unit as Unit
    from servo.types.kubernetes import ContainerLogOptions as ContainerLogOptions
    from servo.types.kubernetes import Resource as Resource
    from servo.types.kubernetes import ResourceRequirement as ResourceRequirement
    from servo.types.metrics import Metric as Metric
    from servo.types.models import DEFAULT_JSON_ENCODERS as DEFAULT_JSON_ENCODERS
    from servo.types.models import BaseModel as BaseModel
    from servo.types.models import BaseModelConfig as BaseModelConfig
    from servo.types.progress import BaseProgress as BaseProgress
    from servo.types.progress import DurationProgress as DurationProgress
    from servo.types.progress import EventProgress as EventProgress
    from servo.types.protocols import DurationDescriptor as DurationDescriptor
    from servo.types.protocols import Futuristic as Futuristic
    from servo.types.protocols import HumanReadable as HumanReadable
    from servo.types.protocols import NoneCallable as NoneCallable
    from servo.types.protocols import Numeric as Numeric
    from servo.types.protocols import OpsaniRepr as OpsaniRepr
    from servo.types.protocols import Reading as Reading
    from servo.types.protocols import Readings as Readings
    from servo.types.protocols import isfuturistic as isfuturistic
    from servo.types.settings import CPU as CPU
    from servo.types.settings import EnumSetting as EnumSetting
    from servo.types.settings import EnvironmentEnumSetting as EnvironmentEnumSetting
    from servo.types.settings import EnvironmentRangeSetting as EnvironmentRangeSetting
    from servo.types.settings import EnvironmentSetting as EnvironmentSetting
    from servo.types.settings import EnvironmentSettingList as EnvironmentSettingList
    from servo.types.settings import InstanceType as InstanceType
    from servo.types.settings import InstanceTypeUnits as InstanceTypeUnits
    from servo.types.settings import Memory as Memory
    from servo.types.settings import NumericType as NumericType
    from servo.types.settings import RangeSetting as RangeSetting
    from servo.types.settings import Replicas as Replicas
    from servo.types.settings import Setting as Setting
    from servo.types.settings import find_setting as find_setting
    from servo.types.slo import SloCondition as SloCondition
    from servo.types.slo import SloInput as SloInput
    from servo.types.slo import SloKeep as SloKeep
    from servo.types.slo import TriggerConstraints as TriggerConstraints
    from servo.types.versions import Version as Version

# The module each name lives in.
_HOMES = {
    "servo._core": ["DataPoint", "TimeSeries"],
    "servo.types.api": ["Adjustment", "Component", "Control", "Description", "Measurement", "UserData"],
    "servo.types.durations": ["Duration"],
    "servo.types.enums": [
        "AbstractOutputFormat",
        "CONFIGMAP_FORMAT",
        "DICT_FORMAT",
        "ErrorSeverity",
        "HTML_FORMAT",
        "HTTP_METHODS",
        "JSON_FORMAT",
        "License",
        "MARKDOWN_FORMAT",
        "Maturity",
        "NormalizationPolicy",
        "TEXT_FORMAT",
        "Unit",
        "YAML_FORMAT",
    ],
    "servo.types.kubernetes": ["ContainerLogOptions", "Resource", "ResourceRequirement"],
    "servo.types.metrics": ["Metric"],
    "servo.types.models": ["BaseModel", "BaseModelConfig", "DEFAULT_JSON_ENCODERS"],
    "servo.types.progress": ["BaseProgress", "DurationProgress", "EventProgress"],
    "servo.types.protocols": [
        "DurationDescriptor",
        "Futuristic",
        "HumanReadable",
        "NoneCallable",
        "Numeric",
        "OpsaniRepr",
        "Reading",
        "Readings",
        "isfuturistic",
    ],
    "servo.types.settings": [
        "CPU",
        "EnumSetting",
        "EnvironmentEnumSetting",
        "EnvironmentRangeSetting",
        "EnvironmentSetting",
        "EnvironmentSettingList",
        "InstanceType",
        "InstanceTypeUnits",
        "Memory",
        "NumericType",
        "RangeSetting",
        "Replicas",
        "Setting",
        "find_setting",
    ],
    "servo.types.slo": ["SloCondition", "SloInput", "SloKeep", "TriggerConstraints"],
    "servo.types.versions": ["Version"],
}
_NAMES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [*sorted(_NAMES)]


def __getattr__(name: str) -> Any:
    if (module := _NAMES.get(name)) is not None:
        value = getattr(importlib.import_module(module), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'servo.types' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
