"""The values that travel between connectors, the engine and an optimizer."""

from servo.types.api import Adjustment, Component, Control, Description, Measurement
from servo.types.core import DataPoint, Duration, Metric, TimeSeries, Unit
from servo.types.settings import EnumSetting, RangeSetting

__all__ = [
    "Adjustment",
    "Component",
    "Control",
    "DataPoint",
    "Description",
    "Duration",
    "EnumSetting",
    "Measurement",
    "Metric",
    "RangeSetting",
    "TimeSeries",
    "Unit",
]
