"""Class lists come in from dirty files: what may be kept is kept, and nothing else is written."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.__main__ import main
from controller.database.store import Store
from controller.roster.oneroster import files_of_zip
from controller.roster.plan import SchoolClass
from controller.roster.store import plan_of
from controller.sheets.errors import SheetError
from protocol.model import Place
from tests.controller.fresh import fresh_folder

ONEROSTER = Path(__file__).parents[3] / ".." / "shared" / "data" / "oneroster12" / "ok-two-classes"
COLUMNS = Path(__file__).parents[3] / ".." / "shared" / "data" / "vn" / "student-excel-columns.csv"
HEAD = ["STT", "Mã lớp", "Mã định danh Bộ GD&ĐT (trên CSDL ngành)", "Họ và tên", "Dân tộc"]
ROWS = [[1, "10A1", "0400000001", "Lò Thị Ánh", "Thái"], [2, "10A1", "0400000002", "Vũ An", "Mông"]]


@pytest.fixture
def bring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Run the import on a file; gives its report."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "00140708")
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", "14")
    fresh_folder(tmp_path / "data")

    def run(path: Path, *more: str) -> dict[str, Any]:
        capsys.readouterr()
        code = main(
            ["roster", "import", str(path), "--data", str(tmp_path / "data"), "--json", *more]
        )
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == (0 if told["loads"] else 1)
        assert [*told] == [
            "loads", "schools", "classes", "dropped_columns", "warnings", "errors", "rows_passed",
            "changes",
        ]  # fmt: skip
        return told

    return run


def url_at(tmp_path: Path) -> str:
    """The database that commands use: the test's own, or the data folder's file."""
    file = tmp_path / "data" / "lophoc.db"
    return os.environ.get("LOPHOC_CONTROLLER_DATABASE") or f"sqlite:///{file}"


def kept(tmp_path: Path) -> tuple[SchoolClass, ...]:
    with Store(url_at(tmp_path)) as store:
        return store.read(plan_of, Place("14", "00140708")).classes


def as_csv(path: Path, rows: list[list[Any]], *, sep: str = ",", encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=sep).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def as_xlsx(path: Path, **sheets: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def codes(report: dict[str, Any]) -> list[tuple[int, str]]:
    return [(each["row"], each["code"]) for each in report["errors"]]


@pytest.mark.usefixtures("database")
def test_class_number_and_id_are_kept_and_no_name(tmp_path: Path, bring: Any) -> None:
    """The zeros at the front survive; every other column is told and dropped."""
    report = bring(
        as_xlsx(tmp_path / "a.xlsx", DS=[["TRƯỜNG THPT"], [], HEAD, *ROWS, ["Tổng số: 2"]])
    )
    assert report["classes"] == {"10A1": 2}
    assert report["dropped_columns"] == ["Họ và tên", "Dân tộc"]
    assert report["errors"] == []
    (only,) = kept(tmp_path)
    told = [(each.number, each.student, each.name) for each in only.pupils]
    assert told == [(1, "0400000001", ""), (2, "0400000002", "")]


@pytest.mark.usefixtures("database")
def test_names_are_kept_where_the_school_wants_them(tmp_path: Path, bring: Any) -> None:
    """Only with --names."""
    report = bring(as_xlsx(tmp_path / "a.xlsx", DS=[HEAD, *ROWS]), "--names")
    assert report["dropped_columns"] == ["Dân tộc"]
    assert [each.name for each in kept(tmp_path)[0].pupils] == ["Lò Thị Ánh", "Vũ An"]


@pytest.mark.parametrize("sep", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_a_csv_is_read_however_it_was_saved(
    tmp_path: Path, bring: Any, sep: str, encoding: str
) -> None:
    """Windows-1258 parts letters and tones; the name comes out in one writing."""
    rows = [HEAD, *ROWS]
    if encoding == "cp1258":
        rows = [[_for_1258(str(cell)) for cell in row] for row in rows]
    report = bring(as_csv(tmp_path / "a.csv", rows, sep=sep, encoding=encoding), "--names")
    assert report["loads"], report
    assert [each.name for each in kept(tmp_path)[0].pupils] == ["Lò Thị Ánh", "Vũ An"]


def _for_1258(text: str) -> str:
    """Letters composed, tones apart, as Windows-1258 has them."""
    out = ""
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tones = [each for each in parts[1:] if each in "\u0300\u0309\u0303\u0301\u0323"]
        base = "".join(each for each in parts if each not in tones)
        out += unicodedata.normalize("NFC", base) + "".join(tones)
    return out


def test_headings_in_decomposed_letters_are_known(tmp_path: Path, bring: Any) -> None:
    """As a Mac writes them."""
    head = [unicodedata.normalize("NFD", each) for each in HEAD]
    assert bring(as_csv(tmp_path / "a.csv", [head, *ROWS]))["classes"] == {"10A1": 2}


def test_a_sheet_a_class(tmp_path: Path, bring: Any) -> None:
    """The sheet's name, or the title above the heading, tells the class."""
    head = ["STT", "Mã học sinh", "Họ tên"]
    sheets = {
        "10A1": [head, [1, "x1", "A"]],
        "DS2": [["DANH SÁCH LỚP: 10A2"], head, [1, "x2", "B"]],
    }
    report = bring(as_xlsx(tmp_path / "a.xlsx", **sheets))
    assert report["classes"] == {"10A1": 1, "10A2": 1}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["10A1", "014310001234"], "personal_number"),
        (["10A1", "014 310 001 234"], "personal_number"),
        (["10A1", "014.310.001.234"], "personal_number"),
        (["10A1", 14310001234.0 * 10], "personal_number"),
        (["10A1", "1.4E+09"], "id_scientific"),
        (["10A1", 1.4e17], "id_rounded"),
        (["10A1", "x" * 33], "id_too_long"),
        (["10A1", "=1+1 "], "id_invalid"),
        (["10A1", ""], "missing_id"),
        (["", "77"], "missing_class"),
        (["10A1", "0400000001"], "duplicate"),
        (["10A2", "0400000001"], "duplicate"),
    ],
)
def test_a_row_in_error_is_told_and_the_others_load(
    tmp_path: Path, bring: Any, cells: list[Any], code: str
) -> None:
    """It comes back as a file, without what is not kept."""
    rows = [HEAD, *ROWS, [3, *cells, "Tên Bí Mật", "Kinh"]]
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    report = bring(path)
    assert report["loads"]
    assert codes(report) == [(4, code)]
    assert report["classes"] == {"10A1": 2}
    back = (tmp_path / "a.xlsx.errors.csv").read_text("utf-8-sig")
    assert code in back
    assert "Bí Mật" not in back
    assert "014310001234" not in back


