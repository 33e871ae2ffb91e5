"""This file completes the API's description with what every address of it answers alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI

from controller.web.refusals import PROBLEM

_JSON: Final = "application/json"
_ERRORS_FROM: Final = 400
_ETAG: Final = {
    "description": "names this answer; handed in as If-None-Match, an equal one is told by 304",
    "schema": {"type": "string"},
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
