"""This file judges measures against limits: a status, and the reasons for it. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

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
    PORT_TAKEN = "port_taken"
    TABLET_PORT_TAKEN = "tablet_port_taken"
    SIMULATED_FAULT = "simulated_fault"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where warning and critical begin."""

    cpu_warning_percent: Annotated[
        float,
        Meta(description="Warning: processor in use, measured over a beat.", extra={"unit": "%"}),
    ] = 95.0
    memory_warning_percent: Annotated[
        float, Meta(description="Warning: memory in use.", extra={"unit": "%"})
    ] = 92.0
    memory_critical_percent: Annotated[
        float, Meta(description="Critical: memory in use.", extra={"unit": "%"})
    ] = 98.0
    disk_warning_percent: Annotated[
        float, Meta(description="Warning: disk in use.", extra={"unit": "%"})
    ] = 90.0
    disk_critical_percent: Annotated[
        float, Meta(description="Critical: disk in use.", extra={"unit": "%"})
    ] = 97.0
    temperature_warning_c: Annotated[
        float, Meta(description="Warning: the hottest sensor.", extra={"unit": "°C"})
    ] = 80.0
    temperature_critical_c: Annotated[
        float, Meta(description="Critical: the hottest sensor.", extra={"unit": "°C"})
    ] = 92.0
    battery_warning_percent: Annotated[
        float, Meta(description="Warning: battery left, when not plugged in.", extra={"unit": "%"})
    ] = 20.0
    battery_critical_percent: Annotated[
        float, Meta(description="Critical: battery left, when not plugged in.", extra={"unit": "%"})
    ] = 8.0
    battery_wear_warning_percent: Annotated[
        float,
        Meta(
            description="Warning: how much of the battery's first capacity is gone.",
            extra={"unit": "%"},
        ),
    ] = 50.0
    wifi_warning_dbm: Annotated[
        float, Meta(description="Warning: Wi-Fi signal at or below this.", extra={"unit": "dBm"})
    ] = -78.0
    disk_errors_warning_count: Annotated[
        int, Meta(description="Warning: errors that the disk has counted.")
    ] = 1
    lamp_warning_hours: Annotated[
        int, Meta(description="Warning: hours a projector's lamp has run.", extra={"unit": "h"})
    ] = 3000
    clock_jump_warning_s: Annotated[
        float,
        Meta(description="Warning: jump of the clock between two beats.", extra={"unit": "s"}),
    ] = 60.0
    outbox_warning_count: Annotated[
        int, Meta(description="Warning: messages that wait for the school's server.")
    ] = 500


class Judgement(NamedTuple):
    """A status with its reasons, the most urgent first."""

    status: Status
    reasons: tuple[Reason, ...]


class _Rule(NamedTuple):
    code: ReasonCode
    measure: str
    warning: str
    critical: str = ""


_RISING: Final = (
    _Rule(ReasonCode.CPU_HIGH, "cpu_percent", "cpu_warning_percent"),
    _Rule(
        ReasonCode.MEMORY_LOW,
        "memory_used_percent",
        "memory_warning_percent",
        "memory_critical_percent",
    ),
    _Rule(
        ReasonCode.DISK_LOW, "disk_used_percent", "disk_warning_percent", "disk_critical_percent"
    ),
    _Rule(
        ReasonCode.TEMPERATURE_HIGH,
        "temperature_c",
        "temperature_warning_c",
        "temperature_critical_c",
    ),
)