def test_a_number_of_excel_is_an_id_letter_for_letter(tmp_path: Path, bring: Any) -> None:
    """1400000001.0 is 1400000001, as a number and as text; that zeros may be lost is told."""
    rows = [HEAD, [1, "10A1", 1400000001, "A", ""], [2, "10A1", "1400000002.0", "B", ""]]
    report = bring(as_xlsx(tmp_path / "a.xlsx", DS=rows))
    assert [each.student for each in kept(tmp_path)[0].pupils] == ["1400000001", "1400000002"]
    assert [each["code"] for each in report["warnings"]] == ["id_is_number"]


def test_a_class_that_is_too_big_ends_at_120(tmp_path: Path, bring: Any) -> None:
    """The pupils behind are told."""
    rows = [["", "10A1", f"{no}", "", ""] for no in range(122)]
    report = bring(as_csv(tmp_path / "a.csv", [HEAD, *rows]))
    assert report["classes"] == {"10A1": 120}
    assert codes(report) == [(122, "class_full"), (123, "class_full")]


def test_without_the_books_numbers_names_make_the_order(tmp_path: Path, bring: Any) -> None:
    """By given name, though the names themselves are not kept."""
    rows = [["", "10A1", "1", "Lò Thị Ánh", ""], ["", "10A1", "2", "Vũ An", ""]]
    bring(as_csv(tmp_path / "a.csv", [HEAD, *rows]))
    assert [each.student for each in kept(tmp_path)[0].pupils] == ["2", "1"]


