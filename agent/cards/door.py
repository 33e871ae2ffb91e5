"""This file has door cards read by the camera at the door, while a roll is open.

Each card is a suggestion to the teacher. The camera is open only while a roll can take them.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from agent.cards.matching import DoorRefusal, at_door
from agent.cards.suggesting import suggest_mark
from agent.equipment.logins import DeviceLogins
from agent.store import ClassroomStore
from hardware.camera.shutter import Shutter

_LOGGER = logging.getLogger(__name__)

DOOR_PAUSE_S: Final = 5.0  # a door camera that does not answer is tried again so soon
_MOST_WAITING: Final = 64  # a camera that sees a wall of codes must not fill the memory


class DoorCardReader:
    """Reads the codes that are shown to one camera. camera: its key."""

    def __init__(
        self, store: ClassroomStore, logins: DeviceLogins, shutter: Shutter, camera: str
    ) -> None:
        self._store = store
        self._logins = logins
        self._shutter = shutter
        self._camera = camera
        self._texts = asyncio.Queue[str](_MOST_WAITING)

    async def run(self) -> None:
        """Read while a roll is open; never returns. Raises SenseMissing."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take_texts(), name="door texts")
            while True:
                place = self._place()
                if place and self._is_wanted():
                    await self._watch(place)
                    await asyncio.sleep(DOOR_PAUSE_S)
                else:
                    await self._store.wait_for_step(self._store.step, DOOR_PAUSE_S)

    async def _watch(self, place: str) -> None:
        from hardware.camera.watch import target_of  # noqa: PLC0415 - only where a camera is named
        from hardware.cards.scan import watch_door  # noqa: PLC0415 - only where a camera is named

        keys = self._store.classroom.devices.keys_at(self._camera)
        target = target_of(
            self._camera,
            place,
            self._logins.at(keys, place),
            self._store.classroom.devices.other_places(self._camera),
        )
        await watch_door(target, self._put, self._shutter, is_wanted=self._is_wanted)

    def _put(self, text: str) -> None:
        if not self._texts.full():
            self._texts.put_nowait(text)

    async def _take_texts(self) -> None:
        while True:
            text = await self._texts.get()
            sheet = self._store.classroom.lesson.sheet
            roll = {pupil.student for pupil in sheet.pupils} if sheet else set()
            mark = at_door(text, self._store.classroom.teaching.plan, roll)
            if isinstance(mark, DoorRefusal):
                _LOGGER.debug("a door card is not taken: %s", mark)
            else:
                await suggest_mark(self._store, mark)

    def _place(self) -> str | None:
        return dict(self._store.classroom.pictures()).get(self._camera)

    def _is_wanted(self) -> bool:
        sheet = self._store.classroom.lesson.sheet
        return sheet is not None and not sheet.is_confirmed and self._place() is not None
