"""This file measures a department's inventory: what a pull costs beside what has changed.

The same on SQLite and on a PostgreSQL of the benchmark's own. As a process of its own it pulls
everything once: `python -m tests.bench.province DATABASE-URL`, and prints rows, seconds and MiB.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from controller.database.store import Store
from controller.inventory import store as assets
from controller.inventory.asset import Asset, AssetState
from controller.inventory.chosen import Chosen
from controller.inventory.feed import Feed, Spell, as_ndjson
from protocol.model import DeviceKind, Place, Status
from tests.postgres import Cluster, programs

PROVINCE: Final = Place("14")
DEPARTMENT: Final = Place("14", "so")
SCHOOLS, ITEMS = 400, 1360  # a school has 30 rooms of 45 items, and ten more
MANY_SCHOOLS: Final = 1200
SIZES: Final = (1_000, 10_000, 100_000, SCHOOLS * ITEMS)
CHANGED: Final = 500
ROUNDS: Final = 20
AT_ONCE: Final = 5_000


def measure(*, quick: bool) -> dict[str, object]:
    """Both databases, each at every size."""
    figures: dict[str, object] = {}
    for name, databases in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        with databases() as fresh:
            if fresh is None:
                print("province: no PostgreSQL on this machine")
                continue
            figures |= {f"{name}_{key}": value for key, value in _of(fresh, name, quick=quick)}
    return figures


def _of(fresh: Callable[[], str], name: str, *, quick: bool) -> Iterator[tuple[str, object]]:
    sizes = SIZES[:2] if quick else SIZES
    if name == "postgresql" and not quick:
        sizes = (*sizes, MANY_SCHOOLS * ITEMS)
    with contextlib.ExitStack() as opened:
        towns: dict[int, Province] = {}
        for size in sizes:
            url = fresh()
            towns[size] = Province(opened.enter_context(Store(url)))
            began_s = time.perf_counter()
            towns[size].fill(size)
            rate = size / (time.perf_counter() - began_s)
            print(f"province {name}: {size:,} rows, {rate:,.0f} a second", flush=True)
            if size == min(sizes[-1], SIZES[-1]):
                yield from _pulled(url, name)
        curve = _curve(towns, 5 if quick else ROUNDS)
    yield "pull_us", {f"{size:,}": round(cost_us, 1) for size, cost_us in curve.items()}
    known = [cost_us for size, cost_us in curve.items() if size <= SIZES[-1]]
    yield "pull_flat", max(known) / min(known)
    if sizes[-1] > SIZES[-1]:
        yield "pull_flat_1200_schools", curve[sizes[-1]] / min(known)


def _curve(towns: Mapping[int, Province], rounds: int) -> dict[int, float]:
    """What a changed row costs [us of CPU] by size: in turns, the cheapest of the rounds."""
    took_s: dict[int, list[float]] = {size: [] for size in towns}
    for _ in range(rounds):
        for size, town in towns.items():
            took_s[size].append(town.pull())
    return {size: min(each) / CHANGED * 1e6 for size, each in took_s.items()}


def _pulled(url: str, name: str) -> Iterator[tuple[str, object]]:
    module = [sys.executable, "-m", "tests.bench.province", url]
    told = json.loads(subprocess.run(module, stdout=subprocess.PIPE, check=True).stdout)
    print(f"province {name} first pull: {told}")
    yield "first_pull_s", told["seconds"]
    yield "first_pull_rows_per_s", told["rows"] / told["seconds"]
    yield "first_pull_mib", told["grown_mib"]


class Province:
    """A department's store that grows, and changes a little again and again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._feed = feed_of(store)
        self._chance = random.Random(14)
        self._size = self._change = 0

    def fill(self, size: int) -> int:
        """Let there be so many items; returns how many are new."""
        fresh = size - self._size
        while self._size < size:
            self._write(range(self._size, min(self._size + AT_ONCE, size)))
            self._size = min(self._size + AT_ONCE, size)
        return fresh

    def pull(self) -> float:
        """Change some items anywhere, and pull them; returns the pull's CPU time, the server's too.

        Not the time by the clock: what else the machine does would be in it.
        """
        since = self._change
        self._write(self._chance.sample(range(self._size), CHANGED))
        token = Spell(self._store.feed_id, since, since).behind(since)
        servers = self._servers()
        began_s = _cpu_s(servers)
        spell = self._feed.begin(token)
        body = b"".join(as_ndjson(self._feed.pour(spell, Chosen(), 1_000_000)))
        took_s = _cpu_s(servers) - began_s
        assert body.count(b"\n") == CHANGED
        return took_s

    def _servers(self) -> list[Path]:
        """Where Linux tells of the processes that serve this store; none for SQLite."""
        with self._store.view() as db:
            if db.dialect.name == "sqlite":
                return []
            mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            pids = db.exec_driver_sql(f"{mine} AND backend_type = 'client backend'").scalars()
            return [Path("/proc", str(pid), "schedstat") for pid in pids]

    def _write(self, numbers: range | list[int]) -> None:
        told = [an_item(n, change) for change, n in enumerate(numbers, start=self._change + 1)]
        with self._store.locked(DEPARTMENT) as db:
            assets.keep_assets(db, told, "bench")
        self._change += len(told)


