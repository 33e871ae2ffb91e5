from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from blockbuster import blockbuster_ctx

from agent import store as stores
from agent.classroom import Classroom
from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.database.generations import DocumentError
from agent.equipment import memos as equipment_memos
from agent.lessons import memos
from agent.store import ClassroomStore
from protocol.messages import AnyEvent, AnyState, Birth, up_from
from protocol.model import AttendanceStatus, Method, Reason, Status
from protocol.outbox import Outbox, OutboxError
from protocol.plan import Plan
from tests.agent.classrooms import (
    CALM,
    PLACE,
    classroom,
    host_sighting,
    moment,
    room,
    sighting,
    start_lesson,
)

PRESENT, LATE, TAP = AttendanceStatus.PRESENT, AttendanceStatus.LATE, Method.MANUAL


class FickleOutbox(Outbox):
    """An outbox on a disk that may be full."""

    full = False

    def put(
        self, *messages: AnyState | AnyEvent, memos: Mapping[str, bytes | None] | None = None
    ) -> None:
        """Refuse while the disk is full."""
        if self.full:
            raise OutboxError("outbox_refused", "Full.", "Free some space.")
        super().put(*messages, memos=memos)

    def marked(self) -> list[str]:
        """The pupils that the memos remember."""
        kept = memos.restore_teaching(room(), self.memos(), Plan(), moment())
        return [each.student for each in kept.roll.marks.values()]


class Desk(NamedTuple):
    """A store and what is on its desk."""

    store: ClassroomStore
    outbox: FickleOutbox
    documents: Documents
    stirred: list[int]

    def waiting(self) -> list[str]:
        """The kinds of all messages in the outbox, events last."""
        parcels = self.outbox.waiting_states() + self.outbox.waiting_events(0, 1000)
        return [type(up_from(each.payload)).__name__ for each in parcels]


@asynccontextmanager
async def desk(folder: Path, start: Classroom | None = None, boot: str = "") -> AsyncIterator[Desk]:
    """A store at work; the loop must never be blocked by it. boot: of a start that is counted."""
    documents = Documents(folder / DOCUMENTS)
    documents.load()
    stirred: list[int] = []
    named = {"boot": boot or "b1", "counts_starts": bool(boot)}
    with FickleOutbox(folder / OUTBOX, PLACE, **named) as outbox:
        store = ClassroomStore(
            start or classroom(),
            outbox,
            documents,
            now=moment,
            stirred=lambda: stirred.append(1),
        )
        with blockbuster_ctx(stores) as blocker:
            for function in blocker.functions.values():  # Qt's, once loaded, at a module's import
                function.can_block_in("shibokensupport/feature.py", "_mod_uses_pyside")
            yield Desk(store, outbox, documents, stirred)
        await asyncio.get_running_loop().shutdown_default_executor()


