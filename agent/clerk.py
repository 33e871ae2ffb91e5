"""This file makes each step of the classroom sure: the outbox first, then the documents.

One step at a time. What a person does is refused if the outbox cannot take it; what the senses
see is counted then, and told by a birth when the disk is well again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping

from agent.attendance import Marked
from agent.classroom import Classroom, Step, View
from agent.errors import DocumentError
from agent.memory.documents import Documents, Remembered
from agent.room import Moment
from hardware.readings import Seen
from protocol.health import Finding, Judgement, ReasonCode
from protocol.kit import Program
from protocol.messages import AnyEvent, AnyState, HostMeasures, OutboxReport
from protocol.model import AttendanceStatus, Method, Reason, Status
from protocol.outbox import Outbox, OutboxError

_LOGGER = logging.getLogger(__name__)

Deed = Callable[[Classroom, int], Step]

_REFUSED = Reason(ReasonCode.OUTBOX_REFUSED)


class Clerk:
    """Takes the classroom from step to step; stirred is called when the outbox has something."""

    def __init__(
        self,
        classroom: Classroom,
        outbox: Outbox,
        documents: Documents,
        *,
        now: Callable[[], Moment],
        stirred: Callable[[], None],
    ) -> None:
        self._classroom = classroom
        self._outbox = outbox
        self._documents = documents
        self._now = now
        self._stirred = stirred
        self._one_at_a_time = asyncio.Lock()
        self._documents_refused = False
        self._stepped = asyncio.Condition()
        self.refusing = False
        self.refused = 0

    @property
    def classroom(self) -> Classroom:
        """The classroom as it is now."""
        return self._classroom

    async def steps(self) -> AsyncGenerator[Classroom, None]:
        """The classroom after each step from now on; a slow listener sees the latest only."""
        while True:
            async with self._stepped:
                await self._stepped.wait()
            yield self._classroom

    async def see(self, seen: Iterable[Seen]) -> None:
        """Take in what the senses saw."""
        async with self._one_at_a_time:
            await self._telemetry(self._classroom.see(seen, self._now().at_ms))

    async def beat(
        self,
        measures: HostMeasures,
        extra: tuple[Finding, ...],
        programs: Mapping[str, Program] | None = None,
    ) -> None:
        """Take in one beat's measures; returns nothing and refuses nothing."""
        async with self._one_at_a_time:
            report, now = self._outbox.report(), self._now()
            await self._telemetry(self._classroom.beat(measures, report, extra, now, programs))

    async def do(self, deed: Deed) -> Step:
        """Take a step that a person asked for; on the disk when this returns.

        Raises KeyError where it speaks of a device that is not known, OutboxError.
        """
        async with self._one_at_a_time:
            step = deed(self._classroom, self._now().at_ms)
            await self._record(step)
            return step

    async def mark(self, student: str, status: AttendanceStatus, method: Method) -> Marked:
        """Mark a pupil; it is on the disk when this returns. Raises OutboxError, RollFull."""
        async with self._one_at_a_time:
            step, marked = self._classroom.mark(student, status, method, self._now())
            await self._record(step)
            return marked

    async def start_lesson(self, lesson: str) -> Classroom:
        """Start a lesson unless one runs; on the disk when this returns. Raises OutboxError."""
        async with self._one_at_a_time:
            await self._record(self._classroom.start_lesson(lesson, self._now().at_ms))
            return self._classroom

    async def end_lesson(self) -> Step:
        """End the lesson if one runs; on the disk when this returns. Raises OutboxError."""
        async with self._one_at_a_time:
            step = self._classroom.end_lesson(self._now().at_ms)
            await self._record(step)
            return step

    async def birth(self, session: int) -> bool:
        """Say everything anew; False if the outbox cannot take it now."""
        async with self._one_at_a_time:
            birth = self._classroom.birth(session, self._outbox.report(), self._now().at_ms)
            try:
                await self._put([birth])
            except OutboxError as error:
                self._note_refusal(error)
                return False
            return True

    async def tick(self, elapsed_s: float) -> None:
        """Let the outbox's running time pass."""
        try:
            await asyncio.to_thread(self._outbox.tick, elapsed_s)
        except OutboxError as error:
            self._note_refusal(error)

    def view(self) -> View:
        """What the teacher's screen shows; a disk that refuses is shown before all else."""
        view = self._classroom.view(self._now().at_ms)
        if not self.refusing:
            return view
        judgement = Judgement(Status.CRITICAL, (_REFUSED, *view.judgement.reasons))
        return view._replace(judgement=judgement)

    def outbox_report(self) -> OutboxReport:
        """How much waits for the school's server."""
        return self._outbox.report()

    async def _record(self, step: Step) -> None:
        """Take a step that must not be lost; it is not taken if the outbox refuses."""
        try:
            await self._put(step.said)
        except OutboxError as error:
            self._note_refusal(error)
            raise
        await self._take(step)

    async def _telemetry(self, step: Step) -> None:
        """Take a step in any case: what was seen was seen."""
        try:
            await self._put(step.said)
        except OutboxError as error:
            self.refused += len(step.said)
            self._note_refusal(error)
        await self._take(step)

    async def _put(self, said: list[AnyState | AnyEvent]) -> None:
        if not said:
            return
        await asyncio.to_thread(self._outbox.put, *said)
        if self.refusing:
            _LOGGER.info("outbox takes records again refused=%d", self.refused)
        self.refusing = False
        self._stirred()

    async def _take(self, step: Step) -> None:
        self._classroom = step.classroom
        async with self._stepped:
            self._stepped.notify_all()
        remembered = remembered_of(step.classroom)
        try:
            await asyncio.to_thread(self._documents.save, remembered)
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


def remembered_of(classroom: Classroom) -> Remembered:
    """What must outlive a restart."""
    return Remembered(
        agent_id=classroom.room.place.agent,
        devices=tuple(each.device for each in classroom.devices.known.values()),
        traces=tuple(classroom.devices.traces.held.values()),
        decisions=classroom.devices.decisions,
        answers=dict(classroom.devices.traces.answers),
        stay=classroom.placement.stay,
        typed=classroom.typed,
        camera_off=classroom.camera_off,
        marks=tuple(classroom.roll.marks.values()),
        running=classroom.lesson.running,
    )
