"""Seven real machines and a real board: each shows what it has, and nothing that it has not."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readings import IdentityKind, Kind, Sighting
from hardware.usb.devices import devices_of
from hardware.usb.export import Export, read_export
from hardware.usb.foreign import sightings_of
from hardware.usb.nodes import Properties
from tests.hardware.udev_exports import DUMPS, real


class Expected(NamedTuple):
    """What a machine is, its devices by kind, its picture nodes by product, its serials."""

    model: str
    kinds: dict[str, int]
    pictures: dict[str, tuple[str, ...]]
    serials: frozenset[str] = frozenset()


MACHINES = {
    "CAPTURE_METADATA": Expected(
        "Latitude3590",
        {"camera": 1, "input": 1, "other": 2, "storage": 1},
        # Its udev calls all four nodes pictures; every second one holds metadata.
        {"0bda:58f5": ("/dev/video0", "/dev/video2")},
        frozenset({"4830a8843756"}),
    ),
    "DELL_INSPIRON_3048": Expected(
        "Inspiron20Model3048",
        {"camera": 1, "input": 3, "other": 1},
        {"1bcf:2b8b": ("/dev/video0",)},
    ),
    "HOME_MADE": Expected("P5Q-PRO", {"input": 3, "storage": 1}, {}),
    "HP_ELITEBOOK_835_13_INCH_G10": Expected(
        "HPEliteBook83513inchG10NotebookPC",
        {"camera": 1, "network": 1, "other": 2, "storage": 1},
        {"05c8:082f": ("/dev/video0", "/dev/video2")},
        frozenset({"071C395B848A2D24"}),
    ),
    "LENOVO_T430S": Expected(
        "2355CTO",
        {"audio": 1, "camera": 2, "input": 3, "network": 1, "other": 1},
        {"046d:082d": ("/dev/video0",), "04f2:b2da": ("/dev/video1",)},
        frozenset({"73BD39DF", "F4B7E2E8A8EF", "07CE4B878053FDM0"}),
    ),
    "RPI2_WITH_CAMERA_V4L2": Expected(
        "Raspberry Pi 2 (BCM2836)",
        {"camera": 1, "input": 1, "network": 1},
        {"": ("/dev/video0",)},
    ),
    "RPI4B4G": Expected(
        "Raspberry Pi 4 (BCM2711)", {"storage": 1}, {}, frozenset({"4C530000010103116045"})
    ),
}


def machine(name: str) -> Export:
    """Read a real machine's export, or skip."""
    return read_export(real(f"{name}.txt.gz"))


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_real_machine_shows_what_it_has(name: str) -> None:
    """Its devices by kind, the files of its pictures, the serials that may be trusted."""
    expected = MACHINES[name]
    host, *devices = sightings_of(machine(name))
    assert (host.kind, host.model) == (Kind.HOST, expected.model)
    kinds = [one.kind for one in devices]
    assert {kind: kinds.count(kind) for kind in kinds} == expected.kinds
    assert {one.product: pictures(one) for one in devices if one.kind == "camera"} == (
        expected.pictures
    )
    assert {one.serial for one in devices if one.identity is IdentityKind.USB} == expected.serials


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_on_a_real_machine_nothing_is_a_board_or_asked_for_or_lost_or_merged(name: str) -> None:
    """Laptops, a touch all-in-one and Raspberry Pis: as many keys as devices that are no hubs."""
    export = machine(name)
    devices = devices_of(export.nodes, export.digest)
    leaves = sum(is_leaf(node) for node in export.nodes)
    own_cameras = sum(not one.product for one in devices.values())
    assert len(devices) == leaves + own_cameras
    assert [one for one in sightings_of(export) if one.kind is Kind.BOARD or one.asks] == []


def test_no_device_of_one_machine_is_taken_for_another_machines() -> None:
    """Two of them have the same keyboard, mouse and switch, none with a serial to trust."""
    found = [one.key for name in MACHINES for one in sightings_of(machine(name))]
    assert len(found) == len(set(found))


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_any_part_of_a_real_machine_in_any_order_gives_the_same_devices(
    data: st.DataObject,
) -> None:
    """Nodes come as they like, and more than once."""
    export = machine(data.draw(st.sampled_from(sorted(MACHINES))))
    rng = random.Random(data.draw(st.integers()))
    part = rng.sample(export.nodes, rng.randrange(len(export.nodes)))
    mixed = [*part, *part[:50]]
    rng.shuffle(mixed)
    assert devices_of(mixed, "h") == devices_of(part, "h")


def test_the_hite_board_is_a_board() -> None:
    """Without a serial, and in the guise of a mouse: its numbers name it."""
    text = real("udev-hite-board-4623-011a.txt").read_text("utf-8")
    numbers = re.search(r"Vendor=(\w{4}) Product=(\w{4})", text)
    folder = re.search(r"Sysfs=(\S+)/\S+/\n", text)
    assert numbers is not None
    assert folder is not None
    node = {
        "DEVPATH": folder[1],
        "SUBSYSTEM": "usb",
        "DEVTYPE": "usb_device",
        "ID_VENDOR_ID": numbers[1],
        "ID_MODEL_ID": numbers[2],
        "ID_USB_INTERFACES": ":030000:030102:",
    }
    (board,) = devices_of([node], "h").values()
    assert (board.kind, board.asks, board.identity) == (Kind.BOARD, None, IdentityKind.PORT)
    assert board.key == "port:h:pci-0000:00:14.0-usb-0:1:4623:011a"


def pictures(sighting: Sighting) -> tuple[str, ...]:
    """Give the files of its pictures."""
    return tuple(node for node in sighting.nodes if node.startswith("/dev/video"))


def is_leaf(node: Properties) -> bool:
    """Say whether this is a whole device, and no hub."""
    interfaces = node.get("ID_USB_INTERFACES", "").strip(":").split(":")
    return node.get("DEVTYPE") == "usb_device" and not all(one[:2] == "09" for one in interfaces)


def test_the_real_machines_are_those_expected() -> None:
    """A dump that is added is looked at."""
    real("HOME_MADE.txt.gz")
    assert {path.name.removesuffix(".txt.gz") for path in DUMPS.glob("*.gz")} == set(MACHINES)
