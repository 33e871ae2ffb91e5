"""The inventory as files, over HTTP and by command: what is chosen, what is refused."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from python_calamine import CalamineWorkbook

from controller.__main__ import main
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import DeviceRecord, Record
from controller.fleet.store import newest_change
from controller.inventory import store as assets
from controller.inventory.api import exported
from controller.inventory.asset import Asset, AssetState
from controller.inventory.chosen import Chosen
from controller.inventory.exports import workbook as workbook_file
from controller.inventory.exports.picture import ExportForm, Picture
from controller.inventory.store import refresh
from controller.register import store as register
from controller.register.book import Line
from controller.web.exporting import Exports
from controller.web.refusals import HttpError
from protocol.model import DeviceKind, Identity, Place
from tests.controller.some_assets import asset, host, stray
from tests.controller.web_school import (
    NAME,
    NOW_MS,
    SCHOOL,
    ZONE,
    Served,
    a_morning,
    a_store,
    agent,
    changes_something,
    device,
)
from tests.web import http_client

LINES = (
    Line(row=1, asset_tag="TS-1", type="board", maker="ViewSonic", model="IFP6550", room="6A1",
         serial="s board 6a1 01", year=2021, cost_vnd=98_500_000, funding="NSNN", condition="good"),
    Line(row=2, asset_tag="0012", type="desk", room="6A1", year=2015),
    Line(row=3, type="laptop", serial="0012345", room="6A2"),
    Line(row=4, asset_tag="TS-4", type="board", serial="", room="6A2", year=2020),
)  # fmt: skip
Rows = list[dict[str, Any]]


@contextlib.contextmanager
def a_school(folder: Path) -> Iterator[Store]:
    """Three rooms, four lines in the book, a visitor's phone."""
    records = [_with_its_own_serial(each) for each in a_morning(rooms=3, tablets=2)]
    visitor = device("6A1", DeviceKind.TABLET, 99, serial="", identity=Identity.HOST, name="=1+1")
    with a_store(folder, [*records, visitor]) as store:
        with store.locked(SCHOOL) as db:
            register.bring_in(db, SCHOOL, LINES, whole=True, now_ms=NOW_MS)
        yield store


def _with_its_own_serial(record: Record) -> Record:
    if not isinstance(record, DeviceRecord):
        return record
    return replace(record, serial=f"S-{record.device_id}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A small school with a book."""
    with a_school(tmp_path) as opened:
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """Its face."""
    with Served(store) as running:
        yield running


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same for all tests that only read."""
    with a_school(tmp_path_factory.mktemp("library")) as opened, Served(opened) as running:
        yield running


@pytest.fixture
def web(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A program that asks."""
    name = "served" if changes_something(request) else "library"
    with http_client(request.getfixturevalue(name).url) as client:
        yield client


def ask(web: httpx.Client, form: str, **params: str) -> httpx.Response:
    """The inventory in a format."""
    return web.get("/api/v1/inventory", params={"format": form, **params})


def workbook_rows(raw: bytes) -> Rows:
    """The rows of a workbook under its heading."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [dict(zip(rows[3], row, strict=True)) for row in rows[4:]]


def snipe_rows(raw: bytes) -> Rows:
    """The rows of Snipe-IT's file."""
    return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


def glpi_documents(raw: bytes) -> Rows:
    """The documents in GLPI's file."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return [json.loads(archive.read(name)) for name in archive.namelist()]


READERS: dict[str, Callable[[bytes], Rows]] = {
    "xlsx": workbook_rows,
    "snipeit": snipe_rows,
    "glpi": glpi_documents,
}


@pytest.mark.parametrize(
    ("form", "name", "media"),
    [
        ("xlsx", "thiet-bi-00123-", "application/vnd.openxmlformats-officedocument"),
        ("glpi", "glpi-00123-", "application/zip"),
        ("snipeit", "snipe-it-00123-", "text/csv; charset=utf-8"),
    ],
)
def test_each_format_is_a_file_with_a_plain_name(
    web: httpx.Client, form: str, name: str, media: str
) -> None:
    """Of plain letters, with the school's code and the day, for any browser and disk."""
    answer = ask(web, form)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}')
    assert answer.headers["content-disposition"].isascii()
    assert READERS[form](answer.content)


