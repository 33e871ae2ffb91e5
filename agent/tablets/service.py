"""This file joins the check-ins to the agent: lessons in, suggestions and sightings out."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from agent.database.generations import DocumentError
from agent.tablets.cart import Cart, Slot, key_of, name_of
from agent.tablets.checkins import (
    GOOD,
    CheckInAnswer,
    CheckInAttempt,
    CheckInFlag,
    CheckInOutcome,
    CheckIns,
)
from agent.tablets.lesson import TabletLesson
from agent.tablets.page import TabletView
from agent.tablets.presence import TabletPresence
from hardware.readings import Report
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

LOOK_S: Final = 10.0
GATHER_S: Final = 1.0  # a cart that is opened comes as a burst: one write for all of it

Suggest = Callable[[str, str, tuple[str, ...]], Awaitable[None]]


class SuggestionRefused(Exception):  # noqa: N818 - an answer, not a fault
    """A suggestion could not be kept: the disk, or as the outcome says.

    At that moment the lesson was over, or the pupil on its list no more.
    """

    def __init__(self, outcome: CheckInOutcome | None = None) -> None:
        super().__init__(outcome)
        self.outcome = outcome


async def _keep_all(_keys: frozenset[str]) -> bool:
    """Nothing is let go."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TabletBackend:
    """What the tablets ask of the agent.

    lesson: the running lesson, or None. suggest: record that a pupil checked in (the student's
    id, the tablet's name, what the teacher should look at); raises SuggestionRefused. slots,
    save: the cart's numbers as on the disk, and how to write them (called in a thread; raises
    DocumentError). is_confirmed: whether a person in the room, or the school, said of a tablet's
    key that it is the room's.
    keep: let the room's equipment know of no other tablets than those of these keys and of the
    confirmed ones; False where that could not be kept.
    """

    lesson: Callable[[], TabletLesson | None]
    suggest: Suggest
    slots: tuple[Slot, ...] = ()
    save: Callable[[tuple[Slot, ...]], object] = lambda _slots: None
    is_confirmed: Callable[[str], bool] = lambda _key: False
    keep: Callable[[frozenset[str]], Awaitable[bool]] = _keep_all


