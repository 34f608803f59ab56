"""Durations, units, metrics, readings, progress, and the base of models."""

from servo._core import DataPoint, TimeSeries
from servo.types.durations import Duration
from servo.types.enums import (
    CONFIGMAP_FORMAT,
    DICT_FORMAT,
    HTML_FORMAT,
    HTTP_METHODS,
    JSON_FORMAT,
    MARKDOWN_FORMAT,
    TEXT_FORMAT,
    YAML_FORMAT,
    AbstractOutputFormat,
    ErrorSeverity,
    License,
    Maturity,
    NormalizationPolicy,
    Unit,
)
from servo.types.metrics import Metric
from servo.types.models import DEFAULT_JSON_ENCODERS, BaseModel, BaseModelConfig
from servo.types.progress import BaseProgress, DurationProgress, EventProgress
from servo.types.protocols import (
    DurationDescriptor,
    Futuristic,
    HumanReadable,
    NoneCallable,
    Numeric,
    OpsaniRepr,
    Reading,
    Readings,
    isfuturistic,
)
from servo.types.versions import Version

__all__ = [
    "CONFIGMAP_FORMAT",
    "DEFAULT_JSON_ENCODERS",
    "DICT_FORMAT",
    "HTML_FORMAT",
    "HTTP_METHODS",
    "JSON_FORMAT",
    "MARKDOWN_FORMAT",
    "TEXT_FORMAT",
    "YAML_FORMAT",
    "AbstractOutputFormat",
    "BaseModel",
    "BaseModelConfig",
    "BaseProgress",
    "DataPoint",
    "Duration",
    "DurationDescriptor",
    "DurationProgress",
    "ErrorSeverity",
    "EventProgress",
    "Futuristic",
    "HumanReadable",
    "License",
    "Maturity",
    "Metric",
    "NoneCallable",
    "NormalizationPolicy",
    "Numeric",
    "OpsaniRepr",
    "Reading",
    "Readings",
    "TimeSeries",
    "Unit",
    "Version",
    "isfuturistic",
]