def test_the_writers_tell_of_the_same_items(web: httpx.Client) -> None:
    """Every item that the school owns or may own; no visitor's phone."""
    items = web.get("/api/v1/inventory", params={"limit": 1000}).json()["items"]
    owned = {each["device_id"] for each in items if each["state"] != "visitor"}
    assert len(owned) < len(items)
    assert {each["Mã LopHoc"] for each in workbook_rows(ask(web, "xlsx").content)} == owned
    notes = [each["Asset Notes"] for each in snipe_rows(ask(web, "snipeit").content)]
    assert {each.rpartition("LopHoc: ")[2] for each in notes} == owned


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"type": "board"}, 4),
        ({"room": "6a1"}, 7),
        ({"room": "6A1", "type": "desk"}, 1),
        ({"state": "never_seen"}, 2),
        ({"state": "visitor"}, 0),
        ({"school": "00123", "kind": "projector"}, 3),
        ({"condition": "good"}, 1),
    ],
)
def test_filters_choose_as_in_the_feed(
    web: httpx.Client, params: dict[str, str], count: int
) -> None:
    """The same questions, the same items, but for what is not the school's."""
    told = web.get("/api/v1/inventory", params={"limit": 1000, **params}).json()["items"]
    owned = [each for each in told if each["state"] != "visitor"]
    assert len(owned) == count
    assert len(workbook_rows(ask(web, "xlsx", **params).content)) == count
    assert len(snipe_rows(ask(web, "snipeit", **params).content)) == count


def test_glpi_is_told_whole_documents_of_what_is_chosen(web: httpx.Client) -> None:
    """A board is asked for: its computer's document comes, with all that hangs there.

    GLPI takes away what a document no longer names.
    """
    every = {each["deviceid"]: each for each in glpi_documents(ask(web, "glpi").content)}
    chosen = glpi_documents(ask(web, "glpi", room="6A1", type="board").content)
    assert len(chosen) == 1
    assert chosen[0] == every[chosen[0]["deviceid"]]
    assert {*chosen[0]["content"]} >= {"monitors", "usbdevices"}


@pytest.mark.parametrize("form", [*ExportForm])
def test_a_whole_picture_has_no_changes(web: httpx.Client, form: str) -> None:
    """Asked for what changed, it says so instead of telling everything."""
    since = web.get("/api/v1/inventory").json()["next"]
    answer = ask(web, form, since=since)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "since_refused"


def test_the_workbook_names_the_school(web: httpx.Client) -> None:
    """Its own name, as the screens show it."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(ask(web, "xlsx").content))
    assert book.get_sheet_by_index(0).to_python()[1][0] == f"Trường: {NAME} (00123)"


def department(store: Store, told: list[Asset], chosen: Chosen | None = None) -> Picture:
    """What a department's controller exports of these items."""
    with store.locked(Place("79", "so")) as db:
        assets.keep_assets(db, told)
    return Picture(
        store=store,
        scope=Place("79"),
        chosen=chosen or Chosen(),
        school=Place("79", "so"),
        name="Sở",
        zone=ZONE,
        as_of_ms=NOW_MS,
    )


def of_school(code: str, *items: Asset) -> list[Asset]:
    """The items in another school."""
    return [replace(each, place=Place("79", code, each.place.agent)) for each in items]


