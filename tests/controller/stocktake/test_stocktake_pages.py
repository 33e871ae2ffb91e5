"""The stocktake's pages and API: behind the gate, whole without a script, deaf to nonsense."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import docx
import httpx
import pytest
import segno
from PIL import Image

from controller.database.store import Store
from controller.register import store as register
from controller.register.book import Line
from controller.stocktake import api as stocktake_api
from controller.stocktake import service as stocktaking
from controller.stocktake import store as stocktake
from controller.stocktake.form import FILE
from controller.stocktake.scan import Scan
from controller.stocktake.service import MAX_BATCH_BYTES, MAX_PHOTO_BYTES, texts_in
from protocol.model import Place
from tests.controller.web_school import NAME, NOW_MS, SCHOOL, a_store, asked

EVIL = "</script><script>alert(1)</script>"
BOOK = (
    Line(row=1, asset_tag="TB-001", type="board", room="P203", serial="0012345"),
    Line(row=2, asset_tag="0007", type="desk", room="Kho/1"),
    Line(row=3, type="desk", maker=EVIL),
)
API = "/api/v1/stocktakes"


@contextlib.contextmanager
def a_school(folder: Path) -> Iterator[Store]:
    """A school with the book."""
    with a_store(folder) as opened:
        with opened.locked(SCHOOL) as db:
            register.bring_in(db, SCHOOL, BOOK, whole=True, now_ms=NOW_MS)
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Its store."""
    with a_school(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One where a stocktake has begun, for all tests that change nothing."""
    with a_school(tmp_path_factory.mktemp("library")) as opened:
        begun(opened)
        yield opened


def ask(
    store: Store,
    path: str,
    *,
    host: str = "127.0.0.1",
    scope: Place = SCHOOL,
    folder: Path | None = None,
    **options: object,
) -> httpx.Response:
    method = "POST" if options.keys() & {"data", "content"} else "GET"
    face = {"folder": folder}
    return asked(store, path, method=method, host=host, scope=scope, face=face, **options)


def begun(store: Store) -> None:
    with store.locked(SCHOOL) as db:
        stocktake.begin(db, SCHOOL, (), who="lan", now_ms=NOW_MS)


def scans(store: Store) -> list[Scan]:
    with store.view() as db:
        return stocktake.scans_of(db, SCHOOL, 1)


def batch(*told: object, begun_ms: int = NOW_MS) -> dict[str, object]:
    return {"content": json.dumps({"begun_ms": begun_ms, "sent_ms": NOW_MS, "scans": told})}


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/stocktake", {}),
        ("/stocktake", {"data": {"rooms": ""}}),
        ("/stocktake/1", {}),
        ("/stocktake/1/rooms/P203", {}),
        ("/stocktake/1/standing", {}),
        ("/stocktake/1/rooms/P203", {"data": {"line": "1"}}),
        ("/stocktake/1/finish", {"data": {}}),
        ("/stocktake/1/minutes.xlsx", {}),
        (f"{API}/1", {}),
        (f"{API}/1/scans", batch({"id": "scan-0001", "line": 1})),
        (f"{API}/photo", {"content": b"x"}),
    ],
)
def test_nobody_from_the_network_counts_without_the_password(
    library: Store, path: str, options: dict[str, object]
) -> None:
    """Pages lead to the password, the API refuses, and nothing is changed."""
    answer = ask(library, path, host="192.0.2.5", **options)
    assert answer.status_code in {401, 303}
    assert answer.headers.get("location", "/login").startswith("/login")
    assert "TB-001" not in answer.text
    with library.view() as db:
        (only,) = stocktake.stocktakes_of(db, SCHOOL)
    assert only.finished_ms is None
    assert scans(library) == []


def test_a_stocktake_is_made_without_a_script(store: Store) -> None:
    """Begun, counted by forms, ended, its minutes fetched."""
    answer = ask(store, "/stocktake", data={"rooms": "phòng 203; kho/1"})
    assert answer.headers["location"] == "/stocktake/1"
    page = ask(store, "/stocktake/1")
    assert 'href="/stocktake/1/rooms/Kho%2F1"' in page.text
    assert ask(store, "/stocktake/1/rooms/Kho%2F1").text.count('name="line" value="2"') == 1
    for form in ({"line": "1", "found": "1"}, {"tag": "LOPHOC LẠ-9"}, {"tag": " "}, {"line": "x"}):
        answer = ask(store, "/stocktake/1/rooms/P203", data=form)
        assert answer.headers["location"] == "/stocktake/1/rooms/P203"
    ask(store, "/stocktake/1/rooms/Kho%2F1", data={"line": "2", "found": "0"})
    assert ask(store, "/stocktake/1/finish", data={}).status_code == 303
    told_scans = {(each.line, each.asset_tag, each.room, each.found) for each in scans(store)}
    assert told_scans == {
        (1, "", "P203", True),
        (None, "LẠ-9", "P203", True),
        (2, "", "Kho/1", False),
    }
    told = ask(store, f"{API}/1").json()
    assert told["outcomes"] == {
        "found": 1, "elsewhere": 0, "twice": 0, "missing": 1, "uncounted": 0
    }  # fmt: skip
    assert [(each["room"], each["counted"], each["of"]) for each in told["rooms"]] == [
        ("Kho/1", 1, 1),
        ("P203", 1, 1),
    ]
    assert (told["surplus"], told["finished_ms"]) == (1, NOW_MS)
    assert "<form" not in ask(store, "/stocktake/1/rooms/P203").text.partition("<main")[2]
    for kind in ("xlsx", "docx"):
        answer = ask(store, f"/stocktake/1/minutes.{kind}")
        assert answer.content[:2] == b"PK"
        assert f'"bien-ban-kiem-ke-1-2026-09-05.{kind}"' in answer.headers["content-disposition"]
    assert ask(store, "/stocktake/1/minutes.pdf").status_code == 404


def test_words_of_the_book_stay_words_on_the_page(store: Store) -> None:
    """A maker that ends the element would end the page."""
    begun(store)
    page = ask(store, "/stocktake/1/rooms/-").text
    assert "alert(1)" in page
    assert EVIL not in page
    raw = page.split('id="st-data">')[1].split("</script>")[0]
    assert any(EVIL in str(line) for line in json.loads(raw)["lines"])


def test_a_batch_keeps_what_makes_sense_and_names_the_rest(store: Store) -> None:
    """So that one scan that a phone spoiled hinders no other; the answer is the same again."""
    begun(store)
    told = batch(
        {"id": "scan-0001", "line": 1, "room": "P203", "at_ms": NOW_MS},
        {"id": "scan-0002", "line": 1, "quality_pct": 700},
        {"id": "../../etc", "line": 1},
        [],
        {"id": "scan-0003"},
    )
    for _ in range(2):
        answer = ask(store, f"{API}/1/scans", **told)
        assert answer.json() == {
            "kept": ["scan-0001"],
            "late": [],
            "refused": ["scan-0002", "../../etc", "scan-0003"],
            "at_ms": NOW_MS,
        }
    assert [each.id for each in scans(store)] == ["scan-0001"]


@pytest.mark.parametrize(
    ("path", "options", "status", "code"),
    [
        (f"{API}/1/scans", {"content": b"nothing"}, 422, "scans_invalid"),
        (f"{API}/1/scans", {"content": b'{"begun_ms":1}'}, 422, "scans_invalid"),
        (f"{API}/1/scans", batch(*[{}] * 501), 422, "scans_invalid"),
        (f"{API}/1/scans", {"content": b" " * (MAX_BATCH_BYTES + 1)}, 413, "body_too_long"),
        (f"{API}/1/scans", batch(begun_ms=5), 409, "stocktake_other"),
        (f"{API}/9/scans", batch(), 404, "stocktake_unknown"),
        (f"{API}/9", {}, 404, "stocktake_unknown"),
        (f"{API}/x", {}, 404, "not_found"),
        (f"{API}/{10**30}", {}, 422, "parameter_invalid"),
        (f"{API}/photo", {"content": b" " * (MAX_PHOTO_BYTES + 1)}, 413, "body_too_long"),
    ],
)
def test_nonsense_is_refused_with_a_word(
    library: Store, path: str, options: dict[str, object], status: int, code: str
) -> None:
    """In the API's one shape."""
    answer = ask(library, path, **options)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/stocktake/9", {}, 404),
        (f"/stocktake/{10**30}", {}, 422),
        ("/stocktake/9/rooms/P203", {"data": {"line": "1"}}, 404),
        ("/stocktake/9/minutes.xlsx", {}, 404),
        ("/stocktake", {"data": {"rooms": "P999"}}, 409),
    ],
)
def test_a_page_says_what_cannot_be_shown(
    library: Store, path: str, options: dict[str, object], status: int
) -> None:
    """An unknown stocktake, rooms that the book does not know."""
    assert ask(library, path, **options).status_code == status


