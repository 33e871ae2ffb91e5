"""A real agent's log, signed by its real child, holds at the school: put back, and set up anew."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from agent.classroom import Classroom
from agent.database import OUTBOX
from agent.evidence.signing import KEY, sign_heads
from agent.lessons import memos
from controller.database.store import Store
from controller.evidence.signatures import is_signed
from controller.evidence.store import evidence_of
from controller.evidence.verdict import Verdict, verdict_on
from controller.features import keep_batch
from controller.fleet.store import load_fleet
from protocol.messages import Event, up_from
from protocol.model import AttendanceStatus, Method, Place
from protocol.outbox import Outbox
from protocol.plan import Plan
from tests.agent.classrooms import PLACE, classroom, moment, room
from tests.agent.test_store import desk
from tests.controller.evidence.schools import ZONE
from tests.databases import sqlite_in
from tests.waiting import eventually

SCHOOL = Place(PLACE.province, PLACE.school)
NOW_MS = moment().at_ms + 60_000


def as_it_was(outbox: Path) -> Classroom:
    """The room as its outbox remembers it; a fresh one without an outbox."""
    here = replace(room(), new_id=lambda: str(uuid4()), boot=uuid4().hex)
    with Outbox(outbox, PLACE, "b0") as remembered:
        teaching = memos.restore_teaching(here, remembered.memos(), Plan(), moment())
    return replace(classroom(), room=here, teaching=teaching)


async def marked_and_signed(folder: Path, *students: str) -> list[Event]:
    """An agent at work in its folder marks these pupils and signs; what its outbox holds then."""
    outbox = folder / OUTBOX
    start = await asyncio.to_thread(as_it_was, outbox)
    async with desk(folder, start, uuid4().hex) as here:
        signing = asyncio.create_task(sign_heads(here.store, folder, rest_s=0))
        for student in students:
            await here.store.mark(student, AttendanceStatus.PRESENT, Method.MANUAL)
        await eventually(lambda: not here.store.classroom.teaching.is_head_owed, "it has signed")
        signing.cancel()
        parcels = await asyncio.to_thread(here.outbox.waiting_events, 0, 100)
    events = [up_from(parcel.payload) for parcel in parcels]
    return [event for event in events if isinstance(event, Event)]


def work(folder: Path, *students: str) -> list[Event]:
    """The same, from beginning to end."""
    return asyncio.run(marked_and_signed(folder, *students))


def tell(school: Path, events: list[Event]) -> Verdict:
    """The school stores what the agent's outbox holds, and is judged."""
    with Store(f"sqlite:///{school}") as store:
        since = {"device_silent_s": 900.0, "awake_since_ms": 0}
        fleet = store.read(load_fleet, SCHOOL, ZONE, **since)
        heard = [fleet.hear(PLACE.agent, event, NOW_MS) for event in events]
        store.write(keep_batch, [change for changes in heard for change in changes], NOW_MS)
        return verdict_on(store.read(evidence_of, SCHOOL), ZONE, is_signed)


def test_a_real_log_holds_through_a_folder_put_back_and_one_set_up_anew(tmp_path: Path) -> None:
    """Its own words, its own key, its own files: nothing here is made for the test."""
    school = tmp_path / "school"
    school.mkdir()
    sqlite_in(school)
    database, folder, aside = school / "lophoc.db", tmp_path / "agent", tmp_path / "aside"
    folder.mkdir()
    verdict = tell(database, work(folder, "1", "2"))
    assert (verdict.findings, verdict.records, verdict.signed) == ([], 2, 2)
    shutil.copytree(folder, aside)
    assert tell(database, work(folder, "3")).signed == 3
    shutil.rmtree(folder)
    shutil.move(aside, folder)
    put_back = tell(database, work(folder, "4", "5"))
    assert (put_back.findings, put_back.signed) == ([], 5)
    assert len(put_back.keys["6A1"]) == 1
    shutil.rmtree(folder)
    folder.mkdir()
    anew = tell(database, work(folder, "6"))
    assert (anew.findings, anew.signed) == ([], 6)
    assert len(anew.keys["6A1"]) == 2


def test_two_computers_of_one_disk_lose_no_mark_and_are_no_falsification(tmp_path: Path) -> None:
    """Both mark the same pupils alike, at once and over starts: each says it by its own records."""
    school, folder, clone = tmp_path / "school", tmp_path / "agent", tmp_path / "clone"
    school.mkdir()
    sqlite_in(school)
    database = school / "lophoc.db"
    folder.mkdir()
    assert tell(database, work(folder, "1", "2")).signed == 2
    shutil.copytree(folder, clone)
    both = [work(each, *students) for students in ("34", "56") for each in (folder, clone)]
    verdict = tell(database, [event for events in both for event in events])
    assert (verdict.findings, verdict.records, verdict.signed) == ([], 10, 10)
    shutil.rmtree(clone)
    shutil.copytree(folder, clone)  # cloned again, from one that was
    verdict = tell(database, [*work(clone, "7"), *work(folder, "7"), *work(clone, "8")])
    assert (verdict.findings, verdict.records, verdict.signed) == ([], 13, 13)


def test_without_a_key_the_log_of_a_real_agent_holds_unsigned(tmp_path: Path) -> None:
    """As one of before, or where the library lacks."""
    school, folder = tmp_path / "school", tmp_path / "agent"
    school.mkdir()
    (folder / KEY).mkdir(parents=True)
    sqlite_in(school)
    verdict = tell(school / "lophoc.db", work(folder, "1", "2"))
    assert (verdict.findings, verdict.records, verdict.signed, verdict.keys) == ([], 2, 0, {})