def at_desk(folder: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    """Play a story at a desk."""

    async def play() -> None:
        async with desk(folder) as here:
            await story(here)

    asyncio.run(play())


def test_a_mark_is_in_the_outbox_and_remembered_there_when_it_returns(tmp_path: Path) -> None:
    """Then, and not before, the teacher's screen may turn green."""

    async def story(here: Desk) -> None:
        marked = await here.store.mark("0012", PRESENT, TAP)
        assert marked.new
        assert here.waiting() == ["AttendanceMarked"]
        assert here.stirred
        assert await asyncio.to_thread(here.outbox.marked) == [marked.mark.student]

    at_desk(tmp_path, story)


def test_what_the_disk_refuses_did_not_happen(tmp_path: Path) -> None:
    """A refused mark or lesson leaves the classroom as it was; the next try is the same event."""

    async def story(here: Desk) -> None:
        here.outbox.full = True
        with pytest.raises(OutboxError):
            await here.store.mark("0012", PRESENT, TAP)
        with pytest.raises(OutboxError):
            await start_lesson(here.store, "l1")
        assert here.store.classroom.lesson.code is None
        assert here.waiting() == []
        here.outbox.full = False
        assert (await here.store.mark("0012", PRESENT, TAP)).new
        assert not (await here.store.mark("0012", PRESENT, TAP)).new
        assert here.waiting() == ["AttendanceMarked"]

    at_desk(tmp_path, story)


def test_what_the_school_confirmed_is_on_the_disk_when_it_counts(tmp_path: Path) -> None:
    """What a full disk refused is not claimed; what was taken back leaves no memo."""

    async def story(here: Desk) -> None:
        here.outbox.full = True
        with pytest.raises(OutboxError):
            await here.store.confirm_tablets(["net-1"])
        assert not here.store.classroom.devices.confirmed
        here.outbox.full = False
        await here.store.confirm_tablets(["net-2", "net-1"])
        assert equipment_memos.confirmed_in(here.outbox.memos()) == {"net-1", "net-2"}
        await here.store.confirm_tablets([])
        assert not here.outbox.memos()

    at_desk(tmp_path, story)


def test_a_refusing_disk_is_shown_until_a_put_succeeds(tmp_path: Path) -> None:
    """The teacher sees at once that nothing is kept, and at once that it is again."""

    async def story(here: Desk) -> None:
        await here.store.beat(CALM, ())
        here.outbox.full = True
        with pytest.raises(OutboxError):
            await here.store.mark("0012", PRESENT, TAP)
        shown = here.store.view().judgement
        assert shown.status is Status.CRITICAL
        assert Reason("outbox_refused") in shown.reasons
        assert not await here.store.birth(1)
        here.outbox.full = False
        assert await here.store.birth(1)
        assert here.store.view().judgement.status is Status.OK

    at_desk(tmp_path, story)


def test_refused_sightings_are_counted_and_told_by_the_next_birth(tmp_path: Path) -> None:
    """What was seen was seen, whether the disk took it or not."""

    async def story(here: Desk) -> None:
        here.outbox.full = True
        await here.store.see([host_sighting(), sighting()])
        assert here.store.refused == 4
        assert len(here.store.view().devices) == 2
        assert not await here.store.birth(1)
        here.outbox.full = False
        await here.store.beat(CALM, ())
        assert (here.store.refusing, here.store.untold) == (False, True)  # a beat tells no devices
        assert await here.store.birth(1)
        assert not here.store.untold
        waiting = [up_from(each.payload) for each in here.outbox.waiting_states()]
        (birth,) = [each for each in waiting if isinstance(each, Birth)]
        assert len(birth.devices) == 2

    at_desk(tmp_path, story)


def test_documents_that_cannot_be_written_do_not_undo_a_kept_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outbox has it; the documents catch up with the next step."""

    def refused(*_: object) -> None:
        raise DocumentError("documents_refused", "Full.")

    async def story(here: Desk) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Documents, "save", refused)
            assert (await here.store.mark("0012", PRESENT, TAP)).new
        assert not (await here.store.mark("0012", PRESENT, TAP)).new
        assert await asyncio.to_thread(here.outbox.marked) == ["0012"]

    at_desk(tmp_path, story)


def test_many_taps_at_once_are_taken_one_by_one(tmp_path: Path) -> None:
    """Thirty tablets at the door: every mark once, in one order."""

    async def story(here: Desk) -> None:
        taps = [here.store.mark(f"{number % 10:04}", PRESENT, TAP) for number in range(30)]
        marked = await asyncio.gather(*taps)
        assert sum(each.new for each in marked) == 10
        assert here.waiting() == ["AttendanceMarked"] * 10
        payloads = [each.payload for each in here.outbox.waiting_events(0, 100)]
        assert [up_from(each).seq for each in payloads] == list(range(1, 11))  # type: ignore[union-attr]

    at_desk(tmp_path, story)


def test_a_lesson_and_a_forgotten_device_are_kept(tmp_path: Path) -> None:
    """What a person does is on the disk when the store returns."""

    async def story(here: Desk) -> None:
        await here.store.see([sighting()])
        assert (await start_lesson(here.store, "l1")).lesson.code == "l1"
        assert (await start_lesson(here.store, "l2")).lesson.code == "l1"
        (device,) = here.store.view().devices
        await here.store.do(lambda room, at_ms: room.forget(device.device_id, at_ms))
        with pytest.raises(KeyError):
            await here.store.do(lambda room, at_ms: room.forget(device.device_id, at_ms))
        await here.store.teach(lambda teaching, moment: teaching.end(moment))
        again = await here.store.teach(lambda teaching, moment: teaching.end(moment))
        assert again.messages == []
        assert here.waiting() == [
            "DeviceForgotten",
            "DeviceAppeared",
            "LessonStarted",
            "LessonEnded",
        ]
        kept = await asyncio.to_thread(Documents(tmp_path / DOCUMENTS).load)
        assert kept.devices == ()
        assert here.store.classroom.lesson.running is None

    at_desk(tmp_path, story)


def test_running_time_passes_even_when_the_disk_is_full(tmp_path: Path) -> None:
    """A tick that is refused is said, and does not end the agent."""

    async def story(here: Desk) -> None:
        await here.store.tick(60.0)
        assert not here.store.refusing
        here.outbox.__exit__()
        await here.store.tick(60.0)
        assert here.store.refusing

    at_desk(tmp_path, story)
