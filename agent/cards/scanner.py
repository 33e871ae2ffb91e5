"""This file has the class's cards read by the room's camera while a teacher wants it.

Each card is a suggestion to the teacher. The camera is open only while a scan runs, in a process
of its own, and is let go at once when the lesson ends or the cameras are switched off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from agent.cards.matching import CardMark, CardScanResult, allowed_ids, scan_result
from agent.cards.suggesting import suggest_doubt, suggest_mark
from agent.equipment.logins import DeviceLogins
from agent.store import ClassroomStore
from hardware.camera.shutter import Shutter
from hardware.cards.acceptance import FoundCard
from hardware.readings import SenseMissing
from protocol.formats import phrase
from protocol.plan import ClassList
from protocol.words import N_, Translate

_LOGGER = logging.getLogger(__name__)

_RUNNING: Final = N_("Cards up, please: {seen} of {total} seen.")
_OVER: Final = N_("Cards: {seen} of {total} seen.")
_COPIED: Final = N_("Numbers at two places at once: {numbers}.")
_DOUBTED: Final = N_(
    "{seen} of {total} seen; {count} more {count:card|cards} may be two pupils': please choose."
)
_NO_CAMERA: Final = N_("The camera gives no picture: check it, or tap the names.")
_NO_VISION: Final = N_("This computer cannot look at pictures.")


class CardScanner:
    """Scans when asked, one scan at a time."""

    def __init__(self, store: ClassroomStore, logins: DeviceLogins, shutter: Shutter) -> None:
        self._store = store
        self._logins = logins
        self._shutter = shutter
        self._scan_request = asyncio.Event()
        self._is_on = False
        self._cards: list[FoundCard] = []
        self._progress: tuple[str, tuple[tuple[str, object], ...]] = ("", ())
        self.running = False

    @property
    def possible(self) -> bool:
        """Whether a roll is open, and a camera here that may be looked at."""
        return self._store.classroom.lesson.sheet is not None and bool(self._places())

    def switch(self, *, on: bool) -> None:
        """Begin a scan, or end the one that runs."""
        self._is_on = on and self.possible
        if self._is_on:
            self._scan_request.set()

    def words(self, say: Translate) -> str:
        """How far the scan is, or how it ended; empty before the first."""
        text, values = self._progress
        return phrase(text, say, **dict(values)) if text else ""

    async def run(self) -> None:
        """Scan whenever asked; never returns."""
        while True:
            await self._scan_request.wait()
            self._scan_request.clear()
            self.running = True
            try:
                await self._scan()
            finally:
                self.running = self._is_on = False

    async def _scan(self) -> None:
        lists, places = self._lists(), self._places()
        if not places or not lists:
            return
        self._cards = []
        self._show(_RUNNING, lists)
        inbox: asyncio.Queue[FoundCard | None] = asyncio.Queue()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._suggest(inbox, lists), name="suggest")
            reason = await self._read(places[0], lists, inbox.put_nowait)
            inbox.put_nowait(None)
        if reason and not self._cards:
            self._progress = _NO_VISION if reason == "no_vision" else _NO_CAMERA, ()
            _LOGGER.info("card scan ended reason=%s", reason)
        else:
            self._show(_OVER, lists)

    async def _read(
        self,
        camera: tuple[str, str],
        lists: list[ClassList],
        report: Callable[[FoundCard], None],
    ) -> str:
        """Read until nobody wants it any more; why it ended before that, empty if it did not."""
        from hardware.camera.watch import target_of  # noqa: PLC0415 - only while a scan runs
        from hardware.cards.scan import scan  # noqa: PLC0415 - only while a scan runs

        lesson = self._store.classroom.lesson.code
        devices, (key, place) = self._store.classroom.devices, camera
        target = target_of(
            key, place, self._logins.at(devices.keys_at(key), place), devices.other_places(key)
        )
        try:
            over = await scan(
                target,
                allowed_ids(lists),
                report,
                self._shutter,
                is_wanted=lambda: self._is_wanted(lesson),
            )
        except SenseMissing as error:
            return error.code
        return over.reason

    async def _suggest(
        self, inbox: asyncio.Queue[FoundCard | None], lists: list[ClassList]
    ) -> None:
        suggested = set[CardMark]()
        doubted = set[tuple[int, bool]]()
        while (card := await inbox.get()) is not None:
            self._cards.append(card)
            self._show(_RUNNING, lists)  # before the suggestion, whose step has the page look
            result = scan_result(self._cards, lists)
            for mark in result.marks:
                if mark not in suggested:
                    suggested.add(mark)
                    await suggest_mark(self._store, mark)
            doubts = {(number, number in result.repeated) for number in result.ambiguous}
            for number, repeated in sorted(doubts - doubted):
                await suggest_doubt(self._store, number, repeated=repeated)
            doubted |= doubts

    def _show(self, text: str, lists: list[ClassList]) -> None:
        result: CardScanResult = scan_result(self._cards, lists)
        total = sum(len(class_list.pupils) for class_list in lists)
        values: tuple[tuple[str, object], ...] = (("seen", len(result.marks)), ("total", total))
        pupils = [pupil for class_list in lists for pupil in class_list.pupils]
        numbers = sorted(pupil.number for pupil in pupils if pupil.student in result.copied)
        if numbers:
            text, values = _COPIED, (("numbers", ", ".join(map(str, numbers))),)
        elif result.ambiguous:
            text, values = _DOUBTED, (*values, ("count", len(result.ambiguous)))
        self._progress = text, values

    def _is_wanted(self, lesson: str | None) -> bool:
        same = self._store.classroom.lesson.code == lesson
        return self._is_on and same and bool(self._places())

    def _places(self) -> list[tuple[str, str]]:
        return self._store.classroom.pictures()

    def _lists(self) -> list[ClassList]:
        running, plan = self._store.classroom.lesson.running, self._store.classroom.teaching.plan
        class_lists = [plan.list_of(code) for code in running.classes] if running else []
        return [class_list for class_list in class_lists if class_list is not None]
