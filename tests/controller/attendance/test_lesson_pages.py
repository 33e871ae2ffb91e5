"""A lesson's page: who may correct a mark there, and what all others see of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from controller.access.store import LogFilter, access_log
from controller.database.store import Store
from controller.evidence.store import evidence_of
from controller.features import keep_batch
from controller.people.person import Role
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import keep_lists
from controller.web.site import create_web
from protocol.model import AttendanceStatus
from protocol.plan import Pupil
from tests.axe import violations
from tests.browser import SIZES, Page
from tests.controller.attendance.test_corrections import open_lesson
from tests.controller.attendance.test_lessons import BEGAN, a_lesson, records_of
from tests.controller.attendance.test_lessons import SCHOOL as TAUGHT
from tests.controller.people import COOKIE, ORIGIN, log_in
from tests.controller.web_school import Served, a_live, a_program, a_store, asked
from tests.tiers import wide

PATH = "/lessons/p203/l1/10A1"
POST = "/lessons/p203/l1/corrections/10A1"
NAME = "Lò Thị Ánh"
FORM = {
    "student": "a",
    "seen": "present ",
    "status": "absent_excused",
    "reason": "leave_letter",
    "note": "đơn của gia đình",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with one lesson, confirmed: a is there, b away with leave, c late."""
    with a_store(tmp_path) as opened:
        pupils = (Pupil(number=7, student="a", name=NAME), Pupil(number=8, student="b"))
        lists = Lists(classes=(SchoolClass(code="10A1", pupils=pupils),))
        opened.write(keep_lists, TAUGHT, lists, day="2026-09-05")
        opened.write(keep_batch, records_of(a_lesson()), BEGAN)
        yield opened


def ask(store: Store, path: str, method: str = "GET", **options: Any) -> Any:
    """What the office is answered."""
    return asked(store, path, method=method, scope=TAUGHT, **options)


def press(store: Store, **changes: str) -> int:
    """The status of what answers a form."""
    return int(ask(store, POST, "POST", data=FORM | changes).status_code)


def lines(store: Store) -> list[Mapping[str, Any]]:
    """The log of deeds, the newest first."""
    return [*store.read(access_log, TAUGHT, LogFilter())]


def test_a_correction_is_seen_on_every_page_and_paper(store: Store) -> None:
    """The lesson's page, the class's sheet, the API and the CSV; in both languages."""
    assert press(store) == 303
    page = ask(store, PATH + "?lang=vi").text
    assert "Vắng có phép" in page
    assert "phòng ghi: Có mặt" in page
    assert "có đơn xin phép · đơn của gia đình" in page
    english = ask(store, PATH + "?lang=en").text
    assert "Present → Absent with leave · a leave letter came" in english
    sheet = ask(store, "/attendance/10A1?week=2026-11-04&lang=en").text
    assert "3/1/2" in sheet
    assert "Present → Absent with leave" in sheet
    days = "class=10A1&from=2026-11-04&to=2026-11-04"
    told = ask(store, f"/api/v1/attendance?{days}").json()
    assert {one["student"]: one["days"] for one in told["pupils"]}["a"] == ["absent_excused"]
    (correction,) = told["corrections"]
    assert (correction["was"], correction["status"]) == ("present", "absent_excused")
    assert (correction["account"], correction["reason"]) == ("van-phong", "leave_letter")
    (lesson,) = ask(store, "/api/v1/lessons?from=2026-11-04&to=2026-11-04").json()
    assert (lesson["total"], lesson["present"], lesson["absent"]) == (3, 1, 2)
    csv = ask(store, f"/api/v1/attendance?{days}&format=csv").content.decode("utf-8-sig")
    assert f'"{NAME} (P), b (P)"' in csv


def test_pressed_twice_it_is_one_and_a_page_out_of_date_changes_nothing(store: Store) -> None:
    """The second press leads back, the late one is told."""
    assert (press(store), press(store)) == (303, 303)
    assert press(store, status="late") == 409
    assert press(store, status="", reason="leave_letter") == 422
    assert "đã được đổi trong lúc đó" in ask(store, POST, "POST", data=FORM | {"note": ""}).text
    assert len(store.read(evidence_of, TAUGHT).corrections) == 1
    assert ask(store, "/lessons/p203/l9/10A1").status_code == 404
    assert ask(store, "/lessons/p203/l1/10A2").status_code == 404


