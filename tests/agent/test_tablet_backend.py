"""These tests join the tablets to a real store, with its lesson on a real disk."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest

from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.database.generations import DocumentError, backup_of
from agent.store import ClassroomStore
from agent.tablets.backend import CartFile, backend_of
from agent.tablets.cart import Slot
from agent.tablets.lesson import CheckInPhase
from agent.tablets.service import SuggestionRefused, TabletService
from protocol.outbox import Outbox
from protocol.plan import ClassList, Plan, Pupil
from tests.agent.classrooms import PLACE, classroom, moment, start_lesson
from tests.agent.school_double import AgentProcess
from tests.agent.tablet_room import served, tablet
from tests.ports import free_port
from tests.waiting import eventually
from tests.web import DoorAuth

PUPILS = tuple(Pupil(number=n, student=f"14{n:08}", name=f"Nguyễn {n}") for n in range(1, 43))
PLAN = Plan(classes=("10A1",), lists=(ClassList(code="10A1", pupils=PUPILS),))
SLOTS = (Slot(number=1, key="a" * 16, used=1), Slot(number=7, key="b" * 16, used=2))


def test_a_check_in_becomes_a_suggestion_of_the_running_lesson(tmp_path: Path) -> None:
    """With tablet and flags; names stay with the store; before it is not yet, after it is over."""

    async def play() -> None:
        documents = Documents(tmp_path / DOCUMENTS)
        documents.load()
        with Outbox(tmp_path / OUTBOX, PLACE, "b1") as outbox:
            store = ClassroomStore(classroom(), outbox, documents, now=moment, stirred=lambda: None)
            core = backend_of(store, CartFile(tmp_path / "tablets.json"))
            service = TabletService(core)
            assert service.checkins().phase is CheckInPhase.BEFORE
            await store.take_plan(PLAN)
            await store.teach(lambda each, at: each.start("l1", at, ("10A1",)))
            assert service.checkins().phase is CheckInPhase.OPEN
            assert "Nguyễn" not in repr(service.checkins().lesson)
            async with served(service) as url, tablet(url) as one, tablet(url) as other:
                other.headers["user-agent"] = "another make"
                for browser, number in ((one, 5), (one, 6), (other, 5)):
                    code = service.checkins().code
                    digits = code.digits(service.now_s()) if code else ""
                    answer = await browser.post("/", data={"c": digits, "n": f"0.{number}"})
                    assert answer.status_code == 200
                    assert "Nguyễn" not in answer.text
            sheet = store.classroom.lesson.sheet
            assert sheet
            told = {name: (each.tablet, each.flags) for name, each in sheet.suggestions.items()}
            assert told == {
                "1400000005": ("Máy 01", ("second_tablet",)),
                "1400000006": ("Máy 01", ("shared_tablet",)),
            }
            again = TabletService(backend_of(store, CartFile(tmp_path / "tablets.json")))
            assert again.checkins().checked_in == set(told)  # a restart forgets nobody who was in
            await store.teach(lambda teaching, moment: teaching.end(moment))
            assert service.checkins().phase is CheckInPhase.OVER
            with pytest.raises(SuggestionRefused):
                await core.suggest("1400000007", "Máy 01", ())
            await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(play())


def test_a_lesson_without_its_list_says_so(tmp_path: Path) -> None:
    """The tablets wait with the teacher."""

    async def play() -> None:
        documents = Documents(tmp_path / DOCUMENTS)
        documents.load()
        with Outbox(tmp_path / OUTBOX, PLACE, "b1") as outbox:
            store = ClassroomStore(classroom(), outbox, documents, now=moment, stirred=lambda: None)
            service = TabletService(backend_of(store, CartFile(tmp_path / "tablets.json")))
            await start_lesson(store, "l1")
            assert service.checkins().phase is CheckInPhase.NO_LIST
            await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(play())


def test_the_carts_numbers_outlive_a_restart(tmp_path: Path) -> None:
    """As they were written last."""
    path = tmp_path / "tablets.json"
    assert CartFile(path).load() == ()
    CartFile(path).save(SLOTS[:1])
    CartFile(path).save(SLOTS)
    assert CartFile(path).load() == SLOTS
    assert backup_of(path).exists()


def test_a_damaged_file_costs_the_numbers_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A lesson must not wait for it."""
    path = tmp_path / "tablets.json"
    path.write_text('{"slots": {"1": {"number": 100, "key": "x"}}}')
    with pytest.raises(DocumentError):
        CartFile(path).load()
    with Outbox(tmp_path / OUTBOX, PLACE, "b1") as outbox:
        documents = Documents(tmp_path / DOCUMENTS)
        store = ClassroomStore(classroom(), outbox, documents, now=moment, stirred=lambda: None)
        core = backend_of(store, CartFile(path))
    assert core.slots == ()
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    core.save(SLOTS)
    assert CartFile(path).load() == SLOTS


def test_a_running_agent_serves_the_tablets_and_the_board(tmp_path: Path) -> None:
    """The board on loopback, the tablets' page on its own address and nowhere else."""
    port, local = free_port(), free_port()
    options = ("--broker", "mqtt://127.0.0.1:9", "--tablets", "true", "--tablet-host", "127.0.0.2")

    async def play() -> None:
        page = f"http://127.0.0.2:{port}"
        async with tablet(page) as browser, tablet(f"http://127.0.0.1:{local}") as teacher:
            teacher.auth = DoorAuth()
            opened = await until_answered(browser, "/")
            assert "Chưa đến lúc" in opened
            assert "Chưa bắt đầu" in (await teacher.get("/board?lang=vi")).text
            await teacher.post("/api/v1/lesson/start", json={})
            assert "Ở đây chưa có danh sách lớp" in (await browser.get("/")).text
            assert "Chưa có danh sách lớp" in (await teacher.get("/board/now?lang=vi")).text
        reader = asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(ConnectionRefusedError):
            await reader

    with AgentProcess(tmp_path / "agent", *options, "--tablet-port", str(port), port=local):
        asyncio.run(play())


async def until_answered(browser: httpx.AsyncClient, path: str) -> str:
    """The page, once it is there."""

    async def text() -> str:
        with contextlib.suppress(httpx.TransportError):
            return (await browser.get(path)).text
        return ""

    return await eventually(text, path)
