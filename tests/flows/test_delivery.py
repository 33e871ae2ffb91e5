"""Nothing is lost and nothing doubled, whoever's plug is pulled."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.flows.programs import School, request
from tests.postgres import Cluster
from tests.tiers import wide
from tests.waiting import until

STATUSES = ("present", "absent_excused", "absent_unexcused", "late")


def test_a_mark_reaches_the_school(tmp_path: Path) -> None:
    """From the teacher's laptop to the school's list, with its place and time."""
    with School(tmp_path) as school:
        school.ready()
        status, kept = school.mark("hs-0001", "late")
        assert status == 201
        (row,) = until(school.marks, "the mark is stored")
        assert row["event_id"] == kept["event_id"]
        assert (row["student"], row["status"], row["method"]) == ("hs-0001", "late", "manual")
        assert (row["room"], row["agent_id"]) == ("P203", "p203")


@pytest.mark.parametrize(
    ("broker_kind", "marks", "least"),
    [("embedded", 60, 1), *wide(("embedded", 300, 4), ("mosquitto", 300, 4))],
)
def test_marks_arrive_once_while_everything_is_killed(
    tmp_path: Path, broker_kind: str, marks: int, least: int, request: pytest.FixtureRequest
) -> None:
    """Broker, controller and agent are each SIGKILLed several times at random moments."""
    broker = request.getfixturevalue("mosquitto") if broker_kind == "mosquitto" else None
    with School(tmp_path, broker=broker.url if broker else "") as school:
        school.ready()
        chance = random.Random(20260905)
        done = threading.Event()
        kills: Counter[str] = Counter()

        def pull_plugs() -> None:
            """One plug after another, each so many times at least, until all marks are given."""
            plugs = ["broker", "controller", "agent"]
            while not (done.is_set() and len(kills) == 3 and min(kills.values()) >= least):
                late = done.is_set()  # a busy computer has let some plugs be pulled too seldom
                match min(plugs, key=lambda plug: kills[plug]) if late else chance.choice(plugs):
                    case "broker" if broker:
                        broker.kill_and_restart()
                        kills["broker"] += 1
                    case "broker":
                        if late:
                            until(lambda: school.broker_pid() is not None, "the broker is up")
                        if school.broker_pid() is not None:
                            school.end_broker()
                            kills["broker"] += 1
                    case "controller":
                        school.controller.kill()
                        school.controller.start()
                        kills["controller"] += 1
                    case _:
                        school.agent.kill()
                        school.agent.start()
                        kills["agent"] += 1
                threading.Event().wait(chance.uniform(0.1, 1.2))

        puller = threading.Thread(target=pull_plugs)
        puller.start()
        try:
            given: dict[str, str] = {}
            for number in range(marks):
                student, status = f"hs-{number:04}", chance.choice(STATUSES)
                answer = until(lambda s=student, t=status: _try(school, s, t), f"{student} kept")
                given[answer["event_id"]] = student
                threading.Event().wait(0.02)
        finally:
            done.set()
            puller.join()
        until(lambda: len(school.marks()) >= marks, "all marks are stored")
        until(lambda: school.waiting() == 0, "the outbox is empty")
        rows = school.marks()
        assert Counter(row["event_id"] for row in rows) == Counter(dict.fromkeys(given, 1))
        assert Counter(row["student"] for row in rows) == Counter(given.values())
        assert min(kills.values()) >= least


def test_marks_arrive_once_while_postgresql_is_restarted(
    tmp_path: Path, own_cluster: Cluster
) -> None:
    """Its plug is pulled and put back while marks are given; the controller is killed once."""
    with School(tmp_path, database=own_cluster.fresh()) as school:
        school.ready()
        given: dict[str, str] = {}

        def give(count: int) -> None:
            for number in range(len(given), len(given) + count):
                answer = until(lambda n=number: _try(school, f"hs-{n:04}", "late"), "a mark kept")
                given[answer["event_id"]] = f"hs-{number:04}"

        give(20)
        until(lambda: len(school.marks()) == 20, "the first marks are stored")
        for number, how in enumerate(("immediate", "fast"), start=1):
            own_cluster.stop(how)
            give(20)
            until(lambda: _health(school) == 503, "supervision is told")
            until(lambda n=number: _log(school).count("batch given back: ") == n, "a batch waits")
            if how == "fast":
                school.controller.kill()
            own_cluster.start()
            if how == "fast":
                school.controller.start()
            give(20)
            until(lambda: len(school.marks()) == len(given), "all marks are stored")
        until(lambda: school.waiting() == 0, "the outbox is empty")
        rows = school.marks()
        assert Counter(row["event_id"] for row in rows) == Counter(dict.fromkeys(given, 1))
        assert _health(school) == 200
        assert "Traceback" not in _log(school)


def _log(school: School) -> str:
    return school.controller.log.read_text("utf-8")


def _health(school: School) -> int:
    try:
        return request("GET", f"{school.api}/healthz")[0]
    except OSError:
        return 0


def _try(school: School, student: str, status: str) -> dict[str, str] | None:
    """Mark as a teacher would: again, if the program was down or did not answer."""
    try:
        code, answer = school.mark(student, status)
    except OSError:
        return None
    return answer if code in {200, 201} else None
