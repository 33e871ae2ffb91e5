"""The agents' passwords: one file, for its owner only, and never taken for empty by mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.broker.credentials import CredentialError, Credentials
from controller.broker.embedded import CONTROLLER_USER


def test_agents_get_a_password_and_lose_it(tmp_path: Path) -> None:
    """The controller's own is made at the first look, and cannot be taken."""
    credentials = Credentials(tmp_path / "data" / "agents.json")
    word = credentials.add("p203")
    assert credentials.users()["p203"] == word
    assert set(credentials.users()) == {"p203", CONTROLLER_USER}
    assert (tmp_path / "data" / "agents.json").stat().st_mode & 0o777 == 0o600
    credentials.remove("p203")
    assert set(credentials.users()) == {CONTROLLER_USER}
    for name in ("p203", CONTROLLER_USER):
        with pytest.raises(CredentialError):
            credentials.remove(name)
    with pytest.raises(CredentialError):
        credentials.add(CONTROLLER_USER)


@pytest.mark.parametrize("length", [0, 1, 20, -1])
def test_an_empty_or_cut_file_is_damage_and_is_not_written_over(
    tmp_path: Path, length: int
) -> None:
    """No command and no start takes it for a school without agents."""
    path = tmp_path / "agents.json"
    credentials = Credentials(path)
    credentials.add("p203")
    left = path.read_bytes()[:length]
    path.write_bytes(left)
    for deed in (credentials.users, lambda: credentials.add("p204")):
        with pytest.raises(CredentialError) as caught:
            deed()
        assert caught.value.code == "passwords_damaged"
        assert str(path) in str(caught.value)
        assert caught.value.hint
    assert path.read_bytes() == left


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    """Sorted, one agent a line."""
    credentials = Credentials(tmp_path / "agents.json")
    words = {name: credentials.add(name) for name in ("p2", "p1")}
    read = json.loads((tmp_path / "agents.json").read_text("utf-8"))
    assert list(read) == sorted(read)
    assert {name: read[name] for name in words} == words