def test_more_than_a_workbook_takes_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the department one school fits, all do not, and the answer says what to do."""
    monkeypatch.setattr(workbook_file, "MAX_ROWS", 3)
    told = [*of_school("1", asset(1), asset(2)), *of_school("2", asset(1), asset(2))]
    with a_store(tmp_path) as store:
        with pytest.raises(HttpError, match="too_many_rows") as refused:
            exported(department(store, told), ExportForm.XLSX, Exports())
        assert refused.value.status == 422
        assert "Choose one school" in refused.value.hint
        one = department(store, told, Chosen(school="2"))
        assert len(workbook_rows(b"".join(one.written(ExportForm.XLSX)))) == 2
        assert one.file_name(ExportForm.XLSX) == "thiet-bi-2-2026-09-05.xlsx"


def test_a_department_tells_schools_apart(tmp_path: Path) -> None:
    """Computers of the same agent's name and tags of the same letters are each school's own."""
    room = (host(1, asset_tag="M-1"), asset(2, type="board", kind=DeviceKind.BOARD))
    with a_store(tmp_path) as store:
        picture = department(store, [*of_school("1", *room), *of_school("2", *room)])
        documents = glpi_documents(b"".join(picture.written(ExportForm.GLPI)))
        rows = snipe_rows(b"".join(picture.written(ExportForm.SNIPEIT)))
    assert [len(each["content"]["monitors"]) for each in documents] == [1, 1]
    assert len({each["deviceid"] for each in documents}) == 2
    tags = [each["Asset Tag"] for each in rows]
    assert sorted(tags) == ["M-1 (1)", "M-1 (2)", "TS-00002 (1)", "TS-00002 (2)"]


def test_no_two_rows_for_snipe_it_bear_one_tag(tmp_path: Path) -> None:
    """Of a line of two and of another that is called as its second thing, in either case."""
    told = [asset(1, asset_tag="A", quantity=2), asset(2, asset_tag="a #2")]
    with a_store(tmp_path) as store:
        picture = replace(department(store, told), scope=SCHOOL, school=SCHOOL)
        rows = snipe_rows(b"".join(picture.written(ExportForm.SNIPEIT)))
    assert sorted(row["Asset Tag"].casefold() for row in rows) == ["a", "a #2", "a #2 #2"]


def test_a_long_inventory_is_read_in_parts_with_nothing_missed_or_doubled(tmp_path: Path) -> None:
    """More than are read in one go, over two schools."""
    told = [*of_school("1", *map(stray, range(1, 1501))), *of_school("2", *map(stray, range(700)))]
    with a_store(tmp_path) as store:
        rows = snipe_rows(b"".join(department(store, told).written(ExportForm.SNIPEIT)))
        documents = glpi_documents(b"".join(department(store, told).written(ExportForm.GLPI)))
    assert len(rows) == len({each["Asset Tag"] for each in rows}) == 2200
    assert len({each["deviceid"] for each in documents}) == 2200


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command on the school of the folder."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", SCHOOL.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", SCHOOL.province)
    monkeypatch.setenv("LOPHOC_CONTROLLER_NAME", NAME)
    return lambda *arguments: main([*map(str, arguments), "--data", str(tmp_path)])


@pytest.mark.parametrize("form", READERS)
def test_the_command_writes_what_the_api_answers(
    store: Store, run: Callable[..., int], tmp_path: Path, form: str
) -> None:
    """While the controller runs, too; the same rows."""
    out = tmp_path / "out"
    with Served(store) as served, http_client(served.url) as web:
        answered = READERS[form](ask(web, form, room="6A1").content)
        assert run("export", form, "-o", out, "--room", "6A1") == 0
    assert READERS[form](out.read_bytes()) == answered
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
def test_the_command_writes_the_feed(
    store: Store, run: Callable[..., int], tmp_path: Path, form: str
) -> None:
    """All of it in one file, in each of its formats."""
    out = tmp_path / "out"
    assert run("export", form, "-o", out, "--type", "board") == 0
    text = out.read_text("utf-8")
    items = {
        "csv": lambda: list(csv.DictReader(io.StringIO(text, newline=""))),
        "ndjson": lambda: [json.loads(line) for line in text.splitlines()],
        "json": lambda: json.loads(text)["items"],
    }[form]()
    assert len(items) == 4
    assert {each["type"] for each in items} == {"board"}


def test_the_command_says_what_glpi_is_not_told(
    store: Store, run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A desk is no computer."""
    assert run("export", "glpi", "-o", tmp_path / "out") == 0
    assert capsys.readouterr().err == (
        "1 mục không đưa vào GLPI, chẳng hạn bàn ghế và đồ đã thanh lý.\n"
    )


