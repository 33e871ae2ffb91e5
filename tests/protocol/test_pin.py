"""A program believes the one authority that it was given, and says nothing to anybody else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.broker.authority import FROM, UNTIL, Authority, Certificate
from protocol import link as line
from protocol.link import Broker, Letter, Link, LinkFault
from protocol.pin import CONTROLLER_NAME, pinned
from protocol.settings import SettingsError
from tests.waiting import eventually

SECRET = "a-password-of-a-room"  # noqa: S105 - is looked for in what was said


class Door:
    """A false or a true controller: shows a certificate, and keeps every byte that it is told."""

    def __init__(self, certificate: Certificate | None) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate:
            self.context.load_cert_chain(certificate.chain, certificate.key)
        self.certificate, self.recording, self.calls = certificate, b"", 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self.listener.accept()
                self.calls += 1
                caller.settimeout(2)
                with contextlib.suppress(OSError), caller:
                    self.hear(caller)

    def hear(self, caller: socket.socket) -> None:
        if self.certificate is None:  # takes anything, and says nothing
            while more := caller.recv(4096):
                self.recording += more
            return
        with self.context.wrap_socket(caller, server_side=True) as told:
            while more := told.recv(4096):
                self.recording += more


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The school's own."""
    made = Authority(tmp_path / "school")
    made.machine()
    return made


@contextlib.contextmanager
def door(certificate: Certificate | None) -> Iterator[Door]:
    """A door that closes."""
    opened = Door(certificate)
    try:
        yield opened
    finally:
        opened.listener.close()


def signed(
    authority: Authority, folder: Path, name: str, until: datetime = UNTIL, since: datetime = FROM
) -> Certificate:
    """A certificate that this authority signed."""
    place = Certificate(folder / "other.pem", folder / "other.key")
    authority.sign(place, name, [name], since, until)
    return place


def link_to(port: int, authority: Authority) -> Link:
    """A room that believes its school alone."""
    broker = Broker("127.0.0.1", port, "p203", SECRET).pinned_to(str(authority.file))
    return Link(broker, "p203", filters=[], will=lambda _: Letter("x", b""), greeting=lambda _: [])


async def tries(port: int, authority: Authority, calls: Door) -> LinkFault:
    """What a room says of a door after two tries."""
    link = link_to(port, authority)
    running = asyncio.create_task(link.run())
    await eventually(lambda: calls.calls > 1)
    await eventually(lambda: link.fault != LinkFault.NONE)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return link.fault


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("other authority", "another school's, or a stranger's"),
        ("other name", "for another name"),
        ("expired", "has ended: is this computer's clock right?"),
        ("to come", "begins later: is this computer's clock right?"),
        ("plain", "timed out"),
    ],
)
def test_nothing_of_a_password_leaves_for_who_is_not_the_controller(
    *,
    kind: str,
    sentence: str,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever it shows; and it is told apart from a school that is away."""
    if kind == "plain":  # who says nothing; the others are waited for on a busy computer too
        monkeypatch.setattr(line, "CONNECT_TIMEOUT_S", 0.5)
    past, to_come = datetime(2020, 1, 1, tzinfo=UTC), datetime(2048, 1, 1, tzinfo=UTC)
    stranger = Authority(tmp_path / "stranger")
    certificates = {
        "other authority": lambda: stranger.machine(),
        "other name": lambda: signed(authority, tmp_path, "localhost"),
        "expired": lambda: signed(authority, tmp_path, CONTROLLER_NAME, past),
        "to come": lambda: signed(authority, tmp_path, CONTROLLER_NAME, since=to_come),
        "plain": lambda: None,
    }
    with door(certificates[kind]()) as false:
        fault = asyncio.run(tries(false.port, authority, false))
    assert sentence in caplog.text
    assert SECRET.encode() not in false.recording
    assert b"p203" not in false.recording
    silent = LinkFault.UNREACHABLE
    assert fault == (silent if kind == "plain" else LinkFault.NOT_BELIEVED)


def test_the_controller_itself_is_told(authority: Authority) -> None:
    """The control: so the recording would have held it."""
    with door(authority.machine()) as true:

        async def play() -> None:
            running = asyncio.create_task(link_to(true.port, authority).run())
            await eventually(lambda: SECRET.encode() in true.recording)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(play())


@pytest.mark.parametrize("text", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_an_authority_that_cannot_be_read_is_said(text: str, tmp_path: Path) -> None:
    """It never stands for "believe everybody"."""
    file = tmp_path / "ca.pem"
    file.write_text(text)
    for wrong in (file, tmp_path / "absent.pem"):
        with pytest.raises(SettingsError) as caught:
            pinned(wrong)
        assert caught.value.code == "authority_unreadable"


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_without_a_clock_authority_and_name_are_still_looked_at(
    wrong: str, authority: Authority, tmp_path: Path
) -> None:
    """OpenSSL's X509_V_FLAG_NO_CHECK_TIME lets go of the time alone (trust of a foreign CA)."""
    late = datetime(2030, 1, 1, tzinfo=UTC)
    place = Certificate(tmp_path / "late.pem", tmp_path / "late.key")
    authority.sign(place, CONTROLLER_NAME, [CONTROLLER_NAME], late, UNTIL)
    other = Authority(tmp_path / "other")
    other.machine()
    context = pinned(authority.file)
    with door(place) as shown, pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
        context.wrap_socket(socket.create_connection(("127.0.0.1", shown.port)))
    for checked in (context, believed := pinned(other.file)):
        checked.verify_flags = ssl.VerifyFlags(checked.verify_flags | 0x200000)
    with door(place) as shown:
        context.wrap_socket(socket.create_connection(("127.0.0.1", shown.port))).close()
    bad = place if wrong == "authority" else signed(authority, tmp_path, "localhost")
    checked = believed if wrong == "authority" else context
    with door(bad) as shown, pytest.raises(ssl.SSLCertVerificationError):
        checked.wrap_socket(socket.create_connection(("127.0.0.1", shown.port)))
