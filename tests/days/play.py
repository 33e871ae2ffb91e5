"""This file plays whole school days of a school by a seed, with every fault, and judges them.

As a program it plays as many as one likes: python -m tests.days.play FIRST LAST.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

from agent.clock import RoomClock
from protocol.messages import Ack, ControllerState, down_from
from protocol.plan import Bell, Booking
from protocol.retelling import Retelling
from tests.days import judging
from tests.days.carts import FORGOTTEN
from tests.days.desks import LOST, Desk, WrongError
from tests.days.meaning import HERE, MARKS, Membership, TaughtLesson
from tests.days.power import Machine, machine, one_thread
from tests.days.rooms import Room
from tests.days.school import OFFICE, SCHOOL, ZONE, School, is_for
from tests.seeds import play as play_seeds

MONDAY = datetime(2026, 9, 7, 6, 50, tzinfo=ZONE)
BELLS = ("07:00", "07:50", "08:45", "13:00", "13:50")
LESSON_MIN = 45
CODES = ("6A", "6B", "6C", "6D")
CLASSES = {code: [f"{code}-{number}" for number in range(1, 6)] for code in CODES}
ROOMS = {"R101": ("6A", "6B"), "R102": ("6B", "6C"), "R103": ("6C", "6A")}
CARRIED = "carried"  # a laptop without a room of its own
MEMORY = Path("/dev/shm")  # noqa: S108 - if it is there: a thousand days wear a disk out
TEACHERS = {"gv-a": "4711", "gv-b": "80915", "gv-c": ""}  # by id, with a PIN or without
TABLETS = 9
WRONG_PIN = "1213"
LEAP_S = 590  # the line carries once in each: ten minutes late would be a clock that is off
ROUNDS, CALM_ROUNDS = 60, 4  # of eleven seconds: a session, what is stored of it, an answer


def bells() -> Iterator[Bell]:
    """Five periods, every day."""
    for period, begins in enumerate(BELLS, 1):
        hour, minute = map(int, begins.split(":"))
        ends = f"{hour + (minute + LESSON_MIN) // 60:02}:{(minute + LESSON_MIN) % 60:02}"
        yield Bell(period=period, begins=begins, ends=ends, weekdays=(1, 2, 3, 4, 5, 6, 7))


def timetable() -> Iterator[Booking]:
    """Each class in one room at a time; 6D learns in no room of its own."""
    for weekday in range(1, 8):
        for period in range(1, len(BELLS) + 1):
            for room, codes in ROOMS.items():
                code = codes[period % 2]
                yield Booking(weekday=weekday, period=period, room=room, classes=(code,))


class Play:
    """A school's days. chance: of the seed; everything that happens by chance asks it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = Random(seed)
        self.now_s = MONDAY.timestamp()

        def now() -> float:
            return self.now_s

        self.school = School(folder / "school", Machine(now), Random(seed + 1))
        self.rooms = [
            Room(folder / name, SCHOOL, name, Machine(now), Random(seed + at))
            for at, name in enumerate((*ROOMS, CARRIED), 2)
        ]
        self.desks = [Desk(room, now, self.day, self.half) for room in self.rooms]
        self.lists = deepcopy(CLASSES)
        self.left_out: dict[str, list[str]] = {}  # a class that stands on no list for a while
        self.members = [
            Membership(student, code, "") for code in CLASSES for student in CLASSES[code]
        ]
        self.copied: tuple[Any, ...] | None = None
        self.is_calm = False
        self.false_room = self.chance.choice([None, None, self.rooms[0]])
        self.missed: dict[str, TaughtLesson] = {}  # what the office entered and no room told of
        self.asks = self.chance.random() < 0.4
        self.days = [self.day()]
        self.beat_s = self.now_s
        self.deeds: list[str] = []

    # -- time -------------------------------------------------------------------------------

    def at(self) -> datetime:
        """The true time."""
        return datetime.fromtimestamp(self.now_s, ZONE)

    def day(self) -> str:
        """The true date."""
        return self.at().date().isoformat()

    def half(self) -> str:
        """Before noon or after."""
        return "morning" if self.at().hour < 12 else "afternoon"

    async def pass_s(self, seconds: float) -> None:
        """Let time pass, with beats on the way."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s = min(until_s, self.now_s + LEAP_S)
            if self.now_s - self.beat_s >= 10:
                self.beat_s = self.now_s
                await self.beat()
        await self.carry()

    async def beat(self) -> None:
        """Every program does what it does by itself."""
        for room in self.rooms:
            if room.is_up:
                await room.beat()
        if self.school.is_up:
            await self.school.beat()
        await self.carry()

    async def carry(self) -> None:
        """One turn of the line."""
        for room in self.rooms:
            if room.is_up:
                await room.talk_on()
            arrived = room.up.carry()
            self.school.heard += arrived if self.school.is_up else []
        if self.school.is_up:
            await self.school.take()
        for letter in self.school.said.carry():
            for room in self.rooms:
                if is_for(letter, room.place):
                    room.down.waiting.append(letter)

    def connect(self, room: Room) -> None:
        """A session begins: the broker tells first what it retained."""
        if room.is_up and self.school.is_up and not room.end.connected.is_set():
            room.connect()
            if self.school.retained:
                room.down.waiting.append(self.school.retained)

    def cut(self, room: Room) -> None:
        """A session ends: what was under way is lost, and the broker says so."""
        will = room.cut()
        room.down.waiting.clear()
        if self.chance.random() < 0.7:
            room.up.waiting.clear()
        if will:
            room.up.waiting.append(will)

    # -- faults -----------------------------------------------------------------------------

    async def trouble(self) -> None:
        """Perhaps something goes wrong; what is down comes up again."""
        for room in self.rooms:
            if not room.is_up and self.chance.random() < 0.6:
                await self.boot(room)
            elif room.is_up and self.chance.random() < 0.3:
                self.connect(room)
        if not self.school.is_up and self.chance.random() < 0.5:
            self.start_school()
        if self.is_calm or self.chance.random() > 0.12:
            return
        faults: list[tuple[Callable[[], Awaitable[None] | None], int]] = [
            (self.kill_room, 6),
            (self.fuse_room, 8),
            (self.fill_disk, 4),
            (self.keep_numbers, 6),
            (self.speak_for_tablet, 5),
            (self.kill_school, 4),
            (self.fuse_school, 5),
            (self.put_copy_back, 2),
            (self.cut_line, 4),
            (self.set_clock, 3),
            (self.set_school_clock, 2),
            (self.renumber, 5),
            (self.move_pupil, 4),
            (self.leave_class_out, 3),
            (self.correct, 6),
            (self.enter, 5),
        ]
        fault = self.chance.choices([one for one, _ in faults], [often for _, often in faults])[0]
        self.deeds.append(fault.__name__)
        result = fault()
        if result is not None:
            await result

    async def boot(self, room: Room) -> None:
        """A room's program starts; the machine may have, too."""
        if self.chance.random() < 0.5:
            room.box.booted_s = self.now_s
        await room.boot()
        if room.is_up:
            self.connect(room)
        self.desks[self.rooms.index(room)].restarted()

    async def kill_room(self) -> None:
        """At once."""
        room = self.chance.choice(self.rooms)
        self.cut(room)
        await room.drop()

    def fuse_room(self) -> None:
        """At one of the next writes, before or after it."""
        box = self.chance.choice(self.rooms).box
        box.fuse, box.is_late = self.chance.randint(1, 8), self.chance.random() < 0.5

    def fill_disk(self) -> None:
        """Of a room's computer or of the server, for the next writes."""
        boxes = [self.school.box, *(room.box for room in self.rooms)]
        self.chance.choice(boxes).full = self.chance.randint(1, 4)

    def keep_numbers(self) -> None:
        """A cart's numbers, as they are now; those of later come from the lesson alone."""
        self.chance.choice(self.desks).save_cart()

    async def speak_for_tablet(self) -> None:
        """Somebody says that a tablet is the room's, mostly, or forgets it."""
        desk = self.chance.choice(self.desks)
        if desk.cart.now.numbers:
            tablet = self.chance.choice(sorted(desk.cart.now.numbers))
            await desk.speak_for(tablet, ours=self.chance.random() < 0.7)

    def kill_school(self) -> None:
        """With its broker: what was not taken is lost, or comes again."""
        self.school.drop()
        self.lose_school()

    def lose_school(self) -> None:
        """Every line ends with it."""
        if self.chance.random() < 0.5:
            self.school.heard.clear()
        for room in self.rooms:
            if room.is_up:
                self.cut(room)

    def fuse_school(self) -> None:
        """At one of its next pieces of work, before or after a commit."""
        box = self.school.box
        box.fuse, box.is_late = self.chance.randint(1, 6), self.chance.random() < 0.5

    def put_copy_back(self) -> None:
        """What the office did since is gone; what rooms told is told again."""
        if self.copied is None:
            return
        self.kill_school()
        self.school.put_back()
        self.lists, self.left_out, self.members, office = deepcopy(self.copied)
        for code, lesson in self.office_lessons().items():
            lesson.office = dict(office.get(code, {}))

    def cut_line(self) -> None:
        """Of one room, or of all."""
        for room in self.rooms if self.chance.random() < 0.3 else [self.chance.choice(self.rooms)]:
            if room.is_up:
                self.cut(room)

    def set_clock(self) -> None:
        """Of the one room whose clock is false, for what it does from now on."""
        room = self.false_room
        if room is None:
            return
        minutes = self.chance.choice((-3000, -90, -2, 0, 2, 90, 3000))
        room.box.offset_ms = minutes * 60_000
        desk = self.desks[self.rooms.index(room)]
        desk.is_clock_right = False
        for lesson in desk.lessons.values():
            lesson.sure = False

    def set_school_clock(self) -> None:
        """The server's."""
        self.school.box.offset_ms = self.chance.choice((-3000, -90, 0, 0, 2, 9)) * 60_000

    def renumber(self) -> None:
        """A class's book is written anew."""
        self.list_anew(lambda lists: self.chance.shuffle(self.chance.choice([*lists.values()])))

    def move_pupil(self) -> None:
        """From one class to another, or out for a while and back."""

        def move(lists: dict[str, list[str]]) -> None:
            source, target = self.chance.sample([*lists], 2)
            if len(lists[source]) > 2:
                student = lists[source].pop(self.chance.randrange(len(lists[source])))
                lists[target].append(student)

        self.list_anew(move)

    def leave_class_out(self) -> None:
        """Of the lists, by mistake; the next time it is there again, as it was."""

        def leave_out(lists: dict[str, list[str]]) -> None:
            left_out, self.left_out = self.left_out, {}
            if left_out:
                lists.update(left_out)
                return
            code = self.chance.choice([*lists])
            self.left_out = {code: lists.pop(code)}

        self.list_anew(leave_out)

    def list_anew(self, change: Callable[[dict[str, list[str]]], None]) -> None:
        """The office takes in other lists."""
        if not self.school.is_up:
            return
        change(self.lists)
        self.school.lists(self.lists, self.day())
        now = {(student, code) for code, students in self.lists.items() for student in students}
        open_ones = [one for one in self.members if one.until == "9999"]
        for one in open_ones:
            if (one.student, one.class_code) not in now:
                one.until = self.day()
        there = {(one.student, one.class_code) for one in open_ones}
        self.members += [Membership(*pair, self.day()) for pair in sorted(now - there)]

    async def correct(self) -> None:
        """The office corrects a mark that counts, or takes its own word back."""
        lessons = [one for one in self.known_lessons() if one[1].codes()]
        if not lessons or not self.school.is_up:
            return
        desk, lesson = self.chance.choice(lessons)
        student, code = self.chance.choice(sorted(lesson.codes().items()))
        is_back = student in lesson.office and self.chance.random() < 0.3
        status = None if is_back else self.chance.choice(MARKS)
        if await self.school.correct(desk.room.place, lesson.code, code, student, status):
            lesson.hear_office({student: status}, code)

    async def enter(self) -> None:
        """The office gives a roll that the room has not confirmed, or takes all of it back."""
        lessons = [one for one in self.known_lessons() if not one[1].confirmed and one[1].classes]
        if not lessons or not self.school.is_up:
            return
        desk, lesson = self.chance.choice(lessons)
        code = self.chance.choice(lesson.classes)
        mine = [one for one in self.members if one.class_code == code and one.holds(lesson.day)]
        is_back = bool(lesson.office) and self.chance.random() < 0.3
        roll = {
            one.student: None if is_back else self.chance.choice((HERE, *MARKS)) for one in mine
        }
        if await self.school.enter(desk.room.place, lesson.code, code, roll):
            lesson.hear_office(roll, code)

    async def enter_missed(self) -> None:
        """The office gives the roll of what the timetable had today and nobody held."""
        doubted = any(not one.sure for desk in self.desks for one in desk.lessons.values())
        plan = self.school.missed(self.day(), self.at())
        mine = [one for one in self.missed.values() if one.office]
        if doubted or not plan or self.chance.random() < 0.3:
            return
        judging.judge_missed(plan, [*self.taught(), *mine], self.day(), BELLS)
        code, period, name = self.chance.choice(plan)
        if name not in self.missed:
            half = "morning" if BELLS[period - 1] < "12" else "afternoon"
            own = TaughtLesson(name, "", (code,), self.day(), half, running=False)
            self.missed[name] = own
        lesson = self.missed[name]
        roll = {
            one.student: self.chance.choice((HERE, *MARKS))
            for one in self.members
            if one.class_code == code and one.holds(lesson.day)
        }
        if await self.school.enter(OFFICE, name, code, roll):
            lesson.hear_office(roll, code)

    def office_lessons(self) -> dict[str, TaughtLesson]:
        """Every lesson that the office may have said something of."""
        held = {code: one for desk in self.desks for code, one in desk.lessons.items()}
        return held | self.missed

    def taught(self) -> list[TaughtLesson]:
        """What rooms held."""
        return [one for desk in self.desks for one in desk.lessons.values() if not one.undone]

    def known_lessons(self) -> list[tuple[Desk, TaughtLesson]]:
        """Those whose day nobody doubts."""
        return [
            (desk, lesson)
            for desk in self.desks
            for lesson in desk.lessons.values()
            if lesson.sure and not lesson.undone
        ]

    def start_school(self) -> None:
        """Its programs start."""
        self.school.boot()
        for room in self.rooms:
            if room.is_up and self.chance.random() < 0.8:
                self.connect(room)

    # -- lessons ----------------------------------------------------------------------------

    async def lesson(self, desk: Desk) -> AsyncIterator[None]:
        """One period in a room, as teachers do it; each step may be the last for a while."""
        chance = self.chance
        if chance.random() < (0.5 if desk.room.is_carried else 0.08):
            return
        async for _ in self.start(desk):
            yield
        for _ in range(chance.randint(0, 4)):
            if await desk.look() is not None and desk.running and desk.view["roll"]:
                line = chance.choice(desk.view["roll"]["lines"])
                await desk.check_in(str(chance.randint(1, TABLETS)), line["student"])
            yield
        for _ in range(chance.randint(0, 4)):
            await self.mark(desk)
            yield
        if chance.random() < 0.8:
            await self.step(desk, "confirm")
            yield
        for _ in range(chance.choice((0, 0, 1, 2))):
            await self.mark(desk)
            yield
        if chance.random() < 0.25:
            await self.undo(desk)
            yield
        if chance.random() < 0.3:
            await self.earlier(desk)
            yield
        if chance.random() < 0.7:
            await self.step(desk, "end")
            yield
        if chance.random() < 0.15:
            await self.undo(desk)
        await self.wake(desk)

    async def choose_room(self, desk: Desk) -> None:
        """A teacher who carries a laptop says where, mostly before the lesson; once it is wrong."""
        for _ in range(self.chance.choice((1, 1, 2))):
            if not await self.fresh(desk) or not desk.view["rooms"]:
                return
            if desk.view["pick_room"] or self.chance.random() < 0.5:
                await desk.choose(self.chance.choice(desk.view["rooms"]))

    async def start(self, desk: Desk) -> AsyncIterator[None]:
        """Start, with the class proposed or another one; some take it back and start again."""
        if desk.room.is_carried:
            await self.choose_room(desk)
            await self.earlier(desk)  # of another room, perhaps
            yield
        if not await self.fresh(desk):
            return
        if self.chance.random() < 0.2:
            desk.asleep = desk.view
        more: dict[str, Any] = {}
        if self.chance.random() < 0.12 and desk.view["proposal"]["all"]:
            more["classes"] = [self.chance.choice(desk.view["proposal"]["all"])]
        await self.step(desk, "start", **more)
        yield
        if self.chance.random() < 0.1:
            await self.undo(desk)
            yield
            await self.step(desk, "start")
            yield

    async def fresh(self, desk: Desk) -> bool:
        """Look, no sooner than eyes follow."""
        self.now_s += 1 + self.chance.random() * 2
        if await desk.look() is None:
            return False
        desk.note_proposal()
        return True

    async def step(self, desk: Desk, deed: str, **more: Any) -> None:
        """Press one of the lesson's buttons: once, twice, with an impatient finger, or held."""
        if not await self.fresh(desk):
            return
        view = desk.view
        shown = {one["action"] for one in (view["button"], view["also"]) if one}
        if deed not in shown or (deed == "confirm" and not view["roll"] and not view["also"]):
            return
        if deed == "confirm" and not view["roll"] and not await desk.look_at(view["meant"]):
            return
        times = self.chance.choice((1, 1, 1, 2, 3))
        before = self.standing(desk)
        more |= self.proof(desk) if deed == "confirm" else {}
        answers = await desk.press(deed, view["meant"], times, **more)
        self.judge_press(desk, deed, answers, more)
        if self.chance.random() < 0.2:
            await self.hold(desk, before)

    def proof(self, desk: Desk) -> dict[str, Any]:
        """Where the room asks: a teacher with their PIN, with a wrong one, or without."""
        if not desk.view["asks"] or not desk.view["teachers"]:
            return {}
        teacher = self.chance.choice(desk.view["teachers"])["teacher"]
        pin = self.chance.choice(
            (TEACHERS[teacher] or None, TEACHERS[teacher] or None, None, "1212")
        )
        return {"teacher": teacher} | ({"pin": pin} if pin else {})

    def judge_press(
        self, desk: Desk, deed: str, answers: list[Any], more: dict[str, Any] | None = None
    ) -> None:
        """A press that was looked at is done, unless the disk or the power failed."""
        statuses = {one.status for one in answers}
        allowed = not answers or not statuses.isdisjoint({200, LOST, 507})
        codes = {one.code for one in answers}
        teacher, pin = (more or {}).get("teacher", ""), (more or {}).get("pin")
        if pin and pin != TEACHERS[teacher]:
            desk.claim(200 not in statuses, "a wrong PIN was taken")
            codes -= {"pin_wrong"}
        codes -= {"pin_wait"} if pin else set()
        desk.claim(allowed or codes <= {"no_class", "no_roll"}, f"{deed} is refused: {codes}")

    async def hold(self, desk: Desk, before: object) -> None:
        """Enter stays down: whatever the button becomes, one deed is done in all."""
        stood, count = self.standing(desk), int(self.standing(desk) != before)
        for gap_s in (0.4, *(0.04,) * 12):
            self.now_s += gap_s
            answer = await desk.room.ask("GET", "teacher")
            if answer.status != 200:
                return
            action, meant = answer.body["button"]["action"], answer.body["meant"]
            pressed = await desk.press(action, meant)
            if pressed[0].status == LOST:
                return
            count, stood = count + (self.standing(desk) != stood), self.standing(desk)
        desk.claim(count <= 1, f"Enter that was held did {count} deeds")

    def standing(self, desk: Desk) -> object:
        """What a held key must not change."""
        code = desk.running.code if desk.running else ""
        return code, [(one.code, one.confirmed) for one in desk.lessons.values()]

    async def mark(self, desk: Desk) -> None:
        """Tap a pupil in the roll that is shown."""
        if not await self.fresh(desk) or not desk.view["roll"]:
            return
        code, lines = desk.view["meant"]["lesson"], desk.view["roll"]["lines"]
        if code not in desk.lessons or not lines:
            return
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            student = self.chance.choice(lines)["student"]
            status = self.chance.choice((HERE, *MARKS))
            more = self.proof(desk) if desk.lessons[code].confirmed else {}
            answer = await desk.tap(code, {"lesson": code}, student, status, **more)
            self.judge_press(desk, "a tap", [answer], more)
            if answer.status == LOST:
                return
            self.now_s += 0.2

    async def undo(self, desk: Desk) -> None:
        """Take back what the page offers, sometimes too late."""
        self.now_s += self.chance.choice((0.5, 3, 12, 70) if self.asks else (0.5, 3, 12))
        if await desk.look() is not None:
            offer = desk.view["undo"]
            more = self.proof(desk) if offer and offer["asks"] else {}
            answer = await desk.take_back(**more)
            self.judge_press(desk, "undo", [answer] if answer else [], more)

    async def earlier(self, desk: Desk) -> None:
        """Confirm, or correct, a lesson of the list."""
        if not await self.fresh(desk) or not desk.view["lessons"]:
            return
        line = self.chance.choice(desk.view["lessons"])
        code = line["lesson"]
        tree = await desk.tree(code)
        if not tree or not tree["roll"]:
            return
        desk._hold_lines(desk.lessons[code], tree["roll"])
        if line["confirmed"]:
            student = self.chance.choice(tree["roll"]["lines"])["student"]
            more = self.proof(desk) if tree["roll"]["asks"] else {}
            status = self.chance.choice(MARKS)
            answer = await desk.tap(code, tree["meant"], student, status, **more)
            if answer.status == 200:
                self.judge_press(desk, "a correction", [answer], more)
        else:
            more = self.proof(desk)
            answers = await desk.press("confirm", tree["meant"], **more)
            self.judge_press(desk, "confirm", answers, more)

    async def wake(self, desk: Desk) -> None:
        """A page that slept presses what it showed then."""
        page, desk.asleep = desk.asleep, None
        if page is None or self.chance.random() < 0.4 or not await self.fresh(desk):
            return
        deed = self.chance.choice(("start", "end"))
        stale, now = page["meant"], desk.view["meant"]
        is_same = (stale["lesson"], stale["running"]) == (now["lesson"], now["running"])
        answers = await desk.press(deed, stale)
        done = any(one.status == 200 for one in answers)
        desk.claim(is_same or not done, f"a page that slept did {deed} to another lesson")

    # -- the days ---------------------------------------------------------------------------

    async def days_long(self, count: int) -> None:
        """Play so many days, and judge each evening."""
        self.school.boot()
        self.school.plan(bells(), timetable())
        self.school.lists(self.lists, "")
        if self.asks:
            self.school.ask(TEACHERS)
        for room in self.rooms:
            await self.boot(room)
        for _ in range(3):
            await self.pass_s(11)
        for number in range(count):
            if number:
                await self.night()
            for begins in BELLS:
                await self.period(begins)
            await self.evening()

    async def period(self, begins: str) -> None:
        """All rooms at once, in whatever order."""
        hour, minute = map(int, begins.split(":"))
        start = self.at().replace(hour=hour, minute=minute, second=0)
        left_s = start.timestamp() - self.now_s - self.chance.randint(0, 90)
        await self.pass_s(max(0.0, left_s))
        scripts = [self.lesson(desk) for desk in self.desks]
        while scripts and self.now_s < start.timestamp() + LESSON_MIN * 60:
            script = self.chance.choice(scripts)
            await self.trouble()
            try:
                await anext(script)
            except StopAsyncIteration:
                scripts.remove(script)
            await self.pass_s(self.chance.choice((0.0, 2.0, 15.0, 60.0, 200.0)))
            if self.chance.random() < 0.05:
                await self.chance.choice(self.desks).hold_all()
        for script in scripts:
            await script.aclose()

    async def night(self) -> None:
        """The copy is made; some lessons run on into midnight."""
        if not self.school.is_up:
            self.start_school()
        office = {code: dict(one.office) for code, one in self.office_lessons().items()}
        self.school.copy_all()
        self.copied = deepcopy((self.lists, self.left_out, self.members, office))
        morning = (self.at() + timedelta(days=1)).replace(hour=6, minute=50, second=0)
        if self.chance.random() < 0.2:
            late = self.at().replace(hour=23, minute=50)
            await self.pass_s(max(0.0, late.timestamp() - self.now_s))
            script = self.lesson(self.chance.choice(self.desks))
            async for _ in script:
                await self.trouble()
                await self.pass_s(self.chance.choice((5.0, 200.0, 600.0)))
        await self.pass_s(max(0.0, morning.timestamp() - self.now_s))
        self.days.append(self.day())

    async def evening(self) -> None:
        """Everything runs and every line holds; then nothing may be lost, doubled or wrong."""
        self.is_calm = True
        await self.pass_s(max(0.0, self.at().replace(hour=17).timestamp() - self.now_s))
        for box in (self.school.box, *(room.box for room in self.rooms)):
            box.fuse, box.offset_ms, box.full = None, 0, 0
        if not self.school.is_up:
            self.start_school()
        for room in self.rooms:
            room.up.is_true = room.down.is_true = True
            if not room.is_up:
                await self.boot(room)
            self.cut(room)
        await self.pass_s(700)
        for number in range(ROUNDS):
            for room in self.rooms:
                self.connect(room)
            await self.pass_s(11)
            if number >= CALM_ROUNDS and self.is_quiet():
                break
        else:
            waiting = [self.school.heard, *map(self.waiting_in, self.rooms)]
            raise WrongError(f"still waiting: {waiting}")
        await self.enter_missed()
        for desk in self.desks:
            await desk.hold_all()
            await desk.hold_school()
        judging.judge(self)
        for room in self.rooms:
            room.up.is_true = room.down.is_true = False
        self.is_calm = False

    def is_quiet(self) -> bool:
        """Whether nobody has anything to say any more."""
        return not self.school.heard and not any(map(self.waiting_in, self.rooms))

    def waiting_in(self, room: Room) -> list[object]:
        """What a room has not told, or was not told."""
        return [
            *([] if room.end.connected.is_set() else ["no line"]),
            *(parcel.topic for parcel in room.outbox.waiting_events(0, 1)),
            *(["to tell again"] if is_telling(room.relay._retelling) else []),
            *(one.topic for one in room.down.waiting if not _is_beat(one.payload)),
        ]


