"""This file asks every address of a controller hostile things: none may end in a server's error.

`python -m tests.fuzz.addresses --seed 1 --count 20000` plays long. Each request is made of the seed
and its number alone, so that one comes back by its number, and --from goes on where a run ended.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Connection, insert, select

import controller
from controller.access.service import Access
from controller.database.schema import metadata
from controller.feature import Program
from controller.features import is_readable
from controller.people.person import Role
from controller.web.site import create_web
from protocol.model import DeviceKind, Place
from tests.controller.database.test_shape import SHAPES, filled, records_of
from tests.controller.people import COOKIE, ORIGIN, log_in
from tests.controller.web_school import (
    SCHOOL,
    a_live,
    a_program,
    a_store,
    agent,
    device,
    event,
    mark,
)

SERVER_ERROR: Final = 500
UNUSABLE: Final = 503  # said on purpose, with a code
TOLD_EVERY: Final = 5000  # requests
MAX_WORD: Final = 200
ROWS: Final = 6  # of each kind
DEPARTMENT: Final = Place("79", "so-gddt")
# These start other programs, or look around in the network.
LEFT_OUT: Final = {"/copies/now", "/doctor"}
_TEXTS: Final = (
    "", " ", "x", "6A1", "0007", "m1", "board-6a1-01", "a" * 70, "a" * 5000, "\x00", "\x7f",
    "\U0001f642", "'\"--", "<b>", "../..", "%", "%00", "{}", "null", "\uff41", "ß", "İ",
    "\r\nX: y", "\u202e",
)  # fmt: skip
_NUMBERS: Final = ("0", "1", "-1", "2", "1e3", "٣", "9" * 15, str(2**53), str(2**63), "9" * 400)
_DAYS: Final = ("2026-09-05", "9999-12-31", "0001-01-01", "2026-02-30", "20260905", "2026-W36-1")
_NAMED: Final = re.compile(
    r"""\bname="([a-z_]+)"|\b(?:form|fields|told)\.get(?:list)?\("([a-z_]+)"|append\("([a-z_]+)","""
)
CONTROLLER: Final = Path(controller.__path__[0])


def fields_named() -> tuple[str, ...]:
    """What forms and scripts of the controller's pages call their fields."""
    files = (path for end in ("html", "js", "py") for path in CONTROLLER.rglob(f"*.{end}"))
    found = (match for file in files for match in _NAMED.findall(file.read_text("utf-8")))
    return tuple(sorted({name for names in found for name in names if name}))


_FIELDS: Final = fields_named()


@dataclass(frozen=True)
class Target:
    """An address: its method, its path with {names}, and the names of what it asks for."""

    method: str
    path: str
    names: tuple[str, ...]


def targets_of(web: FastAPI) -> list[Target]:
    """Every address that is asked by HTTP."""
    found = []
    for context in iter_route_contexts(web.routes):
        route, path = context.original_route, str(context.path)
        if isinstance(route, APIRoute) and path not in LEFT_OUT:
            flat = get_flat_params(route.dependant)
            names = tuple(each.alias for each in flat if each.field_info.in_.value == "query")  # type: ignore[attr-defined]
            found += [Target(method, path, names) for method in sorted(context.methods or ())]
    return found


class Hostile:
    """Makes the request of one number. known: words that are stored, so that pages are found."""

    def __init__(self, seed: int, number: int, known: Sequence[str] = ()) -> None:
        self._any = random.Random(f"address {seed} {number}")
        self._known = known

    def word(self) -> str:
        """A text, a number, a day or a cursor."""
        kinds = (_TEXTS, _NUMBERS, _DAYS, (self._cursor(),), ("json", "csv", "xlsx", "missing"))
        return self._any.choice(self._any.choice(kinds))

    def _step(self) -> str:
        """A part of a path: half of them lead somewhere."""
        if self._known and self._any.random() < 1 / 2:
            return self._any.choice(self._known)
        return self.word() or "x"

    def request(self, target: Target, headers: dict[str, str]) -> dict[str, Any]:
        """What is asked at an address, for httpx."""
        path = re.sub(r"\{[^}]+\}", lambda _: quote(self._step(), safe=""), target.path)
        chosen = [name for name in target.names if self._any.random() < 2 / 3]
        query = "&".join(f"{name}={quote(self.word(), safe='')}" for name in chosen)
        body = {} if target.method == "GET" else self._body()
        named = {**headers, **body.pop("headers", {})}
        url = f"http://testserver{path}?{query}"
        return {"method": target.method, "url": url, "headers": named, **body}

    def choice(self, things: list[Any]) -> Any:
        """One of them."""
        return self._any.choice(things)

    def _cursor(self) -> str:
        values = [self._any.choice((*_TEXTS, 0, 1, -1, 2**70, 1.5, None, [], {})) for _ in "ab"]
        some = values[: self._any.randrange(3)]
        return base64.urlsafe_b64encode(json.dumps(some).encode()).decode().rstrip("=")

    def _body(self) -> dict[str, Any]:
        form = {name: self.word() for name in self._any.sample(_FIELDS, 20)}
        mixed = self._any.randbytes(self._any.randrange(200))
        kind = "multipart/form-data; boundary=b"
        return self._any.choice(
            (
                {"data": form},
                {"json": self._any.choice([form, [], None, 0, {"scans": [form]}])},
                {"content": mixed},
                {"content": mixed, "headers": {"content-type": kind}},
                {"files": {"file": (self.word() or "f", mixed)}},
            )
        )


def hold_everything(db: Connection, scope: Place) -> None:
    """Keep some rows of every kind, such as their readers take, of this school and its rooms."""
    for name, shape in SHAPES.items():
        table = shape.table
        for number, record in enumerate(some_records(name)):
            row = filled(table) | shape.values(record) | _whose(scope, number)
            row = {key: row[key] for key in row if key in table.c}
            if is_readable(table.name, row):
                db.execute(insert(table).prefix_with("OR IGNORE"), row)


def _whose(scope: Place, number: int) -> dict[str, str]:
    school = scope.school if number % 3 else "00999"  # at a department, a school below it
    own = {"province": scope.province, "school": school}
    return own | ({"agent": "may-6a1", "room": "6A1"} if number % 2 else {})


def some_records(name: str) -> list[Any]:
    """Records of a shape, the same at each run."""
    found: list[Any] = []

    @settings(
        max_examples=ROWS, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(records_of(SHAPES[name]))
    def collect(record: Any) -> None:
        found.append(record)

    collect()
    return found


@contextlib.contextmanager
def controllers(folder: Path) -> Iterator[list[Program]]:
    """A school, and a department, each with something in it."""
    records = [agent("6A1"), device("6A1", DeviceKind.BOARD), event("e1"), mark("m1")]
    with contextlib.ExitStack() as stack:
        programs = []
        for name, scope, upstream in (("s", SCHOOL, "mqtt://above"), ("d", DEPARTMENT, "")):
            (folder / name).mkdir()
            store = stack.enter_context(a_store(folder / name, records))
            store.write(hold_everything, scope)
            live = a_live(store, scope=scope)
            asyncio.run(live.load())
            programs.append(a_program(store, live, scope=scope, upstream=upstream))
        yield programs


def people_of(program: Program) -> list[dict[str, str]]:
    """How nobody, the server's own person, a teacher and an officer show themselves."""
    teacher = log_in(program, "an", Role.TEACHER, classes=("6A1",), rooms=("6A1",))
    officer = log_in(program, "can.bo", Role.OFFICER, areas=("a",))
    cookies = [{"cookie": f"{COOKIE}={cookie}"} for cookie in (teacher, officer)]
    own = {"authorization": f"Bearer {program.service(Access).own_key}"}
    return [ORIGIN | headers for headers in ({}, own, own, *cookies)]


async def errors_of(
    program: Program, seed: int, numbers: range, tell: Callable[[str], object] = lambda _: None
) -> list[str]:
    """What ended in a server's error, of the requests of these numbers; tell: hears how it goes."""
    web = create_web(program, ("testserver",))
    people, known, found = people_of(program), stored_words(program), list[str]()
    targets = targets_of(web)
    way = httpx.ASGITransport(web, raise_app_exceptions=False, client=("192.0.2.5", 5))
    async with httpx.AsyncClient(transport=way) as client:
        for number in numbers:
            hostile, target = Hostile(seed, number, known), targets[number % len(targets)]
            asked = hostile.request(target, hostile.choice(people))
            answer = await client.request(**asked)
            if answer.status_code >= SERVER_ERROR and answer.status_code != UNUSABLE:
                found.append(f"{answer.status_code} at {number}: {asked}")
                tell(found[-1])
            if (number + 1) % TOLD_EVERY == 0:
                tell(f"{program.school}: {number + 1} of {numbers.stop}, {len(found)} errors")
    return found


def stored_words(program: Program) -> list[str]:
    """The words by which rows of the database are named, in every table."""
    with program.store.view() as db:
        columns = [column for table in metadata.sorted_tables for column in table.c]
        rows = [db.scalars(select(column).limit(3)).all() for column in columns]
    words = {str(value) for values in rows for value in values if isinstance(value, str | int)}
    return sorted(word for word in words if word and len(word) <= MAX_WORD)


def main() -> int:
    """Play by the command line; 1 where something was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first number")
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count)
    with tempfile.TemporaryDirectory() as folder, controllers(Path(folder)) as programs:
        found = [
            error
            for program in programs
            for error in asyncio.run(errors_of(program, options.seed, numbers, _tell))
        ]
    sys.stdout.write("\n".join([*found, f"{len(found)} server errors\n"]))
    return int(bool(found))


def _tell(line: str) -> None:
    """Say how far it is, at once, beside what is found."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