class TabletService:
    """The check-ins of one room. now_s: the steady clock that codes are made by.

    place: where tablets reach it, "" while nowhere.
    """

    def __init__(
        self,
        core: TabletBackend,
        *,
        now_s: Callable[[], float] = time.monotonic,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._backend = core
        self.now_s = now_s
        self._random = random
        self._cart = Cart(core.slots, core.is_confirmed)
        self._kept: frozenset[str] | None = None
        self._checkins = CheckIns(self._cart, random)
        self._report: Report = lambda _reading: None
        self._seated = asyncio.Event()
        self._being_kept: dict[tuple[str, int], asyncio.Event] = {}  # by pupil and tablet
        self.presence = TabletPresence()
        self.place = ""

    @property
    def url(self) -> str:
        """Where a tablet opens the page; "" while it cannot."""
        return f"http://{self.place}/" if self.place else ""

    def checkins(self) -> CheckIns:
        """The check-ins, as the lesson is at this moment."""
        self._checkins.follow(self._backend.lesson(), self.now_s())
        return self._checkins

    def new_cookie(self, length: int) -> str:
        """A name for a tablet that has none; nobody can guess it."""
        return self._random(length).hex()

    def admit(self, cookie: str, address: str, token: str) -> CheckInAnswer | None:
        """A tablet scanned the code: None if it may go on, else why not."""
        attempt = CheckInAttempt(tablet=key_of(cookie), address=address, token=token)
        outcome = self.checkins().admit(attempt, self.now_s())
        return None if outcome is None else CheckInAnswer(outcome=outcome)

    async def check_in(self, attempt: CheckInAttempt) -> CheckInAnswer:
        """Decide, and keep who is in from now on. Raises SuggestionRefused."""
        checkins = self.checkins()
        lesson, answer = checkins.lesson, checkins.check_in(attempt, self.now_s())
        if answer.outcome not in GOOD or answer.pupil is None:
            return answer
        self._seated.set()
        self.beat(attempt.tablet)
        seat = answer.pupil.student, answer.slot
        if answer.outcome is not CheckInOutcome.ALREADY:
            await self._keep(answer, seat)
        elif first := self._being_kept.get(seat):  # pressed twice: what came of the first press?
            await first.wait()
            return await self.check_in(attempt)
        if (now := self.checkins().lesson) and lesson and now.id == lesson.id:
            await self._flag(answer.companions)
        return answer

    async def _keep(self, answer: CheckInAnswer, seat: tuple[str, int]) -> None:
        settled = self._being_kept[seat] = asyncio.Event()
        flags = tuple(map(str, answer.flags))
        try:
            await self._backend.suggest(seat[0], name_of(answer.slot), flags)
        except BaseException:
            self._checkins.release(answer)
            raise
        finally:
            del self._being_kept[seat]
            settled.set()

    async def _flag(self, companions: tuple[str, ...]) -> None:
        """Say of those who are in already that their device is another pupil's, too."""
        for student in companions:
            with contextlib.suppress(SuggestionRefused):  # they are in, and the newest is flagged
                await self._backend.suggest(student, "", (str(CheckInFlag.SAME_DEVICE),))

    def beat(self, tablet: str, battery: str = "") -> None:
        """A tablet is awake; one without a slot is not told of."""
        slot = self._cart.find(tablet)
        if slot is not None:
            for sighting in self.presence.beat(slot, self.now_s(), battery):
                self._report(sighting)

    def view(self, tablet: str, answer: CheckInAnswer | None = None, **more: str) -> TabletView:
        """What a tablet is shown now."""
        checkins, slot = self.checkins(), self._cart.find(tablet)
        lesson, own = checkins.lesson, checkins.pupils_on(slot.number) if slot else []
        version = f"{checkins.phase}{lesson.version if lesson else ''}"
        return TabletView(
            phase=checkins.phase,
            version=hashlib.sha256(version.encode()).hexdigest()[:8],
            lesson=lesson,
            checked_in=checkins.checked_in,
            own_numbers=tuple(pupil.number for pupil in own),
            has_pass=checkins.has_pass(tablet, self.now_s()),
            answer=answer,
            typed=more.get("typed", ""),
            trouble=more.get("trouble", ""),
        )

    def count(self, reason: str) -> None:
        """Count a refusal."""
        self._checkins.count(reason)

    async def watch(self, report: Report) -> None:
        """Report which tablets are awake or asleep, and keep the cart; never returns."""
        self._report = report
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_for_sleepers(), name="tablets asleep")
            tasks.create_task(self._save_slots(), name="tablets' numbers")

    async def _look_for_sleepers(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Report who fell asleep; whose slot was given back is no longer known here."""
        keys = frozenset(slot.key for slot in self._cart.slots())
        if keys != self._kept:
            self.presence.forget(keys)
            self._kept = keys if await self._backend.keep(keys) else None
        for sighting in self.presence.look(self.now_s()):
            self._report(sighting)

    async def _save_slots(self) -> None:
        saved, trouble = self._backend.slots, StateLog(_LOGGER, "tablets' numbers not kept")
        while True:
            await self._seated.wait()
            await asyncio.sleep(GATHER_S)
            self._seated.clear()
            slots = self._cart.slots()
            if _lasting(slots) == _lasting(saved):
                continue  # how recently each was used in a lesson is not worth a write
            try:
                await asyncio.to_thread(self._backend.save, slots)
                saved = slots
                trouble.went_well()
            except DocumentError as error:
                trouble.failed(error)


def _lasting(slots: tuple[Slot, ...]) -> dict[int, tuple[str, int]]:
    return {slot.number: (slot.key, slot.lesson) for slot in slots}
