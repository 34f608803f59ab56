"""What can be adjusted."""

from servo._core import EnumSetting, RangeSetting

__all__ = ["EnumSetting", "RangeSetting"]
