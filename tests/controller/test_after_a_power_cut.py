"""A file that a power cut left empty, or full of zeros, is damage with a sentence, never "nothing".

Each reader is held against what it answers where there is no file at all: that must not come out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509

from agent.equipment.login_file import LOGIN_FILE, DeviceLogin, LoginFile
from controller.access.office import OFFICE_FILE, keep_office, office_in
from controller.alerts.receivers import FILE as ALERTS
from controller.alerts.receivers import receivers_in
from controller.broker.authority import Authority, AuthorityError
from controller.broker.credentials import Credentials
from controller.cli.own_settings import FILE as OWN_SETTINGS
from controller.cli.own_settings import keep_own_settings, own_settings_in
from controller.copies.keys import keep_key, key_in
from controller.forecast.life_table import FILE as LIFE_TABLE
from controller.forecast.life_table import init_table, table_in
from controller.guests.registry import add_guest, guests_in
from controller.register.intake import HEADINGS, headings_in, remember_headings
from controller.stocktake.form import FILE as MINUTES
from controller.stocktake.form import SHIPPED, form_in
from controller.webhooks.hook import FILE as WEBHOOKS
from controller.webhooks.hook import hooks_in
from protocol.credential import CREDENTIAL, credential_in, keep_credential
from protocol.enrolment import Credential
from protocol.errors import LopHocError
from protocol.model import Place
from tests.controller.copies.copied_school import quick_key

RECEIVER = '[receivers.an]\nway = "ntfy"\nurl = "https://ntfy.example/lop"\n'
HOOK = '[hooks.so]\nurl = "https://so.example/x"\nsecret_file = "/etc/lophoc/so.secret"\n'
ROOM = Credential(
    agent="p1", password="a-password", province="14", school="S1", room="6A1", host="192.0.2.1",  # noqa: S106
    port=8883, authority="pem", secret="00", client_id="c1",  # noqa: S106
)  # fmt: skip


class Kept(NamedTuple):
    """A file: its name, what writes it, what reads it."""

    name: str
    keep: Callable[[Path], object]
    read: Callable[[Path], Any]


FILES = (
    Kept("agents.json", lambda data: Credentials(data / "agents.json").add("p1"),
         lambda data: Credentials(data / "agents.json").entries()),
    Kept(OFFICE_FILE, lambda data: keep_office(data, "mật khẩu dài"), lambda d: office_in(d, 1)),
    Kept(OWN_SETTINGS, lambda data: keep_own_settings(data, {"name": "THCS"}), own_settings_in),
    Kept(ALERTS, lambda data: (data / ALERTS).write_text(RECEIVER), receivers_in),
    Kept(WEBHOOKS, lambda data: (data / WEBHOOKS).write_text(HOOK), hooks_in),
    Kept(LIFE_TABLE, init_table, table_in),
    Kept(MINUTES, lambda data: (data / MINUTES).write_bytes(SHIPPED.read_bytes()), form_in),
    Kept(HEADINGS, lambda data: remember_headings(data / HEADINGS, {"a": "room"}),
         lambda data: headings_in(data / HEADINGS)),
    Kept("guests/guests.json", lambda data: add_guest(data, Place("14", "S2"), 9), guests_in),
    Kept("key", lambda data: keep_key(data, quick_key()), key_in),
    Kept(CREDENTIAL, lambda data: keep_credential(data, ROOM), credential_in),
)  # fmt: skip


def sentence_of(kept: Kept, folder: Path) -> str:
    """What a person is told of the file; nothing where it is read."""
    try:
        kept.read(folder)
    except LopHocError as error:
        return error.text(str)
    return ""


BY_PEOPLE = {ALERTS, WEBHOOKS, LIFE_TABLE, MINUTES}  # whose half may be a file of its own


@pytest.mark.parametrize("kept", FILES, ids=[kept.name for kept in FILES])
def test_what_is_emptied_is_never_read_as_nothing(kept: Kept, tmp_path: Path) -> None:
    """Nothing, blanks and zeros of any length; of what programs write, any cut as well."""
    kept.keep(tmp_path)
    path = tmp_path / kept.name
    whole = path.read_bytes()
    assert kept.read(tmp_path)
    spoilt = [b"", b"\n", b"  \r\n\t", bytes(1), bytes(len(whole)), bytes(4096)]
    if kept.name not in BY_PEOPLE:
        spoilt += [whole[:at] for at in range(len(whole.rstrip()))]
        spoilt += [whole[:at] + bytes(len(whole) - at) for at in range(0, len(whole) - 1, 7)]
    for content in spoilt:
        path.write_bytes(content)
        assert sentence_of(kept, tmp_path), f"{content[:20]!r}, {len(content)} bytes, was taken"
        assert path.read_bytes() == content, "it is left for a person"
    path.write_bytes(whole)
    assert kept.read(tmp_path)


@pytest.mark.parametrize("name", ["ca.pem", "machine.pem", "machine.key", "ca.key"])
@pytest.mark.parametrize("left", ["gone", "empty", "zeros", "half"])
def test_certificates_are_mended_as_long_as_rooms_believe_them(
    name: str, left: str, tmp_path: Path
) -> None:
    """By the same key, or not at all: another authority's would shut every room out."""
    authority = Authority(tmp_path)
    authority.machine()
    believed = x509.load_pem_x509_certificate(authority.pem().encode())
    path = tmp_path / "tls" / name
    whole = path.read_bytes()
    if left == "gone":
        path.unlink()
    else:
        spoilt = {"empty": b"", "zeros": bytes(len(whole)), "half": whole[: len(whole) // 2]}
        path.write_bytes(spoilt[left])
    (tmp_path / "tls" / "machine.pem").unlink(missing_ok=True)
    if name == "ca.key":
        with pytest.raises(AuthorityError) as caught:
            Authority(tmp_path).machine()
        assert caught.value.code in {"authority_key_gone", "authority_key_damaged"}
        return
    shown = Authority(tmp_path).machine()
    assert shown.is_sound
    leaf = x509.load_pem_x509_certificates(shown.chain.read_bytes())[0]
    leaf.verify_directly_issued_by(believed)
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pem().encode()))


