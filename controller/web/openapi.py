"""This file describes the HTTP API for other programs: OpenAPI, from the code.

python -m controller.web.openapi     the document, kept as docs/wire/openapi.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from controller.access.password import Office
from controller.dashboard.live import Live
from controller.database.store import Store
from controller.web.site import create_web
from protocol.model import Place

_TIMEZONE: Final = "Asia/Ho_Chi_Minh"  # the description tells no time


def main() -> None:
    """Print the document."""
    print(to_text(openapi()), end="")  # noqa: T201 - it is what it is for


def openapi() -> dict[str, Any]:
    """The API that every controller has, whatever its settings; no database is opened."""
    nowhere, place = Store(""), Place("", "")

    async def never(_: str) -> bool:
        raise NotImplementedError

    app = create_web(
        nowhere,
        Live(nowhere, place, zone=ZoneInfo(_TIMEZONE), name=""),
        scope=place,
        name="",
        office=Office(Path(), float),
        folder=Path(),
        remove_device=never,
        handle_fault=never,
        health=dict,
        metrics=dict,
        allowed_hosts=(),
        timezone=_TIMEZONE,
        default_language="vi",
    )
    return app.openapi()


def to_text(document: dict[str, Any]) -> str:
    """The document as it is kept: the same text for the same API."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    main()
