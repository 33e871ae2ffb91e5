"""A school tells its department of its equipment by the real wire, through kills and cuts."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import KINDS
from tests.flows.programs import BIN, Program, get
from tests.ports import free_port
from tests.postgres import Cluster
from tests.waiting import LIMIT_S, until

DEPARTMENT, SCHOOL = "so-14", "00140708"
ASSET = ("device_id", "asset_tag", "type", "room", "year", "serial", "condition", "state", "line")


class Above:
    """A department's controller and a school's, each with its folder."""

    def __init__(self, folder: Path, database: str = "") -> None:
        self.folder = folder
        self.mqtt = free_port()
        self.api = f"http://127.0.0.1:{(port := free_port())}"
        self.department = self._controller(
            "department", DEPARTMENT, port, self.mqtt, "--database", database
        )
        self.school_api = f"http://127.0.0.1:{(port := free_port())}"
        self.school = self._controller(
            "school",
            SCHOOL,
            port,
            free_port(),
            "--upstream",
            f"mqtt://127.0.0.1:{self.mqtt}",
            "--upstream-department",
            DEPARTMENT,
            "--name",
            "THPT Tô Hiệu",
        )

    def _controller(self, name: str, code: str, http: int, mqtt: int, *more: str) -> Program:
        return Program(
            self.folder / f"{name}.log",
            "lophoc-controller",
            "run",
            *("--province", "14", "--school", code, "--data", str(self.folder / name)),
            *("--http-port", str(http), "--mqtt-port", str(mqtt)),
            *("--mdns", "false"),
            *more,
        )

    def import_book(self, count: int, room: str) -> None:
        """Bring an equipment book in while the school's controller runs, or does not."""
        rows = [f"{n};TB-{n:04};Bảng tương tác;SN{n:05};{room}{n % 7};2022" for n in range(count)]
        book = self.folder / "book.csv"
        head = "STT;Mã tài sản;Loại;Số sê-ri;Phòng;Năm sử dụng"
        book.write_text("\n".join([head, *rows]), "utf-8")
        done = subprocess.run(
            [
                *(BIN / "lophoc-controller", "register", "import", book, "--json", "--all"),
                *("--data", self.folder / "school"),
            ],
            env={"LOPHOC_CONTROLLER_SCHOOL": SCHOOL, "LOPHOC_CONTROLLER_PROVINCE": "14"},
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stdout)["rows"] == count

    def there(self) -> dict[str, Any]:
        """What the department has, by id; each item once."""
        return whole(self.api)

    def here(self) -> dict[str, Any]:
        """What the school has."""
        return whole(self.school_api)


def whole(api: str) -> dict[str, Any]:
    """All of an inventory, pulled from its beginning."""
    items, since, more = [], "", True
    while more:
        page = get(f"{api}/api/v1/inventory?limit=1000{since}")
        if page is None:
            return {}
        items += [each for each in page["items"] if not each["removed"]]
        since, more = f"&since={page['next']}", page["more"]
    assert not [each for each, n in Counter(one["device_id"] for one in items).items() if n > 1]
    return {each["device_id"]: {name: each[name] for name in ASSET} for each in items}


@pytest.fixture(params=KINDS)
def above(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Above]:
    """Both controllers, running; the department's on SQLite and on PostgreSQL."""
    cluster: Cluster | None = None
    if request.param == "postgresql":
        cluster = request.getfixturevalue("cluster")
    both = Above(tmp_path, cluster.fresh() if cluster else "")
    try:
        both.department.start()
        both.school.start()
        yield both
    finally:
        both.school.close()
        both.department.close()


def test_a_school_killed_between_commit_and_ack_loses_and_doubles_nothing(above: Above) -> None:
    """Imports go on while either side's plug is pulled; in the end both tell the same."""
    until(lambda: get(f"{above.school_api}/healthz"), "the school's controller")
    for round_, count in enumerate((420, 350, 510)):
        above.import_book(count, f"P{round_}")
        until(lambda: len(above.there()) > round_ * 90, "the first pages")  # noqa: B023
        above.school.kill()
        above.import_book(count, f"Q{round_}")
        if round_ == 1:
            above.department.kill()
            above.department.start()
        above.school.start()
    until(lambda: above.here() and above.here() == above.there(), "the same on both sides")
    assert {each["room"][0] for each in above.there().values()} == {"Q"}


def test_a_school_that_puts_an_old_copy_back_is_told_as_it_is_then(above: Above) -> None:
    """Its numbers begin again in the middle; nothing new may hide behind an old number."""
    until(lambda: get(f"{above.school_api}/healthz"), "the school's controller")
    above.import_book(30, "P")
    until(lambda: len(above.there()) == 30, "the first book")
    above.school.stop()
    folder = above.folder / "school"
    copy = (folder / "lophoc.db").read_bytes()
    above.school.start()
    until(lambda: get(f"{above.school_api}/healthz"), "the school's controller again")
    above.import_book(50, "Q")
    until(lambda: len(above.there()) == 50, "the second book")
    above.school.stop()
    (folder / "lophoc.db").write_bytes(copy)
    for side in ("lophoc.db-wal", "lophoc.db-shm"):
        (folder / side).unlink(missing_ok=True)
    above.import_book(31, "R")
    above.school.start()
    until(lambda: above.here() and above.here() == above.there(), "the same on both sides")
    assert len(above.there()) == 31


def test_a_played_province_fills_a_department_and_again_it_is_no_news(above: Above) -> None:
    """Three invented schools by the real wire; told twice, each item stands there once."""
    command = [
        *(BIN / "lophoc-sim", "province", "--broker", f"mqtt://127.0.0.1:{above.mqtt}"),
        *("--department", DEPARTMENT, "--schools", "3", "--rooms", "2", "--tablets", "3"),
    ]
    until(lambda: get(f"{above.api}/healthz"), "the department's controller")
    subprocess.run(command, check=True, timeout=LIMIT_S)
    first = get(f"{above.api}/api/v1/inventory?limit=1000")
    assert len(first["items"]) == 3 * (2 * (5 + 3) + 10)
    assert len({each["school"] for each in first["items"]}) == 3
    subprocess.run(command, check=True, timeout=LIMIT_S)
    again = get(f"{above.api}/api/v1/inventory?limit=1000&since={first['next']}")
    assert not [each for each in again["items"] if not each["last_seen"]]
    subprocess.run([*command, "--changes", "2"], check=True, timeout=LIMIT_S)
    news = get(f"{above.api}/api/v1/inventory?limit=1000&since={again['next']}")
    moved = [each for each in news["items"] if each["state"] == "moved"]
    assert len({each["device_id"] for each in moved}) >= 6
