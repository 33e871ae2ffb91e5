"""What stands in a simulated room."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readings import IdentityKind, Kind
from protocol.model import DeviceKind, Status
from simulators.equipment import device_id_of, device_of, equipment_of, mac_of, rooms_from


@pytest.mark.parametrize(
    ("first", "count", "rooms"),
    [
        ("P101", 3, ["P101", "P102", "P103"]),
        ("P109", 3, ["P109", "P110", "P201"]),
        ("A1001", 2, ["A1001", "A1002"]),
        ("P115", 2, ["P115", "P116"]),
        ("P000", 2, ["P000", "P001"]),
        ("Lab", 3, ["Lab", "Lab-2", "Lab-3"]),
        ("Lab", 1, ["Lab"]),
    ],
)
def test_rooms_are_numbered_as_on_doors(first: str, count: int, rooms: list[str]) -> None:
    """Ten on a floor; other codes are counted on as they are."""
    assert rooms_from(first, count) == rooms


def test_thirty_rooms_fill_three_floors() -> None:
    """P101 to P110, P201 to P210, P301 to P310."""
    rooms = rooms_from("P101", 30)
    assert (rooms[0], rooms[9], rooms[10], rooms[29]) == ("P101", "P110", "P201", "P310")


@given(st.text(min_size=1, max_size=8), st.integers(1, 60))
def test_no_two_rooms_share_a_code(first: str, count: int) -> None:
    """Whatever the first room is called."""
    rooms = rooms_from(first, count)
    assert len(set(rooms)) == len(rooms) == count


def test_the_same_seed_furnishes_the_same_room() -> None:
    """Another seed or room gets other devices."""
    once = equipment_of("P101", 1, 40)
    assert once == equipment_of("P101", 1, 40)
    assert not set(once) & set(equipment_of("P101", 2, 40))
    ids = {device_id_of(each) for each in once}
    assert not ids & {device_id_of(each) for each in equipment_of("P102", 1, 40)}


def test_a_room_has_what_a_classroom_has() -> None:
    """One computer, board, camera and access point, 40 tablets, sometimes a projector."""
    for number in range(30):
        kinds = [each.kind for each in equipment_of(f"P{number}", 1, 40)]
        assert kinds[:4] == [Kind.HOST, Kind.BOARD, Kind.CAMERA, Kind.NETWORK]
        assert kinds.count(Kind.TABLET) == 40
        assert len(kinds) in {44, 45}


def test_device_ids_are_made_as_an_agent_makes_them() -> None:
    """Source, dash, the first 12 hex digits of the key's SHA-256; all different."""
    things = equipment_of("P101", 1, 40)
    for each in things:
        digest = sha256(each.key.encode()).hexdigest()[:12]
        family = {"host": "host", "usb": "usb"}.get(each.source, "net")
        assert device_id_of(each) == f"{family}-{digest}"
    assert len({device_id_of(each) for each in things}) == len(things)


def test_a_device_begins_well() -> None:
    """It carries the sighting's words and the time it was first seen."""
    [board] = [each for each in equipment_of("P101", 1, 0) if each.kind is Kind.BOARD]
    device = device_of(board, 1_000)
    assert (device.kind, device.status) == (DeviceKind.BOARD, Status.OK)
    assert (device.name, device.vendor) == (board.name, board.vendor)
    assert device.first_seen_ms == device.last_seen_ms == 1_000


def test_only_network_devices_have_a_mac() -> None:
    """It is the one in the key, six pairs."""
    for each in equipment_of("P101", 1, 2):
        mac = mac_of(each)
        assert bool(mac) == (each.identity is IdentityKind.MAC)
        assert not mac or (each.key == f"mac:{mac.replace(chr(58), '')}" and mac.count(":") == 5)
