"""This file is a teacher at a room's page: looks, presses, and knows what was meant by it.

Where the answer was lost the teacher looks what became of the press: done whole, or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from agent.tablets.checkins import CheckInOutcome
from tests.days.carts import KnownCart
from tests.days.meaning import Proof, TaughtLesson
from tests.days.rooms import Answer, Room

SETTLE_S, UNDO_S, ASKED_UNDO_S = 1.0, 10.0, 60.0
NO_ROOM = "?"
SHELF_DAYS = 7
LOST = 0
IN = {CheckInOutcome.IN, CheckInOutcome.SHARED, CheckInOutcome.MOVED, CheckInOutcome.ALREADY}
PATHS = {"start": "lesson/start", "end": "lesson/end", "confirm": "roll/confirm"}


class WrongError(AssertionError):
    """The product did not do what was meant."""


class Lost(NamedTuple):
    """A deed without an answer: is_done looks whether it was done, apply means it."""

    what: str
    is_done: Callable[[], Any]
    apply: Callable[[], object]


class Desk:
    """One room's teachers. now_s: the true time; day, half: the true day and its half."""

    def __init__(
        self,
        room: Room,
        now_s: Callable[[], float],
        day: Callable[[], str],
        half: Callable[[], str],
    ) -> None:
        self.room, self._now_s, self._day, self._half = room, now_s, day, half
        self.lessons: dict[str, TaughtLesson] = {}
        self.running: TaughtLesson | None = None
        self.undo: tuple[float, str, TaughtLesson, Callable[[Proof], object]] | None = None
        self._lost: Lost | None = None
        self.view: dict[str, Any] = {}
        self.asleep: dict[str, Any] | None = None
        self.is_clock_right = True
        self.began_s = 0.0
        self.proposed: list[str] = []
        self.cart = KnownCart(self.claim)
        self.rooms = {NO_ROOM if room.is_carried else room.name}  # in one of which it surely is

    def claim(self, holds: object, what: str) -> None:
        """Raises WrongError."""
        if not holds:
            raise WrongError(f"{self.room.name}: {what}")

    # -- looking ----------------------------------------------------------------------------

    async def look(self) -> dict[str, Any] | None:
        """The page, held against what was meant; None where nobody answers."""
        answer = await self.room.ask("GET", "teacher")
        if answer.status == LOST:
            return None
        self.claim(answer.status == 200, f"the page answers {answer}")
        self.view = answer.body
        if not await self._settle():
            return None
        self._hold_room()
        self._note_end()
        self._hold_roll(self.view["roll"])
        return self.view

    async def _settle(self) -> bool:
        """Find out what became of the deed without an answer."""
        if self._lost is None:
            return True
        lost = self._lost
        done = await lost.is_done()
        if done is None:
            return False
        self._lost = None
        if done:
            lost.apply()
            self.undo = None  # who does not answer has been started again
        return True

    def _note_end(self) -> None:
        """A lesson that was forgotten has ended by itself, no sooner than after a while."""
        meant = self.view["meant"]
        if self.running and not (meant["running"] and meant["lesson"] == self.running.code):
            self.claim(
                not self.is_clock_right or self._now_s() - self.began_s > 60,
                f"a lesson ended by itself after {self._now_s() - self.began_s} s",
            )
            self.running.running, self.running, self.undo = False, None, None
        self.claim(not meant["running"] or self.running, "a lesson runs that nobody started")

    def _hold_room(self) -> None:
        shown = self.view["room"]
        self.claim(shown in self.rooms, f"is in {shown}, was carried to {self.rooms}")
        self.rooms = {shown}

    async def choose(self, room: str) -> None:
        """Say in which room this laptop is now."""
        answer = await self.room.ask("POST", "room", {"room": room})
        self.claim(answer.status in {200, LOST, 507}, f"a room is refused: {answer}")
        self.rooms = {room} if answer.status == 200 else self.rooms | {room}

    def _hold_roll(self, roll: dict[str, Any] | None) -> None:
        code = self.view["meant"]["lesson"]
        if roll is None or code not in self.lessons:
            return
        self._hold_lines(self.lessons[code], roll)

    def _hold_lines(self, lesson: TaughtLesson, roll: dict[str, Any]) -> None:
        self.claim(roll["confirmed"] == lesson.confirmed, f"{lesson.code}: confirmed or not")
        shown = {line["student"]: own_status(line) for line in roll["lines"]}
        meant = {student: lesson.status(student) for student in shown}
        self.claim(shown == meant, f"{lesson.code} shows {shown}, meant was {meant}")
        listed = tuple((line["student"], line["class_code"]) for line in roll["lines"])
        if lesson.confirmed or not lesson.running:
            kept = not lesson.listed or listed == lesson.listed or not lesson.confirmed
            self.claim(kept, f"{lesson.code}: a confirmed list became another")
        if not lesson.confirmed:
            lesson.listed = listed

    async def look_at(self, meant: dict[str, Any]) -> bool:
        """The roll of a lesson that is over, before it is confirmed; whether somebody answers."""
        code = meant["lesson"]
        tree = await self.tree(code)
        if tree and tree["roll"] and code in self.lessons:
            self._hold_lines(self.lessons[code], tree["roll"])
        return tree is not None

    async def hold_all(self) -> None:
        """Every lesson that a teacher may still ask for is here, as it was meant."""
        if await self.look() is None:
            return
        for lesson in [*self.lessons.values()]:
            tree = await self.tree(lesson.code)
            if tree is None:
                return
            if lesson.undone:
                self.claim(tree == {}, f"{lesson.code} is there though its start was taken back")
            elif tree:
                if tree["roll"]:
                    self._hold_lines(lesson, tree["roll"])
            else:
                self.claim(not self._is_owed(lesson), f"{lesson.code} is gone")

    async def hold_school(self) -> None:
        """The room shows the school's word where that stands, and nowhere else."""
        for lesson in [*self.lessons.values()]:
            tree = await self.tree(lesson.code)
            if not (self.is_clock_right and lesson.sure) or not tree or not tree["roll"]:
                continue
            lines = {one["student"]: one for one in tree["roll"]["lines"]}
            shown = {student: one["status"] for student, one in lines.items() if one["school"]}
            office = {one: status for one, (status, _) in lesson.office.items() if one in lines}
            self.claim(shown == office, f"{lesson.code}: the school says {shown}, meant {office}")

    def _is_owed(self, lesson: TaughtLesson) -> bool:
        if not (self.is_clock_right and lesson.sure):
            return False
        today = int(self._day().replace("-", ""))
        is_fresh = int(lesson.day.replace("-", "")) > today - SHELF_DAYS
        return lesson.day == self._day() or (
            bool(lesson.listed) and not lesson.confirmed and is_fresh
        )

    async def tree(self, code: str) -> dict[str, Any] | None:
        """A lesson as the list has it; {} where it is not here, None where nobody answers."""
        answer = await self.room.ask("GET", f"lessons/{code}")
        if answer.status == LOST:
            return None
        return answer.body if answer.status == 200 else {}

    # -- pressing ---------------------------------------------------------------------------

    async def press(
        self, deed: str, meant: dict[str, Any], times: int = 1, **more: Any
    ) -> list[Answer]:
        """Press a button, or an impatient finger several times before the first answer."""
        body = {"meant": meant, **more}
        many = [self.room.ask("POST", PATHS[deed], body) for _ in range(times)]
        answers = list(await asyncio.gather(*many))
        lesson, proof = self.lessons.get(meant["lesson"]), self._proof(more)
        apply = {
            "start": lambda: self._mean_start(more.get("classes")),
            "confirm": lambda: lesson and self._mean_confirm(lesson, proof),
            "end": self._mean_end,
        }[deed]
        is_done = {
            "start": self._runs_another,
            "confirm": lambda: self._is_confirmed(meant["lesson"]),
            "end": self._has_ended,
        }[deed]
        if answer := next((one for one in answers if one.status == 200), None):
            self.view = answer.body
            apply()
        elif any(one.status == LOST for one in answers):
            self._lost = Lost(deed, is_done, apply)
        return answers

    async def _runs_another(self) -> bool | None:
        meant = self.view["meant"]
        running = self.running.code if self.running else ""
        return bool(meant["running"]) and meant["lesson"] != running

    async def _is_confirmed(self, code: str) -> bool | None:
        tree = await self.tree(code)
        return None if tree is None else bool(tree) and bool(tree["confirmed"])

    async def _has_ended(self) -> bool | None:
        return not self.view["meant"]["running"]

    def _mean_start(self, classes: list[str] | None) -> None:
        meant = self.view["meant"]
        before, code = self.running, meant["lesson"]
        self.claim(meant["running"], "a start was taken, and no lesson runs")
        if before and before.code == code:
            return
        if before:
            before.running = False
        known = self.lessons.get(code)
        if known is None:
            told = tuple(classes or self.proposed)
            known = TaughtLesson(code, self.view["room"], told, self._day(), self._half())
            known.sure = self.is_clock_right
            self.lessons[code] = known
            back = self._never_was
        else:
            back = self._goes_on
        self.claim(not known.undone, f"{code} begins again though its start was taken back")
        known.running, self.running, self.began_s = True, known, self._now_s()
        self._offer("start", known, lambda _: back(known))

    def _never_was(self, lesson: TaughtLesson) -> None:
        lesson.running, lesson.undone, self.running = False, True, None

    def _goes_on(self, lesson: TaughtLesson) -> None:
        lesson.running, self.running = False, None

    def _proof(self, more: Mapping[str, Any]) -> Proof:
        """Who vouches for it, and by what; nobody where the room does not ask."""
        if not self.view.get("asks"):
            return "", ""
        return more.get("teacher", ""), "pin" if more.get("pin") else "none"

    def _mean_confirm(self, lesson: TaughtLesson, proof: Proof) -> None:
        if not lesson.confirmed:
            lesson.confirm(self._day(), proof)
            self._offer("confirm", lesson, lesson.reopen)

    def _mean_end(self) -> None:
        lesson = self.running
        if lesson is None:
            return

        def again(_: Proof) -> None:
            lesson.running, self.running = True, lesson

        lesson.running, self.running = False, None
        self._offer("end", lesson, again)

    def _offer(self, what: str, lesson: TaughtLesson, back: Callable[[Proof], object]) -> None:
        is_asked = self.view.get("asks") and what in {"confirm", "correction"}
        for_s = ASKED_UNDO_S if is_asked else UNDO_S
        self.undo = (self._now_s() + for_s, what, lesson, back)

    async def tap(
        self, code: str, meant: dict[str, Any], student: str, status: str, **more: Any
    ) -> Answer:
        """Mark a pupil in the roll that is meant."""
        body = {"meant": meant, "student": student, "status": status, **more}
        answer = await self.room.ask("POST", "roll/mark", body)
        lesson, proof = self.lessons[code], self._proof(more)
        if answer.status == 200:
            self._mean_tap(lesson, student, status, proof)
        elif answer.status == LOST:
            self._lost = self._lost_tap(lesson, student, status, proof)
        return answer

    def _mean_tap(self, lesson: TaughtLesson, student: str, status: str, proof: Proof) -> None:
        before = lesson.status(student)
        lesson.tap(student, status, proof)
        if lesson.confirmed:
            if before != status:
                self._offer("correction", lesson, lambda by: lesson.tap(student, before, by))
        elif self.undo and self.undo[1:3] == ("start", lesson):
            self.undo = None

    def _lost_tap(self, lesson: TaughtLesson, student: str, status: str, proof: Proof) -> Lost:
        before = lesson.status(student)

        async def is_done() -> bool | None:
            tree = await self.tree(lesson.code)
            if not tree:
                return None if tree is None else False
            lines = {line["student"]: line for line in tree["roll"]["lines"]}
            if status == before:
                lesson.dubious.add(student)
            line = lines.get(student)
            return line is not None and own_status(line) == status and status != before

        return Lost("tap", is_done, lambda: self._mean_tap(lesson, student, status, proof))

    async def take_back(self, **more: Any) -> Answer | None:
        """Undo what the page offers."""
        offer = self.view["undo"]
        if offer is None:
            return None
        body = {"meant": {"what": offer["what"], "lesson": offer["lesson"]}, **more}
        proof = self._proof(more)
        answer = await self.room.ask("POST", "undo", body)
        mine, self.undo = self.undo, None
        if answer.status == 200:
            self.view = answer.body
            self.claim(
                mine and self._now_s() < mine[0], f"undo of {offer} was offered for too long"
            )
            self.claim(
                mine and mine[1:3] == (offer["what"], self.lessons.get(offer["lesson"])),
                f"undo of {offer}, meant was {mine}",
            )
            if mine:
                mine[3](proof)
        elif answer.status == LOST and mine:
            self._lost = Lost(
                "undo", lambda: self._is_back(mine[1], mine[2]), lambda: mine[3](proof)
            )
        else:
            self.undo = mine
        return answer

    async def _is_back(self, what: str, lesson: TaughtLesson) -> bool | None:
        tree = await self.tree(lesson.code)
        if tree is None:
            return None
        match what:
            case "start":
                return not self.view["meant"]["running"]
            case "confirm":
                return bool(tree) and not tree["confirmed"]
            case "end":
                return bool(self.view["meant"]["running"])
            case _:
                lines = {line["student"]: own_status(line) for line in tree["roll"]["lines"]}
                student, status = lesson.corrections[-1]
                return lines.get(student) != status

    async def check_in(self, tablet: str, student: str) -> None:
        """A pupil comes in on a tablet: a suggestion, and never a mark."""
        lesson = self.running
        lines = self.view["roll"]["lines"] if self.view.get("roll") else []
        line = next((one for one in lines if one["student"] == student), None)
        if lesson is None or line is None:
            return
        codes = list(dict.fromkeys(one["class_code"] for one in lines))
        number = codes.index(line["class_code"]), line["number"]
        answer = await self.room.check_in(tablet, number)
        outcome = answer.outcome if answer else None
        if answer and outcome in IN:
            self.cart.seat(tablet, answer.slot, lesson.code)
        if lesson.confirmed:
            return
        if outcome in IN:
            lesson.seated.add(student)
        elif outcome is None:
            lesson.dubious.add(student)

    async def speak_for(self, tablet: str, *, ours: bool) -> None:
        """Say that a tablet is the room's, or forget it."""
        device = self.room.device_of(tablet)
        if device is None:
            return
        deed, body = ("claim", {"ours": True}) if ours else ("forget", {})
        answer = await self.room.ask("POST", f"devices/{device}/{deed}", body)
        self.claim(answer.status in {200, LOST, 507}, f"{deed} of a tablet is refused: {answer}")
        if ours and answer.status == HTTPStatus.OK:
            self.cart.speak_for(tablet, self.running.code if self.running else "")
        else:
            self.cart.spoken_for.discard(tablet)

    def restarted(self) -> None:
        """What a restart forgets: what could be taken back, and numbers that were not saved."""
        self.undo = None
        self.cart.restart()

    def save_cart(self) -> None:
        """The tablets' numbers go to the disk."""
        if self.room.is_up:
            self.room.save_cart()
            self.cart.save()

    def note_proposal(self) -> None:
        """What the teacher read before pressing."""
        self.proposed = self.view["proposal"]["classes"]


def own_status(line: dict[str, Any]) -> str:
    """What the room itself says of a pupil, whatever the school's word over it is."""
    school = line.get("school")
    return str(school["room"] if school else line["status"])
