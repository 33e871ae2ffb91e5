"""This file gives the teacher's window what it shows, each change under a number of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from agent.joining.joining import Membership
from agent.joining.words import membership_tree
from agent.local.status import questions
from agent.local.surroundings import Surroundings
from agent.local.teacher.view import lesson_tree, teacher_view
from agent.store import ClassroomStore
from protocol.messages import ListsRefused
from protocol.model import NOWHERE
from protocol.sharing import names_of
from protocol.words import N_, Translate, translator

WAIT_S: Final = 20.0
LOOK_S: Final = 2.0  # what no step tells, such as the line, is looked at so often

_FAULTS: Final = ("password_refused", "other_school", "not_believed")


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
        store, say, around = self._store, translator(language), self._surroundings
        faults = [fault.event_id for fault in store.classroom.teaching.faults]
        undelivered = await store.waiting_ids(faults)
        tree = teacher_view(
            store.classroom,
            store.view(),
            store.now(),
            say,
            undelivered=undelivered,
            also=self._notices(),
            sharing=names_of(self._surroundings.line().sharing),
            looks=self._surroundings.looks(),
        )
        tree |= {
            "language": language,
            "questions": questions(store.classroom, say),
            "tablets": self._tablets(),
            "scan": self._scan(say),
            "enrolment": membership_tree(self._membership(), around.joining.latest, say),
        }
        return tree | {"rev": self._rev(language, tree)}

    def lesson_tree(self, lesson: str, language: str) -> dict[str, Any] | None:
        """One lesson's line and roll; None where it is not here."""
        store = self._store
        return lesson_tree(store.classroom, lesson, store.now(), translator(language))

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
        line, membership = self._surroundings.line(), self._membership()
        is_alone = self._surroundings.place.school == NOWHERE
        codes = {
            "disk": self._store.refusing,
            "offline": not line.controller_listening and not is_alone,
            **self._refusals(line.refused),
            **{code: line.fault == code and not is_alone for code in _FAULTS},
            "identity_shared": bool(line.sharing),
            "not_enrolled": membership is Membership.NOT_ENROLLED,
            "invited": membership is Membership.INVITED,
        }
        return [code for code, holds in codes.items() if holds]

    def _membership(self) -> Membership:
        """As the agent judged it at its start, unless the school says that it may join."""
        is_invited = self._surroundings.line().is_invited
        return Membership.INVITED if is_invited else self._surroundings.membership

    def _refusals(self, refused: ListsRefused | None) -> dict[str, bool]:
        """Which lists the school does not give, as far as it matters in this room now."""
        running = self._store.classroom.lesson.running
        if refused is None:
            return {}
        lacking = running.classes if running and running.sheet is None else ()
        return {
            "room_refused": refused.is_room,
            "class_refused": not refused.is_room and not set(lacking).isdisjoint(refused.classes),
        }

    def _rev(self, language: str, tree: dict[str, Any]) -> int:
        undo = tree["undo"]
        encoded = msgspec.json.encode(tree | {"undo": undo and undo["what"]})
        rev, before = self._latest.get(language, (0, b""))
        if encoded != before:
            rev += 1
            self._latest[language] = rev, encoded
        return rev