def test_single_marks_are_told_as_they_count(store: Store) -> None:
    """By the same sheet as all else; what was told then stands beside it."""
    query = "/api/v1/attendance?date=2026-11-04"
    told = [one for one in ask(store, query).json()["items"] if one["student"] == "c"]
    assert [(one["told"], one["status"], one["corrected"]) for one in told] == [
        ("present", "late", False),
        ("late", "late", False),
    ]
    press(store, student="c", seen="late ")
    told = [one for one in ask(store, query).json()["items"] if one["student"] == "c"]
    assert {(one["status"], one["corrected"]) for one in told} == {("absent_excused", True)}
    assert [one["told"] for one in told] == ["present", "late"]


ROLL = "/lessons/p203/l1/roll/10A1"
MARKS = {
    "student-1": "a",
    "seen-1": " ",
    "status-1": "late",
    "student-2": "b",
    "seen-2": " ",
    "status-2": "absent_unexcused",
    "reason": "not_confirmed",
    "note": "cô ốm",
}


def test_an_open_roll_is_entered_on_its_page_and_taken_back(tmp_path: Path) -> None:
    """With what was tapped set already; it is called the school's wherever it stands."""
    early, whole = open_lesson()
    with a_store(tmp_path) as store:
        pupils = (Pupil(number=7, student="a", name=NAME), Pupil(number=8, student="b"))
        lists = Lists(classes=(SchoolClass(code="10A1", pupils=pupils),))
        store.write(keep_lists, TAUGHT, lists, day="2026-09-05")
        store.write(keep_batch, records_of(early), BEGAN)
        page = ask(store, PATH + "?lang=vi").text
        assert "phòng chạm: Vắng không phép" in page
        assert page.count("selected") == 2
        assert 'value="absent_unexcused" selected' in page
        items = ask(store, "/api/v1/attendance?date=2026-11-04").json()["items"]
        assert [(one["told"], one["counts"]) for one in items] == [("absent_unexcused", False)]
        assert ask(store, POST, "POST", data=FORM).status_code == 422
        sent = [ask(store, ROLL, "POST", data=MARKS).status_code for _ in range(2)]
        assert sent == [303, 303]
        page = ask(store, PATH + "?lang=vi").text
        assert "nhà trường đã nhập · 2/1/1" in page or "2/1/1 · nhà trường đã nhập" in page
        assert "phòng không xác nhận điểm danh · cô ốm" in page
        today = ask(store, "/attendance?day=2026-11-04&lang=vi").text
        assert "nhà trường đã nhập" in today
        (lesson,) = ask(store, "/api/v1/lessons?from=2026-11-04&to=2026-11-04").json()
        assert (lesson["confirmed"], lesson["total"], lesson["absent"]) == (False, 2, 1)
        line = next(one for one in lines(store) if one["what"] == "lessons roll")
        assert line["subject"].endswith("pupils=2 reason=not_confirmed")
        back = {name: value for name, value in MARKS.items() if name[:4] in {"stud", "seen"}}
        assert ask(store, ROLL, "POST", data=back | {"reason": "taken_back"}).status_code == 409
        store.write(keep_batch, records_of(whole), BEGAN)
        assert ask(store, ROLL, "POST", data=MARKS | {"note": ""}).status_code == 409
        assert "phòng ghi: Có mặt" in ask(store, PATH + "?lang=vi").text


def test_the_log_says_who_and_why_and_not_whose(store: Store) -> None:
    """Whose mark it is stands in the correction."""
    press(store)
    (line,) = lines(store)
    assert (line["account"], line["what"]) == ("van-phong", "lessons corrections")
    told = "agent=p203 lesson=l1 code=10A1 status=absent_excused reason=leave_letter"
    assert line["subject"] == told
    assert NAME not in str(line)


