"""A broker in a stranger's hands, the server's own certificate among them, empties no outbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import msgspec
import pytest

from protocol.link import Letter
from protocol.messages import Ack, ControllerState, PlanGiven, Rebirth, to_bytes
from protocol.plan import Plan
from protocol.proof import proven
from protocol.topics import Address, Channel, controller_state, topic_of
from tests.hostile.impostor import FalseBroker
from tests.hostile.probe import probing
from tests.hostile.school import (
    LAPTOP,
    MQTT_PORT,
    SCHOOL,
    SERVER,
    HostileNetwork,
    Room,
    hostile_network,
)
from tests.waiting import until

PLACE = SCHOOL.of_agent("p101")
EVERYTHING = (1, 1 << 40)
GUESSED = "0" * 64


@pytest.fixture
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileNetwork]:
    """A school that runs."""
    with hostile_network(tmp_path_factory.mktemp("school")) as running:
        yield running


def command(name: str, payload: bytes) -> Letter:
    """A word to the room."""
    return Letter(topic_of(Address(PLACE, Channel.COMMAND, name)), payload)


def lies(boot: str, recorded: Sequence[Letter]) -> list[Letter]:
    """All that a broker can say without the enrolment's secret: bare, guessed, and said before."""
    state = ControllerState(boot="liar", at_ms=1, session=1, online=True)
    words = {
        "ack": Ack(boot="liar", at_ms=1, of=boot, seqs=(EVERYTHING,), revs=(EVERYTHING,)),
        "plan": PlanGiven(boot="liar", at_ms=1, plan=Plan(classes=("liars",))),
        "rebirth": Rebirth(boot="liar", at_ms=1, reason="liar"),
    }
    bare = {name: to_bytes(word) for name, word in words.items()}
    guessed = {
        name: proven(GUESSED, "p101", "liar", no, boot, payload)
        for no, (name, payload) in enumerate(bare.items())
    }
    letters = [command(name, said) for told in (bare, guessed) for name, said in told.items()]
    return [Letter(controller_state(SCHOOL), to_bytes(state), retain=True), *letters, *recorded]


def recorded_words(network: HostileNetwork, room: Room) -> list[Letter]:
    """What the true school said to the room, as the owner of its broker reads it."""
    password = network.passwords.users()["controller"]
    with probing(network, "owner", "controller", password) as owner:
        until(owner.connected.is_set, "the owner listens")
        assert owner.subscribe(
            topic_of(Address(PLACE, Channel.COMMAND, "x")).removesuffix("x") + "#"
        )
        room.mark("hs-1")
        until(lambda: len(owner.heard) > 1, "words are recorded")
        return [Letter(topic, payload) for topic, payload in owner.heard]


def test_it_empties_no_outbox_and_the_teacher_reads_why(network: HostileNetwork) -> None:
    """It has certificate and password, and all that was said before; afterwards nothing is lost."""
    room = network.enrolled("p101", "--broker", f"mqtt://{SERVER}:{MQTT_PORT}")
    room.program.start()
    until(room.is_online, "the room is heard")
    recorded = recorded_words(network, room)
    assert recorded
    room.program.stop()
    stolen = network.authority.machine()
    room.at_broker(f"mqtt://{LAPTOP}:{MQTT_PORT}")
    boots = ["unknown"]
    with closing(
        FalseBroker(network.laptop, certificate=stolen, lies=lambda: lies(boots[0], recorded))
    ) as liar:
        room.program.start()
        until(room.is_online, "the room takes it for its school")
        for no in range(2, 5):
            room.mark(f"hs-{no}")
        told = until(lambda: [body for topic, body in liar.published if topic.endswith("event")])
        boots[0] = boot_in(told[0])
        liar.hang_up()
        until(lambda: liar.sessions > 1 and room.is_online(), "it lies to this very start")
        until(room.notices, "the teacher reads it", holds=lambda it: "not_believed" in it)
        assert (room.waiting() or 0) >= 3
        assert "liars" not in str(room.teacher())
    room.program.stop()
    room.at_broker(f"mqtt://{SERVER}:{MQTT_PORT}")
    room.program.start()
    rows = [("p101", f"hs-{no}") for no in range(1, 5)]
    until(network.stored, "all is stored, once", holds=lambda it: it == rows)


def boot_in(payload: bytes) -> str:
    """The start that said this."""
    return str(msgspec.json.decode(payload)["boot"])
