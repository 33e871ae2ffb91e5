"""What has ended, been taken or given acts at once: on requests, on open lines, for two at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from msgspec.structs import replace

from controller.access.account import Account, AccountError
from controller.access.passwords import hashed
from controller.access.service import Access, Browser, LoginError
from controller.access.store import account_of, keep_account
from controller.access.token_store import all_tokens, end_token
from controller.database.store import Store
from controller.feature import Program
from controller.live import socket
from controller.people.person import Role
from controller.web.site import create_web
from tests.controller.access.live_line import live_line
from tests.controller.access.test_scopes import shown, token
from tests.controller.people import log_in
from tests.controller.web_school import NOW_MS, a_live, a_program, a_store, agent
from tests.waiting import LIMIT_S

PASSWORD = "bốn con voi xanh"  # noqa: S105 - a test's own
HASH = hashed(PASSWORD)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school of two rooms."""
    with a_store(tmp_path, [agent("6A1"), agent("6A2")]) as opened:
        yield opened


@pytest.fixture
def program(store: Store) -> Program:
    """Its controller, which knows what is there now."""
    live = a_live(store)
    asyncio.run(live.load())
    return a_program(store, live)


def keep(store: Store, name: str, role: Role = Role.ADMIN, **told: Any) -> Account:
    """An account whose person can log in."""
    account = Account(account=name, role=role, password=HASH, made_ms=NOW_MS, **told)
    store.write(keep_account, account)
    return account


async def closed_by(
    face: FastAPI, headers: Mapping[str, str], do: Callable[[], object]
) -> tuple[int, str]:
    """Open the live line, hear it, do something, and wait for the line to be closed: why."""
    async with live_line(face, headers) as (said, running):
        kinds = [(await said.get())["type"] for _ in range(2)]
        assert kinds == ["websocket.accept", "websocket.send"]
        await asyncio.to_thread(do)
        while True:
            message = await asyncio.wait_for(said.get(), LIMIT_S)
            if message["type"] == "websocket.close":
                await running
                return message["code"], message["reason"]


def _end_token(program: Program) -> None:
    (kept,) = program.store.read(all_tokens)
    assert program.store.write(end_token, kept.token, NOW_MS)


def _given(program: Program, **told: Any) -> None:
    Access(program).change("an", lambda found: found and replace(found, **told))


DEEDS: dict[str, Callable[[Program], object]] = {
    "leaves": lambda program: Access(program).end("an"),
    "account ends": lambda program: Access(program).end_account("an"),
    "another role": lambda program: _given(program, role=Role.OFFICER),
    "another room": lambda program: _given(program, rooms=("6A2",)),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_an_open_line_closes_when_its_person_is_another(
    program: Program, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    """So that the page comes again, as whoever it is then."""
    monkeypatch.setattr(socket, "SESSION_LOOK_S", 0.02)
    face = create_web(program, ("testserver",))
    headers = shown(log_in(program, "an", Role.TEACHER, rooms=("6A1",)))
    why = asyncio.run(closed_by(face, headers, lambda: DEEDS[deed](program)))
    assert why == (1008, "session_ended")


def test_a_tokens_line_closes_when_it_ends(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program has no session, and is turned away all the same."""
    monkeypatch.setattr(socket, "SESSION_LOOK_S", 0.02)
    face = create_web(program, ("testserver",))
    headers = token(program)
    why = asyncio.run(closed_by(face, headers, lambda: _end_token(program)))
    assert why == (1008, "session_ended")


def test_another_role_acts_at_the_next_request(program: Program) -> None:
    """The session goes on, with what the account may now."""
    cookie = log_in(program, "an", Role.ADMIN)
    access = Access(program)
    for role in (Role.READ_ONLY, Role.TEACHER):
        _given(program, role=role)
        person = access.by_cookie(cookie)
        assert person
        assert person.permissions == Account(account="an", role=role).person().permissions


@pytest.mark.parametrize("turn", range(4))
def test_of_two_administrators_who_end_each_other_one_stays(program: Program, turn: int) -> None:
    """However they press: the second is told that this is the last one."""
    del turn
    for name in ("hoa", "lan"):
        keep(program.store, name)
    access, start = Access(program), threading.Barrier(2)

    def press(name: str) -> bool:
        start.wait(LIMIT_S)
        try:
            return access.end_account(name)
        except AccountError as error:
            return error.code != "last_administrator"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(press, ["hoa", "lan"])) == [False, True]
    left = [each for each in access.accounts() if each.ended_ms is None]
    assert len(left) == 1


@pytest.mark.parametrize("told", [{"role": Role.TEACHER}, {"ended_ms": NOW_MS}], ids=str)
def test_the_last_administrator_stays_one(program: Program, told: dict[str, Any]) -> None:
    """One who has set no password yet is none, nor is one who has ended; nothing is kept then."""
    before = keep(program.store, "hoa")
    keep(program.store, "lan", ended_ms=1)
    program.store.write(keep_account, Account(account="moi", role=Role.ADMIN))
    keep(program.store, "an", Role.TEACHER)
    with pytest.raises(AccountError) as refused:
        Access(program).change("hoa", lambda found: found and replace(found, **told))
    assert refused.value.code == "last_administrator"
    assert program.store.read(account_of, "hoa") == before


def test_a_link_does_not_bring_an_account_back(program: Program) -> None:
    """It was ended while its person was typing the password."""
    keep(program.store, "hoa")
    program.store.write(keep_account, Account(account="an", role=Role.TEACHER))
    access = Access(program)
    made = access.invite("an")
    assert made
    invited, code = made
    access.end_account("an")
    with pytest.raises(LoginError):
        access._finish_set_up(code, replace(invited, password=HASH, setup=""), Browser())
    kept = program.store.read(account_of, "an")
    assert kept
    assert (kept.ended_ms, kept.password) == (NOW_MS, "")
