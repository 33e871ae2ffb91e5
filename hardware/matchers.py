"""This file reads matchers.toml, the marks by which devices are known."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path

import msgspec

from hardware.readings import Kind

_FILE = Path(__file__).with_name("matchers.toml")


class UsbClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices with an interface that begins with these hex digits are of this kind."""

    begins: str = msgspec.field(name="class")
    kind: Kind


class UsbNode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices of which the kernel made a node of this subsystem are of this kind."""

    subsystem: str
    kind: Kind


class UsbDriver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices of which a driver of this pattern took an interface are of this kind."""

    driver: str
    kind: Kind


class UsbProperty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices with a node that has this udev property with this value are of this kind."""

    name: str
    value: str
    kind: Kind


class UsbName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices with a model of this pattern, in lower case, are of this kind."""

    name: str
    kind: Kind


class Makes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What devices are known by: any of these makers, products, names or video drivers.

    classes: of which one is needed besides, where there are any.
    """

    vendors: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


class Handheld(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phones and tablets, by a udev property, a class or a driver.

    modems: drivers of what has such marks, too, and is none. tablet_names, phone_names: patterns
    of models.
    """

    property: str
    classes: tuple[str, ...]
    drivers: tuple[str, ...]
    modems: tuple[str, ...]
    tablet_names: tuple[str, ...]
    phone_names: tuple[str, ...]


class UsbId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices of this "vendor:product" are of this kind and model."""

    id: str
    kind: Kind
    model: str


class TouchVendor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Devices of this maker may hold a board's touch controller."""

    vendor: str
    name: str


class PlatformCamera(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Video nodes off USB with a product of this pattern are a camera; mark is its part of a key.

    channels: all nodes of one port are of one camera. raw: they give no picture that could be
    looked at. relay: a pattern of the product of the node off this port which shows it, if any.
    """

    product: str
    mark: str
    name: str
    vendor: str
    channels: bool = False
    raw: bool = False
    relay: str = ""


class DeviceTree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Machines with a part compatible with this pattern are of this make."""

    compatible: str
    vendor: str
    model: str


class MdnsRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one service type names a device. TXT keys are in lower case.

    bluetooth: keys with a MAC of its Bluetooth. bits: the key of a number of capabilities, which
    must have one of has_bits and none of lacks_bits. ignored: it is no device at all.
    """

    type: str
    kind: Kind
    txt: dict[str, str] = {}
    mac: tuple[str, ...] = ()
    bluetooth: tuple[str, ...] = ()
    mac_in_name: bool = False
    uuid: tuple[str, ...] = ()
    serial: tuple[str, ...] = ()
    serial_in_name: str = ""
    name: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    maker: str = ""
    private: bool = False
    bits: str = ""
    has_bits: tuple[int, ...] = ()
    lacks_bits: tuple[int, ...] = ()
    ignored: bool = False
    asks: Kind | None = None


class PjlinkRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What speaks PJLink is of this kind if maker, model and name, in lower case, fit."""

    names: str
    kind: Kind


class Matchers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every row of matchers.toml, in the order of the file."""

    weak_serials: tuple[str, ...]
    usb_node: tuple[UsbNode, ...]
    usb_class: tuple[UsbClass, ...]
    usb_driver: tuple[UsbDriver, ...]
    usb_property: tuple[UsbProperty, ...]
    handheld: Handheld
    tether: Makes
    grabber: Makes
    ups: Makes
    usb_id: tuple[UsbId, ...]
    usb_name: tuple[UsbName, ...]
    board_wider_than_mm: int
    board_no_wider_than_mm: int
    touch_vendor: tuple[TouchVendor, ...]
    touch_names: tuple[str, ...]
    platform_camera: tuple[PlatformCamera, ...]
    dmi_unfilled: tuple[str, ...]
    chassis_with_screen: tuple[int, ...]
    device_tree: tuple[DeviceTree, ...]
    computer_hosts: tuple[str, ...]
    mdns: tuple[MdnsRow, ...]
    pjlink: tuple[PjlinkRow, ...]


msgspec.json.Decoder(Matchers)  # described now: two threads that need it first would crash


@functools.cache
def matchers() -> Matchers:
    """Read matchers.toml, once a process."""
    return msgspec.convert(tomllib.loads(_FILE.read_text("utf-8")), Matchers)


def filled(text: str) -> str:
    """Give what firmware calls the machine or its number; "" where its maker left that open."""
    return "" if any(row.fullmatch(text) for row in _unfilled()) else text


@functools.cache
def _unfilled() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(row, re.IGNORECASE) for row in matchers().dmi_unfilled)
