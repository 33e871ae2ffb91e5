from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.config import Passwords
from agent.equipment.description import device_id_of
from agent.equipment.logins import DeviceLogins
from agent.remote_control import RemoteControl, typed_from
from hardware.readings import IdentityKind, Kind, PowerState, ProjectorReading, Reading, Sighting
from simulators.devices.projector import Projector, ProjectorMake
from tests.agent.classrooms import sighting, start_lesson
from tests.agent.test_store import Desk, desk
from tests.waiting import LIMIT_S, eventually

MAC = "mac:0026ab112233"
SECRET = "chieu"  # noqa: S105 - a simulated projector's


def in_a_room(
    folder: Path, story: Callable[[Desk, RemoteControl, Projector, list[Reading]], Awaitable[None]]
) -> None:
    """Play a story in a room with one projector, which warms up in a moment."""

    async def play() -> None:
        heard: list[Reading] = []
        async with asyncio.timeout(LIMIT_S), desk(folder) as here, projector() as real:
            logins = DeviceLogins(
                Passwords(pjlink=SECRET), lambda: here.store.classroom.devices.ours
            )
            remote = RemoteControl(here.store, logins, heard.append)
            await here.store.see([seen(real)])
            await here.store.do(
                lambda room, at_ms: room.change_devices(
                    lambda devices, _: devices.claim(device_id_of(MAC), at_ms, ours=True), at_ms
                )
            )
            await story(here, remote, real, heard)

    asyncio.run(play())


def projector() -> Projector:
    """A projector that plays a minute in a moment."""
    return Projector(ProjectorMake(), password=SECRET, pace=1000.0)


def seen(real: Projector) -> Sighting:
    """The projector as its source tells of it."""
    return sighting(
        MAC,
        source="pjlink",
        identity=IdentityKind.MAC,
        kind=Kind.PROJECTOR,
        address=real.host,
        port=real.port,
    )


def powers(heard: list[Reading]) -> list[PowerState]:
    """What projectors said of their lamps."""
    return [each.power for each in heard if isinstance(each, ProjectorReading)]


def test_a_projector_is_switched_and_what_it_says_is_told(tmp_path: Path) -> None:
    """The door's hand; a device that speaks no PJLink cannot be switched."""

    async def story(
        _here: Desk, remote: RemoteControl, _real: Projector, heard: list[Reading]
    ) -> None:
        assert await remote.switch(device_id_of(MAC), True) is True
        assert powers(heard)[-1] in {PowerState.ON, PowerState.WARMING}
        assert await remote.switch(device_id_of(MAC), False) is True
        with pytest.raises(KeyError):
            await remote.switch("usb-0123456789ab", True)

    in_a_room(tmp_path, story)


def test_projectors_follow_the_lesson_where_the_room_says_so(tmp_path: Path) -> None:
    """On with its start, off with its end."""

    async def story(
        here: Desk, remote: RemoteControl, real: Projector, heard: list[Reading]
    ) -> None:
        following = asyncio.create_task(remote.follow_lessons(switch=True))
        await asyncio.sleep(0)
        await start_lesson(here.store, "L1")
        await eventually(lambda: powers(heard))
        assert powers(heard)[-1] in {PowerState.ON, PowerState.WARMING}
        count = len(heard)

        async def ended() -> bool:
            await here.store.teach(lambda teaching, moment: teaching.end(moment))
            return len(heard) > count

        await eventually(ended)
        assert powers(heard)[-1] in {PowerState.OFF, PowerState.COOLING}
        following.cancel()
        assert any("POWR 1" in each for each in real.commands)

    in_a_room(tmp_path, story)


def test_projectors_are_left_alone_where_the_room_says_nothing(tmp_path: Path) -> None:
    """A lesson without slides needs no lamp."""

    async def story(
        here: Desk, remote: RemoteControl, real: Projector, _heard: list[Reading]
    ) -> None:
        following = asyncio.create_task(remote.follow_lessons(switch=False))
        await asyncio.sleep(0)
        await start_lesson(here.store, "L1")
        await here.store.teach(lambda teaching, moment: teaching.end(moment))
        following.cancel()
        assert real.commands == []

    in_a_room(tmp_path, story)


def test_only_what_has_a_mac_and_an_address_can_be_woken(tmp_path: Path) -> None:
    """A USB camera is not woken by a packet."""

    async def story(
        here: Desk, remote: RemoteControl, _real: Projector, _heard: list[Reading]
    ) -> None:
        await here.store.see([sighting()])
        with pytest.raises(KeyError):
            await remote.wake(device_id_of(sighting().key))

    in_a_room(tmp_path, story)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:hunter2@192.168.1.60:554/Streaming/101",
        "rtsp://192.168.1.60:554/user=admin_password=hunter2_channel=1",
    ],
)
def test_an_address_is_read_as_it_was_typed_or_scanned(text: str) -> None:
    """A password in it is not kept: the room's file and its copies would have it."""
    typed = typed_from(text)
    assert (typed.host, typed.port, typed.scheme) == ("192.168.1.60", 554, "rtsp")
    assert "hunter2" not in repr(typed)
    with pytest.raises(ValueError, match=r"^"):
        typed_from("no address here")


def test_passwords_are_not_shown() -> None:
    """Not in a log, not in a traceback."""
    assert SECRET not in repr(Passwords(pjlink=SECRET))
