"""This file finds out who vouches for a roll, where the school asks: by a PIN, or unproven."""

from __future__ import annotations

import asyncio
import math
from http import HTTPStatus

import msgspec

from agent.lessons.proving import Confirmer, WrongPins, is_pin_of
from agent.local.refusals import DoorError
from agent.store import ClassroomStore
from protocol.messages import Proof
from protocol.words import N_


class Confirmers:
    """Judges PINs one after the other, so that many at once are no more tries."""

    def __init__(self, store: ClassroomStore) -> None:
        self._store = store
        self._wrong = WrongPins()
        self._one_at_a_time = asyncio.Lock()

    async def confirmer(self, teacher: str, pin: str | None) -> Confirmer | None:
        """Who vouches for it; None where the school does not ask. Without a PIN nothing is proven.

        Raises DoorError where the PIN is wrong, or comes too soon after wrong ones.
        """
        guide = self._store.classroom.teaching.guide
        if not guide.asks:
            return None
        key = guide.teacher(teacher)
        if pin is None:
            code = key.teacher if key else msgspec.UNSET
            return Confirmer(Proof.NONE, code, key.name if key else "")
        async with self._one_at_a_time:
            self._hold_back()
            if key is None or not await asyncio.to_thread(is_pin_of, key, pin):
                self._wrong.fail(self._store.now().steady_s)
                raise DoorError(
                    HTTPStatus.FORBIDDEN,
                    "pin_wrong",
                    N_("This is not the teacher's PIN."),
                    N_("Try again, or go on without a PIN: the record will say so."),
                )
            self._wrong.clear()
        return Confirmer(Proof.PIN, key.teacher, key.name)

    def _hold_back(self) -> None:
        wait_s = math.ceil(self._wrong.wait_s(self._store.now().steady_s))
        if wait_s:
            raise DoorError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "pin_wait",
                N_("Too many wrong PINs: the next one in {wait_s} {wait_s:second|seconds}."),
                N_("You can go on without a PIN meanwhile: the record will say so."),
                wait_s=wait_s,
            )
