"""An officer draws, looks, draws again, takes minutes and withdraws: through the pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import docx
import httpx
import pytest
from msgspec.structs import replace
from python_calamine import load_workbook

from controller.areas.areas import Area, Membership, Merger, SchoolFacts
from controller.database.store import Store
from controller.department.schools import InspectionHeard, Numbered
from controller.features import keep_batch
from controller.inspection import store as inspections
from controller.inspection.sample import digest_of, drawn
from controller.inspection.tables import inspection_frames
from protocol.inspection import InspectionAnswer
from protocol.model import Place
from protocol.upward import InspectionTold
from tests.controller.web_department import (
    NOW_MS,
    PROVINCE,
    TODAY,
    ServedDepartment,
    a_department,
    fill,
    hear,
    know,
    line,
    stranger,
)

A, B, GONE = "00140701", "00140702", "00140703"
HOUR_MS = 3_600_000
HOSTILE = "<script>alert(1)</script>=1+1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two schools, and one that merged into the first; a disposed line, and a stranger."""
    with a_department(tmp_path) as opened:
        know(
            opened,
            [SchoolFacts(code=A, name="THCS Tô Hiệu"), SchoolFacts(code=B, name="TH Xôm")],
            [Area(code="03646", name="Tô Hiệu", kind="phường")],
            [Membership(school=A, area="03646")],
            [Merger(old=GONE, new=A, since=TODAY)],
        )
        fill(opened, [line(A, n, room=f"P{n % 3}") for n in range(1, 7)])
        fill(opened, [line(B, n, maker=HOSTILE) for n in range(1, 4)])
        fill(opened, [line(B, 9, condition="disposed"), stranger(B, 1)])
        fill(opened, [line(GONE, 1, serial=f"{A}S00001", asset_tag="cũ"), line(GONE, 2)])
        hear(opened, A)
        yield opened


def draw(officer: httpx.Client, **form: str) -> httpx.Response:
    """Draw a sample."""
    return officer.post("/inspections", data={"size": "99", "seed": "7"} | form)


def say(store: Store, school: str, at_ms: int, *answers: InspectionAnswer, rev: int = 1) -> None:
    """Have a school's word arrive."""
    with store.view() as db:
        (newest, *_) = inspections.inspections_of(db, PROVINCE)
    told = InspectionTold(
        boot="b",
        at_ms=at_ms + 600_000,
        rev=rev,
        inspection=newest.inspection,
        number=1,
        received_ms=at_ms,
        answers=answers,
    )
    heard = InspectionHeard(Place(PROVINCE, school), told, at_ms, Numbered("~", rev))
    store.write(keep_batch, [heard], at_ms)


def rows(text: str) -> list[tuple[str, str]]:
    """School and standing of each row."""
    return re.findall(r'data-school="(\w+)" data-item="\d+" data-standing="(\w+)"', text)


def test_the_frame_is_what_stands_in_books_once(officer: httpx.Client) -> None:
    """No disposed line, no stranger, and of merged schools each item once."""
    assert draw(officer).url.path == "/inspections/1"
    keys = officer.get("/inspections/1/frame.txt").text.splitlines()
    own = [f"{A}/line:{n}" for n in range(1, 7)]
    assert keys == [*own, *(f"{B}/line:{n}" for n in range(1, 4)), f"{GONE}/line:2"]
    assert rows(officer.get("/inspections/1").text).count((GONE, "waiting")) == 1


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ({"of_school": B}, {B}),
        ({"of_area": "03646"}, {A, GONE}),
        ({"unit": "rooms", "of_school": A, "size": "1"}, {A, GONE}),
        ({"of_school": GONE}, {A, GONE}),
    ],
)
def test_a_frame_is_of_a_school_or_an_area(
    officer: httpx.Client, form: dict[str, str], keys: set[str]
) -> None:
    """Whoever merged belongs to the school that counts."""
    draw(officer, **form)
    frame = officer.get("/inspections/1/frame.txt").text.splitlines()
    assert {key.partition("/")[0] for key in frame} == keys


