"""Digitizers: a board, the machine's own screen, or a question to a person."""

from __future__ import annotations

import re

import pytest

from hardware.matchers import matchers
from hardware.readings import Kind
from hardware.usb.devices import devices_of
from hardware.usb.digitizers import chassis_has_screen
from tests.hardware.test_usb_devices import BUS, usb_node

TOUCH = {"ID_INPUT_TOUCHSCREEN": "1"}


def touch(
    port: str = "1-4", own: dict[str, str] | None = None, **of_input: str
) -> list[dict[str, str]]:
    """Give the nodes of a USB digitizer at a port."""
    fixed = {"ID_VENDOR_ID": "abcd", "ID_MODEL_ID": "0001", "ID_USB_INTERFACES": ":030000:"}
    device = usb_node(port, **(fixed | (own or {})))
    path = f"{device['DEVPATH']}/{port}:1.0/0003:ABCD:0001.0001/input/input7/event7"
    event = {"DEVPATH": path, "SUBSYSTEM": "input", "DEVNAME": "/dev/input/event7"}
    return [device, event | (of_input or TOUCH)]


def judged(nodes: list[dict[str, str]], product: str = "abcd:0001") -> tuple[Kind, Kind | None]:
    """Give the kind of the device, and the kind that is asked for."""
    (found,) = [one for one in devices_of(nodes, "h").values() if one.product == product]
    return found.kind, found.asks


@pytest.mark.parametrize("mark", ["ID_INPUT_TOUCHSCREEN", "ID_INPUT_TABLET"])
def test_an_unknown_digitizer_stays_input_and_is_asked_for(mark: str) -> None:
    """Only a person can tell a board from a monitor with touch."""
    assert judged(touch(**{mark: "1"})) == (Kind.INPUT, Kind.BOARD)
    assert judged(touch(**{mark: "0"})) == (Kind.INPUT, None)


@pytest.mark.parametrize(
    ("width_mm", "kind", "asks"),
    [
        ("901", Kind.BOARD, None),
        ("2435", Kind.BOARD, None),
        ("900", Kind.INPUT, Kind.BOARD),
        ("3001", Kind.INPUT, Kind.BOARD),
        ("999999999999", Kind.INPUT, Kind.BOARD),
        ("-1200", Kind.INPUT, Kind.BOARD),
        ("١٢٠٠", Kind.INPUT, Kind.BOARD),
        ("wide", Kind.INPUT, Kind.BOARD),
    ],
)
def test_what_is_as_wide_as_only_a_board_is_one(
    width_mm: str, kind: Kind, asks: Kind | None
) -> None:
    """A width beyond any board is a controller's nonsense."""
    assert judged(touch(**TOUCH, ID_INPUT_WIDTH_MM=width_mm)) == (kind, asks)


def test_a_wide_mouse_is_no_board() -> None:
    """Touchpads and mice tell of a width too."""
    assert judged(touch(ID_INPUT_MOUSE="1", ID_INPUT_WIDTH_MM="1200")) == (Kind.INPUT, None)


def test_a_digitizer_soldered_in_is_never_asked_for() -> None:
    """The firmware knows which port has no socket."""
    assert judged(touch(own={"REMOVABLE": "fixed"})) == (Kind.INPUT, None)
    for told in ("removable", "unknown", ""):
        assert judged(touch(own={"REMOVABLE": told})) == (Kind.INPUT, Kind.BOARD)


@pytest.mark.parametrize(
    ("hub", "asks"), [("removable", Kind.BOARD), ("unknown", Kind.BOARD), ("fixed", None)]
)
def test_a_digitizer_fixed_inside_a_board_on_a_cable_is_asked_for(
    hub: str, asks: Kind | None
) -> None:
    """The board's own hub says of the touch in the same case that it is fixed."""
    root = {"DEVPATH": f"{BUS}/usb1", "SUBSYSTEM": "usb", "DEVTYPE": "usb_device"}
    between = usb_node("1-4", ID_USB_INTERFACES=":090000:", REMOVABLE=hub)
    nodes = [root | {"REMOVABLE": "unknown"}, between, *touch("1-4.1", {"REMOVABLE": "fixed"})]
    assert judged(nodes) == (Kind.INPUT, asks)


def test_what_is_part_of_the_machine_is_not_asked_for_but_another_in_its_place_is() -> None:
    """A place is a port and what was in it."""
    nodes = touch()
    path = nodes[0]["DEVPATH"]
    (own,) = devices_of(nodes, "h", frozenset({(path, "abcd:0001")})).values()
    (other,) = devices_of(nodes, "h", frozenset({(path, "abcd:0002")})).values()
    assert (own.asks, other.asks) == (None, Kind.BOARD)


def test_a_known_board_is_one_wherever_it_is() -> None:
    """Nobody is asked what is known."""
    numbers = {"ID_VENDOR_ID": "0b8c", "ID_MODEL_ID": "0001", "REMOVABLE": "fixed"}
    assert judged(touch(own=numbers), "0b8c:0001") == (Kind.BOARD, None)


def test_a_board_with_loudspeakers_in_one_device_is_asked_for() -> None:
    """Its touch says more of it than its sound."""
    own = {"ID_USB_INTERFACES": ":010100:010200:030000:"}
    assert judged(touch(own=own)) == (Kind.INPUT, Kind.BOARD)
    assert judged(touch(own=own, ID_INPUT_KEY="1")) == (Kind.AUDIO, None)


@pytest.mark.parametrize(
    ("vendor", "asks"), [("0eef", Kind.BOARD), ("1ff7", Kind.BOARD), ("04f3", None), ("046d", None)]
)
def test_a_maker_of_touch_controllers_is_reason_to_ask_and_no_more(
    vendor: str, asks: Kind | None
) -> None:
    """Elan makes mice too; of those nobody is asked."""
    nodes = touch(own={"ID_VENDOR_ID": vendor}, ID_INPUT_MOUSE="1")
    assert judged(nodes, f"{vendor}:0001") == (Kind.INPUT, asks)


def test_the_chassis_tells_whether_a_machine_has_a_screen() -> None:
    """As the firmware writes it, in digits; anything else tells nothing."""
    with_screen = [number for number in range(40) if chassis_has_screen(str(number))]
    assert with_screen == [8, 9, 10, 11, 13, 14, 30, 31, 32]
    assert not chassis_has_screen("")
    assert not chassis_has_screen("1O")


def test_makers_of_touch_controllers_are_four_hex_digits_and_each_is_there_once() -> None:
    """As udev writes them, in lower case."""
    vendors = [row.vendor for row in matchers().touch_vendor]
    assert all(re.fullmatch(r"[0-9a-f]{4}", vendor) for vendor in vendors)
    assert len(vendors) == len(set(vendors))
