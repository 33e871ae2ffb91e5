"""This file completes the API's description with what every address of it answers alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI

from controller.web.refusals import PROBLEM
from controller.web.seen import API, HISTORY, IF_HISTORY

_JSON: Final = "application/json"
_ERRORS_FROM: Final = 400
_ETAG: Final = {
    "description": "names this answer; handed in as If-None-Match, an equal one is told by 304",
    "schema": {"type": "string"},
}
_HISTORY: Final = {
    "description": (
        "which history of the server's data this tells of; handed in as X-LopHoc-If-History with "
        "a number from it, what is of another history (a copy was put back) is told by 412"
    ),
    "schema": {"type": "string"},
}
_IF_HISTORY: Final = {
    "name": IF_HISTORY,
    "in": "header",
    "required": False,
    "description": "X-LopHoc-History of the answer that told the number",
    "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]*[.][0-9]{1,19}$"},
}
_SAME: Final = {"description": "The caller has this answer already."}


def complete(app: FastAPI) -> None:
    """Have the application describe errors as problem+json, and the marks of its answers."""
    describe: Callable[[], dict[str, Any]] = app.openapi

    def completed() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = describe()
        if is_new:
            for path, method, operation in _operations(document):
                _as_problems(operation["responses"])
                if method == "get" and path.startswith("/api/"):
                    _as_tagged(operation["responses"])
                if path.startswith(API):
                    _as_told(operation, names="{" in path)
        return document

    app.openapi = completed  # type: ignore[method-assign]


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _as_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        content = response.get("content", {})
        if status.isdecimal() and int(status) >= _ERRORS_FROM and _JSON in content:
            content[PROBLEM] = content.pop(_JSON)


def _as_tagged(responses: dict[str, Any]) -> None:
    if "200" in responses:
        responses["200"].setdefault("headers", {})["ETag"] = _ETAG
        responses["304"] = _SAME


def _as_told(operation: dict[str, Any], *, names: bool) -> None:
    """Good answers say their history; who names what they told may say which."""
    responses = operation["responses"]
    for status, response in responses.items():
        if status.startswith("2"):
            response.setdefault("headers", {})[HISTORY] = _HISTORY
    if names:
        operation.setdefault("parameters", []).append(_IF_HISTORY)
        responses["412"] = responses["404"]