@pytest.mark.usefixtures("database")
def test_a_class_is_one_however_the_file_writes_it(tmp_path: Path, bring: Any) -> None:
    """As it was first written, also by an earlier file: its pupils and numbers stay together."""
    rows = [HEAD[:3], [1, "10A1", "0400000001"], [2, "Lớp 10 a1", "0400000002"]]
    assert bring(as_csv(tmp_path / "a.csv", rows))["classes"] == {"10A1": 2}
    rows = [HEAD[:3], [1, "10a1", "0400000002"], [2, "10a1", "0400000003"]]
    report = bring(as_csv(tmp_path / "b.csv", rows))
    assert codes(report) == [(0, "changes_asked")]
    assert [one.student for one in kept(tmp_path)[0].pupils] == ["0400000001", "0400000002"]
    report = bring(as_csv(tmp_path / "b.csv", rows), "--yes")
    (change,) = report["changes"]
    assert (report["classes"], change["left"]) == ({"10a1": 2}, [1])
    assert (change["joined"], change["renumbered"]) == ([2], [[2, 1]])
    (only,) = kept(tmp_path)
    assert (only.code, len(only.pupils)) == ("10A1", 2)


def test_a_number_that_is_on_a_card_stays(tmp_path: Path, bring: Any) -> None:
    """Who comes in the middle of the year stands behind; twice changes nothing."""
    rows = [["", "10A1", "1", "Bình", ""], ["", "10A1", "2", "Chi", ""]]
    bring(as_csv(tmp_path / "a.csv", [HEAD, *rows]))
    for _ in range(2):
        bring(as_csv(tmp_path / "a.csv", [HEAD, *rows, ["", "10A1", "3", "An", ""]]))
        told = [(each.number, each.student) for each in kept(tmp_path)[0].pupils]
        assert told == [(1, "1"), (2, "2"), (3, "3")]


def test_numbers_that_run_over_the_classes_are_not_the_books(tmp_path: Path, bring: Any) -> None:
    """Each class begins at 1."""
    rows = [[1, "10A1", "1", "A", ""], [2, "10A2", "2", "C", ""], [3, "10A2", "3", "B", ""]]
    bring(as_csv(tmp_path / "a.csv", [HEAD, *rows]))
    told = [(each.number, each.student) for each in kept(tmp_path)[1].pupils]
    assert told == [(1, "3"), (2, "2")]


