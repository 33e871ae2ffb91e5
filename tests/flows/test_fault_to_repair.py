"""A teacher's report becomes one repair of the right item, through every program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.flows.programs import School, get, request, run_command
from tests.waiting import until

BOOK = """STT;Mã tài sản;Tên thiết bị;Số sê-ri;Phòng;Năm đưa vào sử dụng;Tình trạng
1;TS-1;Bảng tương tác;SN1;P 203;2021;Tốt
2;TS-2;Bảng tương tác;SN2;P 204;2021;Tốt
3;TS-3;Camera;SN3;P 203;2021;Tốt
"""


def command(school: School, *arguments: str) -> Any:
    """What a command of the controller's prints, as JSON."""
    data = ("--data", str(school.folder / "controller"))
    done = run_command("lophoc-controller", *arguments, "--json", *data)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def report(school: School, part: str) -> None:
    """Press a picture on the teacher's page; again, if the agent was down."""

    def pressed() -> bool:
        try:
            body = {"part": part}
            return request("POST", f"{school.local}/api/v1/fault?lang=vi", body)[0] == 200
        except OSError:
            return False

    until(pressed, "the report is taken")


def repairs(school: School, everything: str = "") -> list[dict[str, Any]]:
    """The repairs that the school's server knows."""
    return get(f"{school.api}/api/v1/repairs{everything}") or []


def text_of(url: str) -> str:
    """A page's text; empty while nobody answers."""
    try:
        return str(request("GET", url)[1])
    except OSError:
        return ""


def test_a_report_opens_one_repair_though_everything_is_killed_meanwhile(tmp_path: Path) -> None:
    """Kept while the server is down; the server is killed as it has it, and hears it again."""
    with School(tmp_path) as school:
        school.ready()
        (school.folder / "so.csv").write_text(BOOK, "utf-8")
        command(school, "register", "import", str(school.folder / "so.csv"))
        school.controller.kill()
        report(school, "board")
        school.agent.kill()
        school.agent.start()
        school.controller.start()
        (repair,) = until(lambda: repairs(school), "the repair is open")
        school.controller.kill()  # between what it keeps and what the agent hears of it
        school.agent.kill()
        school.agent.start()
        school.controller.start()
        until(lambda: school.waiting() == 0, "everything is stored")
        until(lambda: repairs(school), "the server is back")
        assert [each["no"] for each in repairs(school, "?all=true")] == [repair["no"]]
        assert (repair["room"], repair["state"], repair["part"]) == ("P203", "reported", "board")
        assert repair["line"]["asset_tag"] == "TS-1"
        assert [each["event_id"] for each in get(f"{school.api}/api/v1/faults")] == [
            repair["by_fault"]
        ]
        told = command(school, "register", "history", "1")
        assert [(each["condition"], each["why"]) for each in told["history"]] == [
            ("good", "book"),
            ("broken", "fault"),
        ]
        assert command(school, "reconcile")["per_row"]["1"]["detail"]["condition"] == "broken"


def test_a_repair_that_a_command_ends_leaves_the_screens(tmp_path: Path) -> None:
    """The server runs; the teacher's report is dealt with, and the board is good again."""
    with School(tmp_path) as school:
        school.ready()
        (school.folder / "so.csv").write_text(BOOK, "utf-8")
        command(school, "register", "import", str(school.folder / "so.csv"))
        report(school, "board")
        (repair,) = until(lambda: repairs(school), "the repair is open")
        room = f"{school.api}/rooms/P203?lang=vi"
        until(lambda: repair["by_fault"] in text_of(room), "the room's screen tells of it")
        command(school, "repairs", "done", str(repair["no"]))
        until(lambda: (seen := text_of(room)) and repair["by_fault"] not in seen, "it is gone")
        assert get(f"{school.api}/api/v1/faults") == []
        assert command(school, "register", "history", "1")["condition"] == "good"
        command(school, "repairs", "undo", str(repair["no"]))
        until(lambda: repair["by_fault"] in text_of(room), "it is there again")
        status, _ = request("POST", f"{school.api}/api/v1/faults/{repair['by_fault']}/handled")
        assert status == 204
        (done,) = repairs(school, "?all=true")
        assert (done["state"], done["outcome"]) == ("done", "good")
        assert command(school, "register", "history", "1")["condition"] == "good"
