"""What is no value of a parameter or a field is refused by its name, in the caller's language."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from controller.fleet.api import RenameOrder
from controller.inspection.service import MAX_SIZE, DrawOrder
from controller.reports.api import PackOrder
from controller.web.parameters import fault_in_body, given
from protocol.errors import filled_parts
from tests.controller.web_department import OWN, a_department, a_department_face
from tests.controller.web_school import a_face, a_live, a_store, asked_of
from tests.tiers import wide

JUNK = "zz\u202ejunk" + "y" * 5000  # too long for all, a word of nothing, and turned about
SHOWN = "zzjunk" + "y" * 58 + "…"
# Words of those who made the libraries, and of patterns.
THEIRS = re.compile(
    r"(in|out)put should|\bstring\b|\berror\b|\binvalid\b|isoformat|required|expected|\^|\[0",
    re.IGNORECASE,
)
MOST_SHOWN = 40


# By hand: values of what must be given beside.
NEEDED = {
    "at": "0", "digest": "x", "from": "2026-09-05", "to": "2026-09-05", "what": "missing",
    "school": "1", "id": "1",
}  # fmt: skip
LANGUAGES = ("en", "vi")


Request = dict[str, Any]  # as httpx takes it


class Parameter(NamedTuple):
    """A name that an address may be asked with. schema: what it may be, as JSON Schema says it."""

    method: str
    path: str
    name: str
    is_in_path: bool
    needed: dict[str, str]
    schema: dict[str, Any]

    def request(self, value: str, language: str = "en") -> Request:
        """What a program asks that gives it this value."""
        own, others = re.compile(rf"\{{{self.name}[:}}][^/]*"), re.compile(r"\{[^}]+\}")
        path = others.sub("1", own.sub(value, self.path))
        headers = {"accept": "application/json", "accept-language": language}
        query = self.needed if self.is_in_path else {**self.needed, self.name: value}
        return {"method": self.method, "url": path, "headers": headers, "params": query}

    @property
    def words(self) -> list[str]:
        """The words that it takes, where it takes no others."""
        pieces = [*_flat(self.schema)]
        words = [word for piece in pieces for word in piece.get("enum", ())]
        constants = [piece["const"] for piece in pieces if "const" in piece]
        return [word for word in (*words, *constants) if isinstance(word, str) and word]

    @property
    def bounds(self) -> list[str]:
        """The least and the most of a number."""
        pieces = [*_flat(self.schema)]
        names = ("minimum", "maximum")
        return [str(piece[name]) for piece in pieces for name in names if name in piece]

    def wrongs(self, english: httpx.Response, vietnamese: httpx.Response) -> Iterator[str]:
        """What a program cannot learn of the answers to `JUNK`."""
        told = [answer.json() for answer in (english, vietnamese)]
        if any(told[0][part] == told[1][part] for part in ("title", "detail")):
            yield "one language for both"
        for problem in told:
            text = f"{problem['title']} {problem['detail']}"
            if THEIRS.search(text):
                yield f"a library's words: {text}"
            must = [self.name, SHOWN, *self.words[:MOST_SHOWN], *self.bounds]
            if lacks := [word for word in must if word not in text]:
                yield f"{lacks} is not said: {text}"


@pytest.fixture(scope="module", params=["school", "department"])
def face(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FastAPI]:
    """A program of each level."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "school":
        with a_store(folder) as store:
            yield a_face(store, a_live(store))
    else:
        with a_department(folder) as store:
            yield a_department_face(store, a_live(store, scope=OWN))


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A department's."""
    with a_department(tmp_path_factory.mktemp("department")) as store:
        yield a_department_face(store, a_live(store, scope=OWN))


def parameters_of(face: FastAPI) -> Iterator[Parameter]:
    """Each of every address."""
    for route in face.routes:
        if isinstance(route, APIRoute):
            fields = [*_fields(route.dependant)]
            needed = {
                field.alias: NEEDED[field.alias]
                for field, is_in_path in fields
                if not is_in_path and field.field_info.is_required()
            }
            for field, is_in_path in fields:
                kind: Any = Annotated[field.field_info.annotation, field.field_info]
                schema = TypeAdapter(kind).json_schema()
                method = min(route.methods or ())
                yield Parameter(method, route.path, field.alias, is_in_path, needed, schema)


