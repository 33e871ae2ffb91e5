"""The HTTP API's recorded description says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from controller.openapi import main, openapi, to_text
from tests.controller.web_school import Served, a_store
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
