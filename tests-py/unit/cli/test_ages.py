"""How long ago a time is."""

import pytest

from servo.cli.ages import DAY, HOUR, MONTH, WEEK, YEAR, age


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "just now"), (9.9, "just now"), (-9, "just now"), (10, "10 seconds ago"), (59.9, "59 seconds ago"),
        (60, "1 minute ago"), (HOUR - 1, "59 minutes ago"), (HOUR, "1 hour ago"), (DAY, "1 day ago"),
        (6.9 * DAY, "6 days ago"), (WEEK, "1 week ago"), (4 * WEEK, "4 weeks ago"), (MONTH, "1 month ago"),
        (YEAR - 1, "11 months ago"), (2 * YEAR, "2 years ago"), (-10, "in 10 seconds"), (-HOUR, "in 1 hour"),
    ],
)  # fmt: skip
def test_an_age_has_one_unit(seconds, told):
    assert age(seconds) == told