def judge(
    measures: HostMeasures,
    limits: Limits,
    outbox: OutboxReport | None = None,
    extra: tuple[tuple[Status, Reason], ...] = (),
) -> Judgement:
    """Judge a machine's measures; `extra` are findings already judged elsewhere.

    A machine that measured nothing at all is unknown, never ok by default.
    """
    findings = [
        *_rising(measures, limits),
        *_battery(measures, limits),
        *_power_and_disk(measures, limits),
        *_clock(measures, limits),
        *_waiting(outbox or OutboxReport(), limits),
        *extra,
    ]
    findings.sort(key=lambda finding: finding[0] is not Status.CRITICAL)
    reasons = tuple(reason for _, reason in findings)
    if measures == HostMeasures():
        return Judgement(Status.UNKNOWN, reasons)
    if any(status is Status.CRITICAL for status, _ in findings):
        return Judgement(Status.CRITICAL, reasons)
    if any(status is Status.WARNING for status, _ in findings):
        return Judgement(Status.WARNING, reasons)
    return Judgement(Status.OK, reasons)


Finding = tuple[Status, Reason]


def _rising(measures: HostMeasures, limits: Limits) -> list[Finding]:
    findings = []
    for rule in _RISING:
        value: float | None = getattr(measures, rule.measure)
        if value is None:
            continue
        critical = getattr(limits, rule.critical) if rule.critical else None
        warning = getattr(limits, rule.warning)
        if critical is not None and value >= critical:
            findings.append((Status.CRITICAL, Reason(rule.code, value, critical)))
        elif value >= warning:
            findings.append((Status.WARNING, Reason(rule.code, value, warning)))
    return findings


def _battery(measures: HostMeasures, limits: Limits) -> list[Finding]:
    level = measures.battery_percent
    if level is None or measures.on_mains:
        return []
    if level <= limits.battery_critical_percent:
        reason = Reason(ReasonCode.BATTERY_LOW, level, limits.battery_critical_percent)
        return [(Status.CRITICAL, reason)]
    if level <= limits.battery_warning_percent:
        reason = Reason(ReasonCode.BATTERY_LOW, level, limits.battery_warning_percent)
        return [(Status.WARNING, reason)]
    return []


def _power_and_disk(measures: HostMeasures, limits: Limits) -> list[Finding]:
    findings: list[Finding] = []
    if measures.disk_read_only:
        findings.append((Status.CRITICAL, Reason(ReasonCode.DISK_READ_ONLY)))
    if (errors := measures.disk_errors or 0) >= max(1, limits.disk_errors_warning_count):
        limit = limits.disk_errors_warning_count
        findings.append((Status.WARNING, Reason(ReasonCode.DISK_ERRORS, errors, limit)))
    if measures.under_voltage:
        findings.append((Status.WARNING, Reason(ReasonCode.UNDER_VOLTAGE)))
    if measures.throttled:
        findings.append((Status.WARNING, Reason(ReasonCode.THROTTLED)))
    wear = measures.battery_wear_percent
    if wear is not None and wear >= limits.battery_wear_warning_percent:
        limit_percent = limits.battery_wear_warning_percent
        findings.append((Status.WARNING, Reason(ReasonCode.BATTERY_WORN, wear, limit_percent)))
    signal = measures.wifi_signal_dbm
    if signal is not None and signal <= limits.wifi_warning_dbm:
        findings.append(
            (Status.WARNING, Reason(ReasonCode.WIFI_WEAK, signal, limits.wifi_warning_dbm))
        )
    return findings


def _clock(measures: HostMeasures, limits: Limits) -> list[Finding]:
    jump = measures.clock_jump_s
    if jump is None or abs(jump) < limits.clock_jump_warning_s:
        return []
    reason = Reason(ReasonCode.CLOCK_JUMPED, jump, limits.clock_jump_warning_s)
    return [(Status.WARNING, reason)]


def _waiting(outbox: OutboxReport, limits: Limits) -> list[Finding]:
    findings = []
    if outbox.pending >= limits.outbox_warning_count:
        reason = Reason(ReasonCode.OUTBOX_WAITING, outbox.pending, limits.outbox_warning_count)
        findings.append((Status.WARNING, reason))
    if outbox.dropped:
        findings.append((Status.WARNING, Reason(ReasonCode.EVENTS_DROPPED, outbox.dropped, 0)))
    return findings