def _cpu_s(servers: list[Path]) -> float:
    """The CPU time so far, of this process and of those."""
    return time.process_time() + sum(int(each.read_text().split()[0]) for each in servers) / 1e9


def feed_of(store: Store) -> Feed:
    """The inventory of all the department's schools."""
    return Feed(store, PROVINCE, DEPARTMENT, ZoneInfo("UTC"), lambda: time.time_ns() // 1_000_000)


def an_item(number: int, change: int) -> Asset:
    """A tablet of one of the schools; the first 544,000 are spread over 400 of them."""
    past = number - SCHOOLS * ITEMS
    school = number % SCHOOLS if past < 0 else SCHOOLS + past % (MANY_SCHOOLS - SCHOOLS)
    room = f"P{number // SCHOOLS % 30 + 1:03}"
    return Asset(
        place=Place(PROVINCE.province, f"{school:08}", f"may-{room}"),
        device_id=f"usb-{number:012x}",
        line=number,
        row=number,
        asset_tag=f"TS-{number:07}",
        type="tablet",
        kind=DeviceKind.TABLET,
        maker="Samsung",
        model="Galaxy Tab A9+",
        serial=f"R52W{number:08}",
        room=room,
        year=2024,
        cost_vnd=4_500_000,
        funding="ngân sách",
        condition="good",
        state=AssetState.OK,
        there=room,
        by="agent",
        verified_ms=change,
        status=Status.OK,
        sources=("adb",),
        since_ms=1,
        first_seen_ms=1,
        seen_ms=change,
        told_ms=change,
        change=change,
        relay_change=change,
    )


@contextlib.contextmanager
def _sqlite() -> Iterator[Callable[[], str]]:
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()
        yield lambda: f"sqlite:///{folder}/province{next(numbers)}.db"


@contextlib.contextmanager
def _postgresql() -> Iterator[Callable[[], str] | None]:
    found = programs()
    if found is None:
        yield None
        return
    with Cluster(found) as cluster:
        yield cluster.fresh


def _memory_mib(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]  # Linux has it


def main() -> None:
    """Pull everything once; say how far memory grew after the first thousands of rows."""
    rows, began_s, base_mib = 0, 0.0, 0.0
    with Store(sys.argv[1]) as store, Path(os.devnull).open("wb") as out:
        feed = feed_of(store)
        began_s = time.perf_counter()
        for number, part in enumerate(as_ndjson(feed.pour(feed.begin(""), Chosen(), 10_000_000))):
            out.write(part)
            rows += part.count(b"\n")
            if number == 3:
                gc.collect()
                Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
                base_mib = _memory_mib("VmRSS")
    seconds, grown_mib = time.perf_counter() - began_s, _memory_mib("VmHWM") - base_mib
    print(json.dumps({"rows": rows, "seconds": seconds, "grown_mib": grown_mib}))


if __name__ == "__main__":
    main()
