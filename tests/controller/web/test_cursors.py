"""A word to go on from may be of another list, made up, or sealed by nobody of ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from controller.openapi import openapi
from controller.web.refusals import encode_cursor
from tests.controller.book_school import a_book, bring_in
from tests.controller.web_department import OWN, a_department, a_department_face, fill, line
from tests.controller.web_school import a_face, a_live, a_store, asked_of

MADE_UP: Final[tuple[Any, ...]] = (
    *("", "abc", "٣", "²", "-1", "9" * 30, "\x00", "a\ud800", "' OR 1=1", "x" * 3000),
    *(0, 1, -1, 2**63 - 1, 2**63, 10**30, True, None, 1.5, 1e308, [], {}, ["a"]),
)
BESIDE: Final = {"from": "2026-09-01", "to": "2026-09-02", "what": "missing"} | {
    "school": "00123",
    "id": "line:1",
}
SEALED: Final = [
    *(None, {}, "abc", [], [1, 2, 3, 4, 5, 6, 7]),
    *([one] for one in MADE_UP),
    *([one, one] for one in MADE_UP),
    *([one, 1, 1] for one in MADE_UP),
    *(["00", one, one] for one in MADE_UP),
    *(["00", one, one, "", ""] for one in MADE_UP),
]


def sealed(value: Any) -> str:
    """As ours are, whatever stands in it."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def lists() -> Iterator[tuple[str, str, dict[str, str]]]:
    """The addresses of the API that go on from somewhere: by which parameter, with what beside."""
    for path, methods in openapi()["paths"].items():
        asked = {} if "{" in path else methods.get("get", {}).get("parameters", ())
        beside = {one["name"]: BESIDE[one["name"]] for one in asked if one.get("required")}
        for one in asked:
            if one["name"] in {"cursor", "since"}:
                yield path, one["name"], beside


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, ...]]:
    """A school's and a department's."""
    school, department = (tmp_path_factory.mktemp(name) for name in ("school", "department"))
    with a_store(school) as below, a_department(department) as above:
        bring_in(below, a_book())
        fill(above, [*(line("00123", number) for number in range(5))])
        yield (
            a_face(below, a_live(below)),
            a_department_face(above, a_live(above, scope=OWN)),
        )


@pytest.mark.parametrize(
    ("path", "name", "beside"), [*lists()], ids=lambda part: part if isinstance(part, str) else ""
)
def test_no_made_up_place_is_a_fault_of_ours(
    faces: tuple[Any, ...], path: str, name: str, beside: dict[str, str]
) -> None:
    """It is gone on from there, or refused by the parameter's name."""
    for face in faces:
        if asked_of(face, path, params=beside).status_code == 404:
            continue  # it is the other level's
        for value in SEALED:
            answer = asked_of(face, path, params=beside | {name: sealed(value)})
            assert answer.status_code in {200, 410, 422}, (value, answer.text)
            if answer.status_code == 422:
                assert name in answer.json()["title"], answer.text
        for word in ("zz", "====", "_", encode_cursor("x")[:-1], "é", " "):
            answer = asked_of(face, path, params=beside | {name: word})
            assert answer.status_code in {200, 422}, (word, answer.text)