def is_telling(retelling: Retelling | None) -> bool:
    """Whether something is told again that the school had lost."""
    return retelling is not None and not retelling.is_over


def _is_beat(payload: bytes) -> bool:
    return isinstance(down_from(payload), ControllerState | Ack)


@contextmanager
def world(seed: int) -> Iterator[None]:
    """One thread, clocks by hand, ids by the seed, the school's own zone."""
    ids = Random(seed)

    def uuid4() -> UUID:
        return UUID(int=ids.getrandbits(128), version=4)

    def clock(path: Path, **_: object) -> RoomClock:
        """All rooms of this one process live in the school's zone already."""
        box = machine.get()
        return RoomClock(path, wall=box.wall_ms, steady=box.steady_s)

    with (
        one_thread(),
        patch("agent.database.restore.RoomClock", clock),
        patch("agent.database.restore.uuid4", uuid4),
        patch("agent.local.lessons.uuid4", uuid4),
        patch("protocol.guide._SCRYPT_N", 2),
        patch("agent.tablets.cart.FORGOTTEN_LESSONS", FORGOTTEN),
        patch.dict("os.environ", {"TZ": ZONE.key}),
    ):
        time.tzset()
        yield
    time.tzset()


async def _played(seed: int, folder: Path, days: int) -> Play:
    play = Play(seed, folder)
    try:
        await play.days_long(days)
    except BaseException as error:
        error.add_note(f"last faults: {play.deeds[-12:]} at {play.at():%a %H:%M:%S}")
        raise
    finally:
        for room in play.rooms:
            await room.drop()
        play.school.drop()
    return play


def days_of(seed: int) -> int:
    """How many days a seed has."""
    return 1 + seed % 3


def wrongs_of(seed: int, _folder: Path) -> Iterable[str]:
    """What is wrong with a seed's days."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        world(seed),
    ):
        try:
            asyncio.run(_played(seed, Path(folder), days_of(seed)))
        except AssertionError as wrong:
            yield " | ".join([str(wrong), *getattr(wrong, "__notes__", [])])


if __name__ == "__main__":
    raise SystemExit(play_seeds(wrongs_of))
