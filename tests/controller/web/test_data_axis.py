"""What every answer of the API has alike: errors of one shape, marks, gzip, HEAD, few at once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, get_args

import jsonschema
import pytest
from fastapi.routing import iter_route_contexts

from controller.areas.areas import Area, Membership, SchoolFacts
from controller.database.store import Store
from controller.openapi import openapi
from controller.web.exporting import Export, Exports
from controller.web.refusals import HttpError
from tests.controller.web_department import (
    OWN,
    a_department,
    a_department_face,
    fill,
    know,
    line,
)
from tests.controller.web_school import a_live, asked_of

INVENTORY = "/api/v1/inventory"


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A department of two schools, one of them in an area."""
    with a_department(tmp_path_factory.mktemp("d")) as store:
        know(
            store,
            [SchoolFacts(code="00123", name="THCS A"), SchoolFacts(code="00124")],
            [Area(code="x1", name="Xã Một", kind="xã"), Area(code="x2")],
            [Membership(school="00123", area="x1")],
        )
        fill(store, [*(line("00123", n) for n in range(5)), line("00124", 1)])
        yield a_department_face(store, a_live(store, scope=OWN))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/schools/zz", 404, "school_unknown"),
        ("/api/v1/items/line:77", 404, "item_unknown"),
        ("/api/v1/items/line:1", 422, "item_ambiguous"),
        ("/api/v1/nothing", 404, "not_found"),
        (f"{INVENTORY}?limit=0", 422, "parameter_invalid"),
        (f"{INVENTORY}?since=zz", 422, "cursor_invalid"),
    ],
)
def test_every_error_is_a_problem_in_the_callers_language(
    department: Any, path: str, status: int, code: str
) -> None:
    """As RFC 9457 has it, with the shape of before beside it."""
    asked = [{"accept-language": language} for language in ("vi", "en")]
    answers = [asked_of(department, path, headers=headers) for headers in asked]
    for answer, language in zip(answers, ("vi", "en"), strict=True):
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-language"] == language
        assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
        assert told["type"] == f"urn:lophoc:problem:{code}"
        assert told["error"] == {"code": code, "message": told["title"], "hint": told["detail"]}
    if code != "parameter_invalid":
        assert answers[0].json()["title"] != answers[1].json()["title"]


