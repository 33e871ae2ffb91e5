"""What goes between the processes of one database arrives whole, and no secret goes along."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.database import handover
from controller.database.store import Store
from controller.database.witnesses import DAY_MS
from controller.feature import Program
from controller.fleet.fleet import Touched
from controller.people.person import Permission, Person
from controller.roles import held
from controller.roles.held import Answering, Desk, Question, hold_addresses
from controller.roles.shown import ANEW, NOTICE_BYTES, Shown, kinds_of, notices_of
from controller.roles.status import LOST_AFTER_S, StatusRead
from controller.roles.workers import Workers, hand_out
from controller.web.refusals import HttpError
from controller.web.site import create_web
from tests.controller.web_school import a_full_room, a_program, a_store, event, mark
from tests.databases import Database

HOSTS = ("127.0.0.1", "localhost", "testserver")
ASKED = Question(
    method="GET",
    path="/connections",
    query="",
    headers=(("host", "testserver"),),
    client="127.0.0.1",
    scheme="http",
    body="",
    person=None,
)


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 900))
def test_notices_are_short_and_lose_nothing(numbers: list[int], length: int) -> None:
    """However many changes there are, each notice is one that PostgreSQL takes."""
    changes = [event(f"e{number}", body=b"x" * length) for number in numbers]
    kinds = {"EventRecord": type(event("e"))}
    notices = [*notices_of("b", [*changes, object()], kinds)]
    assert all(len(notice.encode()) <= NOTICE_BYTES for notice in notices)
    told = [one for notice in notices for one in json.loads(notice)[1]]
    assert [fields["event_id"] for _, fields in told] == [one.event_id for one in changes]


def test_what_is_too_long_for_a_notice_is_read_anew() -> None:
    """Nothing is cut: the others are told to read what is stored."""
    kinds = {"EventRecord": type(event("e"))}
    assert [*notices_of("b", [event("e", body=b"x" * 9_000)], kinds)] == [f"{ANEW}b"]


def test_records_come_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind that the screens show; what a process told itself it does not show again."""
    seen: list[object] = []
    monkeypatch.setattr(Program, "show", lambda _, changes: seen.extend(changes))
    with a_store(tmp_path) as store:
        program = a_program(store)
        room = a_full_room()
        changes = [*room, event("e1"), mark("m1"), Touched(room[0].place, ("a", "b"), 7)]
        notices = [*notices_of("other", changes, kinds_of(program))]
        shown = Shown(program)
        for notice in notices:
            shown.hear(notice)
        assert seen == changes
        for notice in notices_of(program.boot, changes, kinds_of(program)):
            shown.hear(notice)
        assert seen == changes


def asked_of(store: Store, person: Person | None) -> int:
    """What an ingest on the same database answers who was let in elsewhere."""
    worker, ingest = a_program(store), a_program(store)
    answering = Answering(ingest, create_web(ingest, HOSTS))

    async def play() -> int:
        task = asyncio.create_task(answering.run())
        try:
            return (await Desk(worker).ask(replace(ASKED, person=person))).status
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return asyncio.run(play())


def test_a_page_of_the_ingest_is_answered_through_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was let in goes along, and the rule of the address is asked once more."""
    monkeypatch.setattr(held, "LOOK_EVERY_S", 0.05)
    manager = Person(account="an", permissions=frozenset({Permission.MANAGE}))
    with a_store(tmp_path) as store:
        assert asked_of(store, manager) == 200
        assert asked_of(store, replace(manager, permissions=frozenset({Permission.ROOMS}))) == 403
        assert asked_of(store, None) == 303
        assert store.read(handover.asked_now, 9) == []


def test_no_secret_goes_through_the_database(tmp_path: Path) -> None:
    """Neither cookie nor token: that who asks was let in is known already."""
    scope = {
        "type": "http", "method": "POST", "path": "/enrolment", "query_string": b"a=1",
        "scheme": "https", "server": ("x", 1), "client": ("10.0.0.1", 5), "state": {},
        "headers": [(b"host", b"x"), (b"cookie", b"lophoc=1"), (b"authorization", b"Bearer 2")],
    }  # fmt: skip
    question = held.question_of(Request(scope), b"room=6A1")
    assert dict(question.headers) == {"host": "x"}
    assert (question.client, question.query, question.person) == ("10.0.0.1", "a=1", None)
    with a_store(tmp_path) as store:
        program = a_program(store)
        app = create_web(program, HOSTS)
        count = len(app.routes)
        hold_addresses(app, program, Desk(program))
        assert len(app.routes) > count


def test_who_asks_of_a_dead_ingest_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row goes with who waited."""
    monkeypatch.setattr(held, "PATIENCE_S", 0.1)
    with a_store(tmp_path) as store:
        with pytest.raises(HttpError) as refused:
            asyncio.run(Desk(a_program(store)).ask(ASKED))
        assert refused.value.code == "ingest_away"
        assert store.read(handover.asked_now, 9) == []


