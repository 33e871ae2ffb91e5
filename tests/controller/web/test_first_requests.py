"""A fresh program is asked for every page at once: each shared thing is made once, none fails."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from controller.areas.areas import SchoolFacts
from controller.database.store import Store
from controller.feature import Program
from tests.controller.access.who_may import TABLE
from tests.controller.web_department import OWN, a_department, a_department_face, fill, hear, know
from tests.controller.web_department import line as item
from tests.controller.web_school import a_face, a_full_room, a_live, a_store
from tests.tiers import wide

PATHS: Final = sorted(path for method, path in TABLE if method == "GET" and "{" not in path)
PENDING: Final = 503  # a department that was never counted says so


class Makings:
    """What each service of each program was answered with, by whatever thread asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[int, Any], dict[int, object]] = {}
        self.programs: list[Program] = []
        self._lock = threading.Lock()

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """See every answer from now on."""
        whole = Program.service

        def service(program: Program, make: Callable[[Program], Any]) -> Any:
            one = whole(program, make)
            with self._lock:
                self.programs.append(program)  # so that no id comes again
                self.answers.setdefault((id(program), make), {})[id(one)] = one
            return one

        monkeypatch.setattr(Program, "service", service)

    def twice(self) -> list[str]:
        """The services of which there were several."""
        return [str(make) for (_, make), ones in self.answers.items() if len(ones) > 1]


async def at_once(face: FastAPI, paths: Sequence[str]) -> list[httpx.Response]:
    """The answers to all of these, asked in one go."""
    way = httpx.ASGITransport(face, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=way, base_url="http://testserver") as client:
        return await asyncio.gather(*(client.get(path) for path in paths))


def _school(store: Store) -> FastAPI:
    return a_face(store, a_live(store))


def _department(store: Store) -> FastAPI:
    return a_department_face(store, a_live(store, scope=OWN))


def _wrong(answers: Sequence[httpx.Response]) -> list[tuple[str, int]]:
    return [
        (str(answer.url), answer.status_code)
        for answer in answers
        if answer.status_code >= 500
        and not (answer.status_code == PENDING and "figures_pending" in answer.text)
    ]


@pytest.mark.parametrize("level", ["school", "department"])
@pytest.mark.parametrize(("count", "rounds"), [(60, 1), *wide((200, 3))])
def test_many_first_requests_make_each_thing_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str, count: int, rounds: int
) -> None:
    """For every page and answer there is, in each order; the program is new in each round."""
    makings = Makings()
    makings.watch(monkeypatch)
    is_school = level == "school"
    opened = a_store(tmp_path, a_full_room()) if is_school else a_department(tmp_path)
    with opened as store:
        if not is_school:
            know(store, [SchoolFacts(code="00140701", name="THCS Tô Hiệu")])
            fill(store, [item("00140701", number) for number in range(1, 20)])
            hear(store, "00140701")
        for turn in range(rounds):
            paths = [*PATHS[turn * 7 :], *PATHS[: turn * 7]]
            asked = [*itertools.islice(itertools.cycle(paths), count)]
            face = _school(store) if is_school else _department(store)
            answers = asyncio.run(at_once(face, asked))
            assert _wrong(answers) == []
            assert {answer.status_code for answer in answers} >= {200}
    assert makings.twice() == []
    assert len(makings.answers) > 20
