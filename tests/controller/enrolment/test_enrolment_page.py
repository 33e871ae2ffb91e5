"""Only the office adds rooms; the page shows a code while it is open, and who has joined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.broker.authority import Authority
from controller.broker.credentials import Credentials
from controller.database.store import Store
from tests.axe import violations
from tests.browser import PHONE, Page, Profile, opened_tab
from tests.controller.web_department import ServedDepartment
from tests.controller.web_school import Served, a_store, agent, asked
from tests.waiting import until
from tests.web import http_request

OUTSIDE = "192.0.2.5"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a room that joined, and one with a typed password."""
    Authority(tmp_path).machine()
    credentials = Credentials(tmp_path / "agents.json")
    credentials.add("may-6a1")
    credentials.issue("may-6a2", "<b>Laptop", 1)
    with a_store(tmp_path, [agent("6A1"), agent("6A2")]) as opened:
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """The school's face on a real port."""
    with Served(store) as running:
        yield running


@pytest.mark.parametrize("path", ["/enrolment", "/enrolment/A", "/enrolment/knocks"])
def test_nobody_outside_sees_codes(store: Store, path: str) -> None:
    """The office does."""
    assert asked(store, path, host=OUTSIDE).headers["location"] == f"/login?next={path}"


@pytest.mark.parametrize(
    "path", ["/enrolment", "/enrolment/revoke", "/enrolment/A/end", "/enrolment/knocks"]
)
def test_nobody_outside_adds_or_cuts_off(store: Store, path: str, tmp_path: Path) -> None:
    """Nothing is changed."""
    before = (tmp_path / "agents.json").read_bytes()
    answer = asked(
        store, path, method="POST", host=OUTSIDE, data={"room": "6A3", "agent": "may-6a1"}
    )
    assert answer.headers["location"].startswith("/login")
    assert (tmp_path / "agents.json").read_bytes() == before


def test_who_has_joined_and_who_has_not_is_told(store: Store) -> None:
    """What a computer calls itself is shown as text."""
    page = asked(store, "/enrolment?lang=vi").text
    assert 'data-agent="may-6a2"' in page
    assert "&lt;b&gt;Laptop" in page
    assert 'data-typed="may-6a1"' in page
    assert "Chưa ghi danh" in page


def test_the_first_screen_says_how_many_have_not_joined(store: Store, tmp_path: Path) -> None:
    """And no more once each has; a file that cannot be read changes nothing."""
    assert "1 máy chưa ghi danh" in asked(store, "/?lang=vi").text
    Credentials(tmp_path / "agents.json").issue("may-6a1", "", 1)
    assert "chưa ghi danh" not in asked(store, "/?lang=vi").text
    (tmp_path / "agents.json").write_text("{")
    assert asked(store, "/?lang=vi").status_code == 200


def test_a_rooms_page_says_that_its_computer_has_not_joined(served: Served) -> None:
    """Of the one with a typed password, and not of the other."""
    for room, is_told in (("6A1", True), ("6A2", False)):
        page = http_request("GET", f"{served.url}rooms/{room}?lang=vi")
        assert page.status_code == 200
        assert ('data-joined="no"' in page.text) is is_told


def test_one_that_is_cut_off_has_no_password_any_more(store: Store, tmp_path: Path) -> None:
    """One press; a name that nobody has is said."""
    answer = asked(store, "/enrolment/revoke", method="POST", data={"agent": "may-6a2"})
    assert answer.headers["location"] == "/enrolment"
    assert "may-6a2" not in Credentials(tmp_path / "agents.json").names()
    again = asked(store, "/enrolment/revoke", method="POST", data={"agent": "may-6a2"})
    assert "trouble=" in again.headers["location"]
    own = asked(store, "/enrolment/revoke", method="POST", data={"agent": "controller"})
    assert "trouble=" in own.headers["location"]


