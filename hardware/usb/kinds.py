"""This file says of what kind a USB device is, and how that is known; pure.

By what it does: the nodes that the kernel made first, then the class of its interfaces and what
drives them; its numbers and its name tell only what that leaves open.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from hardware.matchers import Makes, UsbId, matchers
from hardware.readings import Kind, KindProof
from hardware.usb.digitizers import is_digitizer, is_touch_name, is_touch_vendor, is_wide
from hardware.usb.hidraw import UPS
from hardware.usb.keys import product_of
from hardware.usb.names import model_of, vendor_of
from hardware.usb.nodes import UsbDevice, capture_nodes, interfaces_of

_HID = "03"
_TUNER = ":tuner:"


class JudgedKind(NamedTuple):
    """A kind, what it was judged by, and the kind that a person is to be asked for."""

    kind: Kind
    proof: KindProof
    detail: str = ""
    asks: Kind | None = None

    @property
    def words(self) -> str:
        """The proof as a sighting tells it."""
        return f"{self.proof} {self.detail}".rstrip()


_UNKNOWN = JudgedKind(Kind.OTHER, KindProof.KIND_CLASS)
_OPEN = frozenset({Kind.INPUT, Kind.OTHER})


def judge(device: UsbDevice, own: Container[str]) -> JudgedKind:
    """Judge a device. own: paths of the machine's own parts, of which nothing is asked."""
    surely = _by_picture(device) or _by_handheld(device) or _by_node(device)
    if surely := surely or _by_property(device) or _by_ups(device):
        return surely
    judged = _by_class(device) or _by_driver(device) or _UNKNOWN
    if judged.kind in _OPEN and (row := id_row(device)):
        return JudgedKind(row.kind, KindProof.TABLE, row.id)
    if judged is _UNKNOWN and (named := _by_name(device)):
        return named
    return _by_touch(device, judged, own)


def id_row(device: UsbDevice) -> UsbId | None:
    """Give what matchers.toml knows of the product, or None."""
    return _id_rows().get(product_of(device))


def _by_picture(device: UsbDevice) -> JudgedKind | None:
    pictures = capture_nodes(device.nodes)
    capabilities = [node.get("ID_V4L_CAPABILITIES", "") for node in pictures]
    return _of_pictures(device, capabilities) if pictures else None


def _by_node(device: UsbDevice) -> JudgedKind | None:
    made = {node.get("SUBSYSTEM", "") for node in device.nodes}
    rows = (row for row in matchers().usb_node if row.subsystem in made)
    return next((JudgedKind(row.kind, KindProof.NODE, row.subsystem) for row in rows), None)


def _of_pictures(device: UsbDevice, capabilities: Iterable[str]) -> JudgedKind:
    """Tell a camera from what shows another's picture."""
    if any(_TUNER in one for one in capabilities):
        return JudgedKind(Kind.OTHER, KindProof.CAPABILITY, "tuner")
    drivers = {*_drivers(device), *(node.get("ID_USB_DRIVER", "") for node in device.nodes)}
    grabber = matchers().grabber
    if _is_of(grabber, device) or any(_fits(driver, grabber.drivers) for driver in drivers):
        return JudgedKind(Kind.OTHER, KindProof.TABLE, product_of(device), Kind.CAMERA)
    return JudgedKind(Kind.CAMERA, KindProof.NODE, "video4linux")


def _by_property(device: UsbDevice) -> JudgedKind | None:
    for row in matchers().usb_property:
        if any(node.get(row.name) == row.value for node in (device.own, *device.nodes)):
            return JudgedKind(row.kind, KindProof.PROPERTY, row.name)
    return None


def _by_handheld(device: UsbDevice) -> JudgedKind | None:
    """Tell phones and tablets, also those that lend their network."""
    mark, model = _handheld_mark(device), model_of(device)
    if mark is None:
        return None
    if _fits(model.lower(), matchers().handheld.tablet_names):
        return JudgedKind(Kind.TABLET, KindProof.NAME, model)
    if row := id_row(device):
        return JudgedKind(row.kind, KindProof.TABLE, row.id)
    if _fits(model.lower(), matchers().handheld.phone_names):
        return JudgedKind(Kind.OTHER, KindProof.NAME, model)
    return JudgedKind(Kind.OTHER, *mark, Kind.TABLET)


