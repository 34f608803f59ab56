"""What `servo.yaml` may say, as models: the parts of connectors, the optimizer, settings and checks."""

from servo import _own_package as _own_package
from servo.configuration.base import DEFAULT_TITLE, AbstractBaseConfiguration, BaseConfiguration
from servo.configuration.checks import ChecksConfiguration
from servo.configuration.common import (
    BackoffConfigurations,
    BackoffContexts,
    BackoffSettings,
    CommonConfiguration,
    ProxyKey,
    Timeouts,
)
from servo.configuration.document import BaseServoConfiguration
from servo.configuration.fast_fail import FastFailConfiguration
from servo.configuration.optimizers import (
    NAME_REGEX,
    OPTIMIZER_ID_REGEX,
    ORGANIZATION_REGEX,
    AppdynamicsOptimizer,
    LocalOptimizer,
    OpsaniOptimizer,
    OptimizerTypes,
    SidecarConnectionFile,
)

__all__ = [
    "DEFAULT_TITLE",
    "NAME_REGEX",
    "OPTIMIZER_ID_REGEX",
    "ORGANIZATION_REGEX",
    "AbstractBaseConfiguration",
    "AppdynamicsOptimizer",
    "BackoffConfigurations",
    "BackoffContexts",
    "BackoffSettings",
    "BaseConfiguration",
    "BaseServoConfiguration",
    "ChecksConfiguration",
    "CommonConfiguration",
    "FastFailConfiguration",
    "LocalOptimizer",
    "OpsaniOptimizer",
    "OptimizerTypes",
    "ProxyKey",
    "SidecarConnectionFile",
    "Timeouts",
]