def test_a_file_that_cannot_be_written_is_said(
    store: Store, run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what stood there stays."""
    assert run("export", "xlsx", "-o", tmp_path / "none" / "a.xlsx") == 2
    assert "a.xlsx" in capsys.readouterr().err


def test_reading_our_own_workbook_in_again_changes_nothing(
    store: Store, run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every line is as before, and nothing comes in that was only seen."""
    out = tmp_path / "out.xlsx"
    assert run("export", "xlsx", "-o", out) == 0
    capsys.readouterr()
    assert run("register", "import", out, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["row"] for each in told["items"]] == [1, 2, 3, 4]
    assert {each["verdict"] for each in told["items"]} == {"same"}


def test_what_a_device_tells_completes_no_line_when_it_is_read_in_again(
    store: Store, run: Callable[..., int], tmp_path: Path
) -> None:
    """A line without maker or serial is matched to a board: the figure stays, so does the item."""
    told = agent("6A2")
    board = device("6A2", DeviceKind.BOARD, 7, serial="B7", vendor="SMART", model="SB680")
    store.write(
        keep_batch, [told, replace(board, change=store.read(newest_change, SCHOOL) + 1)], NOW_MS
    )
    assert run("register", "decide", "serial:b7", "match", "--line", "4") == 0
    before = items(store)
    matched = next(each for each in before if each.line == 4)
    assert (matched.maker, matched.serial, matched.lacks) == ("SMART", "B7", ("serial",))
    out = tmp_path / "out.xlsx"
    assert run("export", "xlsx", "-o", out) == 0
    assert run("register", "import", out, "--all") == 0
    assert [(each.device_id, each.lacks, each.state, each.maker, each.serial, each.line)
            for each in items(store)] == [
        (each.device_id, each.lacks, each.state, each.maker, each.serial, each.line)
        for each in before
    ]  # fmt: skip


def items(store: Store) -> list[Asset]:
    """The school's items as of now."""
    refresh(store, SCHOOL, ZONE, NOW_MS)
    with store.view() as db:
        return assets.items(db, SCHOOL, Chosen(owned=True), now_ms=NOW_MS)


def test_no_state_is_without_its_vietnamese() -> None:
    """Each is a word in the workbook."""
    from controller.inventory.exports.spelling import state_said  # noqa: PLC0415 - likewise

    assert all(state_said(each) for each in AssetState)
    assert state_said(AssetState.UNREGISTERED) == "ngoài sổ"  # the importer goes by it


def test_a_laptop_that_its_agent_says_roams_carries_no_board(
    store: Store, web: httpx.Client
) -> None:
    """What the agent told of itself counts, not what the book calls it."""
    (before,) = glpi_documents(ask(web, "glpi", room="6A1", kind="host").content)
    assert len(before["content"]["monitors"]) == 2
    store.write(keep_batch, [agent("6A1", roaming=True)], NOW_MS)
    (after,) = glpi_documents(ask(web, "glpi", room="6A1", kind="host").content)
    assert "monitors" not in after["content"]
    (board,) = glpi_documents(ask(web, "glpi", room="6A1", kind="board").content)
    assert board["itemtype"] == "Unmanaged"


def test_the_command_writes_one_school_of_a_department(
    tmp_path: Path, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What schools relayed lies in the department's own database."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "so")
    with a_store(tmp_path) as store:
        department(store, [*of_school("1", asset(1)), *of_school("2", asset(2), asset(3))])
        assert run("export", "xlsx", "-o", tmp_path / "2.xlsx", "--school", "2") == 0
        assert run("export", "snipeit", "-o", tmp_path / "all.csv") == 0
    assert [each["STT"] for each in workbook_rows((tmp_path / "2.xlsx").read_bytes())] == [2, 3]
    assert len(snipe_rows((tmp_path / "all.csv").read_bytes())) == 3
