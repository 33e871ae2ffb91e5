"""One serial live in two rooms at once is two pieces; one that is carried is one."""

from __future__ import annotations

from msgspec.structs import replace

from controller.fleet.fleet import Ask, Fleet
from controller.fleet.records import DeviceRecord
from controller.fleet.rivals import PROOF_MS, id_in
from protocol.messages import Health
from protocol.model import Identity, Status
from tests.controller.fleet.test_fleet import NOW, birth, device, fleet, gone, online

MINUTE_MS = 60_000
PIECE = replace(device("usb-1"), identity=Identity.USB)


def seen(rev: int, *device_ids: str, boot: str = "b1") -> Health:
    """A health report that vouches for these devices."""
    return Health(boot=boot, at_ms=1, rev=rev, status=Status.OK, seen=device_ids)


def two_rooms() -> Fleet:
    """Both rooms' computers tell of a piece of one serial."""
    school = fleet()
    for agent, boot in (("a1", "b1"), ("a2", "b2")):
        school.hear(agent, online(boot=boot), NOW)
        school.hear(agent, birth(PIECE, boot=boot), NOW)
    return school


def vouch_for_long(school: Fleet) -> list[object]:
    """Both go on vouching, a minute after the other."""
    said: list[object] = []
    for minute in range(1, PROOF_MS // MINUTE_MS + 3):
        now_ms = NOW + minute * MINUTE_MS
        said += school.hear("a1", seen(minute + 1, "usb-1"), now_ms)
        said += school.hear("a2", seen(minute + 1, "usb-1", boot="b2"), now_ms + 1)
    return said


def here(school: Fleet) -> dict[str, DeviceRecord]:
    """What is not removed."""
    return {name: one for name, one in school.devices.items() if one.removed_ms is None}


def test_a_serial_live_in_two_rooms_names_neither_and_the_old_id_is_an_alias() -> None:
    """Each room has its own piece; the second is asked for, told, and stays, also after a start."""
    school = two_rooms()
    said = vouch_for_long(school)
    assert any(isinstance(one, Ask) and one.agent == "a2" for one in said)
    school.hear("a2", birth(PIECE, boot="b2", rev=50), NOW + 9 * MINUTE_MS)
    ids = {id_in("usb-1", "a1"), id_in("usb-1", "a2")}
    assert here(school).keys() == ids
    for record in here(school).values():
        assert (record.aliases, record.identity) == (("usb-1",), Identity.PORT)
        assert record.status is Status.OK
    again = fleet(agents=school.agents.values(), devices=school.devices.values())
    again.hear("a1", birth(PIECE, rev=60), NOW + 10 * MINUTE_MS)
    assert here(again).keys() == ids
    again.hear("a1", birth(rev=61), NOW + 11 * MINUTE_MS)
    assert here(again)[id_in("usb-1", "a1")].status is Status.UNKNOWN


def test_what_is_carried_from_room_to_room_keeps_its_id() -> None:
    """It is gone in one before it is in the next, however late that is told."""
    school = fleet()
    for agent, boot in (("a1", "b1"), ("a2", "b2")):
        school.hear(agent, online(boot=boot), NOW)
    school.hear("a1", birth(PIECE), NOW)
    school.hear("a2", birth(PIECE, boot="b2"), NOW + MINUTE_MS)
    school.hear("a1", seen(2, "usb-1"), NOW + MINUTE_MS + 1)
    school.hear("a1", birth(rev=3), NOW + 2 * MINUTE_MS)
    school.hear("a2", birth(PIECE, boot="b2", rev=2), NOW + 9 * MINUTE_MS)
    assert here(school).keys() == {"usb-1"}
    assert here(school)["usb-1"].place.agent == "a2"


def test_a_lost_computer_is_no_rival_and_a_network_device_is_heard_by_many() -> None:
    """Only a cable tells where a thing is."""
    school = two_rooms()
    school.hear("a1", gone(), NOW + MINUTE_MS)
    school.hear("a2", birth(PIECE, boot="b2", rev=2), NOW + 9 * MINUTE_MS)
    assert here(school).keys() == {"usb-1"}
    heard = fleet()
    board = replace(device("usb-1"), identity=Identity.MAC)
    for agent, boot in (("a1", "b1"), ("a2", "b2")):
        heard.hear(agent, online(boot=boot), NOW)
        heard.hear(agent, birth(board, boot=boot), NOW)
    vouch_for_long(heard)
    assert here(heard).keys() == {"usb-1"}
