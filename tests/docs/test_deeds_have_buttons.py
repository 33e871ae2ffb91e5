"""Whatever the API or a page's address can change has a button: nothing is left to curl.

And what a page does a program can, but for what is a person's own.
"""

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
    ("PATCH", "/api/v1/devices/{device_id:path}"): "/devices/{device_id:path}/name",
    ("POST", "/api/v1/faults/{event_id}/handled"): "/faults/{event_id}/handled",
    ("POST", "/api/v1/stocktakes/{no:int}/scans"): "/stocktake/{no}/rooms/{room:path}",
    ("POST", "/api/v1/stocktakes/photo"): "/stocktake/{no}/rooms/{room:path}",
    ("POST", "/api/v1/inspections"): "/inspections",
    ("POST", "/api/v1/inspections/{no}/withdraw"): "/inspections/{no}/withdraw",
    ("POST", "/api/v1/reports"): "/reports",
    ("PUT", "/api/v1/reports/template"): "/reports/template",
    ("DELETE", "/api/v1/reports/template"): "/reports/template/drop",
    ("PUT", "/api/v1/guest-copies/{file}"): None,  # /guests
    ("POST", "/api/v1/guest-copies/{file}"): None,  # /guests
}
# What no program does, by how the address begins, and why: a person answers for it by name, or a
# command does it on the server itself.
PERSONS: dict[str, str] = {
    "/accounts": "who may what",
    "/alerts": "a test letter to a person",
    "/cameras": "a room's camera, by whoever stands before it",
    "/copies": "the command: copy",
    "/devices": "a decision about a thing that somebody looked at",
    "/doctor": "the command: doctor",
    "/enrolment": "whom the school lets in",
    "/home-assistant": "who may read along",
    "/incidents": "who takes a cause on",
    "/inspection-requests": "what people of the school saw; scans are the API's",
    "/kinds": "a decision about a thing that somebody looked at",
    "/kits": "what rooms should have",
    "/lessons": "marks of pupils",
    "/lists": "the command: lists import",
    "/login": "a person",
    "/logout": "a person",
    "/maintenances": "when people work on things",
    "/pairs": "a decision about a thing that somebody looked at",
    "/passkeys": "a person",
    "/quarantine": "a message that somebody looked at",
    "/register": "the book, with the undo of whoever wrote; the commands: register",
    "/repairs": "who repairs what",
    "/schedule": "the command: schedule import",
    "/sessions": "a person",
    "/settings": "how the server is set up",
    "/setup": "a person",
    "/start": "how the server is set up",
    "/stocktake": "what people count; scans are the API's",
    "/students": "data of pupils",
    "/teachers": "PINs of persons",
    "/tokens": "who may what",
    "/updates": "the command: updates",
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


def test_what_a_page_does_a_program_can() -> None:
    """By the API's own address, or the table says whose it is alone; no row of it is left over."""
    pages = {path for method, path in CHANGES if not path.startswith("/api/")}
    left = {path for path in pages - {*SAME.values()} if not _is_a_persons(path)}
    assert left == set()
    assert {f"/{path.split('/')[1]}" for path in pages - {*SAME.values()}} == {*PERSONS}


def _is_a_persons(path: str) -> bool:
    return f"/{path.split('/')[1]}" in PERSONS
