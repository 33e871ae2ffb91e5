"""This file says where the lesson is, and what it goes without. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from agent.classroom import Classroom, ClassroomView
from agent.room import Moment
from protocol.health import ReasonCode
from protocol.kit import missing
from protocol.model import Device, DeviceKind, Reason, Status

STARTING_S: Final = 90.0  # a projector that warms up longer has a fault

_ORDER: Final = (DeviceKind.BOARD, DeviceKind.PROJECTOR, DeviceKind.CAMERA, DeviceKind.NETWORK)


class LessonPhase(StrEnum):
    """Where the lesson is."""

    IDLE = "idle"
    STARTING = "starting"
    READY = "ready"
    READY_WITH_GAPS = "ready_with_gaps"
    RUNNING = "running"
    ENDED = "ended"


def phase_of(classroom: Classroom, view: ClassroomView, moment: Moment) -> LessonPhase:
    """Where the lesson is: ready until its roll is confirmed, with gaps where something lacks.

    Once the bell has rung for the next one it is idle: whoever comes now is another teacher.
    """
    lesson = classroom.lesson
    if classroom.teaching.is_next_due(moment):
        return LessonPhase.IDLE
    if lesson.running is None:
        return LessonPhase.ENDED if lesson.ended else LessonPhase.IDLE
    if lesson.sheet is None or lesson.sheet.is_confirmed:
        return LessonPhase.RUNNING
    age_s = (moment.at_ms - lesson.running.since_ms) / 1000
    if 0 <= age_s < STARTING_S and any(map(is_warming, present_devices(view))):
        return LessonPhase.STARTING
    return LessonPhase.READY_WITH_GAPS if gaps(view) else LessonPhase.READY


def gaps(view: ClassroomView) -> list[tuple[DeviceKind | None, Reason]]:
    """What a lesson goes without, the board first."""
    lacking: list[tuple[DeviceKind | None, Reason]] = [
        (line.kind, Reason(ReasonCode.KIT_MISSING, line.kind))
        for line in missing(view.kit)
        if line.kind is not None
    ]
    lacking += [
        (device.kind, device.reasons[0])
        for device in present_devices(view)
        if device.status is Status.CRITICAL
        and device.reasons
        and device.kind is not DeviceKind.HOST
    ]
    return sorted(
        lacking, key=lambda gap: _ORDER.index(gap[0]) if gap[0] in _ORDER else len(_ORDER)
    )


def present_devices(view: ClassroomView) -> list[Device]:
    """The devices that are here now."""
    return [device for device in view.devices if device.device_id in view.present_ids]


def is_warming(device: Device) -> bool:
    """Whether its lamp is not bright yet."""
    return device.measures is not None and device.measures.power == "warming"
