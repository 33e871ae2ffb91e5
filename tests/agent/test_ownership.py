"""These tests hold which devices get the room's passwords: those that a person called its own."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config import Passwords
from agent.database import DOCUMENTS
from agent.database.documents import Documents
from agent.database.restore import saved_state_of
from agent.equipment.description import device_id_of
from agent.equipment.devices import Devices, NamelessDevice
from agent.equipment.logins import DeviceLogins
from agent.equipment.ownership import Mark, is_same, mark_of
from agent.local.status import CLAIM, questions
from hardware.http.login import NOBODY, WebLogin
from hardware.onvif import watch as onvif
from hardware.readings import CameraReading, CameraState, IdentityKind, Reading, Sighting
from protocol.health import ReasonCode
from simulators.devices.camera import CameraFault, OnvifCamera
from simulators.devices.camera_words import CameraMake
from tests.agent.classrooms import classroom, sighting
from tests.ports import free_port
from tests.waiting import LIMIT_S, eventually

AT = "192.168.1.60"
OURS = sighting(
    "uuid:ours",
    source="onvif",
    identity=IdentityKind.UUID,
    aliases=("mac:0026ab112233",),
    address=AT,
)
ROGUE = replace(OURS, key="uuid:rogue", aliases=("mac:0026ab445566",), name="rogue")
SECRET = "rat bi mat"  # noqa: S105 - a test's own
PASSWORDS = Passwords(camera_user="admin", camera=SECRET, pjlink=SECRET)
KEYS = st.frozensets(
    st.sampled_from(["mac:1", "mac:2", "uuid:1", "uuid:2", "serial:a:1", "name:x", "token:1"])
)


def family(key: str) -> str:
    """The word before the colon."""
    return key.split(":", maxsplit=1)[0]


@given(KEYS, KEYS)
def test_a_device_is_known_again_by_what_both_times_agree_on(before: Mark, now: Mark) -> None:
    """As written out pair by pair: something strong is told twice, and nothing told differs."""
    strong = {"mac", "uuid", "serial"}
    twice = {family(key) for key in before} & {family(key) for key in now} & strong
    agree = [any(key in before for key in now if family(key) == name) for name in twice]
    assert is_same(mark_of(before), now) == (bool(agree) and all(agree))


def asked(*devices: Sighting, start: Devices | None = None) -> Devices:
    """Devices that ask for a password."""
    known = (start or classroom().devices).see(devices, 1000).devices
    readings = [
        CameraReading(key=one.key, at=0.0, state=CameraState.DISCONNECTED, reason="needs_password")
        for one in devices
    ]
    room = replace(classroom(), devices=known)
    return room.see(readings, 1000).classroom.devices


def reason_of(known: Devices, one: Sighting) -> str:
    """Why a device is not well."""
    return known.by_id[device_id_of(one.key)].device.reasons[0].code


def test_nobody_gets_a_password_until_a_person_said_so() -> None:
    """It is asked once; "no" is remembered as well as "yes"."""
    known = asked(OURS)
    device_id = device_id_of(OURS.key)
    assert reason_of(known, OURS) == ReasonCode.UNCLAIMED
    room = replace(classroom(), devices=known)
    assert [one["kind"] for one in questions(room, str)] == [CLAIM]
    refused = known.claim(device_id, 2000, ours=False).devices
    assert (refused.unclaimed(), refused.ours) == ([], ())
    claimed = refused.claim(device_id, 2000, ours=True).devices
    assert (claimed.unclaimed(), claimed.strangers) == ([], ())
    assert reason_of(claimed, OURS) == ReasonCode.NEEDS_PASSWORD
    assert claimed.claim(device_id, 2000, ours=False).devices.ours == ()


def test_another_device_at_the_address_of_ours_is_told() -> None:
    """With the name of the one that it stands for, and the question whether it replaces it."""
    claimed = asked(OURS).claim(device_id_of(OURS.key), 2000, ours=True).devices
    gone = replace(OURS, present=False, reason="no_answer")
    known = asked(ROGUE, start=claimed.see([gone], 3000).devices)
    [reason] = known.by_id[device_id_of(ROGUE.key)].device.reasons
    assert (reason.code, reason.value) == (ReasonCode.ANOTHER_DEVICE, OURS.name)
    assert known.unclaimed() == [device_id_of(ROGUE.key)]


def test_what_tells_a_name_alone_cannot_be_ours() -> None:
    """It could not be told from another."""
    nameless = replace(OURS, key="name:onvif:x", aliases=(), identity=IdentityKind.HOST)
    known = asked(nameless)
    assert known.unclaimed() == []
    with pytest.raises(NamelessDevice):
        known.claim(device_id_of(nameless.key), 2000, ours=True)


def test_what_is_ours_stays_ours_after_a_restart(tmp_path: Path) -> None:
    """On the disk, with what is not."""
    known = asked(OURS, ROGUE).claim(device_id_of(OURS.key), 2000, ours=True).devices
    known = known.claim(device_id_of(ROGUE.key), 2000, ours=False).devices
    documents = Documents(tmp_path / DOCUMENTS)
    documents.load()
    documents.save(saved_state_of(replace(classroom(), devices=known)))
    saved = Documents(tmp_path / DOCUMENTS).load()
    assert (saved.ours, saved.strangers) == (known.ours, known.strangers)
    assert saved.ours == (mark_of([OURS.key, *OURS.aliases]),)


@pytest.mark.parametrize(
    ("keys", "card", "given_out"),
    [
        ((OURS.key, *OURS.aliases), "", True),
        ((OURS.key, *OURS.aliases), "0026ab112233", True),
        ((OURS.key, *OURS.aliases, "serial:a:1"), "0026ab112233", True),
        ((OURS.key,), "0026ab445566", False),
        ((OURS.key, *OURS.aliases), "0026ab445566", False),
        ((ROGUE.key, *OURS.aliases), "0026ab112233", False),
        ((), "0026ab112233", True),
        ((), "", False),
        (("name:x", "token:t"), "", False),
    ],
)
def test_a_password_goes_by_identity_and_never_by_address(
    keys: tuple[str, ...],
    card: str,
    given_out: bool,  # noqa: FBT001 - a case
) -> None:
    """What it tells and the card that answers have to be ours, both."""
    marks = [mark_of([OURS.key, *OURS.aliases])]
    logins = DeviceLogins(PASSWORDS, lambda: marks, lambda _: card)
    assert logins.camera(keys, AT) == (WebLogin("admin", SECRET) if given_out else NOBODY)
    assert logins.at(keys, f"http://{AT}/snap.jpg") == logins.camera(keys, AT)
    assert logins.pjlink(keys, AT) == (SECRET if given_out else "")
    assert logins.at(keys, "/dev/video0") == NOBODY
    assert DeviceLogins(PASSWORDS, tuple, lambda _: card).pjlink(keys, AT) == ""


def test_a_camera_that_nobody_called_ours_is_sent_no_login() -> None:
    """Two real ones that write down what they hear: ours gets a digest, the other nothing."""
    make = CameraMake()
    other = make._replace(endpoint="5ff2cb1e-0000-4000-8000-0026ab445566", mac="0026ab445566")
    heard: dict[str, list[bytes]] = {make.endpoint: [], other.endpoint: []}
    group = ("239.255.255.250", free_port())
    marks = [mark_of([f"mac:{make.mac}", f"uuid:{make.endpoint}"])]
    told: list[Reading] = []

    def recorded(camera: OnvifCamera) -> OnvifCamera:
        may = camera._may_call

        def note(head: bytes, body: bytes) -> bool:
            heard[camera.make.endpoint].append(body)
            return may(head, body)

        camera._may_call = note  # type: ignore[method-assign]
        camera.faults.add(CameraFault.PASSWORD)
        return camera

    async def play() -> None:
        async with AsyncExitStack() as running:
            for one in (make, other):
                camera = OnvifCamera(one, group=group, password=SECRET)
                await running.enter_async_context(recorded(camera))
            watch = onvif.watch(
                told.append,
                credentials=DeviceLogins(PASSWORDS, lambda: marks).camera,
                addresses=lambda: ["127.0.0.1"],
                settings=onvif.SearchSettings(group=group, search_s=0.5),
            )
            task = asyncio.ensure_future(watch)
            await eventually(
                lambda: {one.key for one in told if isinstance(one, Sighting)} >= names
            )
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    names = {f"mac:{one.mac}" for one in (make, other)}
    asyncio.run(asyncio.wait_for(play(), LIMIT_S))
    assert any(b"UsernameToken" in body for body in heard[make.endpoint])
    assert heard[other.endpoint]
    assert not any(b"UsernameToken" in body for body in heard[other.endpoint])
    assert SECRET.encode() not in b"".join(body for bodies in heard.values() for body in bodies)
