"""Errors are pages to people, in their language and with what to do; problems to programs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from controller.database.store import StoreError
from controller.web.bare_page import POLICY
from controller.web.page import PageRenderer
from controller.web.rules import public
from tests.controller.web_school import a_face, a_live, a_morning, a_store

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
Case = tuple[str, str, dict[str, str], int, str]
CASES: list[Case] = [
    ("GET", "/nowhere", {}, 404, "not_found"),
    ("GET", "/rooms/none", {}, 404, "room_unknown"),
    ("PUT", "/", {}, 405, "method_refused"),
    ("GET", "/", {"host": "evil.example"}, 403, "host_refused"),
    ("POST", "/maintenances", {"origin": "http://evil.example"}, 403, "origin_refused"),
    ("POST", "/maintenances", {"content-length": "99999999999"}, 413, "too_large"),
    ("GET", "/incidents?view=nonsense", {}, 422, "parameter_invalid"),
    ("GET", "/broken", {}, 500, "internal"),
    ("GET", "/unstored", {}, 503, "store_unusable"),
]


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A school's face, two addresses of which break."""
    folder: Path = tmp_path_factory.mktemp("school")
    with a_store(folder, a_morning()) as store:
        face = a_face(store, a_live(store))

        @public
        def broken() -> None:
            message = "a name that nobody may read"
            raise ValueError(message)

        @public
        def unstored() -> None:
            raise StoreError("x", "y")

        face.add_api_route("/broken", broken)
        face.add_api_route("/unstored", unstored)
        yield face


def ask(face: FastAPI, case: Case, **headers: str) -> httpx.Response:
    """The answer to a case."""
    method, path, own, _, _ = case

    async def answered() -> httpx.Response:
        way = httpx.ASGITransport(face, raise_app_exceptions=False, client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            return await web.request(method, path, headers={**headers, **own})

    return asyncio.run(answered())


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("case", CASES, ids=[case[-1] for case in CASES])
def test_a_person_is_shown_a_page(face: FastAPI, case: Case, language: str) -> None:
    """In their language, with a way on; nothing of what broke stands on it."""
    answer = ask(
        face, case, accept=BROWSER, **{"accept-language": language, "cookie": f"lang={language}"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (
        case[3],
        "text/html; charset=utf-8",
    )
    text = answer.text
    assert f'<html lang="{language}">' in text
    assert case[4] in text
    assert ("Không mở được trang này" if language == "vi" else "This page cannot be shown") in text
    assert text.count("<p>") >= 2
    shown = text.partition("<main")[2]
    for leak in ("nobody may read", "openapi", "{", "Traceback"):
        assert leak not in shown
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-language"] == language


@pytest.mark.parametrize("case", CASES, ids=[case[-1] for case in CASES])
def test_a_program_is_told_a_problem(face: FastAPI, case: Case) -> None:
    """Which takes JSON, or does not say what it takes at an address of its own."""
    answer = ask(face, case, accept="application/json")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (case[3], case[4])
    assert answer.json()["detail"]


def test_a_foreign_name_is_text_and_the_page_needs_nothing(face: FastAPI) -> None:
    """Its style is its own, for a file would be refused as well."""
    host = ("GET", "/", {"host": "<script>x"}, 403, "host_refused")
    answer = ask(face, host, accept=BROWSER)
    assert "&lt;script&gt;x" in answer.text
    assert "<script" not in answer.text
    assert "href" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_where_the_page_itself_needs_the_database_the_bare_one_stands_in(
    face: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page asks for its frame."""

    def unusable(*_: object, **__: object) -> None:
        raise StoreError("x", "y")

    monkeypatch.setattr(PageRenderer, "page", unusable)
    answer = ask(face, CASES[0], accept=BROWSER)
    assert (answer.status_code, "<style>" in answer.text) == (404, True)


@pytest.mark.parametrize(
    ("accept", "by_page", "elsewhere"),
    [
        ("text/html", True, True),
        ("TEXT/HTML; charset=utf-8", True, True),
        ("application/xhtml+xml", True, True),
        ("text/*;q=0.5", True, True),
        ("application/json;q=0.1, text/html;q=0.9", True, True),
        ("application/json, text/html", True, True),
        ("application/json, text/html;q=0.5", False, False),
        ("text/html;q=0, */*", False, False),
        ("text/html;q=0", False, False),
        ("application/json;q=0, */*", True, False),
        ("application/problem+json", False, False),
        ("text/html;q=x", True, True),
        (",;;q=1,", True, False),
        ("", True, False),
        ("image/png", True, False),
    ],
)
def test_what_is_rather_wanted_is_answered(
    face: FastAPI, accept: str, *, by_page: bool, elsewhere: bool
) -> None:
    """By weight, at an address of a page and at one of nobody; HEAD says the same, without it."""
    for case, is_page in ((CASES[1], by_page), (CASES[0], elsewhere), (CASES[3], elsewhere)):
        answer = ask(face, case, accept=accept)
        assert answer.headers["content-type"].startswith("text/html") == is_page
        head = ask(face, ("HEAD", *case[1:]), accept=accept)
        assert head.content == b""
        assert head.status_code == answer.status_code == case[3]
        assert head.headers["content-type"] == answer.headers["content-type"]


def test_a_database_that_is_away_is_a_line_however_many_ask(
    face: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    """A line a minute, which counts the others."""
    for _ in range(20):
        assert ask(face, CASES[-1]).status_code == 503
    assert caplog.text.count("database not usable") <= 1
