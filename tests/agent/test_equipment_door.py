from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from agent.equipment.description import device_id_of
from hardware.readings import IdentityKind, Kind, RoomHeard
from tests.agent.classrooms import CALM, roaming, sighting
from tests.agent.test_local_api import BOARD, STATUS, at_door
from tests.agent.test_store import Desk

TOUCH = sighting("usb:touch", kind=Kind.INPUT, product="0eef:0001", asks=Kind.BOARD)
HEARD = sighting("mac:2", source="mdns", identity=IdentityKind.MAC)
DEVICES = "/api/v1/devices"


def path(key: str, deed: str) -> str:
    """The address of a deed on the device with this key."""
    return f"{DEVICES}/{device_id_of(key)}/{deed}"


async def status(client: httpx.AsyncClient) -> dict[str, object]:
    """The status as it is now."""
    answer: dict[str, object] = (await client.get(STATUS)).json()
    return answer


def test_a_teacher_picks_the_room_once_without_typing(tmp_path: Path) -> None:
    """The rooms near by are offered; the room is remembered and told to the school."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.see(
            [RoomHeard(agent=f"pi-{room}", room=room, school="01") for room in ("P203", "P207")]
        )
        await here.store.beat(CALM, ())
        before = await status(client)
        assert (before["room"], before["room_how"], before["roaming"]) == ("?", "unknown", True)
        assert before["rooms"] == ["P203", "P207"]
        assert "room_unknown" in str(before["reasons"])
        assert (await client.post("/api/v1/room", json={"room": " P203 "})).json() == {
            "room": "P203"
        }
        after = await status(client)
        assert (after["room"], after["room_how"]) == ("P203", "picked")
        assert here.documents.load().stay.room == "P203"

    at_door(tmp_path, story, roaming())


def test_a_fixed_computers_room_is_not_picked(tmp_path: Path) -> None:
    """It stands in its settings, and the answer says so."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        answer = await client.post("/api/v1/room", json={"room": "P203"})
        assert answer.status_code == httpx.codes.CONFLICT
        assert answer.json()["error"]["code"] == "room_fixed"

    at_door(tmp_path, story)


def test_a_question_is_answered_once(tmp_path: Path) -> None:
    """Bảng tương tác? Yes; and the next of its make is not asked about."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.see([TOUCH])
        asked = (await status(client))["questions"]
        assert [(each["kind"], each["question"]) for each in asked] == [
            ("board", "có thể là bảng tương tác, đúng không?")
        ]
        answer = await client.post(path(TOUCH.key, "kind"), json={"kind": "board"})
        assert answer.status_code == httpx.codes.OK
        assert (await status(client))["questions"] == []
        assert here.documents.load().answers == {"0eef:0001": Kind.BOARD}

    at_door(tmp_path, story)


def test_devices_are_joined_parted_and_it_is_undone(tmp_path: Path) -> None:
    """Each step is on the disk when it is answered."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.see([sighting(), HEARD])

        async def count() -> int:
            return len(here.documents.load().devices)

        other = {"other": device_id_of(HEARD.key)}
        assert (await client.post(path(sighting().key, "join"), json=other)).is_success
        assert await count() == 1
        parted = await client.post(path(sighting().key, "part"))
        assert (parted.is_success, parted.json()["decision"]) == (True, None)
        assert await count() == 2
        assert (await client.post(path(sighting().key, "distinct"), json=other)).is_success
        joined = await client.post(path(sighting().key, "join"), json=other)
        decision = {"decision": joined.json()["decision"]}
        assert (await client.post(f"{DEVICES}/undo")).status_code == 422
        assert (await client.post(f"{DEVICES}/undo", json=decision)).is_success
        assert await count() == 2
        again = await client.post(f"{DEVICES}/undo", json=decision)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "decision_gone")
        assert len(here.store.classroom.devices.decisions) == 1

    at_door(tmp_path, story)


def test_a_device_is_added_by_its_address_and_forgotten_with_it(tmp_path: Path) -> None:
    """It is looked for until it answers."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        answer = await client.post(DEVICES, json={"address": "10.0.0.9"})
        assert answer.status_code == httpx.codes.ACCEPTED
        assert (await status(client))["typed"] == [{"host": "10.0.0.9", "port": 0}]
        assert here.documents.load().typed[0].host == "10.0.0.9"
        await here.store.see([sighting("token:t1", source="typed", address="10.0.0.9")])
        assert (await client.post(path("token:t1", "forget"))).is_success
        assert (await status(client))["typed"] == []

    at_door(tmp_path, story)


def test_a_camera_is_switched_off_for_good(tmp_path: Path) -> None:
    """After a restart too, and it is no fault."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.see([sighting()])
        assert (await client.post("/api/v1/camera", json={"off": True})).json() == {
            "camera_off": True
        }
        assert here.documents.load().camera.off
        device = (await status(client))["devices"]["list"][0]
        assert (device["status"], device["reasons"][0]["code"]) == ("ok", "camera_off")
        await client.post("/api/v1/camera", json={"off": False})
        assert (await status(client))["devices"]["list"][0]["reasons"] == []

    at_door(tmp_path, story)


def test_a_board_is_switched_and_woken_and_says_whether_it_followed(tmp_path: Path) -> None:
    """Sent is not done."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.see([BOARD])
        for deed, body, followed in (
            ("power", {"on": True}, True),
            ("power", {"on": False}, False),
            ("wake", None, True),
        ):
            answer = (await client.post(path(BOARD.key, deed), json=body)).json()
            assert (answer["sent"], answer["followed"]) == (True, followed)
        refused = await client.post(path("usb:1", "power"), json={"on": True})
        assert refused.status_code == httpx.codes.NOT_FOUND

    at_door(tmp_path, story)


def test_the_kit_tells_what_is_missing(tmp_path: Path) -> None:
    """In a sentence, ready for the teacher."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        kit = (await status(client))["kit"]
        assert kit["complete"] is False
        assert kit["missing"][0]["sentence"] == "Phòng này còn thiếu: máy tính."
        await here.store.see([sighting("host:1", source="host", kind=Kind.HOST)])
        assert (await status(client))["kit"]["complete"] is True

    at_door(tmp_path, story)


@pytest.mark.parametrize(
    ("address", "body", "code"),
    [
        ("/api/v1/room", {"room": ""}, "invalid"),
        ("/api/v1/room", {"room": "a\x00b"}, "invalid"),
        ("/api/v1/room", {}, "invalid"),
        ("/api/v1/camera", {"off": "perhaps"}, "invalid"),
        (DEVICES, {"address": "nowhere"}, "address_invalid"),
        (DEVICES, {"address": "x" * 3000}, "invalid"),
        (path("usb:1", "kind"), {"kind": "spaceship"}, "invalid"),
        (path("usb:1", "kind"), {"kind": "board"}, "device_unknown"),
        (path("usb:1", "join"), {"other": "net-1"}, "device_unknown"),
        (path("usb:1", "part"), None, "device_unknown"),
        (path("usb:1", "wake"), None, "device_unreachable"),
        (path("usb:1", "login"), {"user": "a", "password": "b"}, "device_unknown"),
        (path("usb:1", "login"), {"user": "a"}, "invalid"),
        (path("usb:1", "login"), {"password": "b" * 200}, "invalid"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(
    tmp_path: Path, address: str, body: dict[str, object] | None, code: str
) -> None:
    """Nothing is kept of it."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        answer = await client.post(address, json=body)
        assert answer.is_client_error
        assert answer.json()["error"]["code"] == code
        assert here.waiting() == []

    at_door(tmp_path, story)
