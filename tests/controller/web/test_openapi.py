"""The HTTP API's recorded description says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller.openapi import app, main, openapi, to_text
from controller.stocktake.scan import ScanError, scan_of
from controller.stocktake.service import MAX_PHOTO_BYTES
from controller.web.rules import Rule, addresses_of
from protocol.model import day_from
from tests.controller.web_department import OWN, a_department, a_department_face
from tests.controller.web_school import Served, a_full_room, a_live, a_store, asked, asked_of
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
        for path in [re.sub(r":\w+}", "}", each.path)]
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


def test_a_method_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    """As RFC 9110, 15.5.6 wants of each 405, at each address, also where several share a path."""
    known = [address for address in addresses_of(app().routes) if address.is_held]
    methods_of = {pattern_of(address.path): set[str]() for address in known}
    for address in known:
        methods_of[pattern_of(address.path)] |= {*address.methods} - {"SOCKET"}
    wrong = []
    with a_store(tmp_path) as store:
        for path in sorted({example_of(address.path) for address in known}):
            told = asked(store, path, method="TRACE")
            at = [found for pattern, found in methods_of.items() if re.fullmatch(pattern, path)]
            allowed = {*told.headers.get("allow", "").split(", ")} - {""}
            if told.status_code not in {404, 405} or allowed != set().union(*at):
                wrong.append((path, told.status_code, allowed))
    assert wrong == []


def test_a_described_address_answers_its_own_methods_alone(
    document: dict[str, Any], tmp_path: Path
) -> None:
    """No other address takes it for one of its own, such as a number's."""
    wrong = []
    with a_store(tmp_path) as store:
        for path, methods in document["paths"].items():
            own = {method.upper() for method in methods}
            for method in {"GET", "DELETE", "OPTIONS"} - own:
                answer = asked(store, example_of(path), method=method)
                told = {*answer.headers.get("allow", "").split(", ")}
                if (answer.status_code, told) != (405, own):
                    wrong.append((method, path, answer.status_code, answer.headers.get("allow")))
    assert wrong == []


def pattern_of(path: str) -> str:
    """What fits an address, by its own words for it."""
    fits = {":int": "[0-9]+", ":path": ".*", "": "[^/]+"}
    parts = re.split(r"\{\w+(:\w+)?\}", path)
    return "".join(
        re.escape(part) if number % 2 == 0 else fits[part or ""]
        for number, part in enumerate(parts)
    )


def example_of(path: str) -> str:
    """One path that fits it."""
    return re.sub(r"\{[^}]+\}", "1", path)


TOO_LONG = b" " * (MAX_PHOTO_BYTES + 1)


def test_every_body_is_described_and_no_other(document: dict[str, Any], tmp_path: Path) -> None:
    """What is too long is refused where a body is read: there it is told what one is."""
    writes = [
        (path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method == "post"
    ]
    (tmp_path / "school").mkdir()
    with a_store(tmp_path / "school") as store, a_department(tmp_path) as above:
        department = a_department_face(above, a_live(above, scope=OWN))
        reads = {}
        for path, _ in writes:
            answer = asked(store, example_of(path), method="POST", content=TOO_LONG)
            if answer.status_code == 404:  # a school has no such address
                answer = asked_of(department, example_of(path), method="POST", content=TOO_LONG)
            reads[path] = answer.status_code == 413
    assert {path: "requestBody" in operation for path, operation in writes} == reads
    assert {*reads.values()} == {True, False}
    bodies = [
        ("413" in operation["responses"], "requestBody" in operation)
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert [is_bounded for is_bounded, has_body in bodies if is_bounded != has_body] == []


@pytest.mark.parametrize("text", ["1899-12-31", "1900-01-01", "2999-12-31", "3000-01-01"])
def test_a_date_is_described_by_the_years_that_are_taken(
    document: dict[str, Any], text: str
) -> None:
    """A client that keeps to the description is refused no day."""
    dates = [
        choice
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        for choice in parameter["schema"].get("anyOf", [parameter["schema"]])
        if choice.get("format") == "date"
    ]
    fits = {bool(re.match(choice.get("pattern", ""), text)) for choice in dates}
    assert len(dates) > 5
    assert fits == {is_day(text)}


GOOD = {"id": "scan-0001", "room": "P203", "line": 1, "quality_pct": 100, "at_ms": 5}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"id": "short"},
        {"id": "scan 0001"},
        {"line": 0},
        {"line": None, "tag": "TB-1"},
        {"quality_pct": 101},
        {"quality_pct": "9"},
        {"at_ms": -1},
        {"note": "x" * 1001},
        {"found": "yes"},
        {"tag": 7},
    ],
    ids=str,
)
def test_a_scan_is_described_as_it_is_taken(
    document: dict[str, Any], change: dict[str, Any]
) -> None:
    """A phone's programmer reads the description: what fits it is kept, what does not is not."""
    operation = document["paths"]["/api/v1/stocktakes/{no}/scans"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    scan = GOOD | change
    batch = {"begun_ms": 1, "sent_ms": 2, "scans": [scan]}
    assert Draft202012Validator(schema).is_valid(batch) == is_taken(scan)


def is_taken(scan: dict[str, Any]) -> bool:
    """Whether the controller makes a scan of it."""
    try:
        return bool(scan_of(json.dumps(scan).encode()))
    except ScanError:
        return False


def is_day(text: str) -> bool:
    """Whether the addresses take it."""
    try:
        return bool(day_from(text))
    except ValueError:
        return False
