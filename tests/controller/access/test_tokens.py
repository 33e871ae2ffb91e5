"""A program comes in by a token: what it may, until when, and never after it has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.__main__ import main
from controller.access.token import (
    MAX_DAYS,
    PREFIX,
    READING,
    NewToken,
    TokenError,
    new_token,
    token_name,
    token_of,
)
from controller.access.token_store import all_tokens, end_token, keep_token, token_named
from controller.database.store import Store
from controller.people.person import Permission
from protocol.model import Place
from tests.controller.web_school import NOW_MS, a_store, agent, asked, mark

DAY_MS = 86_400_000
SIGNS = st.characters(min_codepoint=33, max_codepoint=126)
SHOWN = new_token()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with one room and one mark."""
    with a_store(tmp_path, [agent("6A1"), mark("m1")]) as opened:
        yield opened


def given_token(
    store: Store, *, days: int = 30, made_ms: int = NOW_MS, may: frozenset[Permission] = READING
) -> NewToken:
    """A token that the school has given out."""
    text = new_token()
    token = token_of(
        text,
        purpose="GLPI",
        made_by="test",
        place=Place("14"),
        permissions=may,
        days=days,
        now_ms=made_ms,
    )
    store.write(keep_token, token)
    return text


def ask(store: Store, path: str, text: str) -> httpx.Response:
    """What a program of this token is answered."""
    headers = {"Authorization": f"Bearer {text}"}
    return asked(store, path, host="192.0.2.5", headers=headers)


def test_it_reads_and_its_last_use_is_noted(store: Store) -> None:
    """The inventory, and no pupil's mark: that is another permission."""
    text = given_token(store)
    assert ask(store, "/api/v1/inventory", text.text).status_code == 200
    kept = store.read(token_named, text.token)
    assert kept is not None
    assert kept.used_ms == NOW_MS
    assert text.text not in repr(kept)
    refused = ask(store, "/api/v1/attendance", text.text)
    assert (refused.status_code, "0007" in refused.text) == (403, False)
    marks = given_token(store, may=frozenset({Permission.MARKS}))
    assert "0007" in ask(store, "/api/v1/attendance", marks.text).text


@pytest.mark.parametrize(
    "shown",
    ["", " ", "x", PREFIX, PREFIX + "0" * 57, SHOWN.text],
    ids=["nothing", "blank", "letter", "beginning", "zeros", "never-given"],
)
def test_what_was_never_given_opens_nothing(store: Store, shown: str) -> None:
    """Nothing at all, half of it, or one that looks right."""
    given_token(store)
    assert ask(store, "/api/v1/inventory", shown).status_code == 401


def test_the_secret_counts_and_not_the_name(store: Store) -> None:
    """Whoever knows a token's name, which may be told, has nothing by it."""
    text, other = given_token(store), new_token()
    body = f"{PREFIX}{text.token}{other.text[len(PREFIX) + 8 : -6]}"
    forged = next(candidate for candidate in _checked(body) if token_name(candidate) == text.token)
    assert ask(store, "/api/v1/inventory", forged).status_code == 401


def _checked(body: str) -> Iterator[str]:
    """The body with its check, computed by itself (CRC-32, ISO 3309)."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    rest = 0xFFFFFFFF
    for byte in body.encode():
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ (0xEDB88320 if rest & 1 else 0)
    number, check = rest ^ 0xFFFFFFFF, ""
    while len(check) < 6:
        number, place = divmod(number, 62)
        check = signs[place] + check
    yield body + check


def test_it_ends_by_its_day_and_by_a_word(store: Store) -> None:
    """A token that has run out, and one that was ended, are as if they had never been."""
    old = given_token(store, days=2, made_ms=NOW_MS - 2 * DAY_MS)
    assert ask(store, "/api/v1/inventory", old.text).status_code == 401
    text = given_token(store, days=2, made_ms=NOW_MS - 2 * DAY_MS + 60_000)
    assert ask(store, "/api/v1/inventory", text.text).status_code == 200
    assert store.write(end_token, text.token, NOW_MS)
    assert ask(store, "/api/v1/inventory", text.text).status_code == 401
    assert not store.write(end_token, text.token, NOW_MS)


@given(st.integers(0, len(SHOWN.text) - 1), SIGNS)
def test_one_wrong_sign_anywhere_is_a_typing_error(place: int, sign: str) -> None:
    """Found without asking the database."""
    typed = SHOWN.text[:place] + sign + SHOWN.text[place + 1 :]
    assert token_name(typed) == (SHOWN.token if typed == SHOWN.text else "")


@pytest.mark.parametrize("days", [-1, 0, MAX_DAYS + 1])
def test_every_token_runs_out(store: Store, days: int) -> None:
    """There is none without an end."""
    with pytest.raises(TokenError):
        given_token(store, days=days)
    with pytest.raises(TokenError):
        given_token(store, may=frozenset())


def test_by_command_it_is_made_shown_once_listed_and_ended(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is listed is its name, and in no file stands the token itself."""
    place = ("--data", str(tmp_path))
    assert main(["token", "create", "GLPI", "--days", "30", "--json", *place]) == 0
    made = json.loads(capsys.readouterr().out)
    assert ask(store, "/api/v1/inventory", made["text"]).status_code == 200
    assert [token.token for token in store.read(all_tokens)] == [made["token"]]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(made["text"].encode() in path.read_bytes() for path in files)
    assert main(["token", "list", *place]) == 0
    listed = capsys.readouterr().out
    assert made["token"] in listed
    assert made["text"] not in listed
    assert main(["token", "end", made["token"], *place]) == 0
    assert main(["token", "end", made["token"], *place]) == 2
    assert main(["token", "create", "GLPI", "--may", "everything", "--days", "3", *place]) == 2
