"""GLPI's documents: valid for every kind of item, boards under what stands in their room."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.inventory.asset import Asset
from controller.inventory.exports.archive import zipped
from controller.inventory.exports.glpi import Document, as_zip, documents_of, is_told
from protocol.model import DeviceKind, Identity, Place
from tests.controller.some_assets import (
    IMPOSSIBLE,
    SCHOOL,
    TRAPS,
    asset,
    host,
    of_every_kind,
    stray,
    unseen,
)

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AT = datetime(2026, 9, 5, 7, 10)  # noqa: DTZ001 - a ZIP knows no zones
SCHEMA = Path(__file__).parents[3].parent / "shared/data/glpi/inventory.schema.json"
ROAMING = frozenset({SCHOOL.of_agent("laptop-1")})
ITEM_TYPES = {"Computer", "Phone", "NetworkEquipment", "Printer", "Unmanaged"}
BOARD = DeviceKind.BOARD


def documents(assets: Iterable[Asset], roaming: frozenset[Place] = ROAMING) -> list[Document]:
    return list(documents_of(assets, ZONE, roaming))


def bodies(assets: Iterable[Asset]) -> dict[str, dict[str, Any]]:
    """The documents as JSON has them, by the id of the item that each is of."""
    raw = b"".join(as_zip(told := documents(assets), AT))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        read = [json.loads(archive.read(each.name)) for each in told]
    return {each.members[0].device_id: body for each, body in zip(told, read, strict=True)}


@pytest.fixture(scope="module")
def validator() -> Any:
    """Judge of a document by GLPI's own schema, which lies beside the repository."""
    if not SCHEMA.exists():
        pytest.skip("GLPI's schema is not at hand")
    schema = json.loads(SCHEMA.read_text("utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def test_every_kind_of_item_is_a_valid_document(validator: Any) -> None:
    """In the book or not, seen by cable, by network or not at all, with and without a name."""
    told = bodies(of_every_kind())
    for name, body in told.items():
        errors = [each.message for each in validator.iter_errors(body)]
        assert not errors, (name, errors)
    assert {each["itemtype"] for each in told.values()} == ITEM_TYPES


@given(st.text(st.characters(codec=None), max_size=30), st.text(max_size=30))
def test_no_text_makes_a_document_invalid(validator: Any, name: str, serial: str) -> None:
    """Whatever a device tells of itself."""
    told = [
        host(name=name, serial=serial),
        asset(1, type="board", kind=BOARD, name=name, serial=serial, maker=serial),
        stray(2, name=name, serial=serial, room=serial, device_id=name),
    ]
    for body in bodies(told).values():
        validator.validate(body)


def test_every_document_has_what_glpi_asks_for() -> None:
    """The same without the schema: ids, types, times and names, each of its shape."""
    told = bodies(of_every_kind())
    for body in told.values():
        assert set(body) == {"action", "deviceid", "itemtype", "tag", "content"}
        assert body["action"] == "inventory"
        assert body["itemtype"] in ITEM_TYPES
        content = body["content"]
        assert content["versionclient"].startswith("LopHoc_v")
        assert ("network_device" in content) == (
            body["itemtype"] in {"NetworkEquipment", "Printer", "Unmanaged"}
        )
        named = content.get("hardware") or content["network_device"]
        assert named["name"]
        for each in content.get("usbdevices", []):
            assert each["name"]  # GLPI drops those without
        if log := content.get("accesslog"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", log["logdate"])
    ids = [each["deviceid"] for each in told.values()]
    assert len({*ids}) == len(ids)


def test_the_clock_is_the_schools() -> None:
    """When it was seen, in the form without an offset that the schema takes."""
    body = bodies([host()])[host().device_id]
    assert body["content"]["accesslog"] == {"logdate": "2026-09-05 07:10:00"}


def test_a_line_that_nobody_saw_has_no_last_contact() -> None:
    """GLPI must not be told of a contact that there was not."""
    (body,) = bodies([unseen(1, "laptop")]).values()
    assert body["itemtype"] == "Computer"
    assert body["content"]["hardware"]["chassis_type"] == "Laptop"
    assert "accesslog" not in body["content"]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_serial_stays_text(trap: str) -> None:
    """Zeros, 12E5 and what looks like a formula: JSON has text for it."""
    (body,) = bodies([asset(1, serial=trap, asset_tag=trap)]).values()
    assert body["content"]["bios"]["ssn"] == trap
    assert body["content"]["bios"]["assettag"] == trap


@pytest.mark.parametrize(("told", "left"), IMPOSSIBLE.items())
def test_what_no_file_can_hold_is_left_out(told: str, left: str) -> None:
    """The same in JSON, which would hold some of it, for GLPI's database would not."""
    (body,) = bodies([asset(1, serial=told)]).values()
    assert body["content"]["bios"]["ssn"] == left


def test_a_tablet_is_a_phone_with_its_tag_and_room() -> None:
    """GLPI has no tablets; the tag is what its rules go by."""
    (body,) = bodies([asset(7)]).values()
    assert body["itemtype"] == "Phone"
    assert body["tag"] == "00123-6A1"
    assert body["deviceid"] == "lophoc-79-00123-line-7"
    assert body["content"]["hardware"] == {"name": "Máy 7", "chassis_type": "Tablet"}
    assert body["content"]["bios"] == {
        "smanufacturer": "Samsung",
        "smodel": "SM-T225",
        "ssn": "000000007",
        "assettag": "TS-00007",
    }


def board(number: int = 1, **changes: object) -> Asset:
    """A board on a cable."""
    return asset(number, type="board", kind=BOARD, name="IFP6550", **changes)


def test_a_board_on_a_cable_is_a_monitor_of_its_rooms_computer() -> None:
    """So is what else hangs there, each in the list that GLPI has for it."""
    camera = asset(2, type="camera", kind=DeviceKind.CAMERA)
    printer = asset(3, type="printer", kind=DeviceKind.PRINTER)
    told = bodies([host(), board(), camera, printer])
    assert [*told] == [host().device_id]
    content = told[host().device_id]["content"]
    assert [each["serial"] for each in content["monitors"]] == [board().serial]
    assert [each["serial"] for each in content["usbdevices"]] == [camera.serial]
    assert [each["serial"] for each in content["printers"]] == [printer.serial]


def test_a_board_never_hangs_on_a_laptop_that_roams() -> None:
    """Though the laptop's agent is the one that sees it: GLPI would move the board with it."""
    laptop = host(5, place=SCHOOL.of_agent("laptop-1"), type="laptop")
    seen = board(place=SCHOOL.of_agent("laptop-1"))
    told = bodies([laptop, seen])
    assert "monitors" not in told[laptop.device_id]["content"]
    assert told[seen.device_id]["itemtype"] == "Unmanaged"
    assert told[seen.device_id]["content"]["network_device"]["serial"] == seen.serial
    standing = bodies([laptop, seen, host()])
    assert "monitors" not in standing[laptop.device_id]["content"]
    assert len(standing[host().device_id]["content"]["monitors"]) == 1


def test_a_board_hangs_on_no_computer_of_another_room_or_of_the_book_alone() -> None:
    """Nobody has seen it there."""
    other = host(6, room="7A1", place=SCHOOL.of_agent("may-7a1"))
    booked = unseen(7, "desktop")
    told = bodies([other, booked, board()])
    assert all("monitors" not in each["content"] for each in told.values())
    assert told[board().device_id]["itemtype"] == "Unmanaged"


def test_of_several_computers_in_a_room_the_one_that_sees_the_board_has_it() -> None:
    """In a computer room every desk has one."""
    first = host(1, place=SCHOOL.of_agent("a"))
    second = host(2, place=SCHOOL.of_agent("b"))
    told = bodies([first, second, board(place=SCHOOL.of_agent("b"))])
    assert "monitors" in told[second.device_id]["content"]
    assert "monitors" not in told[first.device_id]["content"]


@pytest.mark.parametrize(
    ("type_", "kind", "itemtype", "form"),
    [
        ("board", BOARD, "Computer", ""),
        ("projector", DeviceKind.PROJECTOR, "NetworkEquipment", "Video"),
        ("camera", DeviceKind.CAMERA, "NetworkEquipment", "Video"),
        ("access_point", DeviceKind.NETWORK, "NetworkEquipment", "Networking"),
        ("printer", DeviceKind.PRINTER, "Printer", "Printer"),
    ],
)
@pytest.mark.parametrize(
    "known", [{"identity": Identity.UUID}, {"identity": None, "device_id": "net-1"}]
)
def test_what_is_on_the_network_stands_by_itself(
    type_: str, kind: DeviceKind, itemtype: str, form: str, known: dict[str, Any]
) -> None:
    """At the school by how it is known, at the department by its id."""
    there = asset(1, type=type_, kind=kind, **known)
    body = bodies([host(), there])[there.device_id]
    assert body["itemtype"] == itemtype
    if form:
        assert body["content"]["network_device"]["type"] == form
    else:
        assert body["content"]["hardware"]["chassis_type"] == "Interactive Board"


def test_furniture_and_what_is_gone_stays_out() -> None:
    """GLPI inventories computers."""
    told = [unseen(1, "desk"), unseen(2, "Bộ thí nghiệm"), asset(3, condition="disposed"),
            asset(4, condition="lost"), asset(5, condition="broken")]  # fmt: skip
    assert [*bodies(told)] == [told[-1].device_id]
    assert [each for each in told if is_told(each)] == told[-1:]


def test_two_items_of_one_name_and_no_serial_are_two_to_glpi() -> None:
    """It would take them for one by their name."""
    told = bodies([stray(1, name="iPad", serial=""), stray(2, name="iPad", serial="")])
    hardware = [each["content"]["hardware"] for each in told.values()]
    assert len({each["name"] for each in hardware}) == 2
    assert len({each["uuid"] for each in hardware}) == 2


def test_two_boards_of_one_model_and_no_serial_are_two_to_glpi() -> None:
    """As monitors, which GLPI calls by their caption."""
    told = bodies([host(), board(1, serial=""), board(2, serial="")])
    monitors = told[host().device_id]["content"]["monitors"]
    assert [each["caption"] for each in monitors] == ["TS-00001", "TS-00002"]


def test_things_of_one_line_are_many_to_glpi() -> None:
    """Three computers on a line are three documents; what an agent sees is one of them."""
    line = host(7, serial="", quantity=3, verified_ms=1)
    told = bodies([line, unseen(8, "printer", quantity=2, serial="")])
    ids = {body["deviceid"] for body in told.values()}
    names = {body["content"]["hardware"]["name"] for body in told.values()}
    assert (len(told), len(ids), len(names)) == (3, 3, 3)
    printers = told["host-000000000007"]["content"]["printers"]
    assert len({printer["name"] for printer in printers}) == 2
    assert sum("accesslog" in body["content"] for body in told.values()) == 1
    assert {"lophoc-79-00123-line-7", "lophoc-79-00123-line-7-2"} <= ids
    assert bodies([unseen(8, "printer", quantity=0)]) == {}


def test_ids_are_the_same_again_and_no_other_schools() -> None:
    """Seen at last, a line keeps its id; the same numbers elsewhere are other items."""
    (before,) = bodies([unseen(1, "tablet")]).values()
    (seen,) = bodies([asset(1)]).values()
    (elsewhere,) = bodies([asset(1, place=Place("79", "00124", "may-6a1"))]).values()
    assert before["deviceid"] == seen["deviceid"] != elsewhere["deviceid"]


@given(st.lists(st.text(st.characters(codec=None), min_size=1, max_size=100), unique=True))
def test_no_id_leaves_the_folder_or_takes_anothers_file(ids: list[str]) -> None:
    """File names are plain letters, whatever an id is."""
    names = [each.name for each in documents([stray(1, device_id=each) for each in ids])]
    assert len({each.lower() for each in names}) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.json", each) for each in names)


def test_the_zip_flows_as_it_is_made() -> None:
    """A school's is not held in memory: what is packed leaves before the next is made."""
    made: list[int] = []

    def making() -> Iterable[tuple[str, bytes]]:
        for number in range(5):
            made.append(number)
            yield f"{number}.json", random.Random(number).randbytes(40_000)

    parts = zipped(making(), AT)
    first = next(parts)
    assert made == [0]
    with zipfile.ZipFile(io.BytesIO(first + b"".join(parts))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{number}.json" for number in range(5)]
    assert made == [0, 1, 2, 3, 4]


def test_a_zip_of_more_files_than_its_first_form_counts_is_whole() -> None:
    """A province has half a million documents; 65,535 is what a ZIP without ZIP64 tells."""
    count = 65_600
    parts = zipped(((f"{number}.json", b"{}") for number in range(count)), AT)
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert len(archive.namelist()) == count
        assert archive.read(f"{count - 1}.json") == b"{}"


def test_a_boards_own_document_is_not_made_twice() -> None:
    """Every item is told of once: its own document, or the one it hangs on."""
    told = [each for each in of_every_kind() if is_told(each)]
    members = [each.device_id for one in documents(told) for each in one.members]
    assert sorted(members) == sorted(each.device_id for each in told)
