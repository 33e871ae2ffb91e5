"""Routes x people x scopes: who comes in, what answers 404, and nothing of others in any answer.

Every school, room, class, pupil and item of the department bears its school's word, areas theirs.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from controller.access.token import new_token, token_of
from controller.access.token_store import keep_token
from controller.areas.areas import Area, Membership, SchoolFacts
from controller.database.store import Store
from controller.feature import Program
from controller.fleet.records import FaultRecord
from controller.inventory.asset import AssetState
from controller.people.person import Permission, Role
from controller.use.hours import BoardWeek
from controller.use.store import keep_use
from controller.web.rules import addresses_of
from controller.web.site import create_web
from protocol.messages import Part as FaultPart
from protocol.model import DeviceKind, Place
from tests.controller.access.live_line import live_line
from tests.controller.access.who_may import ABOVE_TOO, ANY, MAY, TABLE
from tests.controller.people import COOKIE, ORIGIN, log_in
from tests.controller.web_department import fill, hear, know, line, stranger
from tests.controller.web_school import (
    NOW_MS,
    a_live,
    a_program,
    a_store,
    agent,
    device,
    event,
    mark,
)
from tests.tiers import wide

ABOVE = Place("14")  # a department that has agents of its own of all schools, too
SCHOOLS = (1, 2, 3, 4)  # 1 and 2 in the first area, 3 and 4 in the second
AREA_OF = {1: 1, 2: 1, 3: 2, 4: 2}
DAYS = "from=2026-09-05&to=2026-09-05"
ODDITIES = ("missing", "never_seen", "moved_between_schools", "same_serial_in_two_schools")


class Somebody(NamedTuple):
    """Who asks: what they may by the table, which schools they see (None: all), and as whom."""

    may: frozenset[str]
    schools: frozenset[int] | None
    headers: Mapping[str, str]

    def comes_in(self, address: tuple[str, str]) -> bool:
        """As the table says."""
        needed, in_parts = TABLE[address]
        is_whole = self.schools is None or in_parts
        others = {"department"} if address in ABOVE_TOO else set()
        return not needed or (is_whole and not (needed | others).isdisjoint(self.may))

    def is_theirs(self, school: int) -> bool:
        """Whether they see the school."""
        return self.schools is None or school in self.schools


def records_of(n: int) -> Iterator[Any]:
    """What a school's room has told: all of it bears the school's word."""
    place = Place("14", f"sx{n}q", f"may-wx{n}q")
    room, word = f"rx{n}q", f"wx{n}q"
    own = {"place": place, "lesson": f"l{word}"}
    yield agent(room, **own, version=word)
    yield device(room, DeviceKind.BOARD, place=place, device_id=f"d{word}", name=word, serial=word)
    began = {"lesson": f"l{word}", "classes": [f"kx{n}q"], "subject": word}
    yield event(f"e{word}", room, **own, day="2026-09-05", body=json.dumps(began).encode())
    yield mark(f"m{word}", **own, room=room, student=f"p{word}", class_code=f"kx{n}q")
    broken = {"part": FaultPart.BOARD, "at_ms": NOW_MS, "received_ms": NOW_MS}
    yield FaultRecord(place=place, event_id=f"f{word}", room=room, **broken)  # type: ignore[arg-type]


def tell_above(store: Store) -> None:
    """What the schools have told the department; one serial stands in all their books."""
    know(
        store,
        [SchoolFacts(code=f"sx{n}q", name=f"THCS wx{n}q", sites=(f"wx{n}q",)) for n in SCHOOLS],
        [Area(code=f"ay{n}q", name=f"Phường vy{n}q") for n in (1, 2)],
        [Membership(school=f"sx{n}q", area=f"ay{AREA_OF[n]}q") for n in SCHOOLS],
    )
    for n in SCHOOLS:
        school = f"sx{n}q"
        own = {"room": f"rx{n}q", "maker": f"wx{n}q", "model": f"wx{n}q"}
        unseen = {"verified_ms": 0, **own}
        fill(
            store,
            [
                line(school, 1, **own, serial="SHARED"),
                line(school, 2, **unseen, state=AssetState.MISSING, serial=f"PAIR{n}"),
                line(school, 3, **unseen, state=AssetState.NEVER_SEEN),
                stranger(school, 4, room=f"rx{n}q", serial=f"PAIR{n % 4 + 1}"),
            ],
        )
        hear(store, school, name=f"wx{n}q", rooms=10 + n, boards=8, boards_working=7)
        week = BoardWeek(
            device_id=f"dwx{n}q", room=f"rx{n}q", kind="board", known_min=2400, used_min=60 * n
        )
        store.write(keep_use, Place("14", school), "2026-08-24", [week])


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The department, which knows what is there now."""
    records = [record for n in SCHOOLS for record in records_of(n)]
    with a_store(tmp_path_factory.mktemp("above"), records) as store:
        tell_above(store)
        live = a_live(store, scope=ABOVE)
        asyncio.run(live.load())
        yield a_program(store, live, scope=ABOVE, upstream="")


