"""Whatever the API or a page's address can change has a button: nothing is left to curl."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.controller.access.who_may import TABLE

CONTROLLER = Path(__file__).parents[2] / "controller"
# What a template calls the address of its own page.
OWN = {
    "attendance": ("{{ address }}", "/lessons/a/b"),
    "register": ("{{ here }}", "/register/import/a"),
    "roster": ("{{ here }}", "/lists/import/a"),
    "schedule": ("{{ here }}", "/schedule/import/a"),
}
TEXTS = "\n".join(
    path.read_text("utf-8").replace(*OWN.get(path.parents[1].name, ("\0", "")))
    for kind in ("*/templates/*.html", "*/static/*.js")
    for path in sorted(CONTROLLER.glob(kind))
)
# What programs ask to change, and the address behind the button that does the same; None: only
# another controller's program does it, and what it did stands on the page that the note names.
SAME: dict[tuple[str, str], str | None] = {
    ("DELETE", "/api/v1/devices/{device_id:path}"): "/devices/{device_id:path}/remove",
    ("POST", "/api/v1/faults/{event_id}/handled"): "/faults/{event_id}/handled",
    ("POST", "/api/v1/stocktakes/{no:int}/scans"): "/stocktake/{no}/rooms/{room:path}",
    ("POST", "/api/v1/stocktakes/photo"): "/stocktake/{no}/rooms/{room:path}",
    ("PUT", "/api/v1/guest-copies/{file}"): None,  # /guests
    ("POST", "/api/v1/guest-copies/{file}"): None,  # /guests
}
CHANGES = sorted(key for key in TABLE if key[0] != "GET")


def is_pressed(path: str) -> bool:
    """Whether a form or a script of a page names the address, whatever stands for its {words}."""
    parts = re.split(r"\{[^}]+\}", path)
    named = r"(?:\{\{[^{}]*\}\}|\$\{[^{}]*\}|[\w.-]+)".join(map(re.escape, parts))
    return re.search(rf'(?:action="|["\'`]){named}["\'`?#]', TEXTS) is not None


@pytest.mark.parametrize(("method", "path"), CHANGES, ids=lambda word: word)
def test_every_change_has_a_button(method: str, path: str) -> None:
    """A form's action, or a script's request."""
    if (method, path) in SAME:
        same = SAME[method, path]
        assert same is None or ("POST", same) in TABLE
    else:
        assert method == "POST"
        assert is_pressed(path), path


def test_no_change_of_the_api_is_left_out() -> None:
    """Whoever adds one names its button here."""
    assert {key for key in CHANGES if key[1].startswith("/api/")} == {*SAME}
