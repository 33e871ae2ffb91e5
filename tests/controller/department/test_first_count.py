"""A department whose items were never counted says so, and tells the last figures meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.areas.areas import Merger
from controller.database.store import Store
from controller.department import census
from controller.department.overview import Department, department_of
from controller.inventory import store as inventory
from controller.inventory.store import refresh
from controller.web.refusals import PendingError
from protocol.model import Place
from tests.controller.web_department import (
    OWN,
    SCOPE,
    TODAY,
    a_department,
    a_department_face,
    fill,
    know,
    line,
)
from tests.controller.web_school import NOW_MS, ZONE, a_live, asked_of
from tests.databases import Database
from tests.waiting import until

A, B = "00123", "00124"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Counting takes until this is called."""
    go_on, real = threading.Event(), census.tallies_of

    def slow(*arguments: Any) -> Any:
        assert go_on.wait(60)
        return real(*arguments)

    monkeypatch.setattr(census, "tallies_of", slow)
    monkeypatch.setattr("controller.department.overview.PATIENCE_S", 0.05)
    return go_on.set


def test_before_the_first_count_a_page_opens_by_itself_later(
    tmp_path: Path, held: Callable[[], None]
) -> None:
    """The page is no error, a program is told when to ask again; then the figures are there."""
    with a_department(tmp_path) as store:
        fill(store, [line(A, 1), line(B, 1)])
        department = Department(store, SCOPE, OWN, ZONE, lambda: NOW_MS, few_changes=0)
        live = a_live(store, scope=OWN)
        face = a_department_face(store, live, {department_of: department})
        page, told = asked_of(face, "/schools?lang=vi"), asked_of(face, "/api/v1/tile")
        assert (page.status_code, "data-follow" in page.text) == (200, True)
        assert "Đang đếm thiết bị" in page.text
        assert (told.status_code, told.headers["retry-after"]) == (503, "5")
        assert told.json()["code"] == "figures_pending"
        held()
        until(lambda: "data-follow" not in asked_of(face, "/schools").text, "it was counted")
        assert asked_of(face, "/api/v1/tile").json()["items_declared"] == 2


def test_what_was_counted_last_is_told_while_areas_are_counted_anew(
    tmp_path: Path, held: Callable[[], None]
) -> None:
    """Of a large department: with its time, and nobody waits for the end."""
    with a_department(tmp_path) as store:
        fill(store, [line(A, 1, serial="x"), line(B, 1, serial="x")])
        ticks = iter(range(0, 1000, 2))
        department = Department(
            store, SCOPE, OWN, ZONE, lambda: NOW_MS, elapsed_s=lambda: next(ticks)
        )
        held()
        assert department.overview().whole.tally.declared == 2
        know(store, merged=[Merger(old=B, new=A, since=TODAY)])
        until(lambda: department.overview().whole.tally.declared == 1, "the merger is counted")


def test_who_waits_for_another_that_brings_up_tells_what_was_known(postgresql: Database) -> None:
    """Not that a disk is full; without anything known it is an error as before."""
    with Store(postgresql.url) as store, Store(postgresql.url) as other:
        school = Place(OWN.province, A)
        with pytest.raises(Exception, match="holds the database"), other.locked(school):
            refresh(store, school, ZONE, NOW_MS)
        refresh(store, school, ZONE, NOW_MS)
        with other.locked(school):
            refresh(store, school, ZONE, NOW_MS + 7_200_000)
        assert not store.read(inventory.is_up, school, ZONE, NOW_MS + 7_200_000)


def test_nothing_counted_is_no_zero(tmp_path: Path, held: Callable[[], None]) -> None:
    """Who asks the figures themselves is told that they are not there yet; then they are."""
    with a_department(tmp_path) as store:
        fill(store, [line(A, 1)])
        department = Department(store, SCOPE, OWN, ZONE, lambda: NOW_MS, few_changes=0)
        with pytest.raises(PendingError):
            department.overview()
        held()
        until(lambda: counted(department) == 1, "it was counted")


def counted(department: Department) -> int | None:
    """How many lines the books have; None while nobody has counted them."""
    try:
        return department.overview().whole.tally.declared
    except PendingError:
        return None
