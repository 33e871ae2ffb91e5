"""The pages of inspections in a real browser, in Vietnamese, at each size: for everybody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.areas.areas import Area, Membership, SchoolFacts
from controller.database.store import Store
from controller.department.schools import InspectionHeard, Numbered
from controller.features import keep_batch
from controller.inspection import request_store as requests
from controller.inspection import store as inspections
from controller.register import store as register
from controller.register.book import Line
from protocol.inspection import AskedItem, InspectionAnswer
from protocol.messages import InspectionGiven
from protocol.model import Place
from protocol.upward import InspectionTold
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.web_department import (
    PROVINCE,
    ServedDepartment,
    a_department,
    fill,
    hear,
    know,
    line,
)
from tests.controller.web_school import NOW_MS, SCHOOL, Served, a_store

SHOTS = os.environ.get("LOPHOC_SHOTS", "")
DAY_MS = 86_400_000


class Screen(Page):
    """A screen, whose line tells its age."""

    ready = "document.querySelector('#age-words')"


@pytest.fixture
def page(browser: Profile) -> Iterator[Screen]:
    """A fresh tab."""
    with opened_tab(browser, Screen) as tab:
        yield tab


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDepartment]:
    """Two schools with a few items, one of which answers."""
    with a_department(tmp_path_factory.mktemp("so")) as store:
        know(
            store,
            [
                SchoolFacts(code="S1", name="Trường THCS Tô Hiệu"),
                SchoolFacts(code="S2", name="TH Xôm"),
            ],
            [Area(code="03646", name="Tô Hiệu", kind="phường")],
            [Membership(school="S1", area="03646")],
        )
        for school in ("S1", "S2"):
            fill(store, [line(school, n, room=f"P20{n % 4}") for n in range(1, 9)])
            hear(store, school)
        with ServedDepartment(store) as served:
            yield served


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A school that is asked for two of its boards."""
    with a_store(tmp_path_factory.mktemp("truong")) as store:
        ask(store)
        with Served(store) as served:
            yield served


def ask(store: Store) -> None:
    """The department's word arrives."""
    book = [
        Line(row=n, asset_tag=f"TB-{n:03}", type="board", maker="Samsung", room="P203")
        for n in (1, 2)
    ]
    items = tuple(
        AskedItem(no=n, item=f"line:{n}", line=n, asset_tag=f"TB-{n:03}", type="board",
                  name="Samsung", serial=f"0C9AHN{n}", room="P203")
        for n in (1, 2)
    )  # fmt: skip
    given = InspectionGiven(
        boot="d",
        at_ms=NOW_MS - 3_600_000,
        inspection="kt-1",
        number=1,
        title="Kiểm tra bảng tương tác, đợt 1",
        asked_ms=NOW_MS,
        due_ms=NOW_MS + 2000 * DAY_MS,
        items=items,
    )
    with store.locked(SCHOOL) as db:
        register.bring_in(db, SCHOOL, book, whole=True, now_ms=NOW_MS)
        requests.take(db, SCHOOL, given, "Kiểm tra từ xa: đợt 1", NOW_MS)


def looked_at(page: Screen, name: str) -> None:
    """Usable by everybody at each size; a picture where somebody wants to look."""
    for width, height in page.at_each_size():
        assert violations(page) == [], width
        assert page.see("document.documentElement.scrollWidth <= innerWidth"), width
        if SHOTS:
            page.shoot(Path(SHOTS) / f"{name}-{width}x{height}.png")
    assert not page.errors


def answer(store: Store) -> None:
    """One school answers: one found, one elsewhere, one not there."""
    with store.view() as db:
        (inspection,) = inspections.inspections_of(db, PROVINCE)
    told = InspectionTold(
        boot="b",
        at_ms=NOW_MS + 900_000,
        rev=1,
        inspection=inspection.inspection,
        number=1,
        received_ms=NOW_MS,
        answers=(
            InspectionAnswer(no=1, outcome="found", evidence="label", at_ms=NOW_MS),
            InspectionAnswer(
                no=2, outcome="relocated", evidence="agent", room="P999", at_ms=NOW_MS
            ),
            InspectionAnswer(
                no=3, outcome="not_found", evidence="hand", reason="lent", at_ms=NOW_MS
            ),
        ),
    )
    heard = InspectionHeard(Place(PROVINCE, "S1"), told, NOW_MS, Numbered("~", 1))
    store.write(keep_batch, [heard], NOW_MS)


@pytest.mark.wide
def test_an_officer_draws_and_follows_an_inspection(
    page: Screen, department: ServedDepartment
) -> None:
    """From the schools by the menu: three clicks to the answers."""
    page.open(f"{department.url}inspections?lang=vi")
    looked_at(page, "inspections-empty")
    page.see("document.querySelector('input[name=title]').value = 'Bảng tương tác, đợt 1'")
    page.see("document.querySelector('input[name=seed]').value = 'xổ số 7'")
    page.click("form.asked button")
    page.wait("location.pathname === '/inspections/1'")
    answer(department._store)
    page.open(f"{department.url}inspections/1")
    assert page.see("document.querySelectorAll('tr[data-standing=waiting]').length") == 7
    looked_at(page, "inspection")
    page.open(f"{department.url}inspections/1/draw")
    assert page.see("document.querySelector('#verdict').dataset.status") == "ok"
    looked_at(page, "inspection-draw")
    page.open(f"{department.url}inspections")
    looked_at(page, "inspections")


def test_a_school_sees_what_is_asked_and_answers(page: Screen, school: Served) -> None:
    """At the top of each page; by phone, or by hand for a reason."""
    page.open(f"{school.url}inspection-requests?lang=vi")
    looked_at(page, "requests")
    assert page.see("document.querySelector('p.trouble a').textContent.includes('2 thiết bị')")
    page.open(f"{school.url}inspection-requests/kt-1")
    looked_at(page, "request")
    page.click("#item-1 summary")
    page.see("document.querySelector('#item-1 select').value = 'no_label'")
    page.click("#item-1 button[value=found]")
    page.wait("document.querySelector('#item-1').dataset.outcome === 'found'")
    page.click("a.st-button")
    page.wait("location.pathname === '/stocktake/1'")
    looked_at(page, "request-count")
