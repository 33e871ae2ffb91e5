"""This file gives the teacher's window what it shows, each change under a number of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from agent.local.status import questions
from agent.local.surroundings import Surroundings
from agent.local.teacher.view import teacher_view
from agent.store import ClassroomStore
from protocol.words import N_, Translate, translator

WAIT_S: Final = 20.0
LOOK_S: Final = 2.0  # what no step tells, such as the line, is looked at so often


class TeacherFeed:
    """What the teacher sees, in each language that is asked for."""

    def __init__(self, store: ClassroomStore, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings
        self._latest: dict[str, tuple[int, bytes]] = {}

    async def next_tree(
        self, language: str, after: str, is_gone: Callable[[], Awaitable[bool]]
    ) -> dict[str, Any]:
        """The view; with a revision `after` only once it is another, or after 20 seconds."""
        left_s = WAIT_S if after else 0.0
        step = self._store.step
        tree = await self.tree(language)
        while str(tree["rev"]) == after and left_s > 0 and not await is_gone():
            step = await self._store.wait_for_step(step, min(LOOK_S, left_s))
            left_s -= LOOK_S
            tree = await self.tree(language)
        return tree

    async def tree(self, language: str) -> dict[str, Any]:
        """The view now, with a number that grows with each change but the countdown's."""
        store, say = self._store, translator(language)
        faults = [fault.event_id for fault in store.classroom.teaching.faults]
        undelivered = await store.waiting_ids(faults)
        tree = teacher_view(
            store.classroom,
            store.view(),
            store.now(),
            say,
            undelivered=undelivered,
            also=self._notices(),
        )
        tree |= {
            "language": language,
            "questions": questions(store.classroom, say),
            "tablets": self._tablets(),
            "scan": self._scan(say),
        }
        return tree | {"rev": self._rev(language, tree)}

    def _tablets(self) -> dict[str, Any]:
        url = self._surroundings.tablets()
        return {"open": bool(url), "url": url, "board": "/board"}

    def _scan(self, say: Translate) -> dict[str, Any]:
        scanner = self._surroundings.scanner
        if scanner is None:
            return {"possible": False, "running": False, "label": "", "words": ""}
        label = N_("Stop the scan") if scanner.running else N_("Scan the class's cards")
        return {
            "possible": scanner.possible,
            "running": scanner.running,
            "label": say(label),
            "words": scanner.words(say),
        }

    def _notices(self) -> list[str]:
        line = self._surroundings.line()
        codes = {
            "disk": self._store.refusing,
            "offline": not line.controller_listening,
            **{code: line.fault == code for code in ("password_refused", "other_school")},
        }
        return [code for code, holds in codes.items() if holds]

    def _rev(self, language: str, tree: dict[str, Any]) -> int:
        undo = tree["undo"]
        encoded = msgspec.json.encode(tree | {"undo": undo and undo["what"]})
        rev, before = self._latest.get(language, (0, b""))
        if encoded != before:
            rev += 1
            self._latest[language] = rev, encoded
        return rev
