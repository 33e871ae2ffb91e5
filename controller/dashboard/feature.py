"""This file says what the dashboard brings: rooms at a glance, live."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from controller.feature import Feature, Program
from controller.web.words import Words

if TYPE_CHECKING:
    from fastapi import APIRouter


def _publish(program: Program) -> Callable[[Sequence[object]], None]:
    from controller.dashboard.live import live_of  # noqa: PLC0415 - commands need no web

    return program.service(live_of).publish


async def _begin(program: Program) -> None:
    from controller.dashboard.live import live_of  # noqa: PLC0415 - commands need no web

    await program.service(live_of).load()


def _frame(_program: Program, words: Words) -> Mapping[str, Any]:
    from controller.dashboard.words import RoomWords  # noqa: PLC0415 - commands need no web

    room_words = RoomWords(words.language, words.translate, words.zone)
    return {"words_json": json.dumps(room_words.for_script(), ensure_ascii=False)}


def _api(program: Program) -> APIRouter:
    from controller.dashboard.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


def _pages(program: Program) -> APIRouter:
    from controller.dashboard.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="dashboard",
    api=_api,
    pages=_pages,
    publish=_publish,
    begin=_begin,
    frame=_frame,
)
