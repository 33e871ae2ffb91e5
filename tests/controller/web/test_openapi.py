"""The HTTP API's recorded description says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from controller.openapi import app, main, openapi, to_text
from controller.web.rules import Rule, addresses_of
from tests.controller.web_school import Served, a_full_room, a_store, asked
from tests.web import http_request

RECORDED = Path(__file__).parents[3] / "docs/wire/openapi.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The description, as the code gives it."""
    return openapi()


def test_the_recorded_document_is_what_the_code_says(document: dict[str, Any]) -> None:
    """Made anew by: python -m controller.openapi > docs/wire/openapi.json."""
    assert RECORDED.read_text("utf-8") == to_text(document)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    """So that nobody writes it by hand."""
    main()
    assert capsys.readouterr().out == RECORDED.read_text("utf-8")


def test_a_running_controller_answers_with_the_same_document(
    document: dict[str, Any], tmp_path: Path
) -> None:
    """What is recorded without a database is what a program gets that asks."""
    with a_store(tmp_path, []) as store, Served(store) as served:
        asked = http_request("GET", f"{served.url}openapi.json")
    assert asked.json() == document


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """Tools that make clients of it stop at the first one that does not."""
    references = set(re.findall(r'"#/components/schemas/(\w+)"', to_text(document)))
    assert references == set(document["components"]["schemas"])


def test_every_operation_is_explained_and_named_once(document: dict[str, Any]) -> None:
    """A client's functions are called by the names."""
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert [each["operationId"] for each in operations if not each.get("description")] == []
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)


def test_what_lets_nobody_in_unasked_says_how_it_refuses(document: dict[str, Any]) -> None:
    """By the rules of the addresses: a new one that says nothing of it fails here."""
    held = [each for each in addresses_of(app().routes) if each.rule and each.rule != Rule()]
    told = [
        operation["responses"].keys() >= {"401", "403", "404", "422", "503"}
        for each in held
        for path in [each.path.replace(":path}", "}")]
        for method, operation in document["paths"].get(path, {}).items()
        if method.upper() in each.methods
    ]
    assert len(told) > 20
    assert all(told)


DAYS = {"class": "6A1", "from": "2026-09-05", "to": "2026-09-05"}
PAPERS = {"/api/v1/attendance": DAYS, "/metrics": {}}  # what is asked beside the format


def test_every_kind_of_answer_is_told(document: dict[str, Any], tmp_path: Path) -> None:
    """Each format that an address has is asked for, and answered by a kind that is described."""
    asks = [
        (path, PAPERS.get(path, {}) | ({"format": form} if form else {}), operation)
        for path, methods in document["paths"].items()
        if "{" not in path and (operation := methods.get("get"))
        for form in formats_of(document, operation)
    ]
    with a_store(tmp_path, a_full_room()) as store:
        answers = [(asked(store, path, params=query), told) for path, query, told in asks]
    kinds = [
        (answer.headers["content-type"], {*told["responses"]["200"]["content"]})
        for answer, told in answers
        if answer.status_code == 200
    ]
    assert [kind for kind, told in kinds if kind not in told] == []
    assert len({kind for kind, _ in kinds}) > 5


def formats_of(document: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """The formats that an operation offers; one that is none where it has no choice."""
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "format":
            name = parameter["schema"]["$ref"].rpartition("/")[2]
            return list(document["components"]["schemas"][name]["enum"])
    return [""]


@pytest.mark.parametrize("path", ["/api/v1/rooms", "/metrics", "/api/v1/devices/x"])
def test_a_method_that_is_not_there_is_told_with_those_that_are(path: str, tmp_path: Path) -> None:
    """As RFC 9110, 15.5.6 wants of each 405."""
    with a_store(tmp_path) as store:
        answer = asked(store, path, method="TRACE")
    assert answer.status_code == 405
    assert answer.headers["allow"] in {"GET", "DELETE"}
