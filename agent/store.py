"""This file makes each step of the classroom sure: the outbox first, then the documents.

What a lesson is goes into the outbox with what is said of it, in one piece. One step at a time.
What a person does is refused if the outbox cannot take it; what the senses see is counted then,
and told by a birth when the disk is well again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from agent.classroom import Classroom, ClassroomStep, ClassroomView
from agent.database.documents import Documents
from agent.database.generations import DocumentError
from agent.database.restore import saved_state_of
from agent.equipment import memos as equipment_memos
from agent.equipment.devices import Devices
from agent.lessons import memos
from agent.lessons.marks import MarkResult
from agent.lessons.sheet import NotOnRoll, Suggestion
from agent.lessons.teaching import NoLesson, Teaching, TeachingStep
from agent.resetting import by_clock
from agent.room import Moment
from hardware.readings import Reading
from protocol.erasure import PupilSearch
from protocol.guide import Guide
from protocol.health import Finding, Judgement, ReasonCode
from protocol.kit import KitProgram
from protocol.messages import (
    AnyEvent,
    AnyState,
    CameraOff,
    EraseCommand,
    Explained,
    HostMeasures,
    KindAnswer,
    KitLine,
    OutboxReport,
    PairAnswer,
    Tombstone,
)
from protocol.model import AttendanceStatus, Method, Reason, Status
from protocol.outbox import Outbox, OutboxError
from protocol.plan import Plan, digest_of
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

ClassroomAction = Callable[[Classroom, int], ClassroomStep]
TeachingAction = Callable[[Teaching, Moment], TeachingStep]

_REFUSED = Reason(ReasonCode.OUTBOX_REFUSED)


@dataclass(slots=True, eq=False)
class _SuggestionWish:
    """A pupil whom a machine saw in a lesson, until that is kept; error: why it is not."""

    lesson: str
    student: str
    method: Method
    tablet: str
    flags: tuple[str, ...]
    error: Exception | None = None

    def apply(self, teaching: Teaching, moment: Moment) -> TeachingStep:
        """Take it into the sheet. Raises NoLesson, NotOnRoll."""
        seen = Suggestion(
            method=self.method, at_ms=moment.at_ms, tablet=self.tablet, flags=self.flags
        )
        return teaching.suggest(self.student, seen, self.lesson)


class ClassroomStore:
    """Takes the classroom from step to step; stirred is called when the outbox has something.

    classroom: as it is now. now: the clocks. refused: how many messages the disk did not take.
    stepped: called after each step.
    """

    def __init__(
        self,
        classroom: Classroom,
        outbox: Outbox,
        documents: Documents,
        *,
        now: Callable[[], Moment],
        stirred: Callable[[], None],
        stepped: Callable[[], None] = lambda: None,
    ) -> None:
        self.classroom = classroom
        self._outbox = outbox
        self._documents = documents
        self.now = now
        self._stirred = stirred
        self._stepped = stepped
        self._one_at_a_time = asyncio.Lock()
        self._wishes: list[_SuggestionWish] = []
        self._documents_refused = False
        self._unerased = StateLog(_LOGGER, "a pupil is not erased yet, tried again")
        self._step_taken = asyncio.Condition()
        self.refusing = False
        self.refused = 0
        self.untold = False  # something seen could not be put: only a birth tells it
        self.step = 0
        self._explained: Explained | None = None  # as the school was told last
        self._explained_of: Devices | None = None  # and of which state of the devices

    async def steps(self) -> AsyncGenerator[Classroom, None]:
        """The classroom after each step from now on; a slow listener sees the latest only."""
        while True:
            async with self._step_taken:
                await self._step_taken.wait()
            yield self.classroom

    async def wait_for_step(self, step: int, timeout_s: float) -> int:
        """Wait for a step after the one of this number, or for so long; the number of the last."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._step_taken:
                await self._step_taken.wait_for(lambda: self.step != step)
        return self.step

    async def waiting_ids(self, ids: Sequence[str]) -> set[str]:
        """Which of these events the school does not have yet. Raises OutboxError."""
        return await asyncio.to_thread(self._outbox.waiting_of, ids) if ids else set()

    async def see(self, readings: Iterable[Reading]) -> None:
        """Take in what the senses saw."""
        async with self._one_at_a_time:
            moment = self.now()
            await self._apply_seen(self._by_clock(moment).see(readings, moment.at_ms))

    async def beat(
        self,
        measures: HostMeasures,
        extra: tuple[Finding, ...],
        programs: Mapping[str, KitProgram] | None = None,
    ) -> None:
        """Take in one beat's measures; returns nothing and refuses nothing."""
        async with self._one_at_a_time:
            report, now = self._outbox.report(), self.now()
            current = self._by_clock(now)
            await self._apply_seen(current.beat(measures, report, extra, now, programs))
            await self._explain(now.at_ms)

    async def do(self, deed: ClassroomAction) -> ClassroomStep:
        """Take a step that a person asked for; on the disk when this returns.

        Raises KeyError where it speaks of a device that is not known, OutboxError.
        """
        async with self._one_at_a_time:
            moment = self.now()
            step = deed(self._by_clock(moment), moment.at_ms)
            await self._record(step)
            return step

    async def switch_camera(self, *, off: bool) -> None:
        """A person in the room switches its cameras; off in any case, on only once it is kept.

        Raises OutboxError.
        """
        if not off:
            await self.do(lambda room, at_ms: room.switch_camera(off=False, at_ms=at_ms))
            return
        async with self._one_at_a_time:
            now = self.now()
            await self._apply_seen(self._by_clock(now).switch_camera(off=True, at_ms=now.at_ms))

    async def obey_camera_off(self, command: CameraOff) -> None:
        """The school has the room's cameras switched off: done in any case, too."""
        async with self._one_at_a_time:
            now = self.now()
            await self._apply_seen(self._by_clock(now).obey_camera_off(command, now.at_ms))

    async def mark(self, student: str, status: AttendanceStatus, method: Method) -> MarkResult:
        """Mark a pupil; it is on the disk when this returns. Raises OutboxError, MarkBookFull."""
        async with self._one_at_a_time:
            moment = self.now()
            step, marked = self._by_clock(moment).mark(student, status, method, moment)
            await self._record(step)
            return marked

    async def teach(self, deed: TeachingAction) -> ClassroomStep:
        """Take a teacher's step in the lesson; on the disk when this returns.

        Raises NoLesson, NotOnRoll, OutboxError.
        """
        async with self._one_at_a_time:
            moment = self.now()
            step = self._by_clock(moment).teach(lambda teaching: deed(teaching, moment))
            await self._record(step)
            return step

    async def suggest(
        self, student: str, method: Method, *, tablet: str = "", flags: tuple[str, ...] = ()
    ) -> None:
        """A machine saw a pupil; kept when this returns, and said only if the teacher confirms.

        It is of the lesson that runs as this is called: where another one begins while it waits for
        the disk, it is nobody's. A class that comes in at once is kept in one write: whoever waits
        goes along. Raises NoLesson, NotOnRoll, OutboxError.
        """
        wish = _SuggestionWish(self.classroom.lesson.code or "", student, method, tablet, flags)
        self._wishes.append(wish)
        try:
            async with self._one_at_a_time:
                if wish in self._wishes:
                    await self._suggest_all()
        finally:
            if wish in self._wishes:  # who waits no more has not been seen
                self._wishes.remove(wish)
        if wish.error is not None:
            raise wish.error

    async def _suggest_all(self) -> None:
        """Take everyone who waits, in one step."""
        wishes, self._wishes = self._wishes, []
        moment = self.now()
        step = ClassroomStep(self._by_clock(moment), [])
        for wish in wishes:
            try:
                step = step.classroom.teach(partial(wish.apply, moment=moment))
            except (NoLesson, NotOnRoll) as error:
                wish.error = error
        is_settled = False
        try:
            await self._record(step)
            is_settled = True
        except OutboxError as error:
            is_settled = True
            for wish in wishes:
                wish.error = wish.error or error
        finally:
            if not is_settled:  # this one waits no more: the next takes the others along
                self._wishes = [*wishes, *self._wishes]

    async def take_plan(self, plan: Plan) -> bool:
        """Keep the school's plan; False if this very one is held already. Raises OutboxError."""
        digest = digest_of(plan)
        if digest == self.classroom.teaching.digest:
            return False
        await self.teach(lambda teaching, _moment: teaching.take(plan, digest))
        return True

    async def take_guide(self, guide: Guide) -> None:
        """Keep what the school tells of itself beyond this room. Raises OutboxError."""
        await self.teach(lambda teaching, _moment: teaching.follow(guide))

    async def take_kit(self, lines: tuple[KitLine, ...] | None) -> bool:
        """Hold the room against what the school asks for; False if it asked for the same before.

        Raises OutboxError.
        """
        if lines == self.classroom.asked:
            return False
        await self.do(lambda room, _at_ms: ClassroomStep(replace(room, asked=lines), []))
        return True

    async def confirm_tablets(self, device_ids: Iterable[str]) -> None:
        """Keep which tablets of the room the school's book names. Raises OutboxError."""
        confirmed = frozenset(device_ids)
        if confirmed != self.classroom.devices.confirmed:
            await self.do(
                lambda room, at_ms: room.change_devices(
                    lambda devices, at: devices.confirm(confirmed, at), at_ms
                )
            )

    async def pair(self, answers: Iterable[PairAnswer]) -> None:
        """Keep which two devices are one by the school's word. Raises OutboxError."""
        paired = tuple(answers)
        if paired != self.classroom.devices.paired:
            await self.do(
                lambda room, at_ms: room.change_devices(
                    lambda devices, at: devices.pair(paired, at), at_ms
                )
            )

    async def be_told_kinds(self, answers: Iterable[KindAnswer]) -> None:
        """Keep what devices are by the school's word. Raises OutboxError."""
        said = tuple(answers)
        known = self.classroom.devices.kinds
        held = [(one.device, one.is_kind) for one in known if one.names]
        if [(one.device, one.is_kind) for one in said] != held or len(held) != len(known):
            await self.do(
                lambda room, at_ms: room.change_devices(
                    lambda devices, at: devices.be_told_kinds(said, at), at_ms
                )
            )

    async def birth(self, session: int) -> bool:
        """Say everything anew; False if the outbox cannot take it now."""
        async with self._one_at_a_time:
            moment = self.now()
            birth = self.classroom.birth(session, self._outbox.report(), moment)
            try:
                devices = self.classroom.devices
                explained = devices.explained(moment.at_ms)
                heads = self.classroom.teaching.head_again(moment.at_ms)
                await self._put([birth, explained, *heads])
                self._explained, self._explained_of = explained, devices
            except OutboxError as error:
                self._note_refusal(error)
                return False
            self.untold = False
            return True

    async def tick(self, elapsed_s: float) -> None:
        """Let the outbox's running time pass."""
        try:
            await asyncio.to_thread(self._outbox.tick, elapsed_s)
        except OutboxError as error:
            self._note_refusal(error)

    async def erase(self, tombstones: Sequence[Tombstone]) -> None:
        """Erase pupils in what could be told again; a full disk is asked anew at each connect."""
        try:
            await asyncio.to_thread(self._outbox.erase, tombstones)
        except OutboxError as error:
            self._note_refusal(error)

    async def erase_pupil(self, command: EraseCommand) -> None:
        """Erase a pupil wherever the room has them, and prove it; once.

        What the disk refuses is asked for again at the next session, for it is not proven.
        """
        async with self._one_at_a_time:
            try:
                await self._erase_pupil(command)
            except (OutboxError, DocumentError, OSError) as error:
                self._unerased.failed(error)
            else:
                self._unerased.went_well()

    def view(self) -> ClassroomView:
        """What the teacher's screen shows; a disk that refuses is shown before all else."""
        view = self.classroom.view(self.now().at_ms)
        if not self.refusing:
            return view
        judgement = Judgement(Status.CRITICAL, (_REFUSED, *view.judgement.reasons))
        return view._replace(judgement=judgement)

    def outbox_report(self) -> OutboxReport:
        """How much waits for the school's server."""
        return self._outbox.report()

    async def _erase_pupil(self, command: EraseCommand) -> None:
        if await asyncio.to_thread(self._outbox.holds_proof, command.erasure):
            return
        search = PupilSearch(command.salt, command.digest)
        records = await asyncio.to_thread(self._outbox.erase_pupil, search.is_pupil)
        without = self.classroom.teaching.without_pupil(search.is_pupil)
        await self._record(ClassroomStep(replace(self.classroom, teaching=without), []))
        await asyncio.to_thread(self._documents.scrub)
        await asyncio.to_thread(self._outbox.scrub)
        left = await asyncio.to_thread(self._documents.let_go_aside, search)
        await self._record(
            self.classroom.teach(
                lambda teaching: teaching.prove_erasure(
                    command.erasure, records, len(left), self.now()
                )
            )
        )

    async def _explain(self, at_ms: int) -> None:
        """Tell what devices are known by, where it is otherwise; a birth tells it again."""
        devices, told = self.classroom.devices, self._explained
        if told is None or devices is self._explained_of:
            return
        explained = devices.explained(at_ms)
        if (told.devices, told.doubts) != (explained.devices, explained.doubts):
            try:
                await self._put([explained])
            except OutboxError as error:
                self._note_refusal(error)
                return
        self._explained, self._explained_of = explained, devices

    async def _record(self, step: ClassroomStep) -> None:
        """Take a step that must not be lost; it is not taken if the outbox refuses."""
        try:
            await self._put(step.messages, self._memos(step))
        except OutboxError as error:
            self._note_refusal(error)
            raise
        await self._apply(step)

    async def _apply_seen(self, step: ClassroomStep) -> None:
        """Take a step in any case: what was seen was seen."""
        try:
            await self._put(step.messages, self._memos(step))
        except OutboxError as error:
            self.refused += len(step.messages)
            self.untold = True
            self._note_refusal(error)
            # A lesson that could not be kept did not change: it is tried again at the next beat.
            teaching = self.classroom.teaching
            step = step._replace(classroom=replace(step.classroom, teaching=teaching))
        await self._apply(step)

    def _by_clock(self, moment: Moment) -> Classroom:
        """The classroom, moved where the clock was set: kept with the step that is taken on it."""
        return by_clock(self.classroom, moment)

    def _memos(self, step: ClassroomStep) -> Mapping[str, bytes | None]:
        before, after = self.classroom, step.classroom
        taught = memos.changes(before.teaching, after.teaching)
        return taught | equipment_memos.changes(before.devices, after.devices)

    async def _put(
        self, messages: list[AnyState | AnyEvent], memo: Mapping[str, bytes | None] | None = None
    ) -> None:
        if not messages and not memo:
            return
        await asyncio.to_thread(partial(self._outbox.put, *messages, memos=memo))
        if self.refusing:
            _LOGGER.info("outbox takes records again refused=%d", self.refused)
        self.refusing = False
        self._stirred()

    async def _apply(self, step: ClassroomStep) -> None:
        self.classroom = step.classroom
        self.step += 1
        async with self._step_taken:
            self._step_taken.notify_all()
        self._stepped()
        saved = saved_state_of(step.classroom)
        try:
            await asyncio.to_thread(self._documents.save, saved)
        except DocumentError as error:
            if not self._documents_refused:
                _LOGGER.warning("documents not kept, tried again at each step: %s", error)
            self._documents_refused = True
        else:
            self._documents_refused = False

    def _note_refusal(self, error: OutboxError) -> None:
        if not self.refusing:
            _LOGGER.error("outbox refuses: %s", error)
        self.refusing = True