@pytest.mark.parametrize(
    "form",
    [
        {"size": "0"},
        {"size": "x"},
        {"hours": "0"},
        {"seed": "a\nb"},
        {"seed": "x" * 101},
        {"of_school": "no"},
        {"of_area": "no"},
        {"unit": "pupils"},
        {"type": "no"},
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_said_and_not_kept(
    officer: httpx.Client, form: dict[str, str]
) -> None:
    """A page that says what to look at."""
    assert draw(officer, **form).status_code == 422
    assert "data-inspection" not in officer.get("/inspections").text


@pytest.mark.parametrize("asked", ["school=140701", "area=nowhere"])
def test_a_school_or_area_that_nobody_knows_is_not_drawn_from(
    officer: httpx.Client, asked: str
) -> None:
    """The link that leads here is wrong, and says so."""
    assert officer.get(f"/inspections?{asked}").status_code == 404


def test_a_sample_is_drawn_again_and_a_changed_one_is_seen(
    officer: httpx.Client, store: Store
) -> None:
    """By whoever sees the frame; items that come and go since change nothing."""
    draw(officer, size="3")
    frame = officer.get("/inspections/1/frame.txt").text
    page = officer.get("/inspections/1/draw").text
    for unit in drawn("7", frame.splitlines(), 3):
        assert f"<bdi>{unit.unit}</bdi>" in page
    assert digest_of(frame.splitlines()) in page
    fill(store, [line(A, 1, removed_ms=NOW_MS), line(A, 77)])
    assert 'data-status="ok"' in _verdict(officer)
    with store.locked(Place(PROVINCE)) as db:
        db.execute(inspection_frames.update().values(units='["line:1","line:2"]'))
    assert 'data-status="critical"' in _verdict(officer)


def _verdict(officer: httpx.Client) -> str:
    (verdict,) = re.findall(r'<p[^>]*id="verdict"[^>]*>', officer.get("/inspections/1/draw").text)
    return str(verdict)


def test_progress_exceptions_and_minutes_tell_late_from_missing(
    officer: httpx.Client, store: Store, served: ServedDepartment
) -> None:
    """By arrival here, though the school's clock be ten minutes ahead."""
    draw(officer, hours="2", of_school=B)
    say(store, B, NOW_MS + HOUR_MS, InspectionAnswer(no=1, outcome="found", evidence="label"))
    late = [
        InspectionAnswer(no=1, outcome="found", evidence="label"),
        InspectionAnswer(no=2, outcome="not_found", evidence="hand", reason="lent"),
    ]
    say(store, B, NOW_MS + 3 * HOUR_MS, *late, rev=2)
    served.now_ms = NOW_MS + 4 * HOUR_MS
    page = officer.get("/inspections/1").text
    assert [standing for _, standing in rows(page)] == ["found", "not_found", "missing"]
    assert "đồng hồ của trường chạy nhanh" in page
    odd = officer.get("/inspections/1?odd=true").text
    assert [standing for _, standing in rows(odd)] == ["not_found", "missing"]
    paper = docx.Document(io.BytesIO(officer.get("/inspections/1/minutes.docx").content))
    text = "\n".join(part.text for part in paper.paragraphs)
    assert "Rút lại mẫu: trùng khớp." in text
    assert "Trả lời muộn: 1." in text
    raw = officer.get("/inspections/1/minutes.xlsx").content
    cells = load_workbook(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert any("trả lời muộn" in str(cell) for row in cells for cell in row)
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in page


def test_an_older_word_that_comes_late_changes_nothing(officer: httpx.Client, store: Store) -> None:
    """The number of the school's list decides, not what comes last."""
    draw(officer, of_school=B)
    say(store, B, NOW_MS + 2, InspectionAnswer(no=1, outcome="found", evidence="label"), rev=5)
    say(store, B, NOW_MS + 3, InspectionAnswer(no=1, outcome="not_found"), rev=4)
    assert rows(officer.get("/inspections/1").text)[0] == (B, "found")


def test_a_withdrawn_inspection_stays_in_the_list(officer: httpx.Client, store: Store) -> None:
    """So nobody draws until the sample pleases; the schools are owed that word."""
    draw(officer)
    assert officer.post("/inspections/1/withdraw").url.path == "/inspections/1"
    assert "đã rút lại" in officer.get("/inspections").text
    with store.view() as db:
        owed = inspections.owed_words(db, PROVINCE, NOW_MS)
    assert {word.number for word in owed} == {2}
    draw(officer)
    assert "Đợt kiểm tra 2" in officer.get("/inspections").text


def test_a_school_that_answers_what_is_not_known_here_is_kept(store: Store) -> None:
    """This department was put back to a copy from before it asked: evidence is evidence."""
    told = InspectionTold(
        boot="b",
        at_ms=NOW_MS,
        rev=1,
        inspection="kt-lost",
        number=1,
        answers=(InspectionAnswer(no=1, outcome="found", evidence="label"),),
    )
    heard = InspectionHeard(Place(PROVINCE, A), told, NOW_MS, Numbered("~", 1))
    store.write(keep_batch, [heard, heard._replace(told=replace(told, rev=2))], NOW_MS)
    with store.view() as db:
        assert len(inspections.answers_of(db, Place(PROVINCE, A), "kt-lost")) == 1