@pytest.mark.parametrize("path", ["/api/v1/areas", "/api/v1/schools", INVENTORY])
def test_who_has_an_answer_is_told_only_that(department: Any, path: str) -> None:
    """By its mark, packed or not; another answer has another mark."""
    first = asked_of(department, path)
    tag = first.headers["etag"]
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = asked_of(department, path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert asked_of(department, path, headers={"if-none-match": '"other"'}).status_code == 200
    assert asked_of(department, f"{path}?limit=1").headers["etag"] != tag


def test_a_head_is_the_answers_head(department: Any) -> None:
    """Its length and its mark, and no body."""
    got, head = (asked_of(department, INVENTORY, method=each) for each in ("GET", "HEAD"))
    assert head.content == b""
    assert [head.headers[each] for each in ("etag", "content-type")] == [
        got.headers[each] for each in ("etag", "content-type")
    ]
    assert got.headers["content-encoding"] == "gzip"


def test_one_school_one_item_and_the_areas(department: Any) -> None:
    """Each by its code."""
    school = asked_of(department, "/api/v1/schools/00123").json()
    assert (school["code"], school["name"], school["items"]) == ("00123", "THCS A", 5)
    item = asked_of(department, "/api/v1/items/line:1?school=00124").json()
    assert (item["school"], item["device_id"]) == ("00124", "line:1")
    area, empty = asked_of(department, "/api/v1/areas").json()["items"]
    assert (empty["code"], empty["schools"]) == ("x2", [])
    assert (area["code"], area["kind"], area["schools"]) == ("x1", "xã", ["00123"])


def test_so_many_big_files_at_once_and_no_more() -> None:
    """A slot is free again when its answer ended, broke, or nobody ever read it."""
    exports = Exports(at_once=2)

    def broken() -> Iterator[bytes]:
        yield b"a"
        raise ValueError

    ended, breaking = exports.taking(lambda: iter([b"x"])), exports.taking(broken)
    with pytest.raises(HttpError) as refused:
        exports.taking(lambda: iter([]))
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "20"}
    assert [*ended] == [b"x"]
    with pytest.raises(ValueError, match=r"^$"):
        assert [*breaking]
    unread = exports.taking(lambda: iter([b"y"]))
    with pytest.raises(ZeroDivisionError):
        exports.taking(lambda: iter([bytes(1 // 0)]))
    del unread
    gc.collect()
    assert len([exports.taking(lambda: iter([])) for _ in range(2)]) == 2


class Unread:
    """Parts that know whether they were ended."""

    is_ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        raise StopIteration

    def close(self) -> None:
        """End them."""
        self.is_ended = True


def test_who_goes_away_before_the_first_part_leaves_nothing() -> None:
    """What writes is ended and the slot is free, also while something still holds the answer."""
    exports, parts = Exports(at_once=1), Unread()
    answer = Export(exports.taking(lambda: parts), "text/csv", is_packed=True)
    assert answer.headers["content-encoding"] == "gzip"

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(_: object) -> None:
        raise AssertionError("nobody is there")

    with contextlib.suppress(AssertionError):
        asyncio.run(answer({"type": "http"}, receive, send))
    assert parts.is_ended
    assert [*exports.taking(lambda: iter([b"x"]))] == [b"x"]


def test_a_file_that_finds_no_slot_is_asked_for_again(tmp_path: Path) -> None:
    """With the header that says when; what is no big file is answered all the same."""
    with a_department(tmp_path) as store:
        face = _busy(store)
        answer = asked_of(face, f"{INVENTORY}?format=snipeit")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "20")
        assert answer.json()["code"] == "exports_busy"
        assert asked_of(face, INVENTORY).status_code == 200


def test_every_file_that_is_made_holds_a_slot(tmp_path: Path) -> None:
    """Of pages and of the API: each address that ends like a file, or takes a format of one."""
    with a_department(tmp_path) as store:
        face, found = _busy(store), 0
        for route in iter_route_contexts(face.routes):
            for path in _files_of(route.original_route):
                answer = asked_of(face, path)
                assert (answer.status_code, answer.headers.get("retry-after")) == (429, "20"), path
                found += 1
        assert found >= 15
        assert asked_of(face, "/schools").status_code == 200
        assert asked_of(face, "/schools?format=xls").status_code == 422
        assert asked_of(_face(store), "/schools?format=csv").status_code == 200


def _files_of(route: Any) -> Iterator[str]:
    """Addresses of a route's files."""
    methods, path = getattr(route, "methods", None) or (), getattr(route, "path", "")
    if "GET" not in methods or path == INVENTORY:
        return
    plain = re.sub(r"\{no(:int)?\}", "1", path).replace("{kind}", "xlsx").replace("{paper}", "pdf")
    plain = re.sub(r"\{[^}]+\}", "x", plain)
    if PurePosixPath(plain).suffix in {".xlsx", ".pdf", ".docx", ".csv"}:
        yield plain
    forms = {
        str(form)
        for name, parameter in inspect.signature(route.endpoint, eval_str=True).parameters.items()
        if name == "format"
        for form in _words_of(parameter.annotation)
    }
    needed = "&from=2026-09-01&to=2026-09-02&class=6A1" if "attendance" in plain else ""
    yield from (f"{plain}?format={form}{needed}" for form in sorted(forms & {"xlsx", "csv"}))


def _words_of(kind: Any) -> list[str]:
    """What a parameter takes: of an enum, or of several in one."""
    kinds = [one for one in (*get_args(kind), kind) if isinstance(one, type)]
    return [word for one in kinds if issubclass(one, StrEnum) for word in one]


def _face(store: Store) -> Any:
    return a_department_face(store, a_live(store, scope=OWN))


def _busy(store: Store) -> Any:
    live = a_live(store, scope=OWN)
    return a_department_face(store, live, {Exports: Exports(at_once=0)})


def test_every_answer_of_the_api_has_a_named_schema() -> None:
    """Programs are made from them; a body without a name is a dictionary to everybody."""
    document = openapi()
    nameless = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"].get("200", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if path.startswith("/api/") and "application/json" in content:
                nameless += [] if "$ref" in json.dumps(schema) else [f"{method} {path}"]
    assert nameless == []


@pytest.mark.parametrize("path", ["/api/v1/use", "/api/v1/forecast"])
def test_what_is_written_straight_from_records_is_as_described(department: Any, path: str) -> None:
    """The described schema takes the very answer."""
    document = openapi()
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    schema = content["schema"] | {"components": document["components"]}
    answer = asked_of(department, path).json()
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert answer
