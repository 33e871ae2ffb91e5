"""A school tells its department of its equipment by the real wire, through kills and cuts."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt.client import CallbackAPIVersion, Client

from controller.broker.embedded import CONTROLLER_USER
from simulators.ledger.clocks import Clock, clock_library
from tests.controller.fresh import fresh_folder
from tests.flows.programs import BIN, Program, get, run_command
from tests.hostile.school import _COOKIE, _logged_in
from tests.ports import free_port
from tests.postgres import Cluster
from tests.tiers import wide
from tests.waiting import LIMIT_S, until

DEPARTMENT, SCHOOL = "so-14", "00140708"
ENVIRON = {"LOPHOC_CONTROLLER_SCHOOL": SCHOOL, "LOPHOC_CONTROLLER_PROVINCE": "14"}
SILENCE_S = 70  # after an orderly end, another history of a school is believed
ASSET = ("device_id", "asset_tag", "type", "room", "year", "serial", "condition", "state", "line")


class Above:
    """A department's controller and a school's, each with its folder.

    clock: by which the department's goes, if not by the computer's.
    """

    def __init__(self, folder: Path, database: str = "", clock: Clock | None = None) -> None:
        self.folder = folder
        for name in ("school",) if database else ("school", "department"):
            fresh_folder(folder / name)
        self.mqtt = free_port()
        self.api = f"http://127.0.0.1:{(port := free_port())}"
        self.department = self._controller(
            "department",
            DEPARTMENT,
            port,
            self.mqtt,
            "--database",
            database,
            env=clock.environ if clock else None,
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

    def _controller(
        self,
        name: str,
        code: str,
        http: int,
        mqtt: int,
        *more: str,
        env: dict[str, str] | None = None,
    ) -> Program:
        return Program(
            self.folder / f"{name}.log",
            "lophoc-controller",
            "run",
            *("--province", "14", "--school", code, "--data", str(self.folder / name)),
            *("--http-port", str(http), "--mqtt-port", str(mqtt)),
            *("--mdns", "false"),
            *more,
            env=env,
        )

    def copy_of_the_school(self) -> Program:
        """The school's folder on another machine, not started."""
        above = ("--upstream", f"mqtt://127.0.0.1:{self.mqtt}", "--upstream-department", DEPARTMENT)
        self.second_api = f"http://127.0.0.1:{(port := free_port())}"
        return self._controller("second", SCHOOL, port, free_port(), *above)

    def known(self) -> tuple[int, int]:
        """When the department knew of two servers, and of another history; 0: never."""
        with closing(sqlite3.connect(self.folder / "department" / "lophoc.db")) as db:
            row: tuple[int, int] = db.execute("SELECT rival_ms, forked_ms FROM schools").fetchone()
            return row

    def import_book(self, count: int, room: str, name: str = "school") -> None:
        """Bring an equipment book in while the school's controller runs, or does not."""
        rows = [f"{n};TB-{n:04};Bảng tương tác;SN{n:05};{room}{n % 7};2022" for n in range(count)]
        book = self.folder / "book.csv"
        head = "STT;Mã tài sản;Loại;Số sê-ri;Phòng;Năm sử dụng"
        book.write_text("\n".join([head, *rows]), "utf-8")
        done = run_command(
            *("lophoc-controller", "register", "import", str(book), "--json", "--all"),
            *("--data", str(self.folder / name)),
            **ENVIRON,
        )
        done.check_returncode()
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


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """A clock for the department's controller."""
    return Clock(tmp_path / "department.clock", clock_library())


@pytest.fixture
def jumps() -> bool:
    """Whether the clock is set: programs start fast where it is not."""
    return False


@pytest.fixture(params=["sqlite", *wide("postgresql")])
def above(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clock: Clock,
    jumps: bool,  # noqa: FBT001
) -> Iterator[Above]:
    """Both controllers, running; the department's on SQLite and on PostgreSQL."""
    cluster: Cluster | None = None
    if request.param == "postgresql":
        cluster = request.getfixturevalue("cluster")
    both = Above(tmp_path, cluster.fresh() if cluster else "", clock if jumps else None)
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


@pytest.mark.wide
@pytest.mark.parametrize("jumps", [True])
def test_a_school_that_puts_an_old_copy_back_is_told_as_it_is_then(
    above: Above, clock: Clock
) -> None:
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
    clock.set(SILENCE_S)  # where no clock can be set, the silence is waited for
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