def test_a_dry_run_writes_nothing(tmp_path: Path, bring: Any) -> None:
    """Neither a database nor a file of refused rows."""
    path = as_csv(tmp_path / "a.csv", [HEAD, *ROWS, [3, "", "9", "", ""]])
    assert bring(path, "--dry-run")["loads"]
    assert {each.name for each in tmp_path.iterdir()} == {"a.csv", "data"}
    assert kept(tmp_path) == ()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_heading"),
        (b"a,b\n1,2\n", "no_heading"),
        (b"\x00\x01\x02", "damaged"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"\xd0\xcf\x11\xe0 broken", "damaged"),
        (b"STT,Ma lop,Ma hoc sinh\n", "nothing_usable"),
        (b"Ma lop,Ma hoc sinh\n10A1,014310001234\n", "nothing_usable"),
        (b"Ma lop,Ma hoc sinh\n10A1," + b"9" * 5000, "too_big"),
        (b"x," * 300, "too_big"),
    ],
    ids=[
        "empty",
        "other columns",
        "bytes",
        "damaged xlsx",
        "damaged xls",
        "heading only",
        "no birthday",
        "long cell",
        "wide",
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(
    tmp_path: Path, bring: Any, content: bytes, code: str
) -> None:
    """And is told in row 0."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    report = bring(path)
    assert not report["loads"]
    assert report["classes"] == {}
    assert codes(report)[0] == (0, code)
    assert kept(tmp_path) == ()


def test_a_sheet_that_claims_a_far_cell_is_refused(tmp_path: Path, bring: Any) -> None:
    """Its parser may ask for all memory: it gets little, in a process of its own."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        sheet.write(1_048_575, 16_383, "x")
    assert codes(bring(path))[0][1] in ("too_big", "damaged")


# --- OneRoster


MANIFEST = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n" + "".join(
    f"file.{each},bulk\n" for each in ("orgs", "classes", "users", "enrollments")
)
FILES = {
    "manifest.csv": MANIFEST,
    "orgs.csv": "sourcedId,status,name,type,identifier\no1,,S,school,00140708\n",
    "classes.csv": "sourcedId,status,title,classCode,location,schoolSourcedId\nc1,,10A1,,P203,o1\n",
    "users.csv": "sourcedId,status,givenName,familyName,identifier,phone\n"
    "u1,,Ánh,Lò,0400000001,0912\nu2,active,An,Vũ,0400000002,\n",
    "enrollments.csv": "sourcedId,status,classSourcedId,userSourcedId,role\n"
    "e1,,c1,u1,student\ne2,active,c1,u2,student\n",
}


def folder_of(tmp_path: Path, **changed: str) -> Path:
    folder = tmp_path / "or"
    folder.mkdir()
    for name, text in (FILES | {f"{key}.csv": value for key, value in changed.items()}).items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.usefixtures("database")
def test_a_dry_run_tells_which_rooms_no_agent_answers_to(tmp_path: Path, bring: Any) -> None:
    """Where there is a database to ask; it writes nothing there."""
    (warning,) = bring(folder_of(tmp_path), "--dry-run")["warnings"]
    assert (warning["code"], "P203" in warning["message"]) == ("rooms_without_agent", True)
    assert kept(tmp_path) == ()


@pytest.mark.usefixtures("database")
def test_oneroster_is_read_with_its_room(tmp_path: Path, bring: Any) -> None:
    """In the order of names, without the names."""
    report = bring(folder_of(tmp_path))
    assert (report["schools"], report["classes"]) == (["00140708"], {"10A1": 2})
    assert report["dropped_columns"] == ["givenName", "familyName", "phone"]
    (warning,) = report["warnings"]
    assert (warning["code"], "P203" in warning["message"]) == ("rooms_without_agent", True)
    (only,) = kept(tmp_path)
    assert (only.room, [each.student for each in only.pupils]) == (
        "P203",
        ["0400000002", "0400000001"],
    )


@pytest.mark.parametrize(
    ("changed", "where", "code"),
    [
        ({"manifest": MANIFEST.replace("users,bulk", "users,delta")}, 0, "delta"),
        ({"manifest": MANIFEST.replace("1.2", "2.0")}, 0, "version_unknown"),
        ({"manifest": MANIFEST.replace("users,bulk", "users,absent")}, 0, "file_missing"),
        ({"users": "sourcedId\n"}, 0, "column_missing"),
        ({"enrollments": FILES["enrollments.csv"] + "e3,,c1,u9,student\n"}, 4, "unknown_user"),
        ({"enrollments": FILES["enrollments.csv"] + "e3,,c9,u1,student\n"}, 4, "unknown_class"),
        ({"enrollments": FILES["enrollments.csv"] + "e3,,c1,u1,student\n"}, 4, "duplicate"),
        ({"enrollments": FILES["enrollments.csv"] + "e3,odd,c1,u1,student\n"}, 4, "status_unknown"),
        ({"users": FILES["users.csv"].replace("0400000002", "014310001234")}, 3, "personal_number"),
        ({"users": FILES["users.csv"].replace("0400000002", "0400000001")}, 3, "duplicate_id"),
    ],
)
def test_oneroster_with_a_flaw_is_told(
    tmp_path: Path, bring: Any, changed: dict[str, str], where: int, code: str
) -> None:
    """The row that holds it; a whole file that cannot be used is row 0."""
    report = bring(folder_of(tmp_path, **changed))
    assert codes(report) == [(where, code)]
    assert report["loads"] is (where > 0)


