"""This file measures a department of so many schools: its pages beside a pull and two exports.

One ingest and two workers on a PostgreSQL of the benchmark's own. With other numbers of schools:
`python -m tests.bench.department 3000`, which prints the figures and what the processes take.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from controller.database.handover import status_of
from controller.database.store import Store
from controller.database.writing import Writing, write
from controller.department.brief import item_of
from controller.department.school_record import SchoolRecord
from controller.department.store import SCHOOLS as RECORDS
from controller.department.store import schools_of
from controller.department.tables import schools as table
from controller.inventory import store as assets
from controller.inventory.tables import assets as items
from protocol.messages import Ack, down_from, to_bytes
from protocol.model import Place
from protocol.topics import Address, Channel, commands_to, topic_of
from protocol.upward import LIST_FROM, ItemsTold, SchoolChain
from tests.bench.province import DEPARTMENT, ITEMS, an_item
from tests.flows.programs import Program, run_command
from tests.logins import as_controller
from tests.ports import free_port
from tests.postgres import Cluster, programs
from tests.waiting import until

MANY: Final = 400
TURNS, ASKS = 5, 12
LAST: Final = 19  # how nice is who writes big answers
PAGES, A_PAGE = 30, 100  # told by one school
TELLS: Final = "99999999"
_TAKE: Final = (
    'while :; do nice -n 19 curl -sSf -o /dev/null -H "Accept-Encoding: gzip" -H "$1" "$2"'
    " || exit; done"
)


def measure(*, quick: bool) -> dict[str, object]:
    """The figures of a department of 400 schools."""
    found = programs()
    if found is None:
        print("department: no PostgreSQL on this machine")
        return {}
    return {f"department_{name}": value for name, value in _of(found, 40 if quick else MANY)}


def _of(found: Path, count: int) -> Iterator[tuple[str, object]]:
    with Cluster(found) as cluster, tempfile.TemporaryDirectory() as folder:
        database = cluster.fresh()
        began_s = time.perf_counter()
        fill(database, count)
        print(f"{count} schools filled in {time.perf_counter() - began_s:.0f} s", flush=True)
        cluster.say("CHECKPOINT")
        yield "disk_mib", _disk_mib(database)
        with _running(Path(folder), database) as town:
            yield from town.measured()


def fill(database: str, count: int) -> None:
    """Let so many schools have told 1,360 items each."""
    with Store(database) as store:
        told = [an_item(number * MANY, number + 1) for number in range(ITEMS)]
        with store.locked(DEPARTMENT) as db:
            assets.keep_assets(db, told, "bench")
        with store.transaction() as db:
            names = [f'"{column.name}"' for column in items.c]
            copied = [_COPIED.get(column.name, f'"{column.name}"') for column in items.c]
            db.exec_driver_sql(
                f"INSERT INTO assets ({', '.join(names)}) SELECT {', '.join(copied)}"  # noqa: S608
                f" FROM assets, generate_series(1, {count - 1}) g WHERE school = '00000000'"
            )
            now_ms = time.time_ns() // 1_000_000
            records = (
                SchoolRecord(
                    place=Place("14", f"{number:08}"), name=f"THCS {number}", boot="b",
                    online=True, feed="bench", reached=ITEMS, newest=ITEMS, as_of_ms=now_ms,
                    first_heard_ms=now_ms, heard_ms=now_ms, chained=True,
                )
                for number in range(count)
            )  # fmt: skip
            write(db, table, [*map(RECORDS.row, records)], Writing.UPSERT)
        with store.transaction() as db:
            db.exec_driver_sql("ANALYZE")


_COPIED: Final = {
    "school": "lpad(g::text, 8, '0')",
    "counted_for": "lpad(g::text, 8, '0')",
    "change": f"change + g * {ITEMS}",
    "serial": "serial || '-' || g",
    "serial_key": "serial_key || g",
    "asset_tag": "asset_tag || '-' || g",
    "tag_key": "tag_key || g",
}


def _disk_mib(database: str) -> float:
    with Store(database) as store, store.view() as db:
        size = db.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    return float(size) / 2**20


@dataclass
class Turn:
    """What was measured in all turns of one kind: pages, their CPU, and tellings, each [s]."""

    pages_s: list[float] = field(default_factory=list)
    cpus_s: list[float] = field(default_factory=list)
    tellings_s: list[float] = field(default_factory=list)

    @property
    def p95_s(self) -> float:
        """A slow page."""
        return statistics.quantiles(self.pages_s, n=20)[-1]

    @property
    def page_s(self) -> float:
        """A page as it mostly is."""
        return statistics.median(self.pages_s)

    @property
    def page_cpu_s(self) -> float:
        """What the programs took for a page."""
        return statistics.median(self.cpus_s)


class Town:
    """The running department."""

    def __init__(self, web: httpx.Client, port: int, data: Path, parts: list[Program]) -> None:
        self._web = web
        self._port = port
        self._data = data
        self._parts = parts
        self._after = 0

    def measured(self) -> Iterator[tuple[str, object]]:
        """Alone, and beside a full pull and two exports, in turns."""
        began_s = time.perf_counter()
        self._ask("/schools")
        yield "first_page_s", time.perf_counter() - began_s
        self._ask("/api/v1/tile")
        yield "tile_s", min(self._took("/api/v1/tile") for _ in range(3))
        before_mib = self._memory_mib()
        alone, beside = Turn(), Turn()
        for _ in range(TURNS):
            self._take_turn(alone)
            with self._busy():
                self._take_turn(beside)
            until(self._is_calm, "what wrote for who went away has ended")
        yield "schools_p95_s", alone.p95_s
        yield "schools_busy_p95_s", beside.p95_s
        yield "schools_busy_ratio", beside.page_s / alone.page_s
        yield "schools_cpu_s", alone.page_cpu_s
        yield "schools_busy_cpu_s", beside.page_cpu_s
        yield "telling_items_per_s", PAGES * A_PAGE / statistics.median(alone.tellings_s)
        pairs = zip(alone.tellings_s, beside.tellings_s, strict=True)
        yield "telling_busy_ratio", statistics.median(busy / calm for calm, busy in pairs)
        yield "memory_mib", before_mib
        yield "memory_grown_mib", self._memory_mib() - before_mib
        yield "cpu_s", sum(sum(one.cpu_times()[:2]) for one in self._processes())

    def _take_turn(self, turn: Turn) -> None:
        began_s = self._cpu_s()
        turn.pages_s += [self._took("/schools") for _ in range(ASKS)]
        turn.cpus_s.append((self._cpu_s() - began_s) / ASKS)
        turn.tellings_s.append(self._tell())

    def _cpu_s(self) -> float:
        """What the ingest and the workers have taken, and not who writes big answers for them."""
        own = [process for process in self._processes() if process.nice() < LAST]
        return sum(sum(process.cpu_times()[:2]) for process in own)

    def _is_calm(self) -> bool:
        """Whether the workers have nobody who writes for them; the ingest's writers are its own."""
        of_web = psutil.Process(self._parts[1].pid).children(recursive=True)
        return all(process.nice() < LAST for process in of_web)

    def _ask(self, path: str) -> httpx.Response:
        return self._web.get(path).raise_for_status()

    def _took(self, path: str) -> float:
        began_s = time.perf_counter()
        self._ask(path)
        return time.perf_counter() - began_s

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        """While programs on other machines take all: they cost this one as little as can be."""
        wholes = (
            "/api/v1/inventory?format=ndjson&limit=1000000",
            "/api/v1/inventory?format=snipeit",
            "/api/v1/inventory?format=glpi",
        )
        head = f"Authorization: {self._web.headers['Authorization']}"
        taking = [
            subprocess.Popen(
                ["sh", "-c", _TAKE, "sh", head, f"{self._web.base_url}{path}"],
                start_new_session=True,
            )
            for path in wholes
        ]
        try:
            until(lambda: not self._is_calm(), "big answers are written")
            yield
            assert all(program.poll() is None for program in taking), "all of them were answered"
        finally:
            for program in taking:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)
                program.wait()

    def _tell(self) -> float:
        """How long a school's pages take until the last is acknowledged [s]."""
        place, acked = Place("14", DEPARTMENT.school, TELLS), threading.Event()
        first, boot = self._after, f"boot{self._after:04}"

        def hear(_client: object, _data: object, message: mqtt.MQTTMessage) -> None:
            with contextlib.suppress(Exception):  # other words are not ours
                match down_from(message.payload):
                    case Ack(of=of, seqs=seqs) if of == boot and seqs:
                        if max(high for _, high in seqs) >= LIST_FROM + first + PAGES:
                            acked.set()

        client = mqtt.Client(CallbackAPIVersion.VERSION2, f"bench-{first}")
        client.on_message = hear
        as_controller(client, self._data).connect("127.0.0.1", self._port)
        client.subscribe(f"{commands_to(place).removesuffix('#')}#", 1)
        client.loop_start()
        topic = topic_of(Address(place, Channel.SCHOOL))
        now_ms = time.time_ns() // 1_000_000
        chain = SchoolChain(
            boot=boot, at_ms=now_ms, feed="told", begun=first * A_PAGE,
            before=() if not first else (f"boot{first - PAGES:04}",),
        )  # fmt: skip
        client.publish(topic, to_bytes(chain), 1)
        time.sleep(1)
        began_s = time.perf_counter()
        for number in range(first, first + PAGES):
            client.publish(topic, to_bytes(_page(boot, number)), 1)
        assert acked.wait(300), "the last page is acknowledged"
        took_s = time.perf_counter() - began_s
        client.disconnect()
        client.loop_stop()
        self._after += PAGES
        return took_s

    def _processes(self) -> list[psutil.Process]:
        own = [psutil.Process(part.pid) for part in self._parts]
        return [*own, *(child for one in own for child in one.children(recursive=True))]

    def _memory_mib(self) -> float:
        return sum(one.memory_full_info().pss for one in self._processes()) / 2**20


