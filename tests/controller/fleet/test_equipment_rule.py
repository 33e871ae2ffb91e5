"""What is equipment is said once, in protocol.model; the database is asked by the same rule."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace

from controller.database.store import Store
from controller.fleet import store as fleet
from controller.fleet.records import DeviceRecord
from controller.live.live import LiveView
from protocol.model import PERSON, DeviceKind, Identity, Place, Status, is_equipment
from tests.controller.web_school import a_live, a_store

SCHOOL = Place("14", "00140708")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with a_store(tmp_path) as opened:
        yield opened


def every_device() -> list[DeviceRecord]:
    """One of each kind, with and without a serial, known by each identity, by these sources."""
    ways = product(
        (DeviceKind.TABLET, DeviceKind.BOARD, DeviceKind.CAMERA),
        ("", "R52N"),
        (None, *Identity),
        ((), ("checkin",), ("checkin", PERSON), ("mdns", "a-person", "personal")),
    )
    return [
        DeviceRecord(
            place=SCHOOL.of_agent("p203"),
            device_id=f"net-{number:03}",
            kind=kind,
            serial=serial,
            identity=identity,
            sources=sources,
            room="P203",
            status=Status.OK,
            last_seen_ms=1,
            change=number + 1,
        )
        for number, (kind, serial, identity, sources) in enumerate(ways)
    ]


def test_the_database_knows_equipment_by_the_same_rule(store: Store) -> None:
    """For every list of devices; presences are read only where they are asked for."""
    records = every_device()
    store.write(fleet.keep, records, 1)
    told = {one.device_id for one in store.read(fleet.all_devices, SCHOOL)}
    assert told == {one.device_id for one in records if is_equipment(one)}
    assert 0 < len(told) < len(records)
    assert len(store.read(fleet.devices_and_presences, SCHOOL)) == len(records)
    pages: list[str] = []
    after = ""
    while page := store.read(fleet.devices_of, SCHOOL, after=after, limit=7):
        assert len(page) == 7 or len(pages) + len(page) == len(told)
        pages += [one.device_id for one in page]
        after = pages[-1]
    assert set(pages) == told


def test_screens_count_no_presence_and_let_go_of_one(store: Store) -> None:
    """Neither tile nor list shows a phone; what a person confirmed comes, and goes again."""
    live: LiveView = a_live(store)
    board, phone = (
        DeviceRecord(
            place=SCHOOL.of_agent("p203"),
            device_id=name,
            kind=kind,
            identity=Identity.TOKEN,
            sources=("checkin",),
            room="P203",
            status=Status.OK,
            last_seen_ms=number,
            change=number,
        )
        for number, (name, kind) in enumerate(
            (("usb-1", DeviceKind.BOARD), ("net-1", DeviceKind.TABLET)), start=1
        )
    )
    ours = replace(phone, sources=("checkin", PERSON), change=3)

    def shown() -> tuple[set[str], int]:
        (room,) = live.rooms()
        tablets = room.devices.get(DeviceKind.TABLET, {})
        return {one.device_id for one in live.devices()}, sum(tablets.values())

    live.publish([board, phone])
    assert shown() == ({"usb-1"}, 0)
    live.publish([ours])
    assert shown() == ({"usb-1", "net-1"}, 1)
    live.publish([replace(phone, change=4)])
    assert shown() == ({"usb-1"}, 0)