SWITCHED = FILES["users.csv"].replace("phone", "enabledUser")
DATED = FILES["enrollments.csv"].replace(",role", ",role,beginDate,endDate")


@pytest.mark.parametrize(
    ("changed", "sizes", "warned"),
    [
        ({"enrollments": DATED.replace("u1,student", "u1,student,,2020-01-31")}, 1, "ended"),
        ({"enrollments": DATED.replace("u1,student", "u1,student,2990-09-05,")}, 2, "later"),
        ({"enrollments": DATED.replace("u1,student", "u1,student,2020-09-05,2990-05-31")}, 2, ""),
        ({"users": SWITCHED.replace("0912", "False")}, 1, "disabled"),
        ({"classes": FILES["classes.csv"] + "c2,,10 a1,,P203,o1\n"}, 2, "twice"),
        ({"orgs": FILES["orgs.csv"].replace("school", "School")}, 2, ""),
    ],
    ids=["ended", "later", "between", "switched off", "one code", "type in another case"],
)  # fmt: skip
def test_dates_and_flags_of_the_standard_hold_and_are_told(
    tmp_path: Path, bring: Any, changed: dict[str, str], sizes: int, warned: str
) -> None:
    """Nobody is in a class of whom the export says that he is not."""
    report = bring(folder_of(tmp_path, **changed), "--dry-run")
    assert (report["classes"], report["schools"]) == ({"10A1": sizes}, ["00140708"])
    told = {each["code"].rpartition("_")[2] for each in report["warnings"]}
    assert told - {"agent", "writings"} == {warned} - {""}
    assert report["errors"] == []


def test_a_day_that_is_none_refuses_its_row_alone(tmp_path: Path, bring: Any) -> None:
    """It is named; the others are in their class."""
    changed = DATED.replace("u1,student", "u1,student,,31/05/2027")
    report = bring(folder_of(tmp_path, enrollments=changed), "--dry-run")
    assert (codes(report), report["classes"]) == ([(2, "date_unreadable")], {"10A1": 1})


def test_an_export_without_ids_says_what_belongs_there(tmp_path: Path, bring: Any) -> None:
    """The standard lets them be empty; a class list cannot."""
    users = FILES["users.csv"].replace("0400000001", "").replace("0400000002", "")
    report = bring(folder_of(tmp_path, users=users))
    assert codes(report) == [(0, "identifier_blank")]


