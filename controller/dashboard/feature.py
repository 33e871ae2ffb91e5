"""This file says what the dashboard brings: rooms at a glance, and the words of its script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from controller.feature import Feature, Program


def _frame(program: Program, language: str) -> Mapping[str, Any]:
    from controller.dashboard.words import RoomWords  # noqa: PLC0415 - commands need no web

    room_words = RoomWords(language, program.translate_to(language), program.zone)
    return {"words_json": json.dumps(room_words.for_script(), ensure_ascii=False)}


FEATURE: Final = Feature(name="dashboard", frame=_frame)
