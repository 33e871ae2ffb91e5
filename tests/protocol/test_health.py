"""Measures are judged against limits, with the reason, the value and the limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.health import Limits, ReasonCode, judge
from protocol.messages import HostMeasures, OutboxReport
from protocol.model import Reason, Status

LIMITS = Limits()
percent = st.none() | st.floats(0, 100)
measures = st.builds(
    HostMeasures,
    cpu_percent=percent,
    memory_used_percent=percent,
    disk_used_percent=percent,
    temperature_c=st.none() | st.floats(-20, 120),
    battery_percent=percent,
    on_mains=st.none() | st.booleans(),
    clock_jump_s=st.none() | st.floats(-1e6, 1e6),
)


@pytest.mark.parametrize(
    ("given_measures", "status", "code"),
    [
        (HostMeasures(cpu_percent=10), Status.OK, None),
        (HostMeasures(cpu_percent=95), Status.WARNING, ReasonCode.CPU_HIGH),
        (HostMeasures(memory_used_percent=92), Status.WARNING, ReasonCode.MEMORY_LOW),
        (HostMeasures(memory_used_percent=98), Status.CRITICAL, ReasonCode.MEMORY_LOW),
        (HostMeasures(disk_used_percent=90), Status.WARNING, ReasonCode.DISK_LOW),
        (HostMeasures(disk_used_percent=97), Status.CRITICAL, ReasonCode.DISK_LOW),
        (HostMeasures(temperature_c=80), Status.WARNING, ReasonCode.TEMPERATURE_HIGH),
        (HostMeasures(temperature_c=92), Status.CRITICAL, ReasonCode.TEMPERATURE_HIGH),
        (HostMeasures(battery_percent=20, on_mains=False), Status.WARNING, ReasonCode.BATTERY_LOW),
        (HostMeasures(battery_percent=8, on_mains=False), Status.CRITICAL, ReasonCode.BATTERY_LOW),
        (HostMeasures(battery_percent=5, on_mains=True), Status.OK, None),
        (HostMeasures(clock_jump_s=-90.0), Status.WARNING, ReasonCode.CLOCK_JUMPED),
        (HostMeasures(clock_jump_s=2.0), Status.OK, None),
        (HostMeasures(), Status.UNKNOWN, None),
    ],
)
def test_a_measure_is_judged(
    given_measures: HostMeasures, status: Status, code: ReasonCode | None
) -> None:
    """At its limit, not beyond it; a machine without sensors is unknown."""
    judged = judge(given_measures, LIMITS)
    assert judged.status is status
    assert [reason.code for reason in judged.reasons] == ([code] if code else [])


@pytest.mark.parametrize(
    ("given_measures", "status", "reason"),
    [
        (HostMeasures(disk_read_only=True), Status.CRITICAL, Reason(ReasonCode.DISK_READ_ONLY)),
        (HostMeasures(disk_errors=1), Status.WARNING, Reason(ReasonCode.DISK_ERRORS, 1, 1)),
        (HostMeasures(disk_errors=0), Status.OK, None),
        (HostMeasures(under_voltage=True), Status.WARNING, Reason(ReasonCode.UNDER_VOLTAGE)),
        (HostMeasures(throttled=True), Status.WARNING, Reason(ReasonCode.THROTTLED)),
        (
            HostMeasures(battery_wear_percent=50.0),
            Status.WARNING,
            Reason(ReasonCode.BATTERY_WORN, 50.0, 50.0),
        ),
        (HostMeasures(battery_wear_percent=49.9), Status.OK, None),
        (
            HostMeasures(battery_percent=20.0, on_mains=False),
            Status.WARNING,
            Reason(ReasonCode.BATTERY_LOW, 20.0, 20.0),
        ),
        (
            HostMeasures(battery_percent=8.0),
            Status.CRITICAL,
            Reason(ReasonCode.BATTERY_LOW, 8.0, 8.0),
        ),
        (
            HostMeasures(wifi_signal_dbm=-78.0),
            Status.WARNING,
            Reason(ReasonCode.WIFI_WEAK, -78.0, -78.0),
        ),
        (HostMeasures(wifi_signal_dbm=-77.9), Status.OK, None),
        (
            HostMeasures(clock_jump_s=60.0),
            Status.WARNING,
            Reason(ReasonCode.CLOCK_JUMPED, 60.0, 60.0),
        ),
        (HostMeasures(clock_jump_s=-59.9), Status.OK, None),
    ],
)
def test_a_finding_holds_what_was_measured_and_what_was_allowed(
    given_measures: HostMeasures, status: Status, reason: Reason | None
) -> None:
    """At the limit itself; a finding without a measure holds none."""
    assert judge(given_measures, LIMITS) == (status, (reason,) if reason else ())


@pytest.mark.parametrize(("limit", "is_reason"), [(0, True), (1, True), (2, False)])
def test_a_single_disk_error_is_told_where_one_is_the_limit(limit: int, is_reason: bool) -> None:  # noqa: FBT001
    """No limit of 0 makes a disk without errors ill."""
    limits = Limits(disk_errors_warning_count=limit)
    assert bool(judge(HostMeasures(disk_errors=1), limits).reasons) == is_reason
    assert judge(HostMeasures(disk_errors=0), limits).status is Status.OK


@given(measures)
def test_the_status_follows_from_the_reasons(given_measures: HostMeasures) -> None:
    """Well without a reason, ill with one, and each reason holds what it was judged by."""
    judged = judge(given_measures, LIMITS)
    if given_measures == HostMeasures():
        assert judged.status is Status.UNKNOWN
    else:
        assert (judged.status is Status.OK) == (not judged.reasons)
    assert all(reason.value is not None and reason.limit is not None for reason in judged.reasons)


def test_the_most_urgent_reason_stands_first() -> None:
    """A teacher reads one line."""
    judged = judge(HostMeasures(cpu_percent=99, disk_used_percent=99), LIMITS)
    assert [reason.code for reason in judged.reasons] == [ReasonCode.DISK_LOW, ReasonCode.CPU_HIGH]
    assert judged.reasons[0] == Reason(ReasonCode.DISK_LOW, 99, 97.0)


def test_a_full_or_lossy_outbox_is_told() -> None:
    """Drops are shown, not only counted."""
    report = OutboxReport(pending=500, dropped=3)
    judged = judge(HostMeasures(cpu_percent=1), LIMITS, report)
    assert judged.status is Status.WARNING
    assert judged.reasons == (
        Reason(ReasonCode.OUTBOX_WAITING, 500, 500),
        Reason(ReasonCode.EVENTS_DROPPED, 3, 0),
    )
    assert judge(HostMeasures(cpu_percent=1), LIMITS, OutboxReport(pending=499)).reasons == ()
