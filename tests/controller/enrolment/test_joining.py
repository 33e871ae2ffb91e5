"""A computer joins by its code, at the real door; who is between or pretends gets nothing."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import bcrypt
import pytest
from msgspec.structs import replace

from agent.config import AgentConfig
from agent.school.connection import broker_of
from agent.school.credential import settings_with
from controller.broker import credentials
from controller.broker.above import broker_above, with_department
from controller.broker.authority import Authority
from controller.config import ControllerConfig
from controller.database.store import Store
from controller.department.enrol_command import fill_enrol
from controller.enrolment import door as opening
from controller.enrolment import talk
from controller.enrolment.door import EnrolmentDoor
from controller.enrolment.invitations import Invitation, Invitations, InvitationState
from controller.enrolment.service import Enrolment
from controller.feature import Program
from protocol import joining
from protocol.command_line import CommandParser
from protocol.credential import CREDENTIAL, credential_in
from protocol.enrolment import Credential, Greeting, Hello, line_of, message_in
from protocol.joining import Computer, Controller, EnrolError, Joined, enrol, invited_by
from protocol.messages import Birth
from protocol.model import Place, Status
from protocol.settings import SettingsError
from tests.databases import sqlite_in
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

COMPUTER = Computer("laptop-6a1", "Laptop 6A1")


class Door:
    """A controller's door, in a thread of its own."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.port = free_port()
        config = ControllerConfig(
            province="14", school="S1", data=folder, mqtt_host="127.0.0.1", enrol_port=self.port
        )
        program = Program(
            config=config, features=(), store=store, zone=ZoneInfo("UTC"), boot="b",
            wall_ms=lambda: 1_800_000_000_000,
        )  # fmt: skip
        self.enrolment = Enrolment(program)
        self.enrolment.authority.machine()
        self.loop = asyncio.new_event_loop()
        door = EnrolmentDoor(self.enrolment, "THCS", "127.0.0.1", self.port)
        self.task = self.loop.create_task(door.run())
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.task)
        self.loop.run_until_complete(self._end_talks())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    @staticmethod
    async def _end_talks() -> None:
        """Let go of lines that nobody has ended, as a program does at its end."""
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    def invite(self, replaces: str = "") -> Invitation:
        async def invite() -> Invitation:
            return self.enrolment.invite("6A1", replaces)

        made = asyncio.run_coroutine_threadsafe(invite(), self.loop).result(5)
        until(self.is_open, "the door is open")
        return made

    def invite_school(self, code: str) -> Invitation:
        async def invite() -> Invitation:
            return self.enrolment.invite_school(code)

        made = asyncio.run_coroutine_threadsafe(invite(), self.loop).result(5)
        until(self.is_open, "the door is open")
        return made

    def is_open(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join(10)


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A school's door."""
    monkeypatch.setattr(opening, "LOOK_EVERY_S", 0.02)
    folder = tmp_path / "school"
    folder.mkdir()
    with Store(sqlite_in(folder)) as store:
        made = Door(folder, store)
        yield made
        made.close()


def joined(door: Door, typed: str, data: Path, port: int = 0) -> Joined:
    """What the computer says after its try."""
    return enrol(invited_by(typed), [Controller("127.0.0.1", port or door.port)], COMPUTER, data)


def test_a_computer_joins_by_the_code_and_both_show_the_same_words(
    door: Door, tmp_path: Path
) -> None:
    """It has its place, and a password of which the controller keeps a hash alone."""
    data, invitation = tmp_path / "agent", door.invite()
    done = joined(door, f"{invitation.code[:3]} {invitation.code[3:].lower()}", data)
    until(lambda: invitation.state is InvitationState.USED, "the code is used")
    assert (invitation.words, invitation.agent) == (done.words, "laptop-6a1")
    credential = credential_in(data)
    assert credential == done.credential
    kept = door.enrolment.enrolled()["laptop-6a1"]
    assert bcrypt.checkpw(credential.password.encode(), kept.hash.encode())
    assert credential.password not in (tmp_path / "school" / "agents.json").read_text()
    assert (kept.secret, kept.label) == (credential.secret, "Laptop 6A1")
    assert (data / CREDENTIAL).stat().st_mode & 0o777 == 0o600
    with pytest.raises(EnrolError) as caught:
        joined(door, invitation.code, tmp_path / "second")
    assert caught.value.code in {"no_such_code", "controller_unreachable"}
    until(lambda: not door.is_open(), "the door shuts when no code is open")


def test_by_a_link_nobody_can_guess_and_no_try_is_counted(door: Door, tmp_path: Path) -> None:
    """A link of another school's is not even spoken to."""
    invitation = door.invite()
    link = door.enrolment.link_of(invitation, "127.0.0.1")
    wrong = link[:-2] + ("00" if link[-2:] != "00" else "11")
    for _ in range(5):
        with pytest.raises(EnrolError) as caught:
            enrol(invited_by(wrong), [Controller("127.0.0.1", door.port)], COMPUTER, tmp_path)
        assert caught.value.code == "code_does_not_match"
    invited = invited_by(link)
    stranger = invited._replace(fingerprint=bytes(32))
    with pytest.raises(EnrolError) as caught:
        enrol(stranger, [Controller("127.0.0.1", door.port)], COMPUTER, tmp_path)
    assert caught.value.code == "code_does_not_match"
    assert invited.controller == Controller("127.0.0.1", door.port)
    enrol(invited, [invited.controller], COMPUTER, tmp_path)
    assert credential_in(tmp_path)


def test_three_wrong_tries_and_the_code_is_dead(door: Door, tmp_path: Path) -> None:
    """Also for who knows it; ten a minute at all codes together."""
    invitation = door.invite()
    wrong = invitation.code[:-1] + ("A" if invitation.code[-1] != "A" else "B")
    for _ in range(3):
        with pytest.raises(EnrolError) as caught:
            joined(door, wrong, tmp_path)
        assert caught.value.code == "code_does_not_match"
    assert invitation.state is InvitationState.GUESSED_AT
    second = door.invite()
    for _ in range(7):
        with pytest.raises(EnrolError) as caught:
            joined(door, invitation.code, tmp_path)
        assert caught.value.code == "no_such_code"
    with pytest.raises(EnrolError) as caught:
        joined(door, second.code, tmp_path)
    assert caught.value.code == "too_many"
    assert not (tmp_path / CREDENTIAL).exists()


class Middleman:
    """Stands between with an authority of its own, and passes every other word on."""

    def __init__(self, folder: Path, port: int) -> None:
        self.authority, self.real = Authority(folder), port
        certificate = self.authority.machine()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.chain, certificate.key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.recording = self.listener.getsockname()[1], b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self.listener.accept()
                with contextlib.suppress(OSError), caller:
                    caller.settimeout(3)
                    with self.context.wrap_socket(caller, server_side=True) as told:
                        self._pass_on(told)

    def _pass_on(self, told: ssl.SSLSocket) -> None:
        blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.real), 3)
        with plain, blind.wrap_socket(plain) as real:
            heard, said = real.makefile("rb"), told.makefile("rb")
            with heard, said:
                message_in(heard.readline(), Greeting)
                told.sendall(line_of(Greeting("THCS", self.authority.pem())))
                while line := said.readline():
                    real.sendall(line)
                    answer = heard.readline()
                    self.recording += line + answer
                    told.sendall(answer)