@pytest.fixture(scope="module")
def face(program: Program) -> FastAPI:
    """What it answers."""
    return create_web(program, ("testserver",))


def shown(cookie: str) -> dict[str, str]:
    """The headers of a browser in which somebody is logged in."""
    return {"cookie": f"{COOKIE}={cookie}", **ORIGIN}


def token(program: Program, *, school: str = "", area: str = "") -> dict[str, str]:
    """The headers of a program whose token may do all, there."""
    text = new_token()
    kept = token_of(
        text,
        purpose="test",
        made_by="test",
        place=Place("14", school),
        area=area,
        permissions=frozenset(Permission),
        days=30,
        now_ms=NOW_MS,
    )
    program.store.write(keep_token, kept)
    return {"authorization": f"Bearer {text.text}"}


@pytest.fixture(scope="module")
def people(program: Program) -> dict[str, Somebody]:
    """Everybody who asks."""

    def of_role(role: Role, schools: frozenset[int] | None = None, **own: Any) -> Somebody:
        account = "-".join([role.value[:4], *own.get("areas", ())])
        cookie = log_in(program, account, role, **own)
        return Somebody(frozenset(MAY[role.value].split()), schools, shown(cookie))

    everything = frozenset(ANY.split())
    return {
        "admin": of_role(Role.ADMIN),
        "officer": of_role(Role.OFFICER),
        "officer of an area": of_role(Role.OFFICER, frozenset({1, 2}), areas=("ay1q",)),
        "officer of no area": of_role(Role.OFFICER, frozenset(), areas=("gone",)),
        "token of a school": Somebody(everything, frozenset({3}), token(program, school="sx3q")),
        "token of an area": Somebody(everything, frozenset({3, 4}), token(program, area="ay2q")),
        "token of another's area": Somebody(
            everything, frozenset(), token(program, school="sx3q", area="ay1q")
        ),
    }