def test_a_knock_that_does_not_wait_is_accepted_by_nobody(store: Store) -> None:
    """It is said; so is a room that has no code."""
    path = "/enrolment/knocks"
    assert "Cho phòng gõ cửa trong 15 phút" in asked(store, f"{path}?lang=vi").text
    assert asked(store, path, method="POST").headers["location"] == path
    for room in ("6A1", ""):
        gone = asked(store, f"{path}/{'A' * 12}/accept", method="POST", data={"room": room})
        assert "trouble=" in gone.headers["location"]
    again = asked(store, f"{path}/{'A' * 12}/refuse", method="POST")
    assert again.headers["location"] == path


@pytest.mark.parametrize("room", ["", "   ", "x" * 65])
def test_a_code_is_for_a_room(store: Store, room: str) -> None:
    """Without one it is asked for."""
    answer = asked(store, "/enrolment", method="POST", data={"room": room})
    assert "trouble=" in answer.headers["location"]


def test_a_code_is_shown_while_it_is_open(page: Page, served: Served) -> None:
    """Read on a phone; then it is taken back."""
    page.open(f"{served.url}enrolment?lang=vi", *PHONE)
    assert violations(page) == []
    page.see("document.querySelector('[name=room]').value = '6A9'")
    page.click("form button")
    page.wait("document.querySelector('pre') !== null")
    text = page.see("document.querySelector('pre').innerText")
    assert re.fullmatch(r"lophoc-agent enrol [A-Z2-9]{3} [A-Z2-9]{3}", text)
    assert violations(page) == []
    assert page.see("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.click("form button")
    page.wait("document.querySelector('[data-state=ended]') !== null")
    page.click("[data-state=ended] a")
    page.wait("document.querySelector('p[data-state=ended]') !== null")
    assert page.see("document.querySelector('pre') === null")
    assert page.errors == []


def test_a_code_stays_open_under_the_eyes_and_goes_on_by_itself(
    page: Page, served: Served, browser: Profile
) -> None:
    """Its picture stays open and the keyboard where it was; what ends elsewhere is shown."""
    page.open(f"{served.url}enrolment?lang=vi", *PHONE)
    page.see("document.querySelector('[name=room]').value = '6A9'")
    page.click("form button")
    page.wait("document.querySelector('pre') !== null")
    page.click("summary")
    page.see("document.querySelector('form button').focus()")
    code = page.see("location.href")
    before = page.requests.count(code)
    page.wait("document.querySelector('details').open")

    def looks() -> int:
        page.see("1")  # so that what the browser said meanwhile is heard
        return page.requests.count(code) - before

    until(looks, "it looks again and again", holds=(3).__le__)
    assert page.see("document.querySelector('details').open")
    assert page.see("document.activeElement.matches('form button')")
    with opened_tab(browser, Page) as other:
        other.open(code)
        other.click("form button")
        other.wait("location.pathname === '/enrolment'")
    page.wait("document.querySelector('p[data-state=ended]') !== null")
    assert page.see("document.querySelector('pre') === null")
    assert page.errors == []


def test_a_department_shows_a_code_for_a_school_and_a_school_for_none(
    page: Page, store: Store
) -> None:
    """With the command that the school's server runs; one with a typed password keeps its name."""
    assert 'name="school"' not in asked(store, "/enrolment").text
    answer = asked(store, "/enrolment", method="POST", data={"school": "00140708"})
    assert "trouble=" in answer.headers["location"]
    with ServedDepartment(store) as served:
        page.open(f"{served.url}enrolment?lang=vi", *PHONE)
        assert page.see("document.querySelector('details:has([name=school])').open")
        page.see("document.querySelector('[name=school]').value = '00140708'")
        assert violations(page) == []
        page.click("details:has([name=school]) button")
        page.wait("document.querySelector('pre') !== null")
        text = page.see("document.querySelector('pre').innerText")
        command = r"lophoc-controller enrol [A-Z2-9]{3} [A-Z2-9]{3} --department 127\.0\.0\.1"
        assert re.fullmatch(command, text)
        assert violations(page) == []
        assert page.errors == []
