"""An id has one rule wherever it is born: what was taken is kept, spelt in topics, and read again.

The rule's own words are the model here: what can be seen, of one to 64 characters, and what a file
in UTF-8 can hold. What is refused is refused in a sentence.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.config import PREFIX, AgentConfig
from agent.placement import room_code
from controller.__main__ import main
from controller.broker.credentials import Credentials
from controller.config import ENVIRONMENT, ControllerConfig
from controller.enrolment.rooms import rooms_in
from controller.guests.registry import add_guest, guests_in
from controller.setup.answers import answers_to
from controller.setup.steps import SetupStep
from protocol.errors import LopHocError
from protocol.model import MAX_CODE, Place
from protocol.settings import load
from protocol.topics import code_of, level_of
from tests.controller.fresh import fresh_folder

NONE = argparse.Namespace()
ODD = "\x00\x1f\x7f\x85\xa0\xad\u200b\u200f\u2028\u202e\u2066\u3000\ud800\udcff\ue000\ufeff\uffff"
WORDS = (
    st.text(st.characters(exclude_characters="/,;"), max_size=MAX_CODE + 2)
    | st.text("aA1 .-_#+$>*%\"'\\{}à\u0300đİß\U0001f642" + ODD, max_size=6)
    | st.sampled_from(["-", "?", "a\n", "a" * MAX_CODE, "a" * (MAX_CODE + 1), "-x61-", "$ENV"])
)


def as_agent(folder: Path, word: str) -> str:
    """An agent's id, by the command."""
    Credentials(folder / "agents.json").add(word)
    return next(iter(Credentials(folder / "agents.json").names() - {"controller"}))


def as_guest(folder: Path, word: str) -> str:
    """The code of a school that leaves copies here."""
    add_guest(folder, Place("14", word), 1)
    return guests_in(folder)[0].place.school


def as_school(folder: Path, word: str) -> str:
    """The school's code in the first steps."""
    form = {"name": "THCS", "school": word, "province": "14"}
    return answers_to(SetupStep.SCHOOL, form)["school"]


def as_setting(folder: Path, word: str) -> str:
    """The school's code by the environment."""
    environ = {f"{ENVIRONMENT}SCHOOL": word, f"{ENVIRONMENT}PROVINCE": "14"}
    return load(ControllerConfig, ENVIRONMENT, NONE, environ).school


def as_rooms_setting(folder: Path, word: str) -> str:
    """A room's code by the environment of its computer."""
    environ = {f"{PREFIX}{name}": "14" for name in ("PROVINCE", "SCHOOL")}
    return load(AgentConfig, PREFIX, NONE, {**environ, f"{PREFIX}ROOM": word or "x"}).room


def as_room(folder: Path, word: str) -> str:
    """A room's code where codes are made for it."""
    return rooms_in(word)[0]


def as_teacher_types(folder: Path, word: str) -> str:
    """A room's code on the room's own page."""
    return room_code(word)


BORN = (
    *(as_agent, as_guest, as_school, as_setting, as_rooms_setting),
    *(as_room, as_teacher_types),
)


@pytest.mark.parametrize("born", BORN)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example("\udcff")
@example("a\n")
@given(word=WORDS)
def test_what_is_taken_can_be_seen_spelt_and_read_again(
    born: Callable[[Path, str], str], tmp_path: Path, word: str
) -> None:
    """And nothing else ends otherwise than in words."""
    for left in tmp_path.rglob("*.json"):
        left.unlink()
    try:
        code = born(tmp_path, word)
    except UnicodeError:
        raise
    except (LopHocError, ValueError):
        return
    assert 0 < len(code) <= MAX_CODE
    assert code.strip() == code
    assert all(unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co"} for sign in code)
    assert code_of(level_of(code)) == code


def test_bytes_of_another_alphabet_spoil_no_list_of_agents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal that is not in UTF-8: the passwords of all rooms could not be read after it."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")
    data = fresh_folder(tmp_path)
    assert main(["agents", "add", "p1", "--data", str(data)]) == 0
    for words in (["agents", "add", "ph\udcf2ng"], ["guests", "add", "14", "\udcff"]):
        assert main([*words, "--data", str(data)]) == 2
    assert main(["agents", "list", "--data", str(data)]) == 0
    told = capsys.readouterr()
    assert "p1" in told.out
    assert told.err.count("is no text in UTF-8") == 2
    assert sys.stdout
