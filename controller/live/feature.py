"""This file says what the live view brings: rooms as they are now, for whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from controller.feature import Feature, Level, Program
from controller.fleet.fleet import Touched
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    DeviceRecord,
    EventRecord,
    FaultRecord,
    LessonRecord,
    RollRecord,
)
from controller.live.words import TROUBLES

SHOWN: Final = (
    *(AgentRecord, DeviceRecord, EventRecord, AttendanceRecord, RollRecord, LessonRecord),
    *(FaultRecord, Touched),
)


def _publish(program: Program) -> Callable[[Sequence[object]], None]:
    from controller.live.live import LiveView  # noqa: PLC0415 - commands need no web

    return program.service(LiveView).publish


def _read_anew(program: Program) -> None:
    from controller.live.live import LiveView  # noqa: PLC0415 - commands need no web

    program.service(LiveView).read_anew()


async def _begin(program: Program) -> None:
    from controller.live.live import LiveView  # noqa: PLC0415 - commands need no web

    await program.service(LiveView).load()


def _stands(program: Program) -> Level | None:
    from controller.live.live import LiveView  # noqa: PLC0415 - commands need no web

    return Level.SCHOOL if program.service(LiveView).rooms() else None


def _frame(program: Program, language: str) -> Mapping[str, Any]:
    trouble = TROUBLES.get(program.trouble(), "")
    return {"server_trouble": program.translate_to(language)(trouble) if trouble else ""}


FEATURE: Final = Feature(
    name="live",
    stands=_stands,
    publish=_publish,
    begin=_begin,
    frame=_frame,
    shown=SHOWN,
    read_anew=_read_anew,
)
