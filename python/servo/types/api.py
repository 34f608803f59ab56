"""What commands carry and what their results are made of."""

from servo._core import Adjustment, Component, Control, Description, Measurement

__all__ = ["Adjustment", "Component", "Control", "Description", "Measurement"]
