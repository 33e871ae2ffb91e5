"""An enrolled school does what its own department proves, and a false one empties no outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.broker.credentials import Credentials
from controller.broker.signing import CommandSigner
from controller.department.upward import Upward
from protocol.link import Arrival, Broker
from protocol.messages import Ack, ControllerState, Down, Retell, WhoSpeaks, to_bytes
from protocol.proof import CommandReader
from protocol.topics import Address, Channel, controller_state, topic_of
from protocol.upward import LIST_FROM, SchoolHere, upward_from
from tests.controller.department.test_forks import ABOVE, NOW_MS, SCHOOL, Clock, Server

PLACE = ABOVE.of_agent(SCHOOL.school)


class Enrolled:
    """A school that shares a secret with its department."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder / "school", "b1", Clock(), {})
        credentials = Credentials(folder / "agents.json")
        secret = credentials.issue(SCHOOL.school, "", 1).secret
        self.signer = CommandSigner(credentials, "above-1")
        upward = self.server.upward
        upward._commands = CommandReader(secret, SCHOOL.school, "b1")
        assert Upward(upward._program, self.server.outbox, Broker("h", 1), "b1", secret)

    def hear(self, payload: bytes, topic: str = "") -> None:
        """The department, or somebody, says it."""
        command = topic_of(Address(PLACE, Channel.COMMAND, "ack"))
        asyncio.run(self.server.upward.hear(Arrival(topic or command, payload, 1, 1, 1)))

    def proven(self, message: Down, start: str) -> bytes:
        """As the department's own controller says it to a start."""
        return self.signer.signed(SCHOOL.school, to_bytes(message), start)

    def waiting(self) -> int:
        """How much waits in the outbox."""
        return self.server.outbox.report().pending


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Enrolled]:
    """One with something to tell."""
    enrolled = Enrolled(tmp_path)
    enrolled.server.write("item/1", 1)
    enrolled.server.letters()
    yield enrolled
    enrolled.server.kill()


def ack(of: str = "b1") -> Ack:
    """All is safe, it says."""
    everything = ((LIST_FROM, LIST_FROM + 99),)
    return Ack(boot="above-1", at_ms=NOW_MS, of=of, seqs=everything, revs=everything)


def test_only_a_proven_answer_empties_the_outbox(school: Enrolled) -> None:
    """Not one without a proof, one for another start, or the same once more."""
    before = school.waiting()
    assert before
    said = school.proven(ack(), "b1")
    changed = said.replace(str(LIST_FROM + 99).encode(), str(LIST_FROM + 98).encode())
    assert changed != said
    for false in (to_bytes(ack()), school.proven(ack("b0"), "b1"), changed):
        school.hear(false)
        assert school.waiting() == before
    school.hear(said)
    assert school.waiting() == 0
    school.server.letters()
    again = school.waiting()
    school.hear(said)
    assert school.waiting() == again


def test_a_question_is_answered_by_every_start_and_a_pull_by_the_one_that_is_meant(
    school: Enrolled,
) -> None:
    """Two servers share the secret; each must be able to say that it lives."""
    upward = school.server.upward
    pull = Retell(boot="above-1", at_ms=NOW_MS, since=0)
    school.hear(to_bytes(pull))
    school.hear(school.proven(pull, "b0"))
    assert upward._asked is None
    school.hear(school.proven(pull, "b1"))
    assert upward._asked == 0
    who = WhoSpeaks(boot="above-1", at_ms=NOW_MS, asked="q1")
    school.hear(to_bytes(who))
    assert not school.server.link.letters
    school.hear(school.proven(who, ""))
    told = [upward_from(letter.payload) for letter in school.server.link.letters]
    (here,) = [each for each in told if isinstance(each, SchoolHere)]
    assert (here.boot, here.asked) == ("b1", "q1")


def test_a_command_where_presence_is_told_is_none(school: Enrolled) -> None:
    """What needs no proof is said on the topic of presence alone, and nothing else there."""
    before = school.waiting()
    school.hear(to_bytes(ack()), controller_state(PLACE))
    state = ControllerState(boot="x", at_ms=NOW_MS, session=1, online=True)
    school.hear(school.proven(state, "b1"))
    assert school.waiting() == before
    assert not school.server.link.letters
    school.hear(to_bytes(state), controller_state(PLACE))
    assert len(school.server.link.letters) == 1