def _page(boot: str, number: int) -> ItemsTold:
    after = number * A_PAGE
    told = tuple(item_of(an_item(after + step, after + step)) for step in range(1, A_PAGE + 1))
    return ItemsTold(
        boot=boot, at_ms=time.time_ns() // 1_000_000, id=f"i{number}", feed="told",
        seq=LIST_FROM + number + 1, after=after, upto=after + A_PAGE, more=True, items=told,
    )  # fmt: skip


@contextlib.contextmanager
def _running(folder: Path, database: str) -> Iterator[Town]:
    port, http, data = free_port(), free_port(), folder / "department"
    words = (
        *("--province", "14", "--school", DEPARTMENT.school, "--role", "department"),
        *("--mdns", "false", "--database", database, "--data", str(data)),
        *("--http-port", str(http), "--mqtt-port", str(port)),
    )
    start: Callable[..., Program] = lambda name, *more: Program(  # noqa: E731 - twice
        folder / f"{name}.log", "lophoc-controller", name, *more, *words, is_true=True
    )
    ingest, web = start("ingest"), start("web", "--workers", "2")
    try:
        ingest.start()
        until(lambda: "ingest alone" in ingest.log.read_text(), "the ingest")
        began_s = time.perf_counter()
        until(lambda: _is_counted(database), "the ingest has counted", limit_s=600)
        print(f"counted for the first time in {time.perf_counter() - began_s:.0f} s", flush=True)
        web.start()
        shown = {"Authorization": f"Bearer {_token(data, database)}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{http}", headers=shown, timeout=120) as asked:
            until(lambda: _answers(asked), "the pages")
            yield Town(asked, port, data, [ingest, web])
    finally:
        web.close()
        ingest.close()


def _is_counted(database: str) -> bool:
    """Whether the count is there for all processes; what is cheap each counts by itself."""
    with Store(database) as store:
        row = store.read(status_of, f"census/{DEPARTMENT.province}")
        return row is not None or len(store.read(schools_of, Place(DEPARTMENT.province))) < MANY


def _answers(asked: httpx.Client) -> bool:
    try:
        return asked.get("/livez").status_code == 200
    except httpx.TransportError:
        return False


def _token(data: Path, database: str) -> str:
    told = run_command(
        *("lophoc-controller", "token", "create", "bench", "--days", "9", "--json"),
        *("--data", str(data), "--may", "department,school"),
        LOPHOC_CONTROLLER_PROVINCE="14",
        LOPHOC_CONTROLLER_SCHOOL=DEPARTMENT.school,
        LOPHOC_CONTROLLER_DATABASE=database,
    )
    assert told.returncode == 0, told.stderr
    return str(json.loads(told.stdout)["text"])


def main() -> None:
    """So many schools as the argument says."""
    found: Any = programs()
    for name, value in _of(found, int(sys.argv[1])):
        print(name, value, flush=True)


if __name__ == "__main__":
    main()
