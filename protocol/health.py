"""This file judges measures against limits: a status, and the reasons for it. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from protocol import messages
from protocol.messages import HostMeasures, OutboxReport
from protocol.model import Reason, Status


class ReasonCode(StrEnum):
    """Every reason LopHoc gives; each has a sentence in every language."""

    CPU_HIGH = "cpu_high"
    MEMORY_LOW = "memory_low"
    DISK_LOW = "disk_low"
    TEMPERATURE_HIGH = "temperature_high"
    BATTERY_LOW = "battery_low"
    BATTERY_WORN = "battery_worn"
    WIFI_WEAK = "wifi_weak"
    UNDER_VOLTAGE = "under_voltage"
    THROTTLED = "throttled"
    DISK_READ_ONLY = "disk_read_only"
    DISK_ERRORS = "disk_errors"
    GATEWAY_UNREACHABLE = "gateway_unreachable"
    DNS_FAILING = "dns_failing"
    INTERNET_UNREACHABLE = "internet_unreachable"
    CONTROLLER_UNREACHABLE = "controller_unreachable"
    NOT_BELIEVED = "not_believed"
    SOFTWARE_MISSING = "software_missing"
    KIT_MISSING = "kit_missing"
    ROOM_UNKNOWN = "room_unknown"
    FLAWS_HEARD = "flaws_heard"
    CLOCK_JUMPED = "clock_jumped"
    SENSE_MISSING = "sense_missing"
    OUTBOX_REFUSED = "outbox_refused"
    OUTBOX_WAITING = "outbox_waiting"
    EVENTS_DROPPED = "events_dropped"
    EVENTS_MISSING = "events_missing"
    UNPLUGGED = "unplugged"
    GOODBYE = "goodbye"
    NO_ANSWER = "no_answer"
    SLEEPING = "sleeping"
    NEEDS_PASSWORD = "needs_password"  # noqa: S105 - a reason, not a password
    BUSY = "busy"
    STALLED = "stalled"
    NONSENSE = "nonsense"
    NO_RIGHTS = "no_rights"
    CAMERA_OFF = "camera_off"
    CHARGE = "charge"
    CHARGE_LOW = "charge_low"
    PICTURE_DISCONNECTED = "picture_disconnected"
    PICTURE_FROZEN = "picture_frozen"
    PICTURE_BLACK = "picture_black"
    PICTURE_OVEREXPOSED = "picture_overexposed"
    PICTURE_COVERED = "picture_covered"
    PICTURE_COLOUR_CAST = "picture_colour_cast"
    PICTURE_PARTLY_COVERED = "picture_partly_covered"
    PICTURE_BLURRED = "picture_blurred"
    PICTURE_SLOW = "picture_slow"
    PART_FAN = "part_fan"
    PART_LAMP = "part_lamp"
    PART_TEMPERATURE = "part_temperature"
    PART_COVER = "part_cover"
    PART_FILTER = "part_filter"
    PART_OTHER = "part_other"
    LAMP_OLD = "lamp_old"
    NOT_REPORTED = "not_reported"
    AGENT_LOST = "agent_lost"
    SILENT = "silent"
    CLONED = "cloned"
    PORT_TAKEN = "port_taken"
    TABLET_PORT_TAKEN = "tablet_port_taken"
    DOOR_KEY = "door_key"
    BASIC_ONLY = "basic_only"
    LOGIN_WAY = "login_way"
    CAMERA_CLOCK = "camera_clock"
    UNCLAIMED = "unclaimed"
    ANOTHER_DEVICE = "another_device"
    TEXT_CUT = messages.TEXT_CUT
    LEFT_OUT = messages.LEFT_OUT
    SIMULATED_FAULT = "simulated_fault"


def _in(unit: str, description: str) -> Meta:
    return Meta(description=description, extra={"unit": unit})


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where warning and critical begin."""

    cpu_warning_percent: Annotated[
        float, _in("%", "Warning: processor in use, measured over a beat.")
    ] = 95.0
    memory_warning_percent: Annotated[float, _in("%", "Warning: memory in use.")] = 92.0
    memory_critical_percent: Annotated[float, _in("%", "Critical: memory in use.")] = 98.0
    disk_warning_percent: Annotated[float, _in("%", "Warning: disk in use.")] = 90.0
    disk_critical_percent: Annotated[float, _in("%", "Critical: disk in use.")] = 97.0
    temperature_warning_c: Annotated[float, _in("°C", "Warning: the hottest sensor.")] = 80.0
    temperature_critical_c: Annotated[float, _in("°C", "Critical: the hottest sensor.")] = 92.0
    battery_warning_percent: Annotated[
        float, _in("%", "Warning: battery left, when not plugged in.")
    ] = 20.0
    battery_critical_percent: Annotated[
        float, _in("%", "Critical: battery left, when not plugged in.")
    ] = 8.0
    battery_wear_warning_percent: Annotated[
        float, _in("%", "Warning: how much of the battery's first capacity is gone.")
    ] = 50.0
    wifi_warning_dbm: Annotated[
        float, _in("dBm", "Warning: Wi-Fi signal at or below this.")
    ] = -78.0
    disk_errors_warning_count: Annotated[
        int, Meta(description="Warning: errors that the disk has counted.")
    ] = 1
    lamp_warning_hours: Annotated[int, _in("h", "Warning: hours a projector's lamp has run.")] = (
        3000
    )
    clock_jump_warning_s: Annotated[
        float, _in("s", "Warning: jump of the clock between two beats.")
    ] = 60.0
    outbox_warning_count: Annotated[
        int, Meta(description="Warning: messages that wait for the school's server.")
    ] = 500