@pytest.mark.parametrize(
    ("role", "own", "sees", "corrects"),
    [
        (Role.ADMIN, (), 200, 303),
        (Role.HOMEROOM, ("10A1",), 200, 303),
        (Role.HOMEROOM, ("10A2",), 404, 404),
        (Role.TEACHER, ("10A1",), 200, 403),
        (Role.READ_ONLY, (), 403, 403),
        (Role.OFFICER, (), 403, 403),
    ],
)
def test_the_office_and_the_homeroom_teacher_correct_and_nobody_else(
    store: Store, role: Role, own: tuple[str, ...], sees: int, corrects: int
) -> None:
    """Who only sees the marks finds no form."""
    program = a_program(store, a_live(store, scope=TAUGHT), scope=TAUGHT)
    web = create_web(program, ("testserver",))
    cookie = log_in(program, "ai", role, classes=own)
    page = sent(web, "GET", PATH, cookie)
    assert page.status_code == sees
    assert (f'action="{POST}"' in page.text) == (corrects == 303)
    assert sent(web, "POST", POST, cookie, data=FORM).status_code == corrects
    assert len(store.read(evidence_of, TAUGHT).corrections) == (corrects == 303)


def sent(web: FastAPI, method: str, path: str, cookie: str, **options: Any) -> httpx.Response:
    """What a browser in which somebody is logged in is answered."""
    headers = {"cookie": f"{COOKIE}={cookie}", **ORIGIN}

    async def answered() -> httpx.Response:
        way = httpx.ASGITransport(web, client=("192.0.2.5", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as client:
            return await client.request(method, path, headers=headers, **options)

    return asyncio.run(answered())


@pytest.mark.parametrize("size", [SIZES[0], *wide(*((one,) for one in SIZES[1:]))])
def test_a_letter_is_entered_and_taken_back_in_a_browser(
    store: Store, page: Page, size: tuple[int, int]
) -> None:
    """Nothing sticks out, everybody can use it, no address holds a pupil."""
    row = "document.querySelector('[data-number=\"7\"]')"
    with Served(store, scope=TAUGHT) as served:
        page.open(f"{served.url}{PATH[1:]}?lang=vi", *size)
        page.see(f"{row}.querySelector('details').open = true")
        assert violations(page) == []
        assert page.see(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        page.see(f"{row}.querySelector('[name=status]').value = 'absent_excused'")
        page.see(f"{row}.querySelector('[name=reason]').value = 'leave_letter'")
        page.see(f"{row}.querySelector('button').click()")
        page.wait(f"{row}?.dataset.status === 'absent_excused'")
        assert page.see("location.pathname + location.search") == PATH
        page.see(f"{row}.querySelector('details').open = true")
        assert violations(page) == []
        page.see(f"{row}.querySelector('button.quiet').click()")
        page.wait(f"{row}?.dataset.status === 'present'")
        assert len(page.see("[...document.querySelectorAll('[data-correction]')]")) == 2
        assert page.errors == []
    assert [one.status for one in store.read(evidence_of, TAUGHT).corrections] == [
        AttendanceStatus.ABSENT_EXCUSED,
        None,
    ]


def test_an_open_roll_is_entered_in_a_browser(tmp_path: Path, page: Page) -> None:
    """One press for the whole class, on a phone too."""
    early, _ = open_lesson()
    with a_store(tmp_path) as store:
        pupils = (Pupil(number=7, student="a", name=NAME), Pupil(number=8, student="b"))
        lists = Lists(classes=(SchoolClass(code="10A1", pupils=pupils),))
        store.write(keep_lists, TAUGHT, lists, day="2026-09-05")
        store.write(keep_batch, records_of(early), BEGAN)
        with Served(store, scope=TAUGHT) as served:
            page.open(f"{served.url}{PATH[1:]}?lang=vi", *SIZES[0])
            assert violations(page) == []
            assert page.see(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
            page.see("document.querySelector('button[form=roll]').click()")
            page.wait("document.querySelector('[data-number=\"8\"]')?.dataset.status")
            assert violations(page) == []
            assert page.errors == []
        made = store.read(evidence_of, TAUGHT).corrections
        assert [one.status for one in made] == ["present", "absent_unexcused"]
