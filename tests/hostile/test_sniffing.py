"""A laptop hears every frame of the school: no name, no code and no secret of an enrolled room."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import unicodedata
from collections.abc import Iterator
from contextlib import closing

import pytest

from protocol.credential import credential_in
from tests.flows.programs import BIN
from tests.flows.test_three_clicks import command
from tests.hostile.impostor import Ears
from tests.hostile.probe import probing
from tests.hostile.school import LAPTOP, MQTT_PORT, SERVER, HostileNetwork, hostile_network
from tests.waiting import LIMIT_S, until

PUPILS = {"1400000001": "Lò Thị Ánh", "1400000002": "Nguyễn Văn An"}
ROSTER = "STT;Mã lớp;Mã định danh Bộ GD&ĐT;Họ và tên\n" + "".join(
    f"{no};10A1;{pupil};{name}\n" for no, (pupil, name) in enumerate(PUPILS.items(), 1)
)
TIMETABLE = "Thứ;Tiết;Phòng;Lớp;Môn\n" + "".join(f"{day};1;P101;10A1;Toán\n" for day in range(2, 9))


@pytest.fixture
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileNetwork]:
    """A school that runs."""
    with hostile_network(tmp_path_factory.mktemp("school")) as running:
        yield running


def spellings(word: str) -> set[bytes]:
    """How a word may stand in a frame."""
    forms = {unicodedata.normalize(form, word) for form in ("NFC", "NFD")}
    return {said.encode() for form in forms for said in (form, json.dumps(form)[1:-1])}


def code_for(network: HostileNetwork, room: str) -> str:
    """A code that the office has made on its page."""
    page = network.press("/enrolment", {"room": room})
    found = re.search(r"lophoc-agent enrol ([^<']+)</pre>", page)
    assert found, page
    return found[1].strip()


def say_again(said: bytes) -> None:
    """Say to the server what a room said to it, byte for byte, until it hangs up."""
    with contextlib.suppress(OSError), socket.create_connection((SERVER, MQTT_PORT)) as line:
        line.sendall(said)
        while line.recv(4096):
            pass


@pytest.mark.wide(
    "tests/hostile/test_lying_broker.py::test_it_empties_no_outbox_and_the_teacher_reads_why"
)
def test_a_room_joins_teaches_and_tells_and_nothing_is_heard(network: HostileNetwork) -> None:
    """From the code to the attendance, and said again it does nothing.

    What a typed password says is heard: so the other would be.
    """
    plain = network.passwords.add("p199")
    (network.folder / "lop.csv").write_text(ROSTER, "utf-8")
    (network.folder / "tkb.csv").write_text(TIMETABLE, "utf-8")
    command(network, "roster", "import", str(network.folder / "lop.csv"), "--names", "--json")
    command(network, "schedule", "import", str(network.folder / "tkb.csv"), "--json")
    with closing(Ears(network.laptop)) as ears:
        code = code_for(network, "P101")
        room = network.joining("p101", "--mdns", "true")
        enrolling = [str(BIN / "lophoc-agent"), "enrol", code, "--controller", SERVER]
        done = subprocess.run(
            network.room.command(*enrolling, "--data", str(room.folder)),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        room.program.start()
        until(room.teacher, "the plan is here", holds=lambda it: it["proposal"]["classes"])
        roll = room.press("lesson/start")["roll"]
        assert [each["name"] for each in roll["lines"]] == [*PUPILS.values()]
        room.press("roll/confirm")
        room.press("roll/mark", {"student": "1400000001", "status": "late"})
        until(network.stored, "it is stored", holds=lambda it: "1400000001" in str(it))
        said, rows = ears.said_to(SERVER, MQTT_PORT), network.stored()
        assert len(said) > 1000
        with probing(network, "p199", "p199", plain, side=network.room, is_plain=True) as probe:
            until(lambda: plain.encode() in ears.heard, "a typed password is heard")
            until(probe.connected.is_set, "and opens the school")
        given = credential_in(room.folder)
        assert given
        words = {code, code.replace(" ", ""), given.password, given.secret, given.client_id}
        words |= {*PUPILS, *PUPILS.values(), *(name.split()[-2] for name in PUPILS.values())}
        heard = ears.heard
        assert [word for word in words if any(each in heard for each in spellings(word))] == []
        assert b"_lophoc" in heard
        network.laptop.ask(say_again, said)
        until(lambda: network.knocks(LAPTOP), "it is told", holds=lambda it: "mã hóa" in it)
        assert network.stored() == rows
