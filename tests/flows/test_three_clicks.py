"""A lesson from the school's class list to its attendance sheet, through every program."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.lessons.meant import SETTLE_S
from tests.flows.programs import School, get, request, run_command
from tests.waiting import until

if TYPE_CHECKING:
    from tests.hostile.school import HostileNetwork

ROSTER = """STT;Mã lớp;Mã định danh Bộ GD&ĐT;Họ và tên;Dân tộc
1;10A1;1400000002;Nguyễn Văn An;Kinh
2;10A1;1400000001;Lò Thị Ánh;Thái
3;10A1;1400000003;Trần Bình;Kinh
1;10A2;1400000011;Cà Văn Dũng;Thái
"""
TIMETABLE = "Thứ;Tiết;Phòng;Lớp;Môn\n" + "".join(
    f"{day};1;P 203;10A1;Toán\n" for day in (2, 3, 4, 5, 6, 7, 8)
)


def command(school: School | HostileNetwork, *arguments: str, holds: bool | None = True) -> Any:
    """What a command of the controller's prints, as JSON. holds: None where it may end with 1."""
    done = run_command("lophoc-controller", *arguments, "--data", str(school.folder / "controller"))
    assert done.returncode in ({0, 1} if holds is None else {0}), done.stdout + done.stderr
    return json.loads(done.stdout)


def planned(school: School) -> School:
    """A school whose class lists were imported while its controller runs."""
    (school.folder / "lop.csv").write_text(ROSTER, "utf-8")
    (school.folder / "tkb.csv").write_text(TIMETABLE, "utf-8")
    loaded = command(
        school, "roster", "import", str(school.folder / "lop.csv"), "--names", "--json"
    )
    assert (loaded["loads"], loaded["classes"]) == (True, {"10A1": 3, "10A2": 1})
    assert loaded["dropped_columns"] == ["Dân tộc"]
    command(school, "schedule", "import", str(school.folder / "tkb.csv"), "--json")
    return school


def view(school: School) -> Any:
    """What the teacher sees; None while the agent is down."""
    return get(f"{school.local}/api/v1/teacher?lang=vi")


def press(school: School, path: str, body: object = None) -> Any:
    """Press something; again, if the program was down."""
    time.sleep(SETTLE_S)  # as long as a button rests that has become another

    def pressed() -> Any:
        try:
            status, answer = request("POST", f"{school.local}/api/v1/{path}?lang=vi", body or {})
        except OSError:
            return None
        assert status == 200, answer
        return answer

    return until(pressed, path)


def lessons(school: School) -> list[dict[str, Any]]:
    """The lessons that the school's server knows."""
    days = f"from={date.today() - timedelta(1)}&to={date.today() + timedelta(1)}"  # noqa: DTZ011 - any zone
    return get(f"{school.api}/api/v1/lessons?{days}") or []


def test_a_lesson_reaches_the_schools_sheet(tmp_path: Path) -> None:
    """Class lists down, the teacher's word up, a correction after it, and the chain holds."""
    with School(tmp_path) as school:
        planned(school.ready())
        seen = until(
            lambda: (now := view(school)) and now["proposal"]["classes"] and now, "the plan is here"
        )
        assert seen["proposal"]["classes"] == ["10A1"]
        started = press(school, "lesson/start")
        assert started["headline"] == "Đang học"
        assert [each["name"] for each in started["roll"]["lines"]] == [
            "Nguyễn Văn An",
            "Lò Thị Ánh",
            "Trần Bình",
        ]
        press(school, "roll/mark", {"student": "1400000001", "status": "absent_unexcused"})
        assert press(school, "roll/confirm")["roll"]["text"] == "3/2/1"
        press(school, "roll/mark", {"student": "1400000001", "status": "late"})
        until(lambda: school.waiting() == 0, "everything is stored")
        (lesson,) = until(lambda: lessons(school), "the lesson is known")
        assert (lesson["classes"], lesson["confirmed"]) == (["10A1"], True)
        marks = {each["student"]: each["status"] for each in school.marks()}
        assert marks["1400000001"] == "late"
        assert press(school, "lesson/end")["logbook"].endswith("Lò Thị Ánh (M)")
        until(lambda: school.waiting() == 0, "everything is stored")
        assert command(school, "attendance", "verify", "--json")["holds"]
        cut_and_told_on(school)


def cut_and_told_on(school: School) -> None:
    """The room signs; who has the school's file cuts the correction off, and its signatures."""

    def verdict() -> Any:
        return command(school, "attendance", "verify", "--json", holds=None)

    def is_signed() -> bool:
        told = verdict()
        return bool(told["records"] == told["signed"] == 2)

    until(is_signed, "the room's computer has signed both records")
    school.controller.stop()
    with closing(sqlite3.connect(school.folder / "controller/lophoc.db")) as db:
        for table in ("marks", "chain_heads", "lessons"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608
        db.execute("DELETE FROM sqlite_sequence WHERE name = 'marks'")
        db.commit()
    assert verdict()["holds"], "the file alone cannot know"
    school.controller.start()

    def flaws() -> set[str]:
        return {finding["why"] for finding in verdict()["breaks"]}

    until(lambda: flaws() == {"head_missing"}, "the room has told of what is not there")


def test_a_power_cut_at_any_press_loses_no_word_and_invents_none(tmp_path: Path) -> None:
    """The agent is killed after every press, the server in between: one lesson, one roll."""
    with School(tmp_path) as school:
        planned(school.ready())
        until(lambda: (now := view(school)) and now["proposal"]["classes"], "the plan is here")

        def cut() -> Any:
            school.agent.kill()
            school.agent.start()
            return until(lambda: view(school), "the agent is back")

        press(school, "lesson/start")
        assert cut()["headline"] == "Đang học"
        press(school, "roll/mark", {"student": "1400000003", "status": "absent_excused"})
        school.controller.kill()
        assert cut()["roll"]["text"] == "3/2/1"
        press(school, "roll/confirm")
        assert cut()["phase"] == "running"
        school.controller.start()
        press(school, "roll/mark", {"student": "1400000003", "status": "late"})
        assert cut()["roll"]["text"] == "3/3/0"
        press(school, "lesson/end")
        assert cut()["phase"] == "ended"
        until(lambda: school.waiting() == 0, "everything is stored")
        (lesson,) = lessons(school)
        assert [lesson[each] for each in ("confirmed", "total", "present", "absent", "late")] == [
            *(True, 3),
            *(3, 0, 1),
        ]
        marks = [(each["student"], each["status"]) for each in school.marks()]
        assert marks == [("1400000003", "late")]
        assert command(school, "attendance", "verify", "--json")["holds"]


def test_a_lesson_starts_at_once_with_everything_down_and_a_fault_is_kept(tmp_path: Path) -> None:
    """No broker, no server; the report is seen by the school when they are back."""
    with School(tmp_path) as school:
        planned(school.ready())
        until(lambda: (now := view(school)) and now["proposal"]["classes"], "the plan is here")
        school.controller.kill()
        school.end_broker()
        assert press(school, "lesson/start")["headline"] == "Đang học"
        sent = press(school, "fault", {"part": "board"})["faults"]["sent"]
        assert [each["delivered"] for each in sent] == [False]
        school.controller.start()
        faults = until(lambda: get(f"{school.api}/api/v1/faults"), "the fault is known")
        assert [(each["part"], each["room"]) for each in faults] == [("board", "P203")]
        until(
            lambda: all(each["delivered"] for each in view(school)["faults"]["sent"]),
            "the teacher sees that it was received",
        )