def test_a_middleman_who_passes_every_word_on_gets_nothing(door: Door, tmp_path: Path) -> None:
    """Both prove which authority they speak of, and those are two."""
    invitation = door.invite()
    between = Middleman(tmp_path / "between", door.port)
    with pytest.raises(EnrolError) as caught:
        joined(door, invitation.code, tmp_path / "agent", between.port)
    between.listener.close()
    assert caught.value.code == "code_does_not_match"
    assert b'"proof"' in between.recording
    assert invitation.code.encode() not in between.recording
    assert invitation.code[1:].encode() not in between.recording
    assert door.enrolment.enrolled() == {}
    assert not (tmp_path / "agent").exists()


@pytest.mark.parametrize("grants", [False, True], ids=["refuses", "grants"])
def test_a_false_controller_learns_no_code_and_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, grants: bool
) -> None:
    """Whether it refuses, or grants whatever it likes without having looked at any proof."""
    if grants:
        monkeypatch.setattr(talk, "is_proof", lambda *_: True)
    school = tmp_path / "false"
    school.mkdir()
    with Store(sqlite_in(school)) as store:
        false = Door(school, store)
        its_own = false.invite()
        code = its_own.code[0] + ("AAAAA" if its_own.code[1:] != "AAAAA" else "BBBBB")
        try:
            with pytest.raises(EnrolError) as caught:
                joined(false, code, tmp_path / "agent")
        finally:
            false.close()
    assert caught.value.code == "code_does_not_match"
    assert not (tmp_path / "agent").exists()