def test_a_spoilt_certificate_alone_is_seen_at_a_start(tmp_path: Path) -> None:
    """Whichever it is, with nothing else gone."""
    for name in ("ca.pem", "machine.pem", "machine.key"):
        Authority(tmp_path).machine()
        (tmp_path / "tls" / name).write_bytes(b"")
        assert Authority(tmp_path).machine().is_sound
        assert x509.load_pem_x509_certificate(Authority(tmp_path).pem().encode())


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_logins_of_devices_come_back_but_for_the_last_change(
    tmp_path: Path, count: int
) -> None:
    """Cut anywhere; what could not be read at all is not written over."""
    path = tmp_path / LOGIN_FILE
    logins = [DeviceLogin((f"mac:{no}",), "u", f"p{no}") for no in range(count)]
    for login in logins:
        LoginFile(path).keep(login)
    whole, before = path.read_bytes(), path.with_name(f"{LOGIN_FILE}.before")
    older = before.read_bytes() if count > 1 else b""
    for at in range(len(whole.rstrip()) - 1):
        path.write_bytes(whole[:at])
        if older:
            before.write_bytes(older)
        read = LoginFile(path)
        known = [login for login in logins if read.of(frozenset(login.mark)) == login]
        assert known == logins[:-1]


def test_a_login_that_was_taken_away_is_nowhere(tmp_path: Path) -> None:
    """Not in what was kept before, either."""
    file = LoginFile(tmp_path / LOGIN_FILE)
    for word in ("mot-mat-khau", "mat-khau-khac", ""):
        file.keep(DeviceLogin(("mac:1",), "u", word))
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"khau" not in held
