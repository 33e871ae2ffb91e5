"""This file joins the desk to the agent: lessons in, suggestions and sightings out."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from agent.errors import DocumentError
from agent.tablets.cart import Cart, Slot, key_of, name_of
from agent.tablets.checkins import GOOD, Answer, Desk, Knock, Outcome
from agent.tablets.lesson import Lesson
from agent.tablets.page import View
from agent.tablets.presence import Presence
from hardware.readings import Report

_LOGGER = logging.getLogger(__name__)

LOOK_S: Final = 10.0
GATHER_S: Final = 1.0  # a cart that is opened comes as a burst: one write for all of it

Suggest = Callable[[str, str, tuple[str, ...]], Awaitable[None]]


class NotKept(Exception):  # noqa: N818 - an answer, not a fault
    """A suggestion could not be kept: the disk, or the lesson was over at that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What the tablets ask of the agent.

    lesson: the running lesson, or None. suggest: keep that a pupil checked in (the student's id,
    the tablet's name, what the teacher should look at); raises NotKept. slots, keep: the cart's
    numbers as they were kept, and how to keep them (called in a thread; raises DocumentError).
    """

    lesson: Callable[[], Lesson | None]
    suggest: Suggest
    slots: tuple[Slot, ...] = ()
    keep: Callable[[tuple[Slot, ...]], object] = lambda _slots: None


class Office:
    """The check-ins of one room. `place` is where tablets reach it, "" while nowhere."""

    def __init__(
        self,
        core: Core,
        *,
        now_s: Callable[[], float] = time.monotonic,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._core = core
        self._now_s = now_s
        self._random = random
        self._cart = Cart(core.slots)
        self._desk = Desk(self._cart, random)
        self._report: Report = lambda _seen: None
        self._seated = asyncio.Event()
        self.presence = Presence()
        self.place = ""

    @property
    def refused(self) -> dict[str, int]:
        """How often what was refused, since the start."""
        return dict(self._desk.refused)

    @property
    def url(self) -> str:
        """Where a tablet opens the page; "" while it cannot."""
        return f"http://{self.place}/" if self.place else ""

    def desk(self) -> Desk:
        """The desk, as the lesson is at this moment."""
        self._desk.follow(self._core.lesson(), self._now_s())
        return self._desk

    def now_s(self) -> float:
        """The steady clock that codes are made by."""
        return self._now_s()

    def new_cookie(self, length: int) -> str:
        """A name for a tablet that has none; nobody can guess it."""
        return self._random(length).hex()

    def admit(self, cookie: str, address: str, token: str) -> Answer | None:
        """A tablet scanned the code: None if it may go on, else why not."""
        knock = Knock(tablet=key_of(cookie), address=address, token=token)
        outcome = self.desk().admit(knock, self._now_s())
        return None if outcome is None else Answer(outcome=outcome)

    async def check_in(self, knock: Knock) -> Answer:
        """Decide, and keep who is in from now on. Raises NotKept."""
        answer = self.desk().check_in(knock, self._now_s())
        if answer.outcome not in GOOD or answer.pupil is None:
            return answer
        self._seated.set()
        self.beat(knock.tablet)
        if answer.outcome is Outcome.ALREADY:
            return answer
        try:
            await self._core.suggest(
                answer.pupil.student, name_of(answer.slot), tuple(map(str, answer.flags))
            )
        except BaseException:
            self._desk.release(answer)
            raise
        return answer

    def beat(self, tablet: str, battery: str = "") -> None:
        """A tablet is awake; one without a slot is not told of."""
        slot = self._cart.find(tablet)
        if slot is not None:
            for sighting in self.presence.beat(slot, self._now_s(), battery):
                self._report(sighting)

    def view(self, tablet: str, answer: Answer | None = None, **more: str) -> View:
        """What a tablet is shown now."""
        desk, slot = self.desk(), self._cart.find(tablet)
        lesson = desk.lesson
        version = f"{desk.phase}{lesson.id if lesson else ''}"
        return View(
            phase=desk.phase,
            version=hashlib.sha256(version.encode()).hexdigest()[:8],
            lesson=lesson,
            taken=desk.taken,
            mine=tuple(each.number for each in desk.pupils_on(slot.number)) if slot else (),
            passed=desk.has_pass(tablet, self._now_s()),
            answer=answer,
            typed=more.get("typed", ""),
            trouble=more.get("trouble", ""),
        )

    def count(self, reason: str) -> None:
        """Count a refusal."""
        self._desk.count(reason)

    async def watch(self, report: Report) -> None:
        """Report which tablets are awake or asleep, and keep the cart; never returns."""
        self._report = report
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look(), name="tablets asleep")
            tasks.create_task(self._keep(), name="tablets' numbers")

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for sighting in self.presence.look(self._now_s()):
                self._report(sighting)

    async def _keep(self) -> None:
        kept = self._core.slots
        while True:
            await self._seated.wait()
            await asyncio.sleep(GATHER_S)
            self._seated.clear()
            slots = self._cart.slots()
            if _numbers(slots) == _numbers(kept):
                continue  # how recently each was used is not worth a write
            try:
                await asyncio.to_thread(self._core.keep, slots)
                kept = slots
            except DocumentError as error:
                _LOGGER.warning("tablets' numbers not kept: %s", error)


def _numbers(slots: tuple[Slot, ...]) -> dict[int, str]:
    return {each.number: each.key for each in slots}