def test_a_new_computer_in_an_old_room_keeps_the_rooms_name(door: Door, tmp_path: Path) -> None:
    """And the old one is out by the same stroke."""
    old = joined(door, door.invite().code, tmp_path / "old").credential
    new = joined(door, door.invite(replaces="laptop-6a1").code, tmp_path / "new").credential
    assert new.agent == old.agent
    assert new.password != old.password
    assert new.client_id != old.client_id
    kept = door.enrolment.enrolled()["laptop-6a1"].hash.encode()
    assert bcrypt.checkpw(new.password.encode(), kept)
    assert not bcrypt.checkpw(old.password.encode(), kept)


@pytest.mark.parametrize("replaces", ["laptop-6a1", ""])
def test_of_two_computers_by_one_name_one_that_joins_anew_ends_it(
    door: Door, tmp_path: Path, replaces: str
) -> None:
    """Whether it takes the name, or leaves it to the other and gets one of its own."""
    joined(door, door.invite().code, tmp_path / "old")
    clones = door.enrolment.clones
    for no in range(5):
        birth = Birth(
            boot=f"b{no % 2}", at_ms=1, rev=no, session=1, room="6A1", beat_s=9, status=Status.OK
        )
        clones.hear_birth("laptop-6a1", birth, float(no), no)
    assert clones.since_ms("laptop-6a1") == 4
    joined(door, door.invite(replaces=replaces).code, tmp_path / "new")
    assert clones.since_ms("laptop-6a1") is None
    assert clones.take_ended(5.0) == {"laptop-6a1"}


