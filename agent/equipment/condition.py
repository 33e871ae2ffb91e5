"""This file judges what cameras and projectors told of themselves: how they fare, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from hardware.readings import CameraReading, CameraState, ProjectorPart, ProjectorReading
from protocol.health import Limits, ReasonCode
from protocol.model import DeviceMeasures, Reason, Status, worst

_NO_PICTURE: Final = frozenset({CameraState.DISCONNECTED, CameraState.FROZEN})
_ANSWERS: Final = frozenset(
    {"nonsense", "needs_password", "basic_only", "login_way", "camera_clock"}
)
_HINDRANCES: Final[Mapping[str, tuple[Status, ReasonCode]]] = {
    "needs_password": (Status.WARNING, ReasonCode.NEEDS_PASSWORD),
    "basic_only": (Status.WARNING, ReasonCode.BASIC_ONLY),
    "login_way": (Status.WARNING, ReasonCode.LOGIN_WAY),
    "camera_clock": (Status.WARNING, ReasonCode.CAMERA_CLOCK),
    "no_answer": (Status.CRITICAL, ReasonCode.NO_ANSWER),
    "stalled": (Status.CRITICAL, ReasonCode.STALLED),
    "no_rights": (Status.WARNING, ReasonCode.NO_RIGHTS),
    "nonsense": (Status.WARNING, ReasonCode.NONSENSE),
    # Somebody teaches with it: that is what it is for.
    "in_use": (Status.OK, ReasonCode.BUSY),
    "busy": (Status.OK, ReasonCode.BUSY),
}
_CHARGE_LOW: Final = 40  # a UPS on the mains is full; a tablet or mouse tells nothing here


_CHARGES: Final = frozenset({ReasonCode.CHARGE, ReasonCode.CHARGE_LOW})
_WAVERS: Final = 3  # percent, as of a battery that is full


class DeviceCondition(NamedTuple):
    """How a device fares, why, and what it measured."""

    status: Status
    reasons: tuple[Reason, ...] = ()
    measures: DeviceMeasures | None = None


CALM: Final = DeviceCondition(Status.OK)
SWITCHED_OFF: Final = DeviceCondition(Status.OK, (Reason(ReasonCode.CAMERA_OFF),))


def condition_of(
    reading: CameraReading | ProjectorReading, limits: Limits, *, lesson: bool
) -> DeviceCondition:
    """Judge one reading. lesson: whether a lesson runs; outside lessons rooms are dark."""
    match reading:
        case CameraReading():
            return _camera(reading, lesson=lesson)
        case ProjectorReading():
            return _projector(reading, limits)


def charged(percent: int | None, told: Sequence[Reason] = ()) -> DeviceCondition:
    """Judge the battery of what tells of one, such as a UPS: by tens, for each one is news.

    told: what was said before; what wavers about a ten, or about what is low, is as it was.
    """
    if percent is None:
        return CALM
    before = next((one for one in told if one.code in _CHARGES), None)
    tens = percent // 10 * 10
    if before is not None and isinstance(before.value, int | float):
        wavers = -_WAVERS <= percent - before.value < 10 + _WAVERS
        tens = round(before.value) if wavers else tens
    was_low = before is not None and before.code == ReasonCode.CHARGE_LOW
    if percent < _CHARGE_LOW + _WAVERS * was_low:
        return DeviceCondition(Status.WARNING, (Reason(ReasonCode.CHARGE_LOW, tens),))
    return DeviceCondition(Status.OK, (Reason(ReasonCode.CHARGE, tens),))


def both(one: DeviceCondition, other: DeviceCondition) -> DeviceCondition:
    """The worse of two conditions of one device, with what both measured."""
    status = worst([one.status, other.status])
    reasons = (*one.reasons, *(reason for reason in other.reasons if reason not in one.reasons))
    return DeviceCondition(status, reasons, one.measures or other.measures)


def _camera(reading: CameraReading, *, lesson: bool) -> DeviceCondition:
    # A camera that merely answers again was not looked at.
    # One that answers oddly is not disconnected: nothing is known of its picture.
    is_odd = reading.reason in _ANSWERS and not reading.measures
    judged = reading.measures or (reading.state is not CameraState.OK and not is_odd)
    measures = DeviceMeasures(picture=reading.state) if judged else None
    if reading.reason in _HINDRANCES:
        status, code = _HINDRANCES[reading.reason]
        return DeviceCondition(status, (Reason(code),), measures)
    if reading.state is CameraState.OK or (reading.state is CameraState.BLACK and not lesson):
        return DeviceCondition(Status.OK, (), measures)
    status = Status.CRITICAL if reading.state in _NO_PICTURE else Status.WARNING
    return DeviceCondition(status, (Reason(ReasonCode(f"picture_{reading.state}")),), measures)


def _projector(reading: ProjectorReading, limits: Limits) -> DeviceCondition:
    findings = [(Status.CRITICAL, _part(part)) for part in reading.failing]
    findings += [(Status.WARNING, _part(part)) for part in reading.warned]
    if reading.reason in _HINDRANCES:
        status, code = _HINDRANCES[reading.reason]
        findings.append((status, Reason(code)))
    hours = max(reading.lamp_hours, default=None)
    if hours is not None and hours >= limits.lamp_warning_hours:
        # By the hundred: not every hour of a lamp is news to the school.
        reason = Reason(ReasonCode.LAMP_OLD, hours // 100 * 100, limits.lamp_warning_hours)
        findings.append((Status.WARNING, reason))
    measures = DeviceMeasures(
        power=reading.power,
        input=reading.input or None,
        lamp_hours=hours,
        filter_hours=reading.filter_hours,
    )
    reasons = tuple(reason for _, reason in findings)
    return DeviceCondition(
        worst([Status.OK, *(status for status, _ in findings)]), reasons, measures
    )


def _part(part: ProjectorPart) -> Reason:
    return Reason(ReasonCode(f"part_{part}"))
