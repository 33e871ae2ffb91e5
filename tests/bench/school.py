"""This file measures a whole school: first report, agent to browser, catching up."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
import uuid
from pathlib import Path

from websockets.sync.client import connect

from agent.lessons.meant import SETTLE_S
from protocol.door_key import bearer, door_key
from protocol.messages import AttendanceMarked
from protocol.model import AttendanceStatus, Method, Place
from protocol.outbox import Outbox
from tests.flows.programs import School, get, request
from tests.waiting import until

CHANGES, EVENTS = 40, 10_000
GIVE_UP_S = 10.0


def measure(*, quick: bool) -> dict[str, object]:
    """One school, three questions."""
    with tempfile.TemporaryDirectory() as folder, School(Path(folder), is_true=True) as school:
        school.ready()
        first_report_s = _first_report(school)
        print(f"first report: {first_report_s:.2f} s")
        live_ms = _live(school, 20 if quick else CHANGES)
        print(f"agent to browser: median {statistics.median(live_ms):.0f} ms")
        rate = _catch_up(school, EVENTS // 5 if quick else EVENTS)
        print(f"catching up: {rate:,.0f} events/s")
    return {
        "first_report_s": first_report_s,
        "live_p95_ms": statistics.quantiles(live_ms, n=20)[-1],
        "live_median_ms": statistics.median(live_ms),
        "catchup_per_s": rate,
    }


def _first_report(school: School) -> float:
    """From the start of the agent's process to its birth in the controller's list."""
    school.agent.kill()
    until(lambda: not school.agents()[0]["online"], "the agent is gone")
    started_s = time.perf_counter()
    school.agent.start()
    until(
        lambda: school.agents()[0]["online"] and school.agents()[0]["status"] != "unknown", "born"
    )
    return time.perf_counter() - started_s


def _live(school: School, changes: int) -> list[float]:
    """Lessons started and ended at the agent, until the browser's socket tells of each."""
    delays = []
    until(lambda: get(f"{school.local}/api/v1/status"), "the agent answers")
    shown = bearer(door_key(school.http_port, os.environ))
    with connect(f"ws://127.0.0.1:{school.http_port}/live", additional_headers=shown) as browser:
        browser.recv()
        for number in range(changes):
            deed = "end" if number % 2 else "start"
            time.sleep(SETTLE_S + 0.1)  # a button that is new rests
            began_s = time.perf_counter()
            status, answer = request("POST", f"{school.local}/api/v1/lesson/{deed}")
            assert status < 300, answer
            while True:
                told = json.loads(browser.recv(timeout=10))
                if told["type"] == "change" and told["item"].get("kind") == f"lesson_{deed}ed":
                    break
                if time.perf_counter() - began_s > GIVE_UP_S:
                    raise TimeoutError(f"the browser is told of no lesson/{deed}")
            delays.append(1000 * (time.perf_counter() - began_s))
    return delays


def _catch_up(school: School, events: int) -> float:
    """An outbox full of marks, made while the school was unreachable."""
    before = len(school.marks())
    school.agent.kill()
    place = Place("14", "00140708", "p203")
    with Outbox(school.folder / "agent" / "outbox.sqlite", place, "bench-boot") as outbox:
        outbox.put(*(_mark(number) for number in range(events)))
    counter = f"{school.api}/metrics"
    school.agent.start()

    def stored() -> int:
        _, text = request("GET", counter)
        line = next(each for each in text.splitlines() if each.startswith("lophoc_marks_stored"))
        return int(float(line.split()[-1])) - before

    until(stored, "the first one is stored")
    started_s, already = time.perf_counter(), stored()
    until(lambda: stored() >= events, "all are stored", limit_s=300)
    return (events - already) / (time.perf_counter() - started_s)


def _mark(number: int) -> AttendanceMarked:
    return AttendanceMarked(
        boot="",
        at_ms=1_793_750_400_000 + number,
        id=uuid.uuid4().hex,
        room="P203",
        student=f"hs-{number:05}",
        status=AttendanceStatus.PRESENT,
        method=Method.MANUAL,
    )