class Judgement(NamedTuple):
    """A status with its reasons, the most urgent first."""

    status: Status
    reasons: tuple[Reason, ...]


Finding = tuple[Status, Reason]


class _Rule(NamedTuple):
    """The limits from which on a measure gives a reason; breaks: how it compares with them."""

    code: ReasonCode
    measure: Callable[[HostMeasures], float | None]
    warning: str
    critical: str = ""
    breaks: Callable[[float, float], bool] = operator.ge


_LEVELS: Final = (
    _Rule(ReasonCode.CPU_HIGH, attrgetter("cpu_percent"), "cpu_warning_percent"),
    _Rule(
        ReasonCode.MEMORY_LOW,
        attrgetter("memory_used_percent"),
        "memory_warning_percent",
        "memory_critical_percent",
    ),
    _Rule(
        ReasonCode.DISK_LOW,
        attrgetter("disk_used_percent"),
        "disk_warning_percent",
        "disk_critical_percent",
    ),
    _Rule(
        ReasonCode.TEMPERATURE_HIGH,
        attrgetter("temperature_c"),
        "temperature_warning_c",
        "temperature_critical_c",
    ),
    _Rule(
        ReasonCode.BATTERY_LOW,
        lambda measures: None if measures.on_mains else measures.battery_percent,
        "battery_warning_percent",
        "battery_critical_percent",
        operator.le,
    ),
    # No error is no reason, whatever the limit.
    _Rule(
        ReasonCode.DISK_ERRORS,
        lambda measures: measures.disk_errors or None,
        "disk_errors_warning_count",
    ),
)
_WEAR: Final = (
    _Rule(
        ReasonCode.BATTERY_WORN, attrgetter("battery_wear_percent"), "battery_wear_warning_percent"
    ),
    _Rule(
        ReasonCode.WIFI_WEAK,
        attrgetter("wifi_signal_dbm"),
        "wifi_warning_dbm",
        breaks=operator.le,
    ),
    _Rule(
        ReasonCode.CLOCK_JUMPED,
        attrgetter("clock_jump_s"),
        "clock_jump_warning_s",
        breaks=lambda jump, limit: abs(jump) >= limit,
    ),
)


def judge(
    measures: HostMeasures,
    limits: Limits,
    outbox: OutboxReport | None = None,
    extra: tuple[Finding, ...] = (),
) -> Judgement:
    """Judge a machine's measures; `extra` are findings already judged elsewhere.

    A machine that measured nothing at all is unknown, never ok by default.
    """
    findings = [
        *_broken(_LEVELS, measures, limits),
        *_flagged(measures),
        *_broken(_WEAR, measures, limits),
        *_waiting(outbox or OutboxReport(), limits),
        *extra,
    ]
    findings.sort(key=lambda finding: finding[0] is not Status.CRITICAL)
    reasons = tuple(reason for _, reason in findings)
    if measures == HostMeasures():
        return Judgement(Status.UNKNOWN, reasons)
    statuses = {status for status, _ in findings}
    bad = (status for status in (Status.CRITICAL, Status.WARNING) if status in statuses)
    return Judgement(next(bad, Status.OK), reasons)


def _broken(rules: Iterable[_Rule], measures: HostMeasures, limits: Limits) -> Iterator[Finding]:
    for rule in rules:
        value = rule.measure(measures)
        for status, name in ((Status.CRITICAL, rule.critical), (Status.WARNING, rule.warning)):
            limit = getattr(limits, name) if name else None
            if value is not None and limit is not None and rule.breaks(value, limit):
                yield status, Reason(rule.code, value, limit)
                break


def _flagged(measures: HostMeasures) -> Iterator[Finding]:
    if measures.disk_read_only:
        yield Status.CRITICAL, Reason(ReasonCode.DISK_READ_ONLY)
    if measures.under_voltage:
        yield Status.WARNING, Reason(ReasonCode.UNDER_VOLTAGE)
    if measures.throttled:
        yield Status.WARNING, Reason(ReasonCode.THROTTLED)


def _waiting(outbox: OutboxReport, limits: Limits) -> Iterator[Finding]:
    if outbox.pending >= limits.outbox_warning_count:
        reason = Reason(ReasonCode.OUTBOX_WAITING, outbox.pending, limits.outbox_warning_count)
        yield Status.WARNING, reason
    if outbox.dropped:
        yield Status.WARNING, Reason(ReasonCode.EVENTS_DROPPED, outbox.dropped, 0)