def test_a_department_takes_no_stock(store: Store) -> None:
    """Of many schools none is meant; where the only school is not named, it is."""
    department = Place("79", "")
    assert ask(store, "/stocktake", scope=department).status_code == 200
    other = Place("79", "00999")
    with store.locked(other) as db:
        register.bring_in(db, other, BOOK, whole=True, now_ms=NOW_MS)
    assert ask(store, "/stocktake", scope=department).status_code == 409
    answer = ask(store, "/stocktake", scope=department, data={"rooms": ""})
    assert answer.status_code == 409
    with store.view() as db:
        assert stocktake.stocktakes_of(db, SCHOOL) == []


def test_the_worker_may_serve_the_stocktake_and_nothing_else(library: Store) -> None:
    """It is asked for without the password, as it holds nothing."""
    answer = ask(library, "/stocktake/worker.js", host="192.0.2.5")
    assert answer.headers["service-worker-allowed"] == "/stocktake"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_the_worker_keeps_every_script_that_the_page_loads(store: Store) -> None:
    """One that is forgotten is missed only where there is no network, by whoever counts there."""
    worker = ask(store, "/stocktake/worker.js").text
    begun(store)
    page = ask(store, "/stocktake/1").text
    scripts, new = set[str](), set(re.findall(r'src="(/static/[\w.-]+\.js)"', page))
    while new:
        scripts |= new
        texts = [ask(store, path).text for path in new]
        named = {name for text in texts for name in re.findall(r'from "\./([\w.-]+)"', text)}
        new = {f"/static/{name}" for name in named} - scripts
    assert scripts == set(re.findall(r'"(/static/[\w.-]+\.js)"', worker))