def answers_of(face: FastAPI, requests: Iterable[Request]) -> list[httpx.Response]:
    """What is answered, one after the other: a client for all, for making one takes longer."""

    async def answered() -> list[httpx.Response]:
        way = httpx.ASGITransport(face, client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            return [await web.request(**request) for request in requests]

    return asyncio.run(answered())


def some_of(face: FastAPI, *, every: bool) -> list[Parameter]:
    """All parameters, or one of each name and kind: nothing else decides what is said."""
    found = [*parameters_of(face)]
    kinds = {json.dumps([one.name, one.is_in_path, one.schema]): one for one in found}
    return found if every else [*kinds.values()]


def _fields(dependant: Dependant) -> Iterator[tuple[Any, bool]]:
    yield from ((field, True) for field in dependant.path_params)
    yield from ((field, False) for field in dependant.query_params)
    for other in dependant.dependencies:
        yield from _fields(other)


def _flat(schema: object) -> Iterator[dict[str, Any]]:
    """What may be, piece by piece, wherever it stands in the schema."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from _flat(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _flat(inner)


@pytest.mark.parametrize("every", [False, *wide(True)])
def test_every_parameter_refuses_nonsense_in_words_of_ours(face: FastAPI, every: bool) -> None:  # noqa: FBT001 - a case
    """By its name, with what was given, shortened, and what it may be; of every address."""
    asked = some_of(face, every=every)
    english, vietnamese = (
        answers_of(face, (one.request(JUNK, language) for one in asked)) for language in LANGUAGES
    )
    told = zip(asked, english, vietnamese, strict=True)
    refused = [(one, *answers) for one, *answers in told if answers[0].status_code == 422]
    wrong = [
        f"{one.method} {one.path} {one.name}: {why}"
        for one, *answers in refused
        for why in one.wrongs(*answers)
    ]
    assert not wrong, "\n".join(wrong)
    assert len(refused) > (150 if every else 40)


def test_a_word_that_is_nearly_one_is_answered_with_that_one(face: FastAPI) -> None:
    """A word of each parameter that takes some, written with a letter too much."""
    asked = [one for one in some_of(face, every=False) if len(one.words) > 1]
    answers = answers_of(face, (one.request(f"{one.words[0]}x") for one in asked))
    told = zip(asked, answers, strict=True)
    refused = [(one, answer.json()) for one, answer in told if answer.status_code == 422]
    far = [told for one, told in refused if f"Did you mean {one.words[0]}?" not in told["detail"]]
    assert far == []
    assert len(refused) > 10


def test_what_an_address_must_be_told_is_named(face: FastAPI) -> None:
    """Each that must be given, where it alone is left out."""
    lacking = {
        (one.method, re.sub(r"\{[^}]+\}", "1", one.path), name): one.needed
        for one in parameters_of(face)
        for name in one.needed
    }
    requests = (
        {
            "method": method,
            "url": path,
            "params": {other: value for other, value in needed.items() if other != name},
            "headers": {"accept": "application/json", "accept-language": "vi"},
        }
        for (method, path, name), needed in lacking.items()
    )
    told = zip(lacking, answers_of(face, requests), strict=True)
    refused = {one: answer.json()["title"] for one, answer in told if answer.status_code == 422}
    assert refused
    assert refused == {one: f"Địa chỉ thiếu {one[2]}." for one in refused}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/v1/inventory?due=zz", "It may be: overdue, later, unknown, yyyy."),
        ("/api/v1/inventory?due=overdu", "Did you mean overdue?"),
        ("/api/v1/inventory?warranty=ovr", "Did you mean over?"),
        ("/api/v1/inventory?limit=2.5", "Write a whole number from 1 to 1000000."),
        ("/api/v1/inventory?limit=", "Write a whole number from 1 to 1000000."),
        ("/api/v1/use?from=2026-02-30", "Write a day of our time as yyyy-mm-dd"),
        ("/api/v1/inspections?cursor=x", "Use `next` of an answer as it was given"),
        ("/openapi.json?lang=en&nosuch=1", "Known are: _seen, lang."),
    ],
)
def test_what_may_be_is_said(department: FastAPI, path: str, says: str) -> None:
    """Also where a pattern or a function of ours decides."""
    answer = asked_of(department, path, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


BODIES: list[tuple[type[msgspec.Struct], object, str]] = [
    (DrawOrder, None, "The body is no JSON object."),
    (DrawOrder, [1], "The body is no JSON object."),
    (DrawOrder, {"sizes": 1}, "The body has no field sizes. Did you mean size?"),
    (
        DrawOrder,
        {"size": 0},
        f"In the body, size cannot be “0”. Write a whole number from 1 to {MAX_SIZE}.",
    ),
    (DrawOrder, {"size": "x" * 99}, "In the body, size cannot be “" + "x" * 64 + "…”."),
    (DrawOrder, {"unit": "item"}, "Did you mean items? It may be: rooms, items."),
    (DrawOrder, {"title": "t" * 101}, "Write at most 100 characters."),
    (
        DrawOrder,
        {"seed": "7\n8"},
        "In the body, seed cannot be “7 8”. Write only what can be seen.",
    ),
    (PackOrder, {}, "The body lacks kind. It may be: "),
    (PackOrder, {"kind": None}, "In the body, kind cannot be “null”."),
    (RenameOrder, {"name": {"a": [1]}}, 'In the body, name cannot be “{"a":[1]}”.'),
]


@pytest.mark.parametrize(("kind", "told", "says"), BODIES, ids=range(len(BODIES)))
def test_what_is_wrong_with_a_body_is_said(
    kind: type[msgspec.Struct], told: object, says: str
) -> None:
    """By its field."""
    fault = fault_in_body(told, kind)
    text = " ".join(filled_parts(fault.message, fault.hint, fault.values, str))
    assert says in text
    assert not THEIRS.search(text)


def test_what_is_said_again_is_short_and_seen() -> None:
    """It may be shown on a terminal."""
    assert given("a\x1b[31m\nb\u202e") == "a[31m b"
    assert given(None) == "null"
    assert len(given("x" * 1_000_000)) == 65
