"""Whatever rows the readers take, of every table at once: each page and each list is answered.

A repair of a damaged file takes the rows that `is_readable` takes, and no later look at them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from controller.feature import Program
from controller.web.site import create_web
from tests.fuzz.addresses import controllers, people_of, stored_words, targets_of

SERVER_ERROR = 500


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Program]]:
    """A school and a department with rows of every kind."""
    with controllers(tmp_path_factory.mktemp("all")) as programs:
        yield programs


@pytest.mark.parametrize("level", [0, 1], ids=["school", "department"])
def test_every_page_is_answered(programs: list[Program], level: int) -> None:
    """By who may see all; a page of one thing is asked for by a word that is stored."""
    program = programs[level]
    web, headers = create_web(program, ("testserver",)), people_of(program)[1]
    words = stored_words(program)
    gets = [target for target in targets_of(web) if target.method == "GET"]
    assert len(gets) > 100

    async def ask_all() -> list[str]:
        broken = []
        way = httpx.ASGITransport(web, raise_app_exceptions=False, client=("192.0.2.5", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as client:
            for number, target in enumerate(gets):
                word = quote(words[7 * number % len(words)], safe="")
                path = re.sub(r"\{[^}]+\}", lambda _, word=word: word, target.path)  # type: ignore[misc]
                answer = await client.get(path, headers=headers)
                if answer.status_code >= SERVER_ERROR:
                    broken.append(f"{answer.status_code} {path}")
        return broken

    assert asyncio.run(ask_all()) == []