PEOPLE = (
    "admin",
    "officer",
    "officer of an area",
    "officer of no area",
    "token of a school",
    "token of an area",
    "token of another's area",
)
AMONG_MANY = {"officer of an area", "token of an area"}  # to whom some is shown, and some is not
# What is asked beside the plain address; {n} is a school, {a} its area.
QUERIES = {
    "/api/v1/lessons": (f"?{DAYS}",),
    "/api/v1/attendance": (
        "",
        f"?class=kx{{n}}q&{DAYS}",
        f"?class=kx{{n}}q&{DAYS}&format=csv",
        f"?class=kx{{n}}q&{DAYS}&format=xlsx",
    ),
    "/api/v1/devices": ("", "?room=rx{n}q", "?limit=1"),
    "/api/v1/agents": ("", "?limit=1"),
    "/api/v1/rooms": ("", "?limit=1"),
    "/api/v1/faults": ("", "?handled=true"),
    "/api/v1/inventory": (
        "",
        "?limit=1",
        *(f"?format={form}" for form in ("csv", "ndjson", "xlsx", "glpi", "snipeit")),
        "?school=sx{n}q",
        "?area=ay{a}q&limit=100000&format=csv",
    ),
    "/api/v1/use": ("?from=2026-08-24", "?from=2026-08-24&format=csv", "?school=sx{n}q"),
    "/api/v1/forecast": ("", "?format=xlsx", "?school=sx{n}q"),
    "/api/v1/schools": ("", "?limit=1", "?area=ay{a}q", "?q=sx{n}q"),
    "/api/v1/figures": ("", "?by=school", "?by=type", "?area=ay{a}q"),
    "/api/v1/exceptions": (
        *(f"?what={what}" for what in ODDITIES),
        "?what=missing&school=sx{n}q",
        "?what=missing&limit=1",
    ),
    "/exceptions": (*(f"?what={what}" for what in ODDITIES), "?school=sx{n}q"),
    "/schools": ("", "?area=ay{a}q", "?q=sx{n}q", "?which=reported&format=csv"),
    "/items": (
        "",
        "?school=sx{n}q",
        "?area=ay{a}q&format=csv",
        "?record=book&format=xlsx",
    ),
    "/items/one": ("?school=sx{n}q&id=line:1",),
    "/api/v1/item-history": ("?school=sx{n}q&id=line:1",),
    "/use": ("?from=2026-08-24", "?school=sx{n}q"),
    "/forecast": ("", "?school=sx{n}q"),
    "/attendance": ("?day=2026-09-05",),
    "/absences": ("",),
    "/": ("", "?room=rx{n}q"),
    "/rooms/{code:path}": ("", "?school=sx{n}q"),
    "/rooms": ("", "?q=rx{n}q", "?format=csv"),
    "/devices": ("", "?room=rx{n}q", "?q=wx", "?format=csv"),
    "/devices/{device_id:path}": ("", "?school=sx{n}q"),
    "/agents/{agent_id}": ("", "?school=sx{n}q"),
    "/search": ("", "?q=rx{n}q", "?q=wx"),
}
IDS = {
    "/schools/{code:path}": "/schools/sx{n}q",
    "/rooms/{code:path}": "/rooms/rx{n}q",
    "/attendance/{code:path}": "/attendance/kx{n}q",
    "/api/v1/devices/{device_id:path}": "/api/v1/devices/dwx{n}q",
    "/devices/{device_id:path}": "/devices/dwx{n}q",
}
OF_A_SCHOOL = {"/schools/{code:path}", "/rooms/{code:path}"}


OWN_WORDS = {"/looks", "/looks.{paper}"}  # of what they asked for themselves before


class Probe(NamedTuple):
    """One request. school: whose id it names; 0 for none."""

    address: tuple[str, str]
    url: str
    school: int

    @property
    def is_path(self) -> bool:
        """Whether the path itself names the school's."""
        return bool(self.school) and self.address[1] in OF_A_SCHOOL


def probes_at(address: tuple[str, str]) -> Iterator[Probe]:
    """What is asked at an address: plain, and with each school's ids where it takes any."""
    method, path = address
    base = re.sub(r"\{(no|number|\w+:int)\}", "1", IDS.get(path, path))
    queries = QUERIES.get(path, ("",)) if method == "GET" else ("",)
    for query in queries:
        url = base + query
        named = SCHOOLS if "{n}" in url or "{a}" in url else (0,)
        for n in named:
            filled = url.replace("{n}", str(n)).replace("{a}", str(AREA_OF.get(n, 0)))
            yield Probe(address, re.sub(r"\{[^}]+\}", "x", filled), n)


async def first_word(face: FastAPI, headers: Mapping[str, str]) -> str:
    """What the live line says first; nothing where it is refused."""
    async with live_line(face, headers) as (said, _):
        message = await said.get()
        if message["type"] == "websocket.accept":
            message = await said.get()
        return str(message.get("text", ""))


def text_of(answer: httpx.Response) -> str:
    """All that an answer tells: files within it, and what its cursors hold."""
    raw, text = answer.content, answer.text
    if raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            text = "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    text += str(dict(answer.headers))
    cursors = re.findall(r"W[yz][A-Za-z0-9_-]{6,}", text)
    opened = (base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)) for word in cursors)
    return (text + "".join(part.decode("utf-8", "replace") for part in opened)).casefold()


