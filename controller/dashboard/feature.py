"""This file says what the dashboard brings: rooms at a glance, live."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from controller.feature import Feature, Program


def _publish(program: Program) -> Callable[[Sequence[object]], None]:
    from controller.dashboard.live import LiveView  # noqa: PLC0415 - commands need no web

    return program.service(LiveView).publish


async def _begin(program: Program) -> None:
    from controller.dashboard.live import LiveView  # noqa: PLC0415 - commands need no web

    await program.service(LiveView).load()


def _frame(program: Program, language: str) -> Mapping[str, Any]:
    from controller.dashboard.words import RoomWords  # noqa: PLC0415 - commands need no web

    room_words = RoomWords(language, program.translate_to(language), program.zone)
    return {"words_json": json.dumps(room_words.for_script(), ensure_ascii=False)}


FEATURE: Final = Feature(
    name="dashboard",
    publish=_publish,
    begin=_begin,
    frame=_frame,
)
