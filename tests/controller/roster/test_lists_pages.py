"""Class lists come in through the browser's forms: looked at first, kept by a second press."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.database.store import Store
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import classes_of, keep_lists
from protocol.plan import Pupil
from tests.controller.dashboard.test_pages import Outline
from tests.controller.patience import READING, sent, waits_for_reading
from tests.controller.web_school import SCHOOL, Served, a_store
from tests.waiting import until
from tests.web import http_client

HOME = "/lists/import"
LIST = "STT;Lớp;Mã học sinh;Họ và tên\n1;10A1;HS1;Lò Thị Ánh\n2;10A1;HS2;Vũ <b>An</b>\n;;;\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school without lists."""
    with a_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def web(store: Store) -> Iterator[httpx.Client]:
    """A browser at the school, in English."""
    with Served(store) as served, http_client(served.url, cookies={"lang": "en"}) as client:
        yield waits_for_reading(client)


def trial_of(web: httpx.Client, text: str) -> str:
    """The address of the page that shows what would become of a file."""
    answer = web.post(HOME, files={"file": ("ds.csv", text.encode())})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def words(web: httpx.Client, path: str) -> str:
    """What a page says."""
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(Outline(answer.text).words)


def kept(store: Store) -> dict[str, list[tuple[int, str, str]]]:
    """The pupils of each class: number, id, name."""
    return {
        one.code: [(pupil.number, pupil.student, pupil.name) for pupil in one.pupils]
        for one in store.read(classes_of, SCHOOL)
    }


def test_nothing_is_kept_before_the_second_press(web: httpx.Client, store: Store) -> None:
    """And no name without a person's word; pressed twice it is kept once."""
    trial = trial_of(web, LIST)
    shown = words(web, trial)
    assert "10A1: joining: 2 (numbers 1, 2)." in shown
    assert "blank rows: 1" in shown
    assert "An" not in shown.split()
    assert kept(store) == {}
    for _ in range(2):
        assert web.post(trial).headers["location"] == trial
    assert "The lists are kept." in words(web, trial)
    assert kept(store) == {"10A1": [(1, "HS1", ""), (2, "HS2", "")]}


def test_names_are_kept_where_a_person_says_so(web: httpx.Client, store: Store) -> None:
    """By a tick on the trial's page."""
    trial = trial_of(web, LIST)
    words(web, trial)
    web.post(f"{trial}/choices", data={"names": "on"})
    words(web, trial)
    web.post(trial)
    assert kept(store) == {"10A1": [(1, "HS1", "Lò Thị Ánh"), (2, "HS2", "Vũ <b>An</b>")]}


def test_other_classes_go_where_the_file_is_the_whole_school(
    web: httpx.Client, store: Store
) -> None:
    """It is shown before."""
    other = SchoolClass(code="9B", pupils=(Pupil(number=1, student="HS9"),))
    with store.locked(SCHOOL) as db:
        keep_lists(db, SCHOOL, Lists(classes=(other,)), day="2026-09-05")
    trial = trial_of(web, LIST)
    assert "9B: leaving" not in words(web, trial)
    web.post(f"{trial}/choices", data={"whole": "on"})
    assert "9B: leaving: 1 (numbers 1)." in words(web, trial)
    web.post(trial)
    assert {*kept(store)} == {"10A1"}


def test_refused_rows_are_named_and_given_back(web: httpx.Client, store: Store) -> None:
    """The others are kept, and nobody is taken out of the class for them."""
    web.event_hooks = {}
    web.post(trial := trial_of(web, LIST))
    assert kept(store) == {}  # not looked at yet
    waits_for_reading(web)
    until(lambda: READING not in web.get(trial).text)
    web.post(trial)
    trial = trial_of(web, LIST.replace(";HS2;", ";001122334455;"))
    shown = words(web, trial)
    assert "row 3" in shown
    assert "nobody was taken out" in shown
    assert "001122334455" not in web.get(f"{trial}/errors.csv").text
    web.post(trial)
    assert [student for _, student, _ in kept(store)["10A1"]] == ["HS1", "HS2"]


def test_lists_that_changed_meanwhile_are_looked_at_again(web: httpx.Client, store: Store) -> None:
    """Another person's lists are not written over unseen."""
    trial = trial_of(web, LIST)
    words(web, trial)
    other = SchoolClass(code="9B", pupils=(Pupil(number=1, student="HS9"),))
    with store.locked(SCHOOL) as db:
        keep_lists(db, SCHOOL, Lists(classes=(other,)), day="2026-09-05")
    assert web.post(trial).headers["location"] == f"{trial}?failed=changed"
    assert {*kept(store)} == {"9B"}
    assert "changed meanwhile" in words(web, f"{trial}?failed=changed")
    web.post(trial)
    assert {*kept(store)} == {"9B", "10A1"}


def test_a_file_that_is_none_is_refused_in_words(web: httpx.Client) -> None:
    """And one that was dropped, or is another person's, is gone."""
    answer = sent(web, HOME, "ds.csv", b"a,b\n1,2\n")
    assert answer.status_code == 422
    assert "heading" in answer.text
    trial = trial_of(web, LIST)
    web.post(f"{trial}/drop")
    for path in (trial, f"{trial}/errors.csv"):
        assert web.get(path).headers["location"] == f"{HOME}?failed=gone"
    for path in (trial, f"{trial}/choices"):
        assert web.post(path).headers["location"] == f"{HOME}?failed=gone"
    assert "choose it again" in words(web, f"{HOME}?failed=gone")
