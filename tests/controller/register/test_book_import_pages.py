"""These tests bring a book in through the browser's forms: looked at first, written second."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given
from hypothesis import strategies as st

from controller.database.store import Store
from controller.register import store as register
from controller.register.choices import UNITS, choices_in
from controller.register.headings import FIELDS
from controller.register.intake import HEADINGS, take_in, weigh
from controller.register.merging import Kept, Merged, MergeVerdict, merged
from controller.register.pairing import Pairs, paired
from controller.register.uploads import Uploads
from controller.web.forms import Upload
from controller.web.readers import Readers
from controller.web.waiting import FORGET_AFTER_MS, MAX_WAITING
from tests.controller import patience
from tests.controller.book_school import HOSTILE, a_book, bring_in, now_ms
from tests.controller.dashboard.test_pages import Outline
from tests.controller.patience import waits_for_reading
from tests.controller.people import COOKIE, log_in, origin_of
from tests.controller.web_school import SCHOOL, Served, a_program, a_store
from tests.web import http_client

AWAY = {"x-forwarded-for": "192.0.2.7"}
HEAD = "STT;Mã tài sản;Tên thiết bị;Số sê-ri;Phòng;Năm sử dụng"
BOOK = f"""SỔ THIẾT BỊ NĂM 2026
{HEAD}
1;TS-001;Bảng tương tác;VS00001;6A3;2021
50;TS-900;Máy chiếu;0012345;6A3;hỏi lại
Tổng cộng;;;;;
"""
ODD = "STT;Mã tài sản;Tên thiết bị;Số hiệu lạ;Ai giữ;Phòng\n1;TS-1;Camera;C-77;cô Lan;6A1\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school without a book."""
    with a_store(tmp_path) as opened:
        yield opened


class Library(NamedTuple):
    """A school that is given no book, and a browser."""

    store: Store
    web: httpx.Client


@contextlib.contextmanager
def browsing(store: Store) -> Iterator[httpx.Client]:
    """A browser without JavaScript, on the server itself, in English."""
    cookies = {"lang": "en"}
    with Served(store) as served, http_client(served.url, cookies=cookies) as client:
        yield waits_for_reading(client)


@pytest.fixture
def web(store: Store) -> Iterator[httpx.Client]:
    """A browser at the school."""
    with browsing(store) as client:
        yield client


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same, shared by tests that bring in nothing."""
    with a_store(tmp_path_factory.mktemp("library")) as opened, browsing(opened) as client:
        yield Library(opened, client)


def sent(web: httpx.Client, raw: bytes | str, name: str = "so.csv") -> httpx.Response:
    """The answer to a file."""
    body = raw.encode() if isinstance(raw, str) else raw
    return patience.sent(web, "/register/import", name, body)


def trial_of(web: httpx.Client, raw: bytes | str, name: str = "so.csv") -> str:
    """The address of the page that shows what would become of a file."""
    answer = sent(web, raw, name)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def seen(web: httpx.Client, path: str) -> Outline:
    """A page that opens."""
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    return Outline(answer.text)


def kept(store: Store) -> list[Kept]:
    """The lines that count."""
    with store.view() as db:
        return [each for each in register.lines_of(db, SCHOOL) if each.removed_ms is None]


def verdicts(page: Outline) -> dict[str, str]:
    """What the page says of each row."""
    return {
        each["data-row"] or "": each["data-verdict"] or ""
        for each in page.find("tr")
        if "data-verdict" in each
    }


def test_nothing_is_written_before_the_second_press(web: httpx.Client, store: Store) -> None:
    """The trial says what would become of each row; the press does it, once."""
    bring_in(store, a_book()[:1])
    before = kept(store)
    trial = trial_of(web, BOOK)
    page = seen(web, trial)
    assert verdicts(page) == {"1": "changed", "50": "new"}
    assert {"6A1", "6A3"} <= {*page.words}  # what the row says anew, and said before
    assert "ViewSonic" not in page.words  # the file has no column of makers: that stays
    assert "There is no year in this." in " ".join(page.words)
    assert kept(store) == before
    for _ in range(2):
        answer = web.post(trial)
        assert answer.headers["location"] == trial
    assert "2 lines: 1 new, 1 changed, 0 as before; 0 gone." in " ".join(seen(web, trial).words)
    assert {each.data.asset_tag: each.data.serial for each in kept(store)} == {
        "TS-001": "VS00001",
        "TS-900": "0012345",
    }
    again = seen(web, trial_of(web, BOOK))
    assert verdicts(again) == {"1": "same", "50": "same"}


def test_a_trial_is_weighed_anew_only_where_it_may_differ(
    web: httpx.Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for another page of it; but when the register or an answer is another."""
    weighed = []

    def counted(*args: Any, **options: Any) -> Merged:
        weighed.append(options["answers"])
        return weigh(*args, **options)

    monkeypatch.setattr("controller.register.pages.weigh", counted)
    trial = trial_of(web, BOOK)
    for query in ("", "?show=new", "?show=errors"):
        seen(web, trial + query)
    assert len(weighed) == 1
    bring_in(store, a_book()[:1])
    assert verdicts(seen(web, trial)) == {"1": "changed", "50": "new"}
    assert len(weighed) == 2
    web.post(f"{trial}/headings", data={"same": "yes"})
    seen(web, trial)
    assert [answers.same for answers in weighed] == [False, False, True]