class Tap(Client):
    """Somebody at the department's broker who keeps every word of a school, and says it again."""

    def __init__(self) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, "tap")
        self.words: list[tuple[str, bytes]] = []
        self.on_connect = lambda *_: self.subscribe(f"lophoc/v1/14/{DEPARTMENT}/{SCHOOL}/school", 1)
        self.on_message = lambda _client, _data, word: self.words.append((word.topic, word.payload))

    def listen(self, port: int, passwords: Path) -> None:
        """As the department's own user: nobody else hears a school."""
        self.username_pw_set(CONTROLLER_USER, json.loads(passwords.read_bytes())[CONTROLLER_USER])
        self.connect("127.0.0.1", port)
        self.loop_start()

    def say_again(self, words: list[tuple[str, bytes]]) -> None:
        """All these, the last first, and each twice."""
        for topic, payload in reversed(words):
            for _ in range(2):
                self.publish(topic, payload, 1).wait_for_publish(LIMIT_S)


@pytest.mark.wide
def test_late_words_are_no_second_server_and_a_second_server_is_one(tmp_path: Path) -> None:
    """Both are killed midway, and words of the earlier start come late; then a copy serves too."""
    both = Above(tmp_path)
    second, tap = both.copy_of_the_school(), Tap()
    try:
        both.department.start()
        until(lambda: get(f"{both.api}/healthz"), "the department's controller")
        tap.listen(both.mqtt, tmp_path / "department" / "agents.json")
        both.school.start()
        until(lambda: get(f"{both.school_api}/healthz"), "the school's controller")
        both.import_book(30, "P")
        until(lambda: len(both.there()) == 30, "the first book")
        both.school.kill()
        words, book = list(tap.words), len(tap.words)
        both.import_book(40, "Q")
        both.school.start()
        until(lambda: len(both.there()) == 40 and both.here() == both.there(), "the second book")
        tap.say_again(words)
        both.department.kill()
        both.department.start()
        until(lambda: len(tap.words) > 2 * book, "the late words")
        both.import_book(41, "R")
        until(lambda: len(both.there()) == 41 and both.here() == both.there(), "the third book")
        assert both.known() == (0, 0)
        both.school.kill()
        shutil.copytree(tmp_path / "school", tmp_path / "second")
        both.school.start()
        second.start()
        until(lambda: both.known()[0], "two servers that bear one code")
        assert_both_are_named_and_usable(both)
    finally:
        for program in (second, both.school, both.department):
            program.close()
        tap.loop_stop()


def assert_both_are_named_and_usable(both: Above) -> None:
    """Each serves its own people, the book of the one that is heard goes up, both are named."""
    apis = both.school_api, both.second_api
    cookies = {_COOKIE: _logged_in(both.folder / "department")}
    with httpx.Client(base_url=both.api, cookies=cookies) as office:
        until(
            lambda: all(api[7:] in office.get(f"/schools/{SCHOOL}").text for api in apis),
            "both servers' addresses",
        )
    for name in ("school", "second"):
        both.import_book(43, "S", name)
    until(lambda: len(both.there()) == 43, "the book of the one that is heard")
    assert all(get(f"{api}/healthz") for api in apis)


def test_a_school_joins_by_a_code_and_lets_go_on_proof_alone(tmp_path: Path) -> None:
    """No file is edited: page, code, command, start; proven acknowledgements empty its outbox."""
    both, door = Above(tmp_path), free_port()
    school_port, above_port = (int(api.rpartition(":")[2]) for api in (both.school_api, both.api))
    both.school = both._controller("school", SCHOOL, school_port, free_port())
    both.department = both._controller(
        "department", DEPARTMENT, above_port, both.mqtt, "--enrol-port", str(door)
    )
    try:
        both.department.start()
        until(lambda: get(f"{both.api}/healthz"), "the department's controller")
        enrol(code_of(both.api, tmp_path / "department"), door, tmp_path / "school")
        both.school.start()
        until(lambda: get(f"{both.school_api}/healthz"), "the school's controller")
        both.import_book(30, "P")
        until(lambda: rows_in(tmp_path / "department" / "lophoc.db", "assets") == 30, "the book")
        until(lambda: rows_in(tmp_path / "school" / "upward.db", "parcel") == 0, "the proofs")
    finally:
        both.school.close()
        both.department.close()


def code_of(api: str, data: Path) -> str:
    """The code for the school that the department's page shows to its office."""
    cookies, form = {_COOKIE: _logged_in(data)}, {"school": SCHOOL}
    with httpx.Client(base_url=api, cookies=cookies, headers={"Origin": api}) as office:
        shown = office.post("/enrolment", data=form, follow_redirects=True).text
    (code,) = re.findall(r"lophoc-controller enrol (\w{3} \w{3}) --department", shown)
    return str(code)


def enrol(code: str, door: int, folder: Path) -> None:
    """What the school's person runs."""
    where = ("--department", f"127.0.0.1:{door}", "--data", str(folder))
    run_command("lophoc-controller", "enrol", *code.split(), *where, **ENVIRON).check_returncode()


def rows_in(path: Path, table: str) -> int:
    """How many rows a table of a file has."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours
