"""This file describes the HTTP API for other programs: OpenAPI, from the code.

python -m controller.openapi     the document, kept as docs/wire/openapi.json
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI

from controller.config import TIMEZONE, ControllerConfig, zone_of
from controller.database.store import Store
from controller.feature import Program
from controller.features import FEATURES
from controller.web.site import create_web


def main() -> None:
    """Print the document."""
    print(to_text(openapi()), end="")  # noqa: T201 - it is what it is for


def openapi() -> dict[str, Any]:
    """The API that every controller has, whatever its settings."""
    return app().openapi()


def app() -> FastAPI:
    """All that every controller answers; no database is opened."""
    program = Program(
        config=ControllerConfig(province="", school=""),
        features=FEATURES,
        store=Store(""),
        zone=zone_of(TIMEZONE),
        boot="",
        wall_ms=int,
    )
    return create_web(program, allowed_hosts=())


def to_text(document: dict[str, Any]) -> str:
    """The document as it is kept: the same text for the same API."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    main()
