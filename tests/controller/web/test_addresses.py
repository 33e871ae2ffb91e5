"""The addresses: what people have bookmarked and programs ask for keeps answering."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from controller.config import ControllerConfig
from controller.database.store import Store
from controller.feature import Program
from controller.features import FEATURES
from controller.web.site import create_web

KNOWN = Path(__file__).with_name("addresses.txt")  # lines are only ever added


def addresses(routes: Iterable[Any]) -> Iterator[str]:
    """Every method and path that the routes answer."""
    for route in routes:
        if getattr(route, "methods", None):
            path = route.path.replace(":int", "")  # it says what fits, not where it is
            yield from (f"{method} {path}" for method in route.methods - {"HEAD"})
        elif inner := getattr(route, "original_router", None):
            yield from addresses(inner.routes)
        else:
            yield f"MOUNT {route.path}"


def test_every_address_that_was_ever_told_is_answered() -> None:
    """A feature may move in the code; its pages and its API stay where they are."""
    program = Program(
        config=ControllerConfig(province="", school=""),
        features=FEATURES,
        store=Store(""),
        zone=ZoneInfo("UTC"),
        boot="",
        wall_ms=int,
    )
    web = create_web(program, allowed_hosts=())
    assert set(KNOWN.read_text().splitlines()) <= set(addresses(web.routes))
