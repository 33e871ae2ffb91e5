"""Conditions and repairs from the command line, as an administrator writes them."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

import pytest

from controller.__main__ import main
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import FaultRecord
from protocol.messages import Part
from protocol.model import Place
from tests.controller.fresh import fresh_folder
from tests.databases import sqlite_in

SCHOOL = Place("14", "00140708")
BOOK = """STT;Mã tài sản;Tên thiết bị;Số sê-ri;Phòng;Năm đưa vào sử dụng;Tình trạng
1;TS-1;Bảng tương tác;SN1;P203;2021;Tốt
2;TS-2;Máy chiếu;SN2;P203;2021;Tốt
3;TS-3;Camera;SN3;P203;2021;Tốt
"""


class Desk:
    """An administrator at the server."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = fresh_folder(folder / "data")
        self._capsys = capsys
        (folder / "so.csv").write_text(BOOK, "utf-8")
        self.book = str(folder / "so.csv")

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and all that was said."""
        self._capsys.readouterr()
        code = main([*arguments, "--data", str(self.data)])
        told = self._capsys.readouterr()
        return code, told.out + told.err

    def json(self, *arguments: str) -> Any:
        """What is told as JSON."""
        code, told = self.run(*arguments, "--json")
        assert code == 0, told
        return json.loads(told)

    def fault(self, event_id: str, part: Part) -> None:
        """A teacher's report comes in."""
        place = SCHOOL.of_agent("may-p203")
        told = FaultRecord(
            place=place, event_id=event_id, room="P203", part=part, at_ms=1, received_ms=1
        )
        with Store(sqlite_in(self.data)) as store:
            store.write(keep_batch, [told], 1)


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", SCHOOL.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", SCHOOL.province)
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    desk = Desk(tmp_path, capsys)
    desk.json("register", "import", desk.book)
    return desk


def test_a_line_fares_as_a_person_says_and_its_history_tells_who(desk: Desk) -> None:
    """By its code, or in the words of a book; and back again."""
    assert desk.json("register", "condition", "1", "broken") == {"row": 1, "condition": "broken"}
    assert desk.json("register", "condition", "1", "đang sửa", "--note", "thay nguồn")
    told = desk.json("register", "history", "1")
    assert [each["condition"] for each in told["history"]] == ["good", "broken", "repair"]
    assert [each["why"] for each in told["history"]] == ["book", "person", "person"]
    assert told["history"][2]["who"] == getpass.getuser()
    assert told["history"][2]["note"] == "thay nguồn"
    assert desk.json("register", "condition", "1", "undo")["condition"] == "broken"
    assert desk.json("register", "history", "1")["history"][3]["undoes"] == 3
    assert "thay nguồn" in desk.run("register", "history", "1")[1]


def test_importing_the_book_again_changes_no_condition(desk: Desk) -> None:
    """And what the comparison tells is the newest word."""
    desk.json("register", "condition", "1", "broken")
    desk.json("register", "import", desk.book)
    assert desk.json("register", "history", "1")["condition"] == "broken"
    told = desk.json("reconcile")
    assert told["per_row"]["1"]["detail"]["condition"] == "broken"
    Path(desk.book).write_text(BOOK.replace("2021;Tốt", "2021;Chờ thanh lý", 1), "utf-8")
    desk.json("register", "import", desk.book)
    last = desk.json("register", "history", "1")["history"][-1]
    assert (last["condition"], last["why"]) == ("awaiting_disposal", "book")
    assert last["who"] == getpass.getuser()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["register", "condition", "9", "broken"], "9"),
        (["register", "condition", "1", "xanh"], "xanh"),
        (["register", "condition", "1", "disposed"], "đã thanh lý"),
        (["register", "condition", "1", "undo"], ""),
        (["repairs", "start", "9"], "9"),
        (["repairs", "open", "9"], "9"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    desk: Desk, arguments: list[str], told: str
) -> None:
    """With the value that is wrong, and no traceback."""
    code, said = desk.run(*arguments)
    assert code == 2
    assert said.startswith("lophoc-controller: ")
    assert told in said


def test_a_report_is_picked_taken_up_and_done(desk: Desk) -> None:
    """Board or projector: a person says which; each answer tells how the repair stands."""
    desk.fault("f1", Part.BOARD)
    (repair,) = desk.json("repairs", "list")
    assert (repair["state"], repair["line"], repair["by_fault"]) == ("reported", None, "f1")
    assert [each["row"] for each in repair["candidates"]] == [1, 2]
    number = str(repair["no"])
    assert desk.json("repairs", "pick", number, "2")[0]["line"]["asset_tag"] == "TS-2"
    assert desk.json("repairs", "start", number)[0]["state"] == "under_repair"
    assert desk.json("register", "history", "2")["condition"] == "repair"
    (done,) = desk.json("repairs", "done", number, "--outcome", "awaiting_disposal")
    assert (done["state"], done["outcome"]) == ("done", "awaiting_disposal")
    assert done["moves"][-1]["who"] == getpass.getuser()
    assert desk.json("repairs", "list") == []
    assert desk.json("repairs", "undo", number)[0]["state"] == "under_repair"
    assert len(desk.json("repairs", "list", "--all")) == 1


def test_a_person_asks_for_a_repair_and_the_list_is_read_by_people(desk: Desk) -> None:
    """The line, the room, what it is about, and how far it is."""
    desk.fault("f1", Part.CAMERA)
    (opened,) = desk.json("repairs", "open", "1", "--note", "liệt cảm ứng")
    assert (opened["part"], opened["note"], opened["by_fault"]) == ("board", "liệt cảm ứng", None)
    code, told = desk.run("repairs", "list")
    assert code == 0
    assert [line.split("\t")[1] for line in told.splitlines()] == ["P203", "P203"]
    assert ["TS-3" in told, "TS-1" in told] == [True, True]


def test_the_figures_are_told_in_words_and_as_json(desk: Desk) -> None:
    """All of the school first, then type by type; a term of no days is refused."""
    desk.json("repairs", "open", "3")
    desk.json("repairs", "open", "2")
    desk.json("repairs", "done", "2")
    code, text = desk.run("repairs", "figures", "--days", "30")
    assert code == 0
    lines = text.splitlines()
    assert lines[0].startswith("tất cả\t3 dòng, 2 lần báo, 1 xong, 1 đang chờ\t0 giờ mỗi lần sửa")
    assert len(lines) == 4
    told = desk.json("repairs", "figures")
    assert (told["all"]["done"], told["by_type"]["camera"]["open"]) == (1, 1)
    assert desk.run("repairs", "figures", "--days", "0")[0] == 2
