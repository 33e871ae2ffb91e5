"""Tokens by the page: made, shown once, limited, ended; no page shows one again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.access.token import PREFIX, READING, token_name
from controller.access.token_store import all_tokens
from controller.database.store import Store
from controller.people.person import Permission
from tests.controller.web_school import a_store, agent, asked

FORM = {"purpose": "GLPI", "days": "30", "may_school": "on", "school": "", "area": ""}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with one room."""
    with a_store(tmp_path, [agent("6A1")]) as opened:
        yield opened


def press(store: Store, path: str, **fields: str) -> httpx.Response:
    """What the office is answered."""
    return asked(store, path, method="POST", data=fields)


def test_a_token_is_shown_once_and_works(store: Store) -> None:
    """The list names it, who made it and when it was used; its secret stands nowhere."""
    made = press(store, "/tokens", **FORM)
    assert made.status_code == 200
    found = re.search(rf"{PREFIX}\w{{57}}", made.text)
    assert found
    headers = {"Authorization": f"Bearer {found[0]}"}
    used = asked(store, "/api/v1/inventory", host="192.0.2.5", headers=headers)
    assert used.status_code == 200
    other = asked(store, "/api/v1/rooms", host="192.0.2.5", headers=headers)
    assert other.status_code == 403
    listed = asked(store, "/tokens").text
    assert "GLPI" in listed
    assert "van-phong" in listed
    assert found[0] not in listed
    (kept,) = store.read(all_tokens)
    assert (kept.permissions, kept.used_ms) == (frozenset({Permission.SCHOOL}), kept.made_ms)
    ended = press(store, f"/tokens/{token_name(found[0])}/end")
    assert ended.status_code == 303
    after = asked(store, "/api/v1/inventory", host="192.0.2.5", headers=headers)
    assert after.status_code == 401
    assert press(store, f"/tokens/{kept.token}/end").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"days": "0"}, {"days": "x"}, {"days": "401"}, {"days": "٣"}, {"may_school": None}],
    ids=str,
)
def test_what_cannot_be_is_told_on_the_page(store: Store, wrong: dict[str, str | None]) -> None:
    """The form stays as it was filled, and nothing is kept."""
    form = {name: value for name, value in {**FORM, **wrong}.items() if value is not None}
    answer = press(store, "/tokens", **form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="GLPI"' in answer.text
    assert store.read(all_tokens) == []


def test_the_form_offers_what_only_reads(store: Store) -> None:
    """Whoever presses the button without thinking gives no pupil's marks away."""
    page = asked(store, "/tokens").text
    ticked = set(re.findall(r'name="may_(\w+)" checked', page))
    assert ticked == {str(permission) for permission in READING}
