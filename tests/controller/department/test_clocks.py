"""Schools' clocks: what they date is held against its arrival, and what is off is said."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.department.clocks import (
    OFF_MS,
    ClockHeard,
    ClockWatch,
    clock_words,
    clocks_of,
    keep_clocks,
)
from controller.department.school_record import SchoolRecord
from controller.department.schools import FigureTold, Schools, Used
from protocol.formats import phrase
from protocol.model import DeviceKind, Place
from protocol.upward import SchoolChain, SchoolFigures, SchoolTold, UseLine, UseTold
from protocol.words import translator
from tests.controller.ears import Ears, arrival
from tests.controller.fresh import fresh_store
from tests.controller.web_department import (
    DAY_MS,
    ServedDepartment,
    a_department,
    department_of,
    fill,
    hear,
    line,
)
from tests.controller.web_school import a_program, a_store
from tests.web import http_client

ABOVE, SCHOOL = Place("14", "so-14"), Place("14", "00140708")
NOW_MS = 1_793_300_400_000  # 2026-10-30 02:00 in Vietnam, the 29th elsewhere
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TODAY = date(2026, 10, 30)
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def vietnamese(text: str, **values: object) -> str:
    return phrase(text, translator("vi"), **values)


@pytest.mark.parametrize("days", [-400, -1, 0, 1, 7, 400])
@pytest.mark.parametrize("version", ["", "0.5.0"])
def test_no_day_of_a_figure_lies_behind_its_arrival(days: int, version: str) -> None:
    """What is of now is of today; a day that is over and has not begun says nothing."""
    schools = Schools(ABOVE, [SchoolRecord(place=SCHOOL, chained=True, boot="b")], ZONE)
    day = TODAY + timedelta(days)
    figures = SchoolFigures(declared=9)
    message = SchoolTold(
        boot="b", at_ms=1, rev=5, day=day.isoformat(), feed="f", version=version, figures=figures
    )
    heard = schools.hear(SCHOOL.school, message, NOW_MS)
    found = [change.day for change in heard.changes if isinstance(change, FigureTold)]
    assert heard.is_accepted
    assert found == ([] if days > 0 and not version else [min(day, TODAY).isoformat()])
    assert schools.records[SCHOOL.school].day == (found[0] if version else "")


@pytest.mark.parametrize("weeks", [-60, -1, 0, 1, 60])
def test_no_week_of_use_lies_behind_its_arrival(weeks: int) -> None:
    """It is taken, or it would come for ever, and nothing of it is kept."""
    monday = date(2026, 10, 26) + timedelta(days=7 * weeks)
    used = UseLine(item="usb-1", device=DeviceKind.BOARD, used_min=5)
    message = UseTold(boot="b", at_ms=1, rev=5, week=monday.isoformat(), lines=(used,))
    heard = Schools(ABOVE, zone=ZONE).hear(SCHOOL.school, message, NOW_MS)
    found = [change.week for change in heard.changes if isinstance(change, Used)]
    assert heard.is_accepted
    assert found == ([monday.isoformat()] if weeks <= 0 else [])


@pytest.mark.parametrize(
    ("off_ms", "said"),
    [
        (0, ""),
        (OFF_MS - 1, ""),
        (-OFF_MS + 1, ""),
        (OFF_MS, "Đồng hồ của trường nhanh 10 phút."),
        (-25 * MINUTE_MS, "Đồng hồ của trường chậm 25 phút."),
        (3 * HOUR_MS, "Đồng hồ của trường nhanh 3 giờ."),
        (-DAY_MS, "Đồng hồ của trường chậm 1 ngày."),
        (3 * DAY_MS + HOUR_MS, "Đồng hồ của trường nhanh 3 ngày."),
        (366 * DAY_MS, "Đồng hồ của trường nhanh 366 ngày."),
    ],
)
def test_a_clock_is_off_in_words(off_ms: int, said: str) -> None:
    """Less than ten minutes may be the line."""
    assert clock_words(off_ms, vietnamese) == said


def test_what_is_new_of_a_clock_is_told_once() -> None:
    """Not each time that it drifts by a second, and its mending too."""
    watch = ClockWatch({})
    offs = (5_000, 3 * DAY_MS, 3 * DAY_MS + 9_000, 3 * DAY_MS - OFF_MS, 9_000, -8_000)
    told = [watch.hear(SCHOOL, NOW_MS + off_ms, NOW_MS) for off_ms in offs]
    assert [[one.off_ms for one in each] for each in told] == [
        [], [3 * DAY_MS], [], [3 * DAY_MS - OFF_MS], [0], [],
    ]  # fmt: skip
    assert not ClockWatch({SCHOOL.school: DAY_MS}).hear(SCHOOL, NOW_MS + DAY_MS, NOW_MS)


def test_only_clocks_that_are_off_are_kept(tmp_path: Path) -> None:
    """By province."""
    other = Place("15", "00150701")
    with fresh_store(tmp_path) as store:
        store.write(keep_clocks, [ClockHeard(SCHOOL, DAY_MS), ClockHeard(other, -DAY_MS)])
        assert store.read(clocks_of, "14") == {SCHOOL.school: DAY_MS}
        store.write(keep_clocks, [ClockHeard(SCHOOL, 0)])
        assert [store.read(clocks_of, code) for code in ("14", "15")] == [
            {}, {other.school: -DAY_MS},
        ]  # fmt: skip


def test_what_a_school_says_of_the_present_measures_its_clock(tmp_path: Path) -> None:
    """By when it came; what waited in an outbox does not, nor what another start of it says."""
    with a_store(tmp_path) as store:
        program = a_program(store, scope=ABOVE, upstream="")
        ears = Ears(program)
        now_ms, told_at = program.now_ms(), Place("14", ABOVE.school, SCHOOL.school)
        late = SchoolTold(boot="b", at_ms=now_ms - 9 * DAY_MS, rev=1, day="2026-01-01", feed="f")
        chain = SchoolChain(boot="b", at_ms=now_ms + 3 * DAY_MS, feed="f")
        other = SchoolChain(boot="copy", at_ms=now_ms - 5 * DAY_MS, feed="f")
        ears.take(arrival(told_at, chain), arrival(told_at, late), arrival(told_at, other))
        assert round(store.read(clocks_of, "14")[SCHOOL.school] / DAY_MS) == 3


def test_a_clock_that_is_off_is_said_in_lists_page_and_api(tmp_path: Path) -> None:
    """Of the others nothing."""
    with a_department(tmp_path) as store:
        for code in ("S1", "S2"):
            fill(store, [line(code, 1)])
            hear(store, code)
        place = Place("14", "S1")
        store.write(keep_clocks, [ClockHeard(place, 3 * DAY_MS)])
        offs = {one.code: one.off_ms for one in department_of(store).overview().schools}
        assert offs == {"S1": 3 * DAY_MS, "S2": 0}
        said = "Đồng hồ của trường nhanh 3 ngày."
        with ServedDepartment(store) as served, http_client(served.url) as client:
            assert client.get("/schools").text.count(said) == 1
            assert client.get("/schools?format=csv").text.count(said) == 1
            assert [said in client.get(f"/schools/{code}").text for code in offs] == [True, False]
            items = client.get("/api/v1/schools").json()["items"]
            assert {one["code"]: (one["clock"], one["clock_off_s"]) for one in items} == {
                "S1": (said, 3 * 86_400), "S2": ("", 0),
            }  # fmt: skip