def test_two_exports_in_one_zip_are_refused(tmp_path: Path, bring: Any) -> None:
    """However their names are written: nobody can tell which one holds."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in FILES.items():
            archive.writestr(member.title(), text)
    assert bring(path)["classes"] == {"10A1": 2}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("old/users.csv", "sourcedId,identifier\n")
    assert codes(bring(path)) == [(0, "file_twice")]


@given(st.data())
def test_a_torn_zip_is_damaged_and_nothing_else(data: st.DataObject) -> None:
    """Whatever of its directory is overwritten: refused, or read as what it holds."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in FILES.items():
            archive.writestr(member, text)
    torn = bytearray(whole.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        torn[-data.draw(st.integers(1, 400))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(SheetError):
        files_of_zip(bytes(torn))


def test_what_is_to_be_deleted_is_dropped_and_a_byte_order_mark_is_told(
    tmp_path: Path, bring: Any
) -> None:
    """Excel adds the mark; the rest is as the standard says."""
    users = "\ufeff" + FILES["users.csv"]
    more = FILES["enrollments.csv"].replace("e2,active", "e2,tobedeleted")
    report = bring(folder_of(tmp_path, users=users, enrollments=more))
    assert report["classes"] == {"10A1": 1}
    assert [each["code"] for each in report["warnings"]] == ["bom", "rooms_without_agent"]


@pytest.mark.parametrize("name", ["../users.csv", "/users.csv", "..\\users.csv"])
def test_a_zip_is_read_and_one_that_leads_out_is_not(tmp_path: Path, bring: Any, name: str) -> None:
    """Nothing is unpacked, and a name that climbs is refused."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in FILES.items():
            archive.writestr(f"export/{member}", text)
    assert bring(path)["classes"] == {"10A1": 2}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    assert codes(bring(path)) == [(0, "link")]


def test_a_zip_bomb_is_refused(tmp_path: Path, bring: Any) -> None:
    """By what it unpacks to, not by what it claims."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", b"0" * (33 * 1024 * 1024))
    assert codes(bring(path)) == [(0, "too_big")]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, bring: Any) -> None:
    """Somebody else's file is not read through it."""
    folder = folder_of(tmp_path)
    (folder / "users.csv").rename(tmp_path / "users.csv")
    (folder / "users.csv").symlink_to(tmp_path / "users.csv")
    assert codes(bring(folder)) == [(0, "link")]


def test_the_shared_export_loads(bring: Any) -> None:
    """Two classes of an invented school."""
    if not ONEROSTER.exists():
        pytest.skip("the shared data is not here")
    report = bring(ONEROSTER, "--dry-run")
    assert (report["loads"], report["classes"], report["errors"]) == (
        True,
        {"10A1": 5, "10A2": 3},
        [],
    )


def test_of_the_ministrys_sheet_class_and_id_alone_are_kept(tmp_path: Path, bring: Any) -> None:
    """The real headings of a student sheet."""
    if not COLUMNS.exists():
        pytest.skip("the shared data is not here")
    with COLUMNS.open(encoding="utf-8", newline="") as file:
        heads = [row["vi_header"] for row in csv.DictReader(file)]
    report = bring(as_xlsx(tmp_path / "a.xlsx", DS=[heads, ["1", "10A1", "0400000001"]]))
    assert report["classes"] == {"10A1": 1}
    assert report["dropped_columns"] == heads[3:]


# --- nothing else is written


@settings(max_examples=8, deadline=None, suppress_health_check=[*HealthCheck])
@given(secret=st.from_regex(r"\AQ[a-z]{9}Z\Z"), names=st.booleans(), bad=st.booleans())
def test_no_dropped_value_is_written_anywhere(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    secret: str,
    names: bool,
    bad: bool,
) -> None:
    """Not in the database, the file of refused rows, nor on the screen."""
    head = ["STT", "Lớp", "Mã học sinh", "Họ tên", "Dân tộc", "Số ĐDCN", ""]
    name = f"An {secret}N"
    row = [1, "10A1", "1", name, f"{secret}E", "014310001234", f"{secret}X"]
    rows = [head, row, [2, "10A1", "" if bad else "2", name, f"{secret}E", "014310001234", ""]]
    path = as_csv(tmp_path / "a.csv", rows)
    flags = ["--names"] if names else []
    fresh_folder(tmp_path / "data")
    assert main(["roster", "import", str(path), "--data", str(tmp_path / "data"), *flags]) == 0
    told = capsys.readouterr()
    written = (told.out + told.err).encode()
    for file in [*(tmp_path / "data").rglob("*"), tmp_path / "a.csv.errors.csv"]:
        written += file.read_bytes() if file.is_file() else b""
    for gone in (f"{secret}E", f"{secret}X", "014310001234", *([] if names else [f"{secret}N"])):
        assert gone.encode() not in written
