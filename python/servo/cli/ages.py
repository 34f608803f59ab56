"""How long ago a time is, in words."""

MINUTE, HOUR, DAY, WEEK, YEAR = 60, 3600, 86400, 7 * 86400, 365 * 86400
MONTH = YEAR / 12
UNITS = (("year", YEAR), ("month", MONTH), ("week", WEEK), ("day", DAY), ("hour", HOUR), ("minute", MINUTE))
JUST_NOW = 10
"""Seconds that are not counted."""


def age(seconds: float) -> str:
    """``just now``, ``5 minutes ago``; ``in 2 hours`` for what is yet to come.

    Args:
        seconds: How long ago it is.
    """
    distance = abs(seconds)
    if distance < JUST_NOW:
        return "just now"
    unit, size = next(((unit, size) for unit, size in UNITS if distance >= size), ("second", 1))
    count = int(distance // size)
    told = f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{told} ago" if seconds > 0 else f"in {told}"
