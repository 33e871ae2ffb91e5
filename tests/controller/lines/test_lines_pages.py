"""A department's pages of lines, of webhooks, and of programs that have stopped."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from controller.__main__ import main
from controller.access.token import READING, new_token, token_of
from controller.access.token_store import all_tokens, keep_token, note_used
from controller.areas.areas import SchoolFacts
from controller.broker.traffic import PeerTraffic
from controller.database.changes import of_kind
from controller.database.store import Store
from controller.department.clocks import ClockHeard, keep_clocks
from controller.department.school_record import SchoolRecord
from controller.department.schools import Schools
from controller.features import keep_batch
from controller.lines.line import KEEP_MS, OUT_MS, TICK_MS, LineDay
from controller.lines.listener import LinesListener
from controller.lines.store import days_since
from controller.webhooks.hook import FILE, Hook, HookPlace, Trouble, Untaken, hooks_in
from controller.webhooks.sender import _keep_place as keep_place
from protocol.model import Place
from protocol.upward import SchoolChain, SchoolPresence
from tests.controller.web_department import (
    DAY_MS,
    OWN,
    PROVINCE,
    SCOPE,
    TODAY,
    a_department,
    fill,
    hear,
    know,
    line,
)
from tests.controller.web_school import NOW_MS, a_program
from tests.databases import Database

A, B, C = "00140701", "00140702", "00140703"
HOUR_MS = 3_600_000
FULL = LineDay(
    place=Place(PROVINCE, A),
    day=TODAY,
    reconnects=3,
    bytes=5_000_000,
    out_ms=2 * HOUR_MS,
    watched_ms=DAY_MS,
    at_ms=NOW_MS,
    oldest_s=90,
    worst_s=5400,
)


def keep(store: Store, *days: LineDay) -> None:
    """Keep these as the ingest does."""
    store.write(keep_batch, days, NOW_MS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school of which all is known, one that tells nothing of its line, one never heard."""
    with a_department(tmp_path) as opened:
        names = ((A, "THCS Tô Hiệu"), (B, "TH Chiềng Xôm"), (C, "THPT Chuyên"))
        know(opened, [SchoolFacts(code=code, name=name) for code, name in names])
        fill(opened, [line(A, 1), line(B, 1)])
        hear(opened, A)
        hear(opened, B, ago_ms=2 * DAY_MS)
        keep(opened, FULL)
        opened.write(keep_clocks, [ClockHeard(FULL.place, -HOUR_MS)])
        yield opened


def rows_in(answer: httpx.Response) -> list[list[str]]:
    """The rows of a file, its heads left out."""
    assert answer.status_code == 200, answer.text
    return [*csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))][1:]


def test_days_are_kept_each_in_place_of_the_one_before(database: Database) -> None:
    """One row for a school and a day, on both databases; unknown stays unknown."""
    with Store(database.url) as kept:
        later = replace(FULL, reconnects=4, oldest_s=None)
        other = LineDay(place=Place(PROVINCE, B), day="2026-09-01", at_ms=NOW_MS)
        for days in ([FULL, other], [later]):
            kept.write(keep_batch, days, NOW_MS)
        assert kept.read(days_since, SCOPE, "2026-09-01") == [later, other]
        assert kept.read(days_since, Place(PROVINCE, A), "2026-09-02") == [later]


def test_the_ingest_measures_what_schools_say_and_do_not_say(store: Store) -> None:
    """Through the department's own core: a chain with what waits, a session more, then silence."""
    now_ms = [NOW_MS]
    program = a_program(store, scope=OWN, upstream="", now_ms=lambda: now_ms[0])
    program.traffic = lambda: {B: PeerTraffic(bytes=700)}
    listener, schools = LinesListener(program), Schools(OWN)
    store.read(listener.load)
    at_ms = NOW_MS + 5000
    for message in (
        SchoolChain(boot="n", at_ms=at_ms, feed="f", oldest_s=40),
        SchoolPresence(boot="n", at_ms=at_ms, session=1, online=True),
        SchoolPresence(boot="n", at_ms=at_ms, session=2, online=True),
    ):
        listener.follow(schools.hear(B, message, now_ms[0]).changes, now_ms[0])
    kept: list[Any] = []
    while now_ms[0] < NOW_MS + 2 * KEEP_MS + OUT_MS:
        now_ms[0] += TICK_MS
        kept += listener.expire(now_ms[0])
    keep(store, *kept)
    (day,) = store.read(days_since, Place(PROVINCE, B), TODAY)
    assert (day.reconnects, day.bytes, day.oldest_s) == (2, 700, 40)
    assert OUT_MS < day.out_ms <= day.watched_ms


def test_the_list_is_a_file_and_what_is_not_known_is_empty_there(officer: httpx.Client) -> None:
    """The silent school first, then the heard one, then who never spoke."""
    rows = rows_in(officer.get("/lines?format=csv&lang=vi"))
    assert [row[1] for row in rows] == [B, A, C]
    assert rows[1][4:] == ["2.0", "2.0", "3", "5.0", "1.5", "90.0", "0", "-3600", "0.5.0"]
    assert rows[0][4:] == ["", "", "", "", "", "", "0", "0", "0.5.0"]
    assert rows[2][3:] == [""] * 10
    assert officer.get("/lines?format=xlsx").content.startswith(b"PK")


