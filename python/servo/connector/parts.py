"""The parts of other modules that every connector has."""

from __future__ import annotations

from servo.logging import Mixin as LoggingMixin
from servo.pubsub import Mixin as PubSubMixin

__all__ = ["LoggingMixin", "PubSubMixin"]
