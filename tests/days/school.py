"""This file is a school's controller without its process: real store, ingest and sheets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import cast
from zoneinfo import ZoneInfo

from controller import feature
from controller.attendance.correction import CorrectionReason, CorrectionWish, RollWish, seen_of
from controller.attendance.lessons import LessonMarks, sheet_of
from controller.attendance.missed import missed_on
from controller.attendance.sheet import Attendance, attendance_of
from controller.attendance.store import correct, enter_roll, lessons_of, log_of, marks_of, rolls_of
from controller.config import ControllerConfig
from controller.database.clock import keep_mark
from controller.database.store import Store, StoreError
from controller.feature import Program
from controller.features import (
    FEATURES,
    adopt_plan,
    listeners_of,
    note_start,
    prepare_batches,
)
from controller.fleet.records import AttendanceRecord, LessonRecord, RollRecord
from controller.ingest import Ingest
from controller.roster.plan import Lists, Schedule, SchoolClass
from controller.roster.store import keep_lists, keep_schedule, plan_of
from controller.teachers import store as teachers_store
from controller.teachers.teacher import Teacher, with_pin
from protocol.errors import ActionError
from protocol.link import Letter, Link
from protocol.model import AttendanceStatus, Place, instant
from protocol.plan import Bell, Booking, Pupil
from tests.databases import empty_sqlite
from tests.days.line import End, Way, arrival
from tests.days.power import Machine, PowerCut, machine

SCHOOL = Place("79", "00140708")
OFFICE = SCHOOL.of_agent("controller")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class School:
    """The controller. heard: what came to its broker and is not taken yet."""

    def __init__(self, folder: Path, box: Machine, chance: Random) -> None:
        folder.mkdir()
        self.box = box
        self.folder = folder
        self.database = folder / "lophoc.db"
        self.copy = folder / "copy.db"
        self.database.write_bytes(empty_sqlite())
        self.heard: list[Letter] = []
        self.said = Way(chance)
        self.said.is_true = True  # each room's own way is not
        self.retained: Letter | None = None
        self._stack: ExitStack | None = None
        self._starts = 0

    @property
    def is_up(self) -> bool:
        """Whether the program runs."""
        return self._stack is not None and not self.box.is_dead

    def boot(self) -> None:
        """Start as `controller.app` does."""
        self.drop()
        self.box.is_dead = False
        machine.set(self.box)
        self._starts += 1
        self._stack = ExitStack()
        self.store = self._stack.enter_context(Store(f"sqlite:///{self.database}"))
        config = ControllerConfig(
            province=SCHOOL.province, school=SCHOOL.school, data=self.folder, mdns=False
        )
        program = Program(
            config=config,
            features=FEATURES,
            store=self.store,
            zone=ZONE,
            boot=f"start-{self._starts}",
            wall_ms=self.box.wall_ms,
        )
        clock = replace(
            self.store.read(feature.clock_in, self.box.wall_ms),
            monotonic_s=self.box.steady_s,
            is_synchronized=lambda: False,
        )
        program._services[feature._clock_of] = clock
        self.program = program
        self.store.write(prepare_batches)
        self.store.write(adopt_plan, SCHOOL)
        self.store.write(note_start, program)
        self.end = End(self.said, 1)
        self.end.connected.set()
        self.ingest = Ingest(
            cast("Link", self.end),
            self.store,
            listeners_of(program),
            SCHOOL,
            boot=program.boot,
            publish=lambda _changes: None,
            now_ms=program.now_ms,
        )
        self.ingest._backoff = _NoRest()  # type: ignore[assignment]
        program.writer = self.ingest
        for letter in self.ingest.greet(self.end.session):
            self.retained = letter
            self.end.say(letter)

    def drop(self) -> None:
        """Nothing of the program is left; what is on the disk is."""
        stack, self._stack = self._stack, None
        if stack is not None:
            self.box.is_dead, self.box.fuse = True, None
            stack.close()

    def copy_all(self) -> None:
        """The night's copy."""
        self.copy.unlink(missing_ok=True)
        self.store.back_up(self.copy)

    def put_back(self) -> None:
        """Somebody puts the night's copy in the place of what is there."""
        self.drop()
        for tail in ("-wal", "-shm"):
            Path(f"{self.database}{tail}").unlink(missing_ok=True)
        shutil.copyfile(self.copy, self.database)

    async def take(self) -> None:
        """Take what came; what is not stored comes again."""
        machine.set(self.box)
        letters, self.heard = self.heard, []
        try:
            if letters:
                await self.ingest._take([arrival(letter, 1) for letter in letters])
        except StoreError as error:
            self.heard = letters + self.heard
            await self.ingest._give_back(error)
        except PowerCut:
            self.heard = letters + self.heard
            self.drop()

    async def beat(self) -> None:
        """What it does every few seconds."""
        machine.set(self.box)
        try:
            await self.ingest._expire_now()
            self.end.say(self.ingest.state(self.end.session, online=True))
        except StoreError:
            self.ingest._loaded = False
        except PowerCut:
            self.drop()

    def keep_clock(self) -> None:
        """What the upkeep does each hour."""
        self.store.write(keep_mark, self.program.clock)

    # -- the office -------------------------------------------------------------------------

    def plan(self, bells: Iterable[Bell], timetable: Iterable[Booking]) -> None:
        """The school's week."""
        schedule = Schedule(bells=tuple(bells), timetable=tuple(timetable))
        now = instant(self.program.now_ms()).astimezone(self.program.zone)
        self.store.write(keep_schedule, SCHOOL, schedule, now)

    def lists(self, classes: dict[str, list[str]], day: str) -> None:
        """Class lists as they stand from a day on."""
        whole = tuple(
            SchoolClass(
                code=code,
                pupils=tuple(Pupil(number=n, student=one) for n, one in enumerate(students, 1)),
            )
            for code, students in classes.items()
        )
        self.store.write(keep_lists, SCHOOL, Lists(classes=whole, whole_school=True), day=day)

    def missed(self, day: str, now: datetime) -> list[tuple[str, int, str]]:
        """Which classes should have learned in which periods, of which no room told; and codes."""
        plan = self.store.read(plan_of, SCHOOL)
        held = self.store.read(lessons_of, SCHOOL, day, day)
        found = missed_on(plan, held, SCHOOL, day, now)
        return [(one.classes[0], one.period or 0, one.lesson) for one in found]

    def ask(self, teachers: Mapping[str, str]) -> None:
        """Rooms ask who confirms: each by an id and a PIN; who has none cannot show it."""
        self.store.write(teachers_store.ask, SCHOOL, asks=True)
        for code, pin in teachers.items():
            teacher = Teacher(teacher=code, name=f"Thầy {code}")
            known = with_pin(teacher, pin) if pin else teacher
            self.store.write(teachers_store.keep_teacher, SCHOOL, known)

    async def correct(
        self, place: Place, lesson: str, class_code: str, student: str, status: str | None
    ) -> bool:
        """The office corrects a mark, or takes that back; whether it was taken."""
        wish = self._wish(place, lesson, class_code, student, status)
        return await self._write(correct, place, wish)

    async def enter(
        self, place: Place, lesson: str, class_code: str, roll: Mapping[str, str | None]
    ) -> bool:
        """The office gives a class's roll that is not confirmed, or takes it back."""
        wishes = [self._wish(place, lesson, class_code, *one) for one in roll.items()]
        return await self._write(enter_roll, place, RollWish(lesson, class_code, tuple(wishes)))

    def _wish(
        self, place: Place, lesson: str, class_code: str, student: str, status: str | None
    ) -> CorrectionWish:
        marks = self.marks(place, lesson)
        back = CorrectionReason.TAKEN_BACK
        return CorrectionWish(
            lesson=lesson,
            class_code=class_code,
            student=student,
            seen=seen_of(marks.status_of(student), marks.corrections.get(student)),
            status=AttendanceStatus(status) if status else None,
            reason=CorrectionReason.LEAVE_LETTER if status else back,
            note="",
            actor="office",
        )

    async def _write(self, deed: Callable[..., object], place: Place, wish: object) -> bool:
        machine.set(self.box)
        try:
            return bool(await self.ingest.write(deed, place, wish, self.program.now_ms()))
        except (ActionError, StoreError):
            return False
        except PowerCut:
            self.drop()
            return self.box.is_late

    # -- what stands in its books -----------------------------------------------------------

    def lessons(self, since: str, until: str) -> list[LessonRecord]:
        """Every lesson."""
        return self.store.read(lessons_of, SCHOOL, since, until)

    def marks(self, place: Place, lesson: str) -> LessonMarks:
        """What counts of a lesson."""
        return sheet_of(self.store.read(log_of, place, [lesson]))

    def log(self) -> tuple[list[RollRecord], list[AttendanceRecord]]:
        """Every roll and mark as it was stored."""
        rolls = self.store.read(rolls_of, SCHOOL, limit=None)
        return rolls, self.store.read(marks_of, SCHOOL, limit=None)

    def sheet(self, class_code: str, since: str, until: str, now: datetime) -> Attendance:
        """A class's sheet."""
        return attendance_of(self.store, SCHOOL, class_code, since, until, now=now)


class _NoRest:
    def reset(self) -> None:
        """Nothing is counted."""

    def next_s(self) -> float:
        """The play's time is not the machine's."""
        return 0.0


def is_for(letter: Letter, place: Place) -> bool:
    """Whether an agent hears it."""
    return f"/{place.agent}/" in letter.topic or letter.topic.endswith("controller/state")