@pytest.mark.parametrize("sort", ["out7", "again", "mb", "oldest"])
def test_any_column_sorts_and_the_unknown_stand_last(officer: httpx.Client, sort: str) -> None:
    """In either direction."""
    for way in ("", "-"):
        rows = rows_in(officer.get(f"/lines?format=csv&sort={way}{sort}"))
        assert rows[0][1] == A


def test_the_pages_say_unknown_and_not_zero(officer: httpx.Client) -> None:
    """In the list, and on the page of a school that tells nothing of its line."""
    assert officer.get("/lines?q=xom&lang=vi").text.count("không rõ") == 5
    page = officer.get(f"/schools/{A}?lang=vi").text
    assert "Mất, 7 ngày (giờ): <b>2</b>" in page
    assert "không rõ" in officer.get(f"/schools/{B}?lang=vi").text.partition('id="line"')[2]
    assert officer.get("/lines?area=99999").status_code == 404
    assert officer.get("/lines?sort=nothing").status_code == 422


@pytest.mark.parametrize("query", ["room=P1", "type=board", "state=missing", "warranty=2027"])
def test_filters_of_items_are_refused_where_lines_are_listed(
    officer: httpx.Client, query: str
) -> None:
    """They would choose nothing of what is shown."""
    assert officer.get(f"/lines?{query}").status_code == 422


def a_hook(store: Store, folder: Path, place: HookPlace) -> Hook:
    """A webhook that is so far."""
    values = {"url": "https://truc.example/in?key=private", "secret_file": "/nowhere"}
    told = "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
    (folder / FILE).write_text(f"[hooks.axis]\n{told}")
    hook = hooks_in(folder)["axis"]
    store.write(keep_place, hook, place)
    return hook


def test_a_webhook_says_how_far_it_is_and_hides_its_address(
    store: Store, officer: httpx.Client, tmp_path: Path
) -> None:
    """The host alone; in words why; after a day on the first page, too."""
    assert "Chưa đặt webhook nào" in officer.get("/webhooks?lang=vi").text
    place = HookPlace(taken_ms=NOW_MS - 3 * DAY_MS)
    why = Untaken(Trouble.STATUS, 503)
    a_hook(store, tmp_path, place.failed(NOW_MS - HOUR_MS, 1.0, why))
    page = officer.get("/webhooks?lang=vi").text
    assert "truc.example" in page
    assert "503" in page
    assert "Thay đổi đang chờ: 2" in page
    assert "private" not in page
    assert "Webhook axis" not in officer.get("/schools?lang=vi").text
    a_hook(store, tmp_path, place.failed(NOW_MS - 2 * DAY_MS, 1.0, why))
    assert "Webhook axis" in officer.get("/schools?lang=vi").text
    (tmp_path / FILE).write_text("[")
    assert officer.get("/webhooks?lang=vi").status_code == 200
    assert officer.get("/schools").status_code == 200


def test_a_webhook_s_state_is_told_by_command(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit code says whether one has stopped; a broken file is refused."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", OWN.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", PROVINCE)

    def told(*words: str) -> tuple[int, str]:
        code = main(["webhooks", *words, "--data", str(tmp_path)])
        return code, capsys.readouterr().out

    assert told("--json") == (0, "[]\n")
    a_hook(store, tmp_path, HookPlace(taken_ms=NOW_MS))
    code, text = told("--json")
    (one,) = json.loads(text)
    assert (code, one["name"], one["host"], one["failing_since"]) == (
        0, "axis", "truc.example", None,
    )  # fmt: skip
    failed = HookPlace().failed(NOW_MS - 9 * DAY_MS, 1.0, Untaken(Trouble.STATUS, 503))
    a_hook(store, tmp_path, failed)
    code, text = told()
    assert code == 1
    assert "503" in text
    assert "private" not in text
    (tmp_path / FILE).write_text("[")
    assert told()[0] == 2


def test_a_program_that_asks_no_more_is_on_the_first_page(
    store: Store, officer: httpx.Client
) -> None:
    """It asked each night for a week, and not for four days; one that never asked is no news."""
    for purpose in ("Trục dữ liệu", "Chưa dùng"):
        token = token_of(
            new_token(), purpose=purpose, made_by="test", place=Place(PROVINCE),
            permissions=READING, days=90, now_ms=NOW_MS - 12 * DAY_MS,
        )  # fmt: skip
        store.write(keep_token, token)
    for n in range(11, 3, -1):
        (used,) = (one for one in store.read(all_tokens) if one.purpose == "Trục dữ liệu")
        store.write(note_used, used, NOW_MS - n * DAY_MS)
    page = officer.get("/schools?lang=vi").text
    assert "Trục dữ liệu không còn hỏi nữa" in page
    assert "Chưa dùng" not in page


def test_what_was_counted_stays_where_a_batch_was_refused(store: Store) -> None:
    """A second load does not begin anew."""
    program = a_program(store, scope=OWN, upstream="")
    listener = LinesListener(program)
    for _ in range(2):
        store.read(listener.load)
        record = SchoolRecord(place=Place(PROVINCE, A), boot="x", session=1, heard_ms=NOW_MS)
        listener.follow([record], NOW_MS)
    days = {day.place.school: day for day in of_kind(listener.expire(NOW_MS + TICK_MS), LineDay)}
    assert days[A].reconnects == FULL.reconnects + 1