def test_an_ingest_whose_word_is_old_is_lost(tmp_path: Path) -> None:
    """By this machine's running time, whatever the row says of its own."""
    with a_store(tmp_path) as store:
        program = a_program(store)
        read = StatusRead(program)
        assert program.trouble() == "ingest_lost"
        said = (5, '{"trouble":"","health":{"status":"ok"}}')
        read.take(said, 100.0)
        assert (program.trouble(), program.health()["status"]) == ("", "ok")
        read.take(said, 99.9 + LOST_AFTER_S)
        assert program.trouble() == ""
        read.take(said, 100.1 + LOST_AFTER_S)
        assert program.trouble() == "ingest_lost"
        read.take((6, said[1]), 101.0 + LOST_AFTER_S)
        assert program.trouble() == ""


def test_a_worker_goes_by_the_time_that_the_ingest_tells(tmp_path: Path) -> None:
    """Whatever its own clock says later, and on by running time where the ingest is lost."""
    with a_store(tmp_path) as store:
        program, steady_s = a_program(store), 100.0
        clock = program.clock
        clock.monotonic_s = lambda: steady_s
        read, now_ms = StatusRead(program), program.now_ms()

        def told(at_ms: int, *, believed: bool = True) -> int:
            read.take((at_ms, f'{{"believed":{str(believed).lower()}}}'), steady_s)
            return program.now_ms()

        assert told(now_ms + 30 * DAY_MS) == now_ms + 30 * DAY_MS
        clock.wall_ms = lambda: now_ms + 40 * DAY_MS
        steady_s += 5.0
        assert program.now_ms() == now_ms + 30 * DAY_MS + 5_000
        assert told(now_ms + 30 * DAY_MS + 2_000) == now_ms + 30 * DAY_MS + 5_000
        assert clock.believed
        assert told(now_ms, believed=False) == now_ms
        assert not clock.believed
        steady_s += 3_600.0
        assert program.now_ms() == now_ms + 3_600_000


def met(addresses: Sequence[str], alive: Sequence[int]) -> list[int]:
    """Which worker each address meets."""
    workers = Workers(socket.socket(), ["x"], 3, ["10.0.0.9"])
    pairs = {n: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for n in alive}
    workers._lines = {number: pair[0] for number, pair in pairs.items()}
    found = []
    for address in addresses:
        with socket.socket() as line:
            assert workers._give(line, address)
        for number, (_, theirs) in pairs.items():
            theirs.setblocking(False)
            try:
                _, files, _, _ = socket.recv_fds(theirs, 9, 1)
            except BlockingIOError:
                continue
            found.append(number)
            for file in files:
                socket.socket(fileno=file).close()
    for end in (workers._listener, *(end for pair in pairs.values() for end in pair)):
        end.close()
    return found


def test_one_address_meets_one_worker_while_that_lives() -> None:
    """What a worker remembers of a browser is there again; a proxy's lines are dealt out."""
    browsers = [f"10.1.{n}.{n}" for n in range(40)]
    first = met(browsers, (0, 1, 2))
    assert met(browsers, (0, 1, 2)) == first
    assert set(first) == {0, 1, 2}
    assert set(met(browsers, (1, 2))) == {1, 2}
    assert met(["10.0.0.9"] * 6, (0, 1, 2)) == [0, 1, 2, 0, 1, 2]


def test_a_worker_takes_lines_until_nobody_hands_any() -> None:
    """The file is whole, and the end is told."""

    async def play() -> int:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        taken: list[Any] = []
        ended = asyncio.Event()
        hand_out(theirs, taken.append, ended.set)
        with socket.socket() as line:
            socket.send_fds(ours, [b"1"], [line.fileno()])
        ours.close()
        async with asyncio.timeout(30):
            await ended.wait()
        for line in (*taken, theirs):
            line.close()
        return len(taken)

    assert asyncio.run(play()) == 1


def test_the_rows_are_the_same_on_both(database: Database) -> None:
    """A status is written over; what was asked long ago goes."""
    with Store(database.url) as store:
        assert store.read(handover.status_of) is None
        store.write(handover.note_status, "{}", 5)
        store.write(handover.note_status, '{"trouble":"x"}', 6)
        assert store.read(handover.status_of) == (6, '{"trouble":"x"}')
        store.write(handover.ask, handover.Asked("a", "{}"), 5)
        store.write(handover.ask, handover.Asked("b", "{}"), 9)
        store.write(handover.answer, "b", "yes")
        assert store.read(handover.asked_now, 9) == [("a", "{}")]
        assert store.read(handover.answer_of, "b") == "yes"
        store.write(handover.forget_before, 9)
        assert store.read(handover.asked_now, 9) == []
