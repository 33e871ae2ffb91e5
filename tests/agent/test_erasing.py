"""An agent erases one pupil by a digest in all of its files, and proves it once in its chain."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from msgspec.structs import replace

from agent.classroom import Classroom
from agent.lessons.teaching import TeachingStep
from protocol.chain import breaks
from protocol.erasure import digest_of_pupil
from protocol.leftovers import files_naming
from protocol.messages import (
    ERASED,
    Ack,
    AttendanceMarked,
    EraseCommand,
    ErasureProof,
    RollConfirmed,
    up_from,
)
from protocol.model import AttendanceStatus, Method
from protocol.plan import ClassList, DoorCard, Plan, Pupil
from tests.agent.classrooms import classroom, moment
from tests.agent.test_store import Desk, desk

PUPIL, NAME, OTHER = "1400000001", "Lò Thị Ánh", "1400000002"
PLAN = Plan(
    classes=("10A1",),
    lists=(
        ClassList(
            code="10A1",
            pupils=(
                Pupil(number=1, student=PUPIL, name=NAME),
                Pupil(number=2, student=OTHER, name="Trần Bình"),
            ),
        ),
    ),
    door_cards=(DoorCard(serial="aa", student=PUPIL), DoorCard(serial="bb", student=OTHER)),
)


def _command(student: str) -> EraseCommand:
    pupil = digest_of_pupil(student)
    return EraseCommand(boot="c", at_ms=1, erasure="e1", salt=pupil.salt, digest=pupil.digest)


async def _teach(here: Desk) -> None:
    """A confirmed roll, a correction, an archived mark and one that waits, all of both pupils."""
    store = here.store
    await store.take_plan(PLAN)
    for student in (PUPIL, OTHER):
        await store.mark(student, AttendanceStatus.LATE, Method.MANUAL)
    waiting = here.outbox.waiting_events(0, 100)
    await asyncio.to_thread(here.outbox.settle, Ack(boot="c", at_ms=1, of="b1", seqs=((1, 1),)))
    assert len(waiting) == 2
    await store.teach(lambda teaching, at: teaching.start("l1", at, ("10A1",)))
    await store.teach(lambda teaching, at: teaching.confirm(at))
    await store.teach(lambda teaching, at: teaching.tap(PUPIL, AttendanceStatus.LATE, at))


def _events(here: Desk) -> list[object]:
    return [up_from(each.payload) for each in here.outbox.waiting_events(0, 100)]


def test_a_pupil_stands_in_no_file_any_more_and_the_others_do(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as here:
            await _teach(here)
            aside = tmp_path / "outbox.sqlite.damaged-20261101"
            await asyncio.to_thread(aside.write_text, f'{{"student":"{PUPIL}"}}')
            assert await asyncio.to_thread(files_naming, tmp_path, [PUPIL])
            command = _command(PUPIL)
            await here.store.erase_pupil(command)
            await here.store.erase_pupil(command)  # asked again before the answer came
            assert await asyncio.to_thread(files_naming, tmp_path, [PUPIL, NAME]) == []
            assert await asyncio.to_thread(files_naming, tmp_path, [OTHER])
            events = await asyncio.to_thread(_events, here)
            proofs = [each for each in events if isinstance(each, ErasureProof)]
            assert [(each.erasure, each.left) for each in proofs] == [("e1", 0)]
            assert proofs[0].records == 2, "the roll, and its correction"
            marks = [each.student for each in events if isinstance(each, AttendanceMarked)]
            (roll,) = [each for each in events if isinstance(each, RollConfirmed)]
            assert marks == [OTHER, ERASED]
            assert [line.student for line in roll.lines] == [ERASED, OTHER]
            assert proofs[0].before == marks_of(events)[-1].hash
            _check_memory(here.store.classroom)

    asyncio.run(story())


def marks_of(events: list[object]) -> list[AttendanceMarked]:
    """The marks among the events."""
    return [each for each in events if isinstance(each, AttendanceMarked)]


def _check_memory(room: Classroom) -> None:
    teaching = room.teaching
    assert [pupil.student for pupil in teaching.plan.lists[0].pupils] == [OTHER]
    assert [card.student for card in teaching.plan.door_cards] == [OTHER]
    assert {mark.student for mark in teaching.roll.marks.values()} == {OTHER}
    assert teaching.lesson.sheet is not None
    assert [pupil.student for pupil in teaching.lesson.sheet.pupils] == [OTHER]
    assert teaching.lesson.sheet.entries.keys() == {OTHER}


def test_a_file_that_nobody_knows_is_told_and_left_for_a_person(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as here:
            await here.store.take_plan(PLAN)
            await asyncio.to_thread((tmp_path / "notes.txt").write_text, PUPIL)
            await here.store.erase_pupil(_command(PUPIL))
            (proof,) = [
                each
                for each in await asyncio.to_thread(_events, here)
                if isinstance(each, ErasureProof)
            ]
            assert proof.left == 1

    asyncio.run(story())


def test_two_computers_of_one_disk_prove_each_for_itself() -> None:
    """By ids of their own: of two records of one id the school keeps one, and the log has a gap."""
    one = classroom().teaching
    other = dataclasses.replace(one, room=dataclasses.replace(one.room, boot="boot-b"))
    proofs = [each.prove_erasure("e1", 3, 0, moment()).messages for each in (one, other)]
    ids = {record.id for (record,) in proofs}  # type: ignore[union-attr]
    assert len(ids) == len(proofs)


def test_what_is_proved_holds_as_a_link_of_the_chain() -> None:
    """Nothing but the proof is said, and the next record follows it."""
    room = classroom()
    step: TeachingStep = room.teaching.prove_erasure("e1", 3, 0, moment())
    after, said = step.teaching.prove_erasure("e2", 0, 0, moment())
    records = [*step.messages, *said]
    assert breaks(records) == []  # type: ignore[arg-type]
    assert after.head == records[-1].hash  # type: ignore[union-attr]
    assert breaks([replace(records[0], left=9), records[1]])[0].why == "changed"  # type: ignore[arg-type,type-var]
