"""Who goes by which credential is seen within seconds, whoever changed the file, and how."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.broker.credentials import Credentials
from controller.enrolment.invitations import InvitationState
from controller.enrolment.members import Members
from controller.enrolment.service import Enrolment
from controller.fleet.clones import clones_of
from controller.fleet.store import agents_of
from protocol.health import ReasonCode
from protocol.messages import Birth, NotEnrolled, Presence, down_from
from tests.controller.ears import Ears, arrival
from tests.controller.test_ingest import SCHOOL, birth
from tests.controller.web_school import NOW_MS, a_program, a_store

P204 = SCHOOL.of_agent("p204")
names = st.sampled_from(["p1", "p2"])
deeds = st.one_of(
    st.tuples(st.sampled_from(["add", "issue", "remove", "keep"]), names),
    st.tuples(st.sampled_from(["look", "take", "damage"]), st.just("")),
)


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An ingest without a broker."""
    with a_store(tmp_path) as store:
        yield Ears(a_program(store, scope=SCHOOL))


@given(st.lists(deeds, max_size=12))
@settings(max_examples=30)
def test_it_is_told_of_whom_the_word_is_another_one(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, str]]
) -> None:
    """Against a plain model: a number for each password, compared at each look."""
    path = tmp_path_factory.mktemp("members") / "agents.json"
    credentials = Credentials(path)
    members = Members(credentials)
    words: dict[str, int] = {}
    kept: set[str] = set()
    seen: dict[str, int] | None = {} if members.take_renewed() == frozenset() else None
    owed: set[str] = set()
    for number, (deed, name) in enumerate(story):
        match deed:
            case "add":
                credentials.add(name)
                words[name] = number
                kept.add(name)
            case "issue":
                credentials.issue(name, "", number, is_kept=False)
                words[name] = number
                kept.discard(name)
            case "remove" if name in words:
                credentials.remove(name)
                del words[name]
            case "keep":
                credentials.note_kept(name)
                kept.add(name)
            case "damage" if path.exists():
                whole = path.read_bytes()
                path.write_text("{")
                members.typed()
                path.write_bytes(whole)
            case "look" | "take":
                assert seen is not None
                owed |= {each for each, word in seen.items() if words.get(each) != word}
                seen = dict(words)
                assert members.unkept().keys() == words.keys() - kept
                if deed == "take":
                    assert members.take_renewed() == owed
                    owed = set()


def test_a_password_that_a_command_gives_ends_the_notice_of_two_computers(
    ears: Ears, tmp_path: Path
) -> None:
    """Another process writes it, and nobody waits for an hour."""
    _command(tmp_path, "add", "p204")
    asyncio.run(ears.ingest._expire_now())
    for no, boot in enumerate(("a", "b", "a", "b", "a")):
        ears.take(arrival(P204, _birth(boot, 1 + no)))
    assert _shown(ears) == {ReasonCode.CLONED}
    asyncio.run(ears.ingest._expire_now())
    assert _shown(ears) == {ReasonCode.CLONED}
    _command(tmp_path, "add", "p205")
    asyncio.run(ears.ingest._expire_now())
    assert ears.program.service(clones_of).since_ms("p204") is not None
    _command(tmp_path, "add", "p204")
    for _ in range(2):  # seen, then shown
        asyncio.run(ears.ingest._expire_now())
    assert _shown(ears) == set()


def test_who_speaks_by_what_it_was_given_has_closed_its_code(ears: Ears) -> None:
    """Killed after it wrote its credential: it could not say so, and its first birth does."""
    enrolment = ears.program.service(Enrolment)
    enrolment.credentials.issue("p204", "", NOW_MS, is_kept=False)
    invitation = enrolment.invitations.invite("P204", "")
    invitation.agent = "p204"
    other = enrolment.invitations.invite("P205", "")
    end = Presence(boot="x", at_ms=1, session=1, online=False)
    ears.take(arrival(P204, end), arrival(SCHOOL.of_agent("p205"), _birth()))
    assert enrolment.spoken.empty()
    ears.take(arrival(P204, _birth()))

    async def use() -> None:
        await enrolment.note_used(enrolment.spoken.get_nowait())

    asyncio.run(use())
    assert invitation.state is InvitationState.USED
    assert other.state is InvitationState.OPEN
    assert enrolment.enrolled()["p204"].is_kept
    ears.take(arrival(P204, _birth(rev=9)))
    assert enrolment.spoken.empty()


def test_who_goes_by_a_typed_password_is_told_so_once_a_session(ears: Ears) -> None:
    """Nobody else is; told again in a new session of its own, or of the controller's."""
    credentials = ears.program.service(Enrolment).credentials
    credentials.add("p204")
    credentials.issue("p205", "", 1)
    births = [arrival(SCHOOL.of_agent(name), _birth()) for name in ("p204", "p205", "p206")]
    ears.take(*births)
    ears.take(arrival(P204, _birth(rev=2)))
    assert _invited(ears) == ["p204"]
    ears.take(arrival(P204, _birth("c")))
    assert _invited(ears) == ["p204"] * 2
    credentials.issue("p204", "", 1)
    ears.take(arrival(P204, _birth("d")))
    assert _invited(ears) == ["p204"] * 2


def _invited(ears: Ears) -> list[str]:
    """To whom it was said, in their order."""
    said = [one for one in ears.link.letters if isinstance(down_from(one.payload), NotEnrolled)]
    return [one.topic.split("/")[-3] for one in said]


def _birth(boot: str = "b", rev: int = 1) -> Birth:
    return replace(birth(), boot=boot, rev=rev)


def _shown(ears: Ears) -> set[str]:
    agents = ears.program.store.read(agents_of, SCHOOL)
    return {reason.code for each in agents for reason in each.reasons}


def _command(folder: Path, *words: str) -> None:
    """The real command, in a process of its own."""
    run = [sys.executable, "-m", "controller", "agents", *words, "--data", str(folder)]
    subprocess.run(run, check=True, capture_output=True)
