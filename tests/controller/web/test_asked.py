"""What is asked of an address is known to it, and says one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from controller.database.store import Store
from tests.controller.web_department import OWN, a_department, a_department_face, hear
from tests.controller.web_school import a_face, a_live, a_store, asked_of

SEVERAL = {("/devices", "removed")}  # takes a row of them

# By hand: names that take any text, for nothing but what is there now could say which is one.
FREE = {"q", "room", "next", "trouble", "failed", "account", "type", "change", "removed", "show"}
ELSEWHERE = {("/", "cursor"), ("/exceptions", "sort")}  # lead on without reading it


@pytest.fixture(params=["school", "department"])
def face(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FastAPI]:
    """A program of each level."""
    opened = a_store(tmp_path) if request.param == "school" else a_department(tmp_path)
    with opened as store:
        yield _face_of(store, request.param)


def _face_of(store: Store, level: str) -> FastAPI:
    if level == "school":
        return a_face(store, a_live(store))
    return a_department_face(store, a_live(store, scope=OWN))


def names_of(face: FastAPI) -> Iterator[tuple[str, str]]:
    """Every address that is read, with each name of what it may be asked."""
    for route in face.routes:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            for field in route.dependant.query_params:
                yield route.path.replace("{", "").replace("}", ""), field.alias


def test_a_name_with_several_values_is_refused_and_none_of_them_taken(face: FastAPI) -> None:
    """Unless the address takes several; the same one twice is one."""
    names = {one for one in names_of(face) if one not in SEVERAL}
    assert len(names) > 50
    codes = {
        one: asked_of(face, f"{one[0]}?{one[1]}=1&{one[1]}=2", headers={"accept": "text/html"})
        for one in sorted(names)
    }
    taken = {one: answer.status_code for one, answer in codes.items() if not _is_refused(answer)}
    assert taken == {}
    for path, name in SEVERAL & {*names_of(face)}:
        assert asked_of(face, f"{path}?{name}=1&{name}=2").status_code != 422


def _is_refused(answer: object) -> bool:
    status: int = getattr(answer, "status_code", 0)
    return status == 404 or (status == 422 and "parameter_twice" in getattr(answer, "text", ""))


def test_a_name_that_nobody_knows_is_refused_at_every_address(face: FastAPI) -> None:
    """Read or sent to; also by what leads on, and where the path names something."""
    asked = [
        (method, route.path)
        for route in face.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]
    assert len(asked) > 200
    taken = {
        one: answer.status_code
        for one in asked
        if not _is_unknown(answer := asked_of(face, f"{_plain(one[1])}?nosuch=junk", one[0]))
    }
    assert taken == {}


def _plain(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "1", path)


def _is_unknown(answer: httpx.Response) -> bool:
    return "not_here" in answer.text or (
        answer.status_code == 422 and "parameter_unknown" in answer.text
    )


def test_a_word_that_is_no_value_of_a_name_is_refused(face: FastAPI) -> None:
    """By pages as by the API; what takes any text stands above."""
    taken = {
        one: answer.status_code
        for one in sorted({*names_of(face)})
        if one[1] not in FREE and one not in ELSEWHERE
        if (answer := asked_of(face, f"{_plain(one[0])}?{one[1]}=zzjunk")).status_code < 400
    }
    assert taken == {}


def test_a_school_named_by_the_path_is_named_by_nothing_else(tmp_path: Path) -> None:
    """An area or a second school beside it was passed over."""
    with a_department(tmp_path) as store:
        hear(store, "S1")
        face = _face_of(store, "department")
        assert asked_of(face, "/schools/S1?type=board").status_code == 200
        for name in ("area", "school"):
            answer = asked_of(face, f"/schools/S1?{name}=junk", headers={"accept": "text/html"})
            assert (answer.status_code, "parameter_unknown" in answer.text) == (422, True)
