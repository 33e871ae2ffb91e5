"""A login of a device's own: given by a person, kept in a file of its own, told nowhere."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config import Passwords
from agent.equipment.login_file import DeviceLogin, LoginFile
from agent.equipment.logins import DeviceLogins
from agent.equipment.ownership import mark_of
from agent.local.status import questions
from agent.remote_control import RemoteControl
from hardware.http.login import NOBODY, WebLogin
from hardware.readings import CameraReading, CameraState, IdentityKind, Kind
from tests.agent.classrooms import sighting
from tests.agent.test_store import Desk, desk

AT: Final = "10.0.0.9"
OWN: Final = "của-riêng-nó"
ROOM: Final = "của-phòng"
PASSWORDS: Final = Passwords(camera_user="admin", camera=ROOM, pjlink=ROOM)
MAC: Final = "0026ab112233"
KEYS: Final = (f"mac:{MAC}", "uuid:3fa1fe68-b915-4053-a3e1-0026ab112233")
CHANNEL: Final = f"channel:mac:{MAC}:source2"


def logins_of(path: Path, card: str = MAC) -> DeviceLogins:
    return DeviceLogins(PASSWORDS, lambda: [mark_of(KEYS)], lambda _: card, LoginFile(path))


def test_a_device_with_a_login_of_its_own_gets_that_and_no_other_does(tmp_path: Path) -> None:
    """Known again by its mark, after a restart too; its recorder's channels are it."""
    path = tmp_path / "logins.json"
    logins = logins_of(path)
    assert logins.camera(KEYS, AT) == WebLogin("admin", ROOM)
    logins.keep(mark_of(KEYS), "thầy", OWN)
    for again in (logins, logins_of(path)):
        assert again.camera(KEYS, AT) == WebLogin("thầy", OWN, is_typed=True)
        assert again.camera([CHANNEL], AT) == WebLogin("thầy", OWN, is_typed=True)
        assert again.pjlink(KEYS, AT) == OWN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert logins_of(path, card="0026ab445566").camera(KEYS, AT) == NOBODY
    assert not logins_of(path, card="").camera(KEYS, AT).is_typed
    logins.keep(mark_of(KEYS), "", "")
    assert logins_of(path).camera(KEYS, AT) == WebLogin("admin", ROOM)


def test_a_login_shows_in_no_repr(tmp_path: Path) -> None:
    """Logs and tracebacks show values."""
    login = DeviceLogin(mark_of(KEYS), "thầy", OWN)
    shown = repr([login, WebLogin("thầy", OWN), logins_of(tmp_path / "x"), (login,)])
    assert OWN not in shown
    assert "thầy" not in shown


@given(st.binary(max_size=200))
def test_a_damaged_file_is_put_aside(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """The agent starts, and the page asks again."""
    path = tmp_path_factory.mktemp("logins") / "logins.json"
    path.write_bytes(data)
    kept = LoginFile(path)
    kept.keep(DeviceLogin(mark_of(KEYS), "", OWN))
    login = LoginFile(path).of(frozenset(KEYS))
    assert login is not None
    assert login.password == OWN


def test_a_login_that_was_taken_away_is_in_no_file(tmp_path: Path) -> None:
    """Nor in what a power cut left of the file, put aside for whoever can read it."""
    path = tmp_path / "logins.json"
    logins_of(path).keep(mark_of(KEYS), "thầy", OWN)
    path.write_bytes(path.read_bytes()[:-3])
    logins = logins_of(path)
    assert any(OWN.encode() in one.read_bytes() for one in tmp_path.iterdir())
    logins.keep(mark_of(KEYS), "", "")
    assert not [one.name for one in tmp_path.iterdir() if OWN.encode() in one.read_bytes()]


def test_the_page_asks_for_a_login_and_gives_it_to_the_camera(tmp_path: Path) -> None:
    """It says that the camera is ours; no document, message or status holds what was typed."""
    camera = sighting(KEYS[0], source="onvif", kind=Kind.CAMERA, identity=IdentityKind.MAC)
    path = tmp_path / "logins.json"

    async def play() -> None:
        async with desk(tmp_path) as here:
            await story(here)

    async def story(here: Desk) -> None:
        logins = DeviceLogins(
            PASSWORDS, lambda: here.store.classroom.devices.ours, lambda _: MAC, LoginFile(path)
        )
        remote = RemoteControl(here.store, logins, lambda _: None)
        await here.store.see([camera])
        (device_id,) = here.store.classroom.devices.by_id
        await remote.keep_login(device_id, "thầy", "sai")
        state = CameraState.DISCONNECTED
        locked = CameraReading(key=camera.key, at=1.0, state=state, reason="needs_password")
        await here.store.see([locked])
        asked = questions(here.store.classroom, str)
        assert [one["kind"] for one in asked] == ["login"]
        await remote.keep_login(device_id, "thầy", OWN)
        assert logins.camera([camera.key], AT) == WebLogin("thầy", OWN, is_typed=True)
        assert logins.turns == 2
        told = json.dumps(asked) + repr(here.store.classroom)
        assert OWN not in told
        with pytest.raises(KeyError):
            await remote.keep_login("net-0", "", OWN)

    asyncio.run(play())
    for kept in tmp_path.rglob("*"):
        if kept.is_file() and kept != path:
            assert OWN.encode() not in kept.read_bytes()