def leaks(text: str, who: Somebody, probe: Probe | None = None) -> list[str]:
    """The words of schools and areas that are not theirs, but for the id that was typed."""
    typed = probe.school if probe else 0
    alien = [n for n in SCHOOLS if not who.is_theirs(n)]
    words = [f"{kind}x{n}q" for n in alien for kind in ("w" if n == typed else "dkrsw")]
    areas = {AREA_OF[n] for n in alien} - {AREA_OF[n] for n in SCHOOLS if who.is_theirs(n)}
    words += [f"{kind}y{a}q" for a in areas for kind in ("v" if a == AREA_OF.get(typed) else "av")]
    return [word for word in words if word in text]


def wrong_in(who: Somebody, probe: Probe, answer: httpx.Response) -> str:
    """What is wrong with an answer; nothing where all is well."""
    status = answer.status_code
    if status >= 500:
        return f"{status}"
    if not who.comes_in(probe.address):
        return "" if status == 403 else f"{status} instead of 403"
    if status in {401, 403} or answer.headers.get("location", "").startswith("/login"):
        public = not TABLE[probe.address][0]
        return "" if public else f"{status}, though they may"
    if probe.is_path and (status != 404) != who.is_theirs(probe.school):
        return f"{status} for school {probe.school}"
    if probe.address[1] in OWN_WORDS:
        return ""
    return ", ".join(leaks(text_of(answer), who, probe))


def test_the_table_names_every_address(face: FastAPI) -> None:
    """A new one must be judged by hand before it is served."""
    found = {
        (method, one.path)
        for one in addresses_of(face.routes)
        for method in one.methods
        if method not in {"HEAD", "SOCKET", "MOUNT"}
    }
    assert found == TABLE.keys()


@pytest.mark.parametrize(
    "name", ["officer of an area", *wide("token of an area", *sorted({*PEOPLE} - AMONG_MANY))]
)
def test_each_sees_their_schools_alone(
    face: FastAPI, people: dict[str, Somebody], name: str
) -> None:
    """Address by address, with their own ids and with others'."""
    who = people[name]
    skipped = {"/logout", "/sessions/{no}/end", "/copies/now"}  # these would end what others need

    async def asked() -> list[str]:
        wrong = []
        way = httpx.ASGITransport(face, raise_app_exceptions=False, client=("192.0.2.5", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            for address in TABLE:
                if address[1] in skipped:
                    continue
                if address[0] != "GET" and who.comes_in(address):
                    continue
                for probe in probes_at(address):
                    answer = await web.request(address[0], probe.url, headers=who.headers)
                    if said := wrong_in(who, probe, answer):
                        wrong.append(f"{address[0]} {probe.url}: {said}")
        return wrong

    assert "\n".join(asyncio.run(asked())) == ""


@pytest.mark.parametrize("name", PEOPLE)
def test_the_live_line_tells_each_of_their_schools_alone(
    face: FastAPI, people: dict[str, Somebody], name: str
) -> None:
    """In its snapshot; who may not see rooms is turned away."""
    who = people[name]
    told = asyncio.run(first_word(face, who.headers)).casefold()
    assert bool(told) == ("rooms" in who.may)
    if not told:
        return
    assert leaks(told, who) == []
    assert all(f"rx{n}q" in told for n in SCHOOLS if who.is_theirs(n))


def test_an_administrator_sees_every_word(face: FastAPI, people: dict[str, Somebody]) -> None:
    """Else the words would prove nothing: each kind of list tells of each school."""
    who = people["admin"]
    lists = ("/api/v1/inventory", "/api/v1/schools", "/api/v1/agents", "/api/v1/devices",
             "/api/v1/rooms", "/api/v1/faults", f"/api/v1/lessons?{DAYS}", "/api/v1/attendance",
             "/api/v1/use?from=2026-08-24", "/schools", "/api/v1/events")  # fmt: skip

    async def told() -> list[str]:
        way = httpx.ASGITransport(face, client=("192.0.2.5", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            return [
                f"{path} {n}"
                for path in lists
                for text in [text_of(await web.get(path, headers=dict(who.headers)))]
                for n in SCHOOLS
                if f"wx{n}q" not in text
            ]

    assert "\n".join(asyncio.run(told())) == ""