def test_computers_of_one_name_that_join_at_once_are_told_apart(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As laptops of one image do; none has said that it is written when the last is given its."""
    keep, together = joining.keep_credential, threading.Barrier(4)

    def keep_together(*arguments: Any) -> None:
        keep(*arguments)
        together.wait(LIMIT_S)

    monkeypatch.setattr(joining, "keep_credential", keep_together)
    codes = [door.invite().code for _ in range(together.parties)]
    folders = [tmp_path / str(number) for number in range(together.parties)]
    with ThreadPoolExecutor(together.parties) as pool:
        given = [done.credential for done in pool.map(joined, repeat(door), codes, folders)]
    assert len({credential.agent for credential in given}) == together.parties
    enrolled = door.enrolment.enrolled()
    for one in given:
        assert bcrypt.checkpw(one.password.encode(), enrolled[one.agent].hash.encode())


def test_a_stranger_who_calls_himself_like_a_room_gets_another_name(
    door: Door, tmp_path: Path
) -> None:
    """Only the office says whose place a computer takes."""
    joined(door, door.invite().code, tmp_path / "old")
    again = joined(door, door.invite().code, tmp_path / "new").credential
    assert again.agent.startswith("laptop-6a1-")
    hello = Hello("A", b"", b"", "../x", "\x1b[2J\nname")

    async def granted() -> Credential:
        async with door.enrolment.grant(door.invite(), hello) as credential:
            return credential

    free = asyncio.run(granted())
    assert free.agent.startswith("room-")
    assert door.enrolment.enrolled()[free.agent].label == "[2Jname"


def test_who_was_enrolled_believes_its_school_alone(door: Door, tmp_path: Path) -> None:
    """Whatever its settings say; and a file that cannot be read never stands for "everybody"."""
    data = tmp_path / "agent"
    made = joined(door, door.invite().code, data).credential
    values = settings_with({"data": str(data), "school": "S2"}, tmp_path)
    assert (values["school"], values["agent_id"], values["room"]) == ("S1", "laptop-6a1", "6A1")
    assert settings_with({"data": str(data), "room": "7B"}, tmp_path)["room"] == "7B"
    config = AgentConfig(province="14", school="S1", data=data, broker="mqtt://10.0.0.9:1884")
    broker = broker_of(config, Place("14", "S1", "laptop-6a1"))
    assert broker.tls
    assert (broker.host, broker.port) == ("10.0.0.9", 1884)
    assert (broker.authority, broker.client_id) == (made.authority, made.client_id)
    (data / CREDENTIAL).write_text("{")
    with pytest.raises(SettingsError) as caught:
        credential_in(data)
    assert caught.value.code == "enrolment_unreadable"


def test_what_cannot_be_kept_is_not_granted_and_the_page_says_why(
    door: Door, tmp_path: Path
) -> None:
    """A disk that takes nothing, or a file that is damaged; afterwards the same code is good."""
    invitation, passwords = door.invite(), tmp_path / "school" / "agents.json"
    for spoil, code in ((passwords.mkdir, "passwords_unreadable"), (passwords.touch, "damaged")):
        spoil()
        with pytest.raises(EnrolError) as caught:
            joined(door, invitation.code, tmp_path / "agent")
        assert caught.value.code == "not_now"
        assert door.enrolment.trouble is not None
        assert code in door.enrolment.trouble.code
        assert not (tmp_path / "agent").exists()
        passwords.rmdir() if passwords.is_dir() else passwords.unlink()
    joined(door, invitation.code, tmp_path / "agent")
    assert door.enrolment.trouble is None


def test_a_full_disk_is_said(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the page's words, with the system's own reason."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    invitation = door.invite()
    with monkeypatch.context() as patch:
        patch.setattr(credentials, "write_whole", full)
        with pytest.raises(EnrolError) as caught:
            joined(door, invitation.code, tmp_path / "agent")
    assert caught.value.code == "not_now"
    assert "No space left" in str(door.enrolment.trouble)
    joined(door, invitation.code, tmp_path / "agent")


def enrolled_school(typed: str, port: int, data: Path) -> ControllerConfig:
    """A school's controller, after its command."""
    parser = CommandParser()
    fill_enrol(parser, str)
    options = parser.parse_args([typed, "--department", f"127.0.0.1:{port}", "--data", str(data)])
    options.command(options)
    return with_department(ControllerConfig(province="14", school="T1", data=data))


def test_a_school_joins_its_department_and_nothing_is_typed_into_files(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the door, the code and the credential of a room; its password of before is over."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", "14")
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "T1")
    door.enrolment.credentials.add("T1")
    assert door.enrolment.typed() == ["T1"]
    data, invitation = tmp_path / "t1", door.invite_school("T1")
    config = enrolled_school(invitation.code, door.port, data)
    until(lambda: invitation.state is InvitationState.USED, "the code is used")
    assert invitation.words in capsys.readouterr().out
    assert (door.enrolment.typed(), [*door.enrolment.enrolled()]) == ([], ["T1"])
    assert (data / CREDENTIAL).stat().st_mode & 0o777 == 0o600
    assert (config.upstream, config.upstream_department) == ("mqtts://127.0.0.1:1883", "S1")
    broker = broker_above(config, "boot1234567")
    assert (broker.user, broker.tls, broker.authority) == (
        "T1",
        True,
        door.enrolment.authority.pem(),
    )
    assert broker.client_id.endswith("-boot1234")
    other = broker_above(replace(config, upstream="mqtts://b:9", upstream_ca_file="ca.pem"), "b")
    assert (other.host, other.port, other.authority) == ("b", 9, "ca.pem")


def test_a_code_for_another_school_is_not_taken_and_stays_good(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written; the folder of another school is not believed either."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", "14")
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "T2")
    data, invitation = tmp_path / "t2", door.invite_school("T1")
    with pytest.raises(EnrolError) as caught:
        enrolled_school(invitation.code, door.port, data)
    assert caught.value.code == "code_of_another"
    assert credential_in(data) is None
    assert invitation.state is InvitationState.OPEN
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "T1")
    enrolled_school(invitation.code, door.port, data)
    with pytest.raises(SettingsError) as refused:
        with_department(ControllerConfig(province="14", school="T2", data=data))
    assert refused.value.code == "department_of_another"


def test_a_school_killed_between_grant_and_kept_takes_the_computer_under_its_name(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another code, for the first one died with it: one computer, one name, one entry."""

    def cut(*_: object) -> None:
        raise OSError("the line is cut")

    with monkeypatch.context() as patch:
        patch.setattr(joining, "keep_credential", cut)
        with pytest.raises(EnrolError):
            joined(door, door.invite().code, tmp_path / "agent")
    assert [one.is_kept for one in door.enrolment.enrolled().values()] == [False]
    door.enrolment.invitations = Invitations(time.monotonic)
    credential = joined(door, door.invite().code, tmp_path / "agent").credential
    assert credential.agent == "laptop-6a1"
    until(
        lambda: [one.is_kept for one in door.enrolment.enrolled().values()] == [True],
        "it is known to have kept it",
    )
