"""A cloned disk over a real broker: two lines by one name, told on the pages, nothing lost."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

import protocol.link
from controller.attendance.store import marks_of
from controller.fleet.clones import clones_of
from controller.fleet.store import agents_of
from controller.fleet.tables import streams
from protocol.health import ReasonCode
from protocol.link import Arrival, Letter
from protocol.messages import Health, Presence, to_bytes
from protocol.model import Status
from protocol.outbox import Outbox
from protocol.topics import Address, Channel, topic_of
from tests.conftest import Mosquitto
from tests.controller.ears import Ears, arrival
from tests.controller.test_ingest import SCHOOL, Side, Stage, birth, ended, mark, now_ms
from tests.controller.web_school import FOLDERS, a_program, a_store, asked
from tests.databases import Database, sqlite_in
from tests.waiting import eventually

CLONED = SCHOOL.of_agent("p204")
SAID = "Hai máy dùng chung một danh tính: "


class Computer(Side):
    """One of the two: it says a birth in each session, as agents do."""

    def __init__(self, port: int, outbox: Outbox, boot: str) -> None:
        self.boot = boot
        super().__init__(port, outbox, CLONED)

    def _presence(self, session: int, *, online: bool) -> Letter:
        if online:
            self.put(replace(birth(), session=session, room="P204"))
        said = Presence(boot=self.boot, at_ms=now_ms(), session=session, online=online)
        return Letter(topic_of(Address(CLONED, Channel.STATE)), to_bytes(said), retain=True)


def shown(made: Ears) -> set[str]:
    """The reasons of the computer, as they are stored."""
    agents = made.program.store.read(agents_of, SCHOOL)
    return {reason.code for each in agents for reason in each.reasons}


def births(*boots: str) -> list[Arrival]:
    """A birth of each of these boots, one after another."""
    said = (replace(birth(), boot=boot, rev=1 + no) for no, boot in enumerate(boots))
    return [arrival(CLONED, each) for each in said]


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An ingest without a broker."""
    with a_store(tmp_path) as store:
        yield Ears(a_program(store, scope=SCHOOL))


def test_it_stays_told_until_one_is_enrolled_anew(ears: Ears) -> None:
    """In every word of it meanwhile; then the pages are right within seconds."""
    ears.take(*births("a", "b", "a", "b", "a"))
    assert shown(ears) == {ReasonCode.CLONED}
    well = Health(boot="a", at_ms=1, rev=9, status=Status.OK)
    ears.take(arrival(CLONED, well))
    assert shown(ears) == {ReasonCode.CLONED}
    ears.program.service(clones_of).forget(CLONED.agent)
    asyncio.run(ears.ingest._expire_now())
    assert shown(ears) == set()
    (agent,) = ears.program.store.read(agents_of, SCHOOL)
    assert agent.status is Status.OK


@pytest.mark.parametrize("name", ["retained", "brought again"])
def test_what_was_not_said_now_accuses_nobody(ears: Ears, name: str) -> None:
    """What the broker kept, and a batch that it brings again and again after a restart."""
    if name == "retained":
        alternating = births("a", "b", "a", "b", "a")
        ears.take(*(one._replace(retained=True) for one in alternating))
    else:
        for _ in range(5):
            ears.take(*births("a", "b"))
    assert shown(ears) == set()


def test_two_lines_of_one_folder_are_told_and_all_records_are_kept(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waited on the disk that was cloned is there once; so is what each recorded since."""
    monkeypatch.setattr(protocol.link, "BACKOFF_CAP_S", 0.4)
    disks = [tmp_path / "first.db", tmp_path / "second.db"]
    with Outbox(disks[0], CLONED, "boot-0") as outbox:
        outbox.put(*(mark(number) for number in range(3)))
    shutil.copy(*disks)
    stage = Stage(mosquitto, tmp_path, Database(sqlite_in(tmp_path)))

    async def flow() -> None:
        with Outbox(disks[0], CLONED, "boot-a") as one, Outbox(disks[1], CLONED, "boot-b") as two:
            sides = [
                Computer(mosquitto.port, one, "boot-a"),
                Computer(mosquitto.port, two, "boot-b"),
            ]
            for number, side in enumerate(sides):
                side.put(mark(10 + number), mark(20 + number))
            async with stage.open(), ended([work for side in sides for work in side.work()]):
                await eventually(is_told, "the office is told")
                await eventually(lambda: not any(map(pending, (one, two))), "all is stored")
                await asyncio.to_thread(assert_shown)

    def pending(outbox: Outbox) -> int:
        return len(outbox.waiting_events(0, 10))

    def is_told() -> bool:
        agents = {each.place: each for each in stage.store.read(agents_of, SCHOOL)}
        reasons = agents[CLONED].reasons if CLONED in agents else ()
        return any(reason.code == ReasonCode.CLONED for reason in reasons)

    def assert_shown() -> None:
        FOLDERS[stage.store] = tmp_path
        for page in ("/", "/rooms/P204", "/connections"):
            assert SAID in asked(stage.store, f"{page}?lang=vi", scope=SCHOOL).text, page
        students = sorted(each.student for each in stage.store.read(marks_of, SCHOOL))
        assert students == ["hs-0", "hs-1", "hs-10", "hs-11", "hs-2", "hs-20", "hs-21"]
        boots = stage.store.read(lambda db: db.execute(streams.select()).fetchall())
        assert {row.boot for row in boots} == {"boot-0", "boot-a", "boot-b"}

    asyncio.run(flow())
