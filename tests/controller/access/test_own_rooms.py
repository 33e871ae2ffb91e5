"""In one school: each answer to each role, searched for rooms, classes, pupils, items of others."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from controller.database.store import Store
from controller.feature import Program
from controller.people.person import Role
from controller.register import store as register
from controller.register.book import Line
from controller.roster.plan import SchoolClass
from controller.roster.store import Lists, keep_lists
from controller.stocktake import store as stocktake
from controller.stocktake.scan import Scan
from controller.web.site import create_web
from protocol.model import DeviceKind
from protocol.plan import Pupil
from tests.controller.access.test_scopes import DAYS, first_word, shown, text_of
from tests.controller.access.who_may import MAY, TABLE
from tests.controller.people import log_in
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    a_live,
    a_program,
    a_store,
    agent,
    device,
    event,
    mark,
)
from tests.tiers import one_short

ROOMS = (1, 2)
# By role: the rooms whose words they see, and the classes whose pupils.
OWN: dict[Role, tuple[tuple[int, ...], tuple[int, ...]]] = {
    Role.ADMIN: (ROOMS, ROOMS),
    Role.READ_ONLY: (ROOMS, ()),
    Role.TEACHER: ((1,), (1,)),
    Role.HOMEROOM: ((2,), (2,)),
    Role.OFFICER: ((), ()),
}
PATHS = {
    "/rooms/{code:path}": "/rooms/rx{n}q",
    "/attendance/{code:path}": "/attendance/kx{n}q",
    "/stocktake/{no}/rooms/{room:path}": "/stocktake/1/rooms/rx{n}q",
    "/stocktake/{no}/minutes.{kind}": "/stocktake/1/minutes.docx",
    "/api/v1/lessons": f"/api/v1/lessons?{DAYS}",
    "/api/v1/attendance": f"/api/v1/attendance?class=kx{{n}}q&{DAYS}",
    "/attendance": "/attendance?day=2026-09-05",
}


def records_of(n: int) -> Iterator[Any]:
    """What a room has told of its class."""
    room, word = f"rx{n}q", f"wx{n}q"
    yield agent(room, version=word, lesson=f"l{word}")
    yield device(room, DeviceKind.BOARD, name=word, serial=word)
    began = {"lesson": f"l{word}", "classes": [f"kx{n}q"], "subject": word}
    body = json.dumps(began).encode()
    yield event(f"e{word}", room, lesson=f"l{word}", day="2026-09-05", body=body)
    told = {"place": SCHOOL.of_agent(f"may-{room}"), "room": room, "lesson": f"l{word}"}
    yield mark(f"m{word}", **told, student=f"px{n}q", class_code=f"kx{n}q")


def tell(store: Store) -> None:
    """Its lists, its book, and a stocktake in which each thing stands in the other's room."""
    pupils = {n: Pupil(number=1, student=f"px{n}q", name=f"Em px{n}q") for n in ROOMS}
    classes = tuple(SchoolClass(code=f"kx{n}q", pupils=(pupils[n],)) for n in ROOMS)
    with store.locked(SCHOOL) as db:
        keep_lists(db, SCHOOL, Lists(classes=classes), day="2026-09-05")
        lines = [
            Line(row=n, asset_tag=f"TB-wx{n}q", type="board", room=f"rx{n}q", serial=f"wx{n}q")
            for n in ROOMS
        ]
        register.bring_in(db, SCHOOL, lines, whole=True, now_ms=NOW_MS)
        take = stocktake.begin(db, SCHOOL, [], who="a", now_ms=NOW_MS)
        assert take
        scans = [
            Scan(id=f"s{n}", room=f"rx{3 - n}q", line=line.no, at_ms=NOW_MS)
            for n, line in enumerate(take.book, 1)
        ]
        stocktake.keep_scans(db, SCHOOL, take, scans, sent_ms=NOW_MS, who="a", now_ms=NOW_MS)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A school of two rooms and two classes."""
    folder: Path = tmp_path_factory.mktemp("school")
    with a_store(folder, [record for n in ROOMS for record in records_of(n)]) as store:
        tell(store)
        live = a_live(store)
        asyncio.run(live.load())
        yield a_program(store, live)


@pytest.fixture(scope="module")
def face(program: Program) -> FastAPI:
    """What it answers."""
    return create_web(program, ("testserver",))


@pytest.fixture(scope="module")
def headers(program: Program) -> dict[Role, dict[str, str]]:
    """Somebody of each role."""
    return {role: shown(log_in(program, role.value, role, **_own(role))) for role in Role}


def _own(role: Role) -> dict[str, tuple[str, ...]]:
    rooms, classes = OWN[role]
    own = {
        "rooms": tuple(f"rx{n}q" for n in rooms),
        "classes": tuple(f"kx{n}q" for n in classes),
    }
    return own if role in {Role.TEACHER, Role.HOMEROOM} else {}


def leaks(text: str, role: Role) -> list[str]:
    """Words of rooms and pupils that are not theirs."""
    rooms, classes = OWN[role]
    words = [f"{kind}x{n}q" for n in ROOMS if n not in rooms for kind in "krw"]
    words += [f"px{n}q" for n in ROOMS if n not in classes]
    return [word for word in words if word in text]


@pytest.mark.parametrize("role", one_short(Role, 2))
def test_no_answer_tells_of_others_rooms(
    face: FastAPI, headers: dict[Role, dict[str, str]], role: Role
) -> None:
    """Every page, list and file that may be read; what is another's answers 404."""

    async def asked() -> list[str]:
        wrong = []
        way = httpx.ASGITransport(face, raise_app_exceptions=False, client=("192.0.2.5", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            for (method, path), (needed, _) in TABLE.items():
                url = PATHS.get(path, path.replace("{no}", "1"))
                may = not needed or not needed.isdisjoint(MAY[role.value].split())
                if method != "GET" or not may or re.search(r"\{(file|token|code:path)\}", url):
                    continue
                for n in ROOMS if "{n}" in url else (0,):
                    answer = await web.get(url.replace("{n}", str(n)), headers=headers[role])
                    theirs = OWN[role][1 if "kx" in url else 0]
                    ids = {200: not n or n in theirs, 404: n not in theirs}
                    told = leaks(text_of(answer), role)
                    if told or not ids.get(answer.status_code, answer.status_code < 500):
                        wrong.append(f"{url} {n}: {answer.status_code} {told}")
        return wrong

    assert "\n".join(asyncio.run(asked())) == ""


@pytest.mark.parametrize("role", [*Role])
def test_the_live_line_tells_of_own_rooms(
    face: FastAPI, headers: dict[Role, dict[str, str]], role: Role
) -> None:
    """And of no pupil, to anybody."""
    told = asyncio.run(first_word(face, headers[role])).casefold()
    assert leaks(told, role) == []
    assert all(f"rx{n}q" in told for n in OWN[role][0])
    assert "px" not in told
