"""This file has the class's cards read by the room's camera while a teacher wants it.

Each card is a suggestion to the teacher. The camera is open only while a scan runs, in a process
of its own, and is let go at once when the lesson ends or the cameras are switched off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from agent.cards.matching import CardScanResult, DoorRefusal, allowed_ids, at_door, scan_result
from agent.lessons.sheet import NotOnRoll
from agent.lessons.teaching import NoLesson
from agent.passwords import Passwords
from agent.store import ClassroomStore
from hardware.cards.acceptance import FoundCard
from hardware.readings import SenseMissing
from protocol.formats import phrase
from protocol.model import Method
from protocol.outbox import OutboxError
from protocol.plan import ClassList
from protocol.words import N_, Translate

_LOGGER = logging.getLogger(__name__)

DOOR_PAUSE_S: Final = 5.0  # a door camera that does not answer is tried again so soon

_RUNNING: Final = N_("Cards up, please: {seen} of {total} seen.")
_OVER: Final = N_("Cards: {seen} of {total} seen.")
_COPIED: Final = N_("Numbers at two places at once: {numbers}.")
_NO_CAMERA: Final = N_("The camera gives no picture: check it, or tap the names.")
_NO_VISION: Final = N_("This computer cannot look at pictures.")


class CardScanner:
    """Scans when asked, one scan at a time. door_camera: the key of the camera at the door."""

    def __init__(
        self, store: ClassroomStore, passwords: Passwords, *, door_camera: str = ""
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._door_camera = door_camera
        self._scan_request = asyncio.Event()
        self._is_on = False
        self._cards: list[FoundCard] = []
        self._progress: tuple[str, tuple[tuple[str, object], ...]] = ("", ())
        self.running = False
        self.door_refused: dict[DoorRefusal, int] = {}

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
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._scans(), name="scans")
            if self._door_camera:
                tasks.create_task(self._door(), name="door cards")

    async def _scans(self) -> None:
        while True:
            await self._scan_request.wait()
            self._scan_request.clear()
            self.running = True
            try:
                await self._scan()
            finally:
                self.running = self._is_on = False

    async def _scan(self) -> None:
        from hardware.camera.watch import target_of  # noqa: PLC0415
        from hardware.cards.scan import scan  # noqa: PLC0415 - only while a scan runs

        lists, lesson = self._lists(), self._store.classroom.lesson.code
        places = self._places()
        if not places or not lists:
            return
        self._cards = []
        self._show(_RUNNING, lists)
        target = target_of(*places[0], self._passwords.camera_user, self._passwords.camera)
        inbox: asyncio.Queue[FoundCard | None] = asyncio.Queue()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._suggest(inbox, lists), name="suggest")
            try:
                over = await scan(
                    target,
                    allowed_ids(lists),
                    inbox.put_nowait,
                    is_wanted=lambda: self._still(lesson),
                )
                reason = over.reason
            except SenseMissing as error:
                reason = error.code
            inbox.put_nowait(None)
        if reason and not self._cards:
            text = _NO_VISION if reason == "no_vision" else _NO_CAMERA
            self._progress = text, ()
            _LOGGER.info("card scan ended reason=%s", reason)
            return
        self._show(_OVER, lists)

    async def _suggest(
        self, inbox: asyncio.Queue[FoundCard | None], lists: list[ClassList]
    ) -> None:
        suggested: set[tuple[str, tuple[str, ...]]] = set()
        while (card := await inbox.get()) is not None:
            self._cards.append(card)
            self._show(_RUNNING, lists)  # before the suggestion, whose step has the page look
            for student, method, flags in scan_result(self._cards, lists).marks:
                if (student, flags) not in suggested:
                    suggested.add((student, flags))
                    await self._suggest_mark(student, method, flags)

    async def _suggest_mark(self, student: str, method: Method, flags: tuple[str, ...]) -> None:
        try:
            await self._store.suggest(student, method, flags=flags)
        except (NoLesson, NotOnRoll, OutboxError) as error:
            _LOGGER.info("a card is not taken: %s", type(error).__name__)

    def _show(self, text: str, lists: list[ClassList]) -> None:
        result: CardScanResult = scan_result(self._cards, lists)
        total = sum(len(class_list.pupils) for class_list in lists)
        values: tuple[tuple[str, object], ...] = (("seen", len(result.marks)), ("total", total))
        pupils = [pupil for class_list in lists for pupil in class_list.pupils]
        numbers = sorted(pupil.number for pupil in pupils if pupil.student in result.copied)
        if numbers:
            text, values = _COPIED, (("numbers", ", ".join(map(str, numbers))),)
        self._progress = text, values

    async def _door(self) -> None:
        """Read door cards while a roll is open and not confirmed."""
        from hardware.camera.watch import target_of  # noqa: PLC0415
        from hardware.cards.scan import watch_door  # noqa: PLC0415 - only where it is wanted

        inbox: asyncio.Queue[str] = asyncio.Queue(64)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take_texts(inbox), name="door texts")
            while True:
                place = dict(self._places()).get(self._door_camera)
                if place is None or not self._roll_is_open():
                    await self._store.wait_for_step(self._store.step, DOOR_PAUSE_S)
                    continue
                login = self._passwords.camera_user, self._passwords.camera
                try:
                    target = target_of(self._door_camera, place, *login)
                    await watch_door(target, _bounded_put(inbox), is_wanted=self._roll_is_open)
                except SenseMissing as error:
                    _LOGGER.warning("door cards are not read: %s", error.code)
                    return
                await asyncio.sleep(DOOR_PAUSE_S)

    async def _take_texts(self, inbox: asyncio.Queue[str]) -> None:
        while True:
            text = await inbox.get()
            sheet = self._store.classroom.lesson.sheet
            roll = {pupil.student for pupil in sheet.pupils} if sheet else set()
            mark = at_door(text, self._store.classroom.teaching.plan, roll)
            if isinstance(mark, DoorRefusal):
                self.door_refused[mark] = self.door_refused.get(mark, 0) + 1
            else:
                await self._suggest_mark(*mark)

    def _roll_is_open(self) -> bool:
        sheet = self._store.classroom.lesson.sheet
        return bool(self._places()) and sheet is not None and not sheet.is_confirmed

    def _still(self, lesson: str | None) -> bool:
        return self._is_on and bool(self._places()) and self._store.classroom.lesson.code == lesson

    def _places(self) -> list[tuple[str, str]]:
        return self._store.classroom.pictures()

    def _lists(self) -> list[ClassList]:
        running, plan = self._store.classroom.lesson.running, self._store.classroom.teaching.plan
        class_lists = [plan.list_of(code) for code in running.classes] if running else []
        return [class_list for class_list in class_lists if class_list is not None]


def _bounded_put(inbox: asyncio.Queue[str]) -> Callable[[str], None]:
    """Put what fits: a camera that sees a wall of codes must not fill the memory."""

    def put(text: str) -> None:
        if not inbox.full():
            inbox.put_nowait(text)

    return put