def test_a_damaged_form_is_told_on_the_page(store: Store, tmp_path: Path) -> None:
    """And the school's own form is used where it is sound."""
    begun(store)
    column = '[[column]]\nfield = "no"\nhead = "SỐ"\n'
    (tmp_path / FILE).write_text(f'title = "RIÊNG"\n{column}', "utf-8")
    assert ask(store, "/stocktake/1/minutes.docx", folder=tmp_path).status_code == 200
    (tmp_path / FILE).write_text("title = 1", "utf-8")
    answer = ask(store, "/stocktake/1/minutes.docx", folder=tmp_path)
    assert answer.status_code == 500
    assert FILE in answer.text


def picture(text: str, **options: object) -> bytes:
    drawn = io.BytesIO()
    segno.make_qr(text).save(drawn, kind="png", scale=5, border=4)
    target = io.BytesIO()
    Image.open(drawn).convert("RGB").save(target, **({"format": "JPEG"} | options))  # type: ignore[arg-type]  # Pillow's
    return target.getvalue()


def test_a_photo_is_read_and_forgotten(store: Store) -> None:
    """What is no picture, or one beyond measure, says nothing."""
    answer = ask(store, f"{API}/photo", content=picture("LOPHOC 0007"))
    assert answer.json() == {"texts": ["LOPHOC 0007"]}
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    gif = picture("LOPHOC 0007", format="GIF")
    for raw in (b"", b"\xff\xd8nothing", bomb.getvalue(), gif, picture("x")[:300]):
        assert texts_in(raw) == ()


def test_without_the_reader_no_photo_is_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The field to type the tag remains."""
    begun(store)
    monkeypatch.setattr(stocktaking, "find_spec", lambda _name: None)
    assert '"photos":false' in ask(store, "/stocktake/1").text
    answer = ask(store, f"{API}/photo", content=picture("LOPHOC 0007"))
    assert answer.json()["error"]["code"] == "photos_unread"
    assert stocktake_api.reads_photos() is False


def test_the_minutes_bear_the_schools_name(store: Store) -> None:
    """As the screens do."""
    begun(store)
    raw = ask(store, "/stocktake/1/minutes.docx").content
    assert NAME in "".join(each.text for each in docx.Document(io.BytesIO(raw)).paragraphs)
