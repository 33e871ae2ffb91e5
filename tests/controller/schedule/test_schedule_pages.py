"""These tests bring a timetable in through the browser's forms: looked at first, kept second."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from controller.database.store import Store
from controller.roster.plan import Schedule, SchoolPlan
from controller.roster.store import keep_schedule, plan_of
from protocol.plan import Bell
from tests.controller import patience
from tests.controller.dashboard.test_pages import Outline
from tests.controller.patience import waits_for_reading
from tests.controller.web_school import SCHOOL, Served, a_store
from tests.web import http_client

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
HOME = "/schedule/import"
BELLS = "Tiết,Thời gian\n1,7h15 - 8h00\n2,8h05 - 8h50\n"
LESSONS = "Thứ,Tiết,Phòng,Lớp,Môn\n2,1,P203,10A1,<b>Toán</b>\n3,1,P203,10A1,Văn\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school without a timetable."""
    with a_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def web(store: Store) -> Iterator[httpx.Client]:
    """A browser at the school, in English."""
    with Served(store) as served, http_client(served.url, cookies={"lang": "en"}) as client:
        yield waits_for_reading(client)


def sent(web: httpx.Client, text: str) -> httpx.Response:
    """The answer to a file."""
    return patience.sent(web, HOME, "tkb.csv", text.encode())


def trial_of(web: httpx.Client, text: str) -> str:
    """The address of the page that shows what would become of a file."""
    answer = sent(web, text)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def words(web: httpx.Client, path: str) -> str:
    """What a page says."""
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(Outline(answer.text).words)


def kept(store: Store) -> SchoolPlan:
    """What the school plans."""
    return store.read(plan_of, SCHOOL)


def test_nothing_is_kept_before_the_second_press(web: httpx.Client, store: Store) -> None:
    """The trial shows what was read; the press keeps it, once, and other parts stay."""
    trial = trial_of(web, BELLS)
    assert "07:15" in words(web, trial)
    assert kept(store).bells == ()
    for _ in range(2):
        assert web.post(trial).headers["location"] == trial
    assert "The schedule is kept." in words(web, trial)
    lessons = trial_of(web, LESSONS)
    shown = words(web, lessons)
    assert "<b>Toán</b>" in shown
    assert "No class list is known for these classes: 10A1." in shown
    web.post(lessons)
    plan = kept(store)
    assert [each.begins for each in plan.bells] == ["07:15", "08:05"]
    assert [each.subject for each in plan.timetable] == ["<b>Toán</b>", "Văn"]


def test_what_cannot_be_used_is_named_and_not_kept(web: httpx.Client, store: Store) -> None:
    """By its cell; a press all the same keeps nothing."""
    trial = trial_of(web, LESSONS.replace("\n3,", "\n9,"))
    shown = words(web, trial)
    assert "A3" in shown
    assert "This is no day of the week" in shown
    assert web.post(trial).headers["location"].endswith("failed=gone")
    assert kept(store).timetable == ()


def test_a_part_is_emptied_by_a_word(web: httpx.Client, store: Store) -> None:
    """A heading alone is asked about."""
    web.post(trial_of(web, LESSONS))
    trial = trial_of(web, LESSONS.partition("\n")[0])
    assert "There is a heading and no line below it" in words(web, trial)
    web.post(f"{trial}/empty")
    assert len(kept(store).timetable) == 2
    web.post(trial)
    assert kept(store).timetable == ()


def test_a_plan_that_changed_meanwhile_is_looked_at_again(web: httpx.Client, store: Store) -> None:
    """Another person's bells are not written over unseen."""
    trial = trial_of(web, BELLS)
    other = (Bell(period=1, begins="06:45", ends="07:30"),)
    with store.locked(SCHOOL) as db:
        keep_schedule(db, SCHOOL, Schedule(bells=other), SINCE)
    assert web.post(trial).headers["location"] == f"{trial}?failed=changed"
    assert kept(store).bells == other
    assert "changed meanwhile" in words(web, f"{trial}?failed=changed")
    web.post(trial)
    assert len(kept(store).bells) == 2


def test_a_file_that_is_none_is_refused_in_words(web: httpx.Client) -> None:
    """And one that was dropped is gone."""
    for text, why in (("một,hai\n1,2\n", "headings"), ("", "No file was chosen")):
        answer = sent(web, text)
        assert answer.status_code == 422
        assert why in answer.text
    trial = trial_of(web, BELLS)
    web.post(f"{trial}/drop")
    assert web.get(trial).headers["location"] == f"{HOME}?failed=gone"
    assert "not here any more" in words(web, f"{HOME}?failed=gone")
