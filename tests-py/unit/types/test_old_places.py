"""What connectors use of values by ways that are not the usual ones."""

import datetime

import pytest

import servo
import servo.connector
import servo.telemetry


def test_values_can_be_imported_from_the_module_of_connectors():
    from servo.connector import License, Maturity, Metric

    assert (License, Maturity, Metric) == (servo.License, servo.Maturity, servo.Metric)
    with pytest.raises(AttributeError, match=r"'servo\.connector' has no attribute 'Nothing'"):
        _ = servo.connector.Nothing


def test_a_mebibyte():
    assert servo.telemetry.ONE_MiB == 1_048_576


@pytest.mark.parametrize("value", ["1m30s", 90, 90.0, datetime.timedelta(seconds=90), servo.Duration("90s")])
def test_durations_are_validated_by_hand(value):
    checked = servo.Duration.validate(value)
    assert type(checked) is servo.Duration
    assert checked.total_seconds() == 90


@pytest.mark.parametrize("value", ["later", None, []])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises((ValueError, TypeError)):
        servo.Duration.validate(value)


@pytest.mark.parametrize(("setting", "unit"), [(servo.CPU, "cores"), (servo.Memory, "GiB")])
def test_resources_tell_their_unit_where_defaults_are_left_out(setting, unit):
    assert setting(min=1, max=4, step=1).dict(exclude_unset=True)["unit"] == unit
    assert setting(min=1, max=4, step=1, unit="x").dict(exclude_unset=True)["unit"] == "x"


def test_other_settings_leave_the_unit_out():
    assert "unit" not in servo.Replicas(min=1, max=4).dict(exclude_unset=True)