def _handheld_mark(device: UsbDevice) -> tuple[KindProof, str] | None:
    """By what a device is known for a phone or a tablet; None where it is neither."""
    handheld, tether, drivers = matchers().handheld, matchers().tether, _drivers(device)
    if device.own.get(handheld.property, "0") not in {"", "0"}:
        return KindProof.PROPERTY, handheld.property
    if any(_fits(driver, handheld.modems) for driver in drivers):
        return None
    own = (*handheld.classes, *(tether.classes if _is_of(tether, device) else ()))
    if begins := next((one for one in own if _has_class(device, one)), ""):
        return KindProof.KIND_CLASS, begins
    driver = next((one for one in drivers if _fits(one, handheld.drivers)), "")
    return (KindProof.DRIVER, driver) if driver else None


def _by_ups(device: UsbDevice) -> JudgedKind | None:
    if any(node.get(UPS) for node in device.nodes):
        return JudgedKind(Kind.UPS, KindProof.CAPABILITY, "HID Power Device")
    if not _has_class(device, _HID) or _has_input(device) or not _is_of(matchers().ups, device):
        return None
    return JudgedKind(Kind.UPS, KindProof.TABLE, product_of(device))


def _by_class(device: UsbDevice) -> JudgedKind | None:
    # A board may have loudspeakers, and a touch controller a class of its maker's own.
    touch = (
        JudgedKind(Kind.INPUT, KindProof.NODE, "input")
        if _has_input(device) and is_digitizer(device)
        else None
    )
    for row in matchers().usb_class:
        is_silent = row.begins == _HID and not _has_input(device)
        if _has_class(device, row.begins) and not is_silent:
            judged = JudgedKind(row.kind, KindProof.KIND_CLASS, row.begins)
            return touch if touch and row.kind in {Kind.AUDIO, Kind.OTHER} else judged
    return touch


def _by_driver(device: UsbDevice) -> JudgedKind | None:
    for driver in _drivers(device):
        for row in matchers().usb_driver:
            if fnmatchcase(driver.lower(), row.driver):
                return JudgedKind(row.kind, KindProof.DRIVER, driver)
    return None


def _by_name(device: UsbDevice) -> JudgedKind | None:
    model = model_of(device).lower()
    rows = (row for row in matchers().usb_name if fnmatchcase(model, row.name))
    return next((JudgedKind(row.kind, KindProof.NAME, row.name) for row in rows), None)


def _by_touch(device: UsbDevice, judged: JudgedKind, own: Container[str]) -> JudgedKind:
    """See whether a keyboard or mouse may be a board's frame, or is one by its width."""
    touches = judged.kind is Kind.INPUT and is_digitizer(device)
    if touches and is_wide(device):
        return JudgedKind(Kind.BOARD, KindProof.WIDE)
    points = judged.kind is Kind.INPUT or (judged.kind is Kind.OTHER and _has_class(device, _HID))
    foreign = device.own.get("DEVPATH", "") not in own
    if points and foreign and (touches or is_touch_vendor(device) or is_touch_name(device)):
        return judged._replace(asks=Kind.BOARD)
    return judged


def _has_class(device: UsbDevice, begins: str) -> bool:
    return any(interface.startswith(begins) for interface in interfaces_of(device))


def _has_input(device: UsbDevice) -> bool:
    return any(node.get("SUBSYSTEM") == "input" for node in device.nodes)


def _drivers(device: UsbDevice) -> list[str]:
    interfaces = (node for node in device.nodes if node.get("DEVTYPE") == "usb_interface")
    return [driver for node in interfaces if (driver := node.get("DRIVER", ""))]


def _is_of(makes: Makes, device: UsbDevice) -> bool:
    names = (model_of(device), f"{vendor_of(device)} {model_of(device)}")
    return (
        device.own.get("ID_VENDOR_ID", "").lower() in makes.vendors
        or product_of(device) in makes.products
        or any(_fits(name.lower(), makes.names) for name in names)
    )


def _fits(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


@functools.cache
def _id_rows() -> dict[str, UsbId]:
    return {row.id: row for row in matchers().usb_id}