def test_a_book_is_paired_anew_only_where_something_changed_since_its_trial(
    web: httpx.Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who presses holds nobody else up with what was found out before."""
    pairings = []

    def counted(*args: Any, **options: Any) -> Pairs:
        pairings.append(options)
        return paired(*args, **options)

    bring_in(store, a_book()[:1])
    monkeypatch.setattr("controller.register.merging.paired", counted)
    trial = trial_of(web, BOOK)
    seen(web, trial)
    web.post(trial)
    assert (len(pairings), len(kept(store))) == (1, 2)
    changed = BOOK.replace("50;TS-900", "50;TS-901")
    trial = trial_of(web, changed)
    monkeypatch.setattr("controller.register.pages.weigh", _bringing_in_after(store))
    web.post(trial)
    assert [entry.data.asset_tag for entry in kept(store)] == ["TS-001", "TS-900", "TS-901"]


def _bringing_in_after(store: Store) -> Callable[..., Merged]:
    """A weighing after which somebody else brings the same book in."""

    def weighed(*args: Any, **options: Any) -> Merged:
        merger = weigh(*args, **options)
        take_in(store, SCHOOL, args[2], whole=False, now_ms=now_ms())
        return merger

    return weighed


def test_an_excel_file_is_read_as_well(web: httpx.Client, store: Store) -> None:
    """Serials stay text."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(BOOK.splitlines()[1:3]):
            for column, cell in enumerate(row.split(";")):
                sheet.write_string(number, column, cell)
    web.post(trial_of(web, buffer.getvalue(), "sổ.xlsx"))
    assert [each.data.serial for each in kept(store)] == ["VS00001"]


def test_rows_in_error_come_back_as_a_file(web: httpx.Client) -> None:
    """As they stood, with why; before the press and after it."""
    trial = trial_of(web, BOOK)
    for _ in range(2):
        answer = web.get(f"{trial}/errors.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        text = answer.content.decode("utf-8-sig")
        assert text.splitlines()[0] == f"{HEAD};Error"
        assert "hỏi lại;There is no year in this." in text
        assert "TS-001" not in text
        web.post(trial)


def test_a_verdict_can_be_looked_at_alone(web: httpx.Client, store: Store) -> None:
    """New, changed, as before, with errors."""
    bring_in(store, a_book()[:1])
    trial = trial_of(web, BOOK)
    for show, rows in (("new", {"50"}), ("changed", {"1"}), ("same", set()), ("errors", {"50"})):
        assert {*verdicts(seen(web, f"{trial}?show={show}"))} == rows
    many = HEAD + "".join(f"\n{row};T{row};Bàn;;6A1;2020" for row in range(1, 131))
    trial = trial_of(web, many)
    assert len(verdicts(seen(web, trial))) == 100
    assert {*verdicts(seen(web, f"{trial}?show=new&page=9"))} == set(map(str, range(101, 131)))


def test_an_unknown_heading_is_asked_about_once(
    web: httpx.Client, store: Store, tmp_path: Path
) -> None:
    """Explained, the file is read anew; kept, the answer holds for the next book."""
    trial = trial_of(web, ODD)
    page = seen(web, trial)
    heads = [each["value"] for each in page.find("input", type="hidden")]
    assert {"Số hiệu lạ", "Ai giữ"} <= {*heads}
    options = {each["value"] for each in page.find("option")}
    assert options == {"", "row", "ignore", *FIELDS}
    told = {"head-0": "Số hiệu lạ", "field-0": "serial", "head-1": "Ai giữ", "field-1": "ignore"}
    assert web.post(f"{trial}/headings", data=told).headers["location"] == trial
    assert "C-77" in seen(web, trial).words
    assert not (tmp_path / HEADINGS).exists()
    web.post(trial)
    assert [each.data.serial for each in kept(store)] == ["C-77"]
    remembered = json.loads((tmp_path / HEADINGS).read_text("utf-8"))
    assert remembered == {"so hieu la": "serial", "ai giu": "ignore"}
    again = seen(web, trial_of(web, ODD))
    assert not again.find("select")
    assert verdicts(again) == {"1": "same"}


@pytest.mark.parametrize(
    "told",
    [
        {"head-0": "Số hiệu lạ", "field-0": "nonsense"},
        {"head-0": "Mã tài sản", "field-0": "serial"},
        {"field-0": "serial"},
        {f"x{number}": "1" for number in range(500)},
    ],
)
def test_a_heading_is_explained_by_a_field_of_the_book(
    web: httpx.Client, told: dict[str, str]
) -> None:
    """And only if it was asked about: anything else changes nothing."""
    trial = trial_of(web, ODD)
    web.post(f"{trial}/headings", data=told)
    assert "C-77" not in seen(web, trial).words


def test_a_damaged_memory_of_headings_stops_nothing(
    web: httpx.Client, store: Store, tmp_path: Path
) -> None:
    """They are asked about again, and the file is mended."""
    (tmp_path / HEADINGS).write_text("{broken")
    trial = trial_of(web, ODD)
    web.post(f"{trial}/headings", data={"head-0": "Số hiệu lạ", "field-0": "serial"})
    web.post(trial)
    assert kept(store)
    assert json.loads((tmp_path / HEADINGS).read_text("utf-8")) == {"so hieu la": "serial"}


def test_the_whole_book_takes_away_what_it_lacks_and_says_so(
    web: httpx.Client, store: Store
) -> None:
    """The number that would leave stands beside the box; without the tick all stay."""
    bring_in(store, a_book())
    trial = trial_of(web, BOOK)
    assert any("9 lines that it lacks" in word for word in seen(web, trial).words)
    web.post(trial)
    assert len(kept(store)) == 11
    trial = trial_of(web, BOOK)
    answer = web.post(trial, data={"all": "yes", "leaving": "9"})
    assert answer.headers["location"] == trial
    assert {each.data.asset_tag for each in kept(store)} == {"TS-001", "TS-900"}


@pytest.mark.parametrize("shown", ["8", "", "x"])
def test_more_leaves_than_was_shown_is_refused(web: httpx.Client, store: Store, shown: str) -> None:
    """Somebody else changed the book: look again first."""
    bring_in(store, a_book())
    trial = trial_of(web, BOOK)
    answer = web.post(trial, data={"all": "yes", "leaving": shown})
    assert answer.headers["location"] == f"{trial}?failed=changed"
    assert seen(web, answer.headers["location"]).find("p", role="alert")
    assert len(kept(store)) == len(a_book())


def bomb() -> bytes:
    """A workbook of some kilobytes that claims gigabytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        with packed.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(64):
                sheet.write(b" " * (1 << 20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 422),
        (b"\x00" * 100, 422),
        (b"PK\x03\x04" + b"x" * 1000, 422),
        (b"\xd0\xcf\x11\xe0" + b"x" * 1000, 422),
        (b"%PDF-1.7 not a book", 422),
        (b"<html><script>alert(1)</script></html>", 422),
        (b"a;b\n1;2\n", 422),
        (HEAD.encode(), 422),
        (b"x" * (8 * 1024 * 1024 + 1), 413),
    ],
    ids=[
        "empty",
        "zeros",
        "damaged xlsx",
        "damaged xls",
        "pdf",
        "html",
        "other columns",
        "heading only",
        "large",
    ],
)
def test_a_file_that_is_no_book_is_refused_in_a_sentence(
    library: Library, raw: bytes, status: int
) -> None:
    """The form is there again, and nothing was kept."""
    answer = sent(library.web, raw, HOSTILE)
    assert answer.status_code == status
    page = Outline(answer.text)
    assert page.find("p", role="alert")
    assert page.find("input", type="file")
    assert kept(library.store) == []


def test_a_workbook_that_swells_is_refused(library: Library) -> None:
    """The parser has little memory and little time."""
    assert sent(library.web, bomb(), "so.xlsx").status_code == 422


def test_a_form_without_a_file_says_so(library: Library) -> None:
    """As when a person presses too soon."""
    answer = library.web.post("/register/import", data={"file": ""})
    assert answer.status_code == 422
    assert "No file was chosen. Choose an Excel or CSV file." in Outline(answer.text).words


def test_hostile_cells_are_shown_and_never_run(library: Library) -> None:
    """In rows, headings, the file's name; in the file of errors they are no formula."""
    cells = f'1;TS-1;Camera;"{HOSTILE.replace(chr(34), chr(34) * 2)}";=1+1;abc'
    trial = trial_of(library.web, f"{HEAD};<img src=x onerror=alert(1)>\n{cells};x\n", HOSTILE)
    page = seen(library.web, trial)
    assert all(each.get("src") == "/static/live.js" for each in page.find("script"))
    assert not page.find("img")
    assert ";'=1+1;" in library.web.get(f"{trial}/errors.csv").text


def test_from_the_network_nothing_can_be_brought_in(library: Library) -> None:
    """Neither the form nor a file, nor another person's file."""
    trial = trial_of(library.web, BOOK)
    files = {"file": ("so.csv", BOOK.encode())}
    program = a_program(library.store, now_ms=now_ms)
    other = {"cookie": f"{COOKIE}={log_in(program, 'other')}"} | origin_of(library.web)
    for answer in (
        library.web.get("/register/import", headers=AWAY),
        library.web.post("/register/import", files=files, headers=AWAY),
        library.web.get(trial, headers=AWAY),
        library.web.post(f"{trial}/drop", headers=AWAY),
    ):
        assert answer.headers["location"].startswith("/login?next=/register")
    for answer in (
        library.web.get(trial, headers=other),
        library.web.post(trial, headers=other),
        library.web.post(f"{trial}/headings", headers=other),
        library.web.get(f"{trial}/errors.csv", headers=other),
    ):
        assert answer.headers["location"] == "/register/import?failed=gone"
    library.web.post(f"{trial}/drop", headers=other)
    assert verdicts(seen(library.web, trial))
    assert kept(library.store) == []


def test_a_dropped_file_is_gone(library: Library) -> None:
    """The page says so to whoever opens its address again."""
    trial = trial_of(library.web, BOOK)
    assert library.web.post(f"{trial}/drop").headers["location"] == "/register"
    gone = library.web.get(trial).headers["location"]
    assert gone == "/register/import?failed=gone"
    assert seen(library.web, gone).find("p", role="alert")


def test_no_file_stays_on_the_disk(
    web: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of a book nor of what is none."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    trial_of(web, BOOK)
    sent(web, b"PK\x03\x04" + b"x" * 1000)
    assert [*folder.iterdir()] == []


def test_few_files_wait_and_not_for_long() -> None:
    """The oldest goes first; after half an hour all go."""
    clock = [now_ms()]
    uploads = Uploads(lambda: clock[0], Readers())
    waiting = [uploads.add(Upload(f"{n}.csv", b"x"), "an") for n in range(MAX_WAITING + 1)]
    assert uploads.find(waiting[0].token, "an") is None
    assert uploads.find(waiting[1].token, "an") is waiting[1]
    assert uploads.find(waiting[1].token, "binh") is None
    clock[0] += FORGET_AFTER_MS
    assert uploads.find(waiting[1].token, "an") is None


def test_a_trial_tells_what_each_line_was() -> None:
    """The line before, also of one that comes back; nothing of a new one."""
    lines = a_book()[:3]
    known = [Kept(no=1, data=lines[0]), Kept(no=2, data=lines[1], removed_ms=5)]
    told = merged(known, lines)
    assert [each.verdict for each in told.steps] == [
        MergeVerdict.SAME,
        MergeVerdict.NEW,
        MergeVerdict.NEW,
    ]
    assert [each.before for each in told.steps] == [None, lines[1], None]
    assert told.absent == 0


ANSWERS = [
    "sheets",
    "sheet-0",
    "sheet-1",
    "sheet-9",
    "heading-0",
    "heading-1",
    "heading-x",
    "times",
]
TWO_GROUPS = f"""ĐVT: USD
{HEAD.replace("Năm sử dụng", "Nguyên giá")}
Kế toán;;;;;
1;TS-001;Bảng tương tác;VS00001;6A3;98
Tổng cộng;;;;;98
"""


def test_the_trial_shows_each_sheet_and_row_and_is_answered(
    web: httpx.Client, store: Store
) -> None:
    """What is no item is named with its reason; unit, sheet and heading's row can be chosen."""
    trial = trial_of(web, TWO_GROUPS)
    shown = " ".join(seen(web, trial).words)
    assert "Kế toán" in shown
    assert "titles of groups: 1" in shown
    assert "totals: 1" in shown
    assert "No amount of it was kept" in shown
    answers = {"sheets": "yes", "sheet-0": "yes", "heading-0": "2", "times": "1000000"}
    web.post(f"{trial}/headings", data=answers)
    assert "No amount of it was kept" not in " ".join(seen(web, trial).words)
    web.post(trial)
    assert [each.data.cost_vnd for each in kept(store)] == [98_000_000]


def test_what_a_price_and_a_quantity_are_is_asked_and_answered(
    web: httpx.Client, store: Store
) -> None:
    """Each where it is not clear; neither is asked about again."""
    book = (
        "Mã tài sản;Tên thiết bị;Số lượng theo sổ;Số lượng thực tế;Nguyên giá\nTS-1;Bàn;2;3;600\n"
    )
    trial = trial_of(web, book)
    page = seen(web, trial)
    assert '"Nguyên giá" is that of' in " ".join(page.words)
    (asked,) = [field for field in page.find("input") if field.get("name") == "head-0"]
    assert asked["value"] == "Số lượng thực tế"
    answers = {"price": "one", "head-0": asked["value"], "field-0": "quantity"}
    web.post(f"{trial}/headings", data=answers)
    web.post(trial)
    (line,) = kept(store)
    assert (line.data.quantity, line.data.cost_vnd) == (3, 1_800)
    again = trial_of(web, book.replace("TS-1", "TS-2"))
    web.post(again)
    assert [line.data.quantity for line in kept(store)] == [3, 2]  # said of that book alone


def test_what_was_explained_once_is_asked_again_beside_a_column_for_the_same(
    web: httpx.Client, store: Store
) -> None:
    """It still holds, in sight, and can be answered otherwise."""
    first = trial_of(web, "Mã tài sản;Tên thiết bị;Số hiệu lạ\nTS-1;Bàn;S1\n")
    web.post(f"{first}/headings", data={"head-0": "Số hiệu lạ", "field-0": "serial"})
    web.post(first)
    both = "Mã tài sản;Tên thiết bị;Số hiệu lạ;Số sê-ri\nTS-2;Bàn;X2;S2\n"
    second = trial_of(web, both)
    (asked,) = [field for field in seen(web, second).find("input") if field.get("name") == "head-0"]
    assert asked["value"] == "Số hiệu lạ"
    web.post(f"{second}/headings", data={"head-0": "Số hiệu lạ", "field-0": "ignore"})
    web.post(second)
    assert [line.data.serial for line in kept(store)] == ["S1", "S2"]


@pytest.mark.parametrize(("answer", "room"), [("part", "P203"), ("whole", "Nhà B - P203")])
def test_what_a_cell_with_a_room_and_more_is_is_asked_and_answered(
    web: httpx.Client, store: Store, answer: str, room: str
) -> None:
    """Until then no room is taken, and what the book has stays."""
    text = "Mã tài sản;Tên thiết bị;Phòng\nTS-9;Bàn;Nhà B - P203\n"
    trial = trial_of(web, text)
    assert '"Nhà B - P203" is' in " ".join(seen(web, trial).words)
    web.post(f"{trial}/headings", data={"room": answer})
    assert "no room is taken" not in " ".join(seen(web, trial).words)
    web.post(trial)
    web.post(trial_of(web, text))  # unanswered it takes nothing away
    (line,) = kept(store)
    assert line.data.room == room


@given(st.dictionaries(st.sampled_from(ANSWERS), st.text(max_size=8), max_size=9))
def test_whatever_a_form_says_is_a_choice(form: dict[str, str]) -> None:
    """A number that is none says nothing; no sheet but those that were shown is named."""
    chosen = choices_in(form, ["P203", "P204"])
    assert chosen.sheets is None or chosen.sheets <= {"P203", "P204"}
    assert all(0 < row < 10**5 for row in chosen.heading_rows.values())
    assert chosen.times in {None, *UNITS}
