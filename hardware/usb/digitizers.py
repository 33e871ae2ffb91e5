"""This file tells a board's touch from a machine's own screen, or that a person must; pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from hardware.matchers import matchers
from hardware.usb.keys import product_of
from hardware.usb.names import model_of, vendor_of
from hardware.usb.nodes import REMOVABLE, Properties, UsbDevice

# What is where: the path of a USB device and its product.
Places = frozenset[tuple[str, str]]

_ROOT_HUB = re.compile(r"usb\d+")
_MILLIMETRES = re.compile(r"\d{1,6}", re.ASCII)


def is_digitizer(device: UsbDevice) -> bool:
    """Say whether udev sees touch or a pen in it."""
    return any(_is_set(node, "TOUCHSCREEN") or _is_set(node, "TABLET") for node in device.nodes)


def is_wide(device: UsbDevice) -> bool:
    """Say whether a digitizer is as wide as only a board is."""
    limits = matchers()
    return any(
        limits.board_wider_than_mm < _width_mm(node) <= limits.board_no_wider_than_mm
        for node in device.nodes
    )


def is_touch_vendor(device: UsbDevice) -> bool:
    """Say whether its maker makes touch controllers; that proves nothing."""
    return device.own.get("ID_VENDOR_ID", "").lower() in _touch_vendors()


def is_touch_name(device: UsbDevice) -> bool:
    """Say whether it calls itself what a board's touch frame may; that proves nothing."""
    names = f"{vendor_of(device)} {model_of(device)}".lower()
    return any(fnmatchcase(names, pattern) for pattern in matchers().touch_names)


def place_of(device: UsbDevice) -> tuple[str, str]:
    """Give where it is plugged in, and what it is: another at the same port is another."""
    return device.own.get("DEVPATH", ""), product_of(device)


def places_of(devices: Iterable[UsbDevice]) -> Places:
    """Give the places of all these devices."""
    return frozenset(place_of(device) for device in devices)


def chassis_has_screen(chassis: str) -> bool:
    """Say whether a machine of this DMI chassis type (a number) has a screen of its own."""
    return chassis in {str(code) for code in matchers().chassis_with_screen}


def fixed_paths(devices: Iterable[UsbDevice]) -> frozenset[str]:
    """Give the paths of devices that are soldered in, as the firmware and the hubs tell.

    A hub on a cable may say so of what is inside its own case: every step from the machine on
    must be fixed. Source: Linux, Documentation/ABI/stable/sysfs-bus-usb, `removable`.
    """
    fixed: set[str] = set()
    for device in devices:  # in the order of paths: a hub comes before what hangs on it
        path = device.own.get("DEVPATH", "")
        above = path.rpartition("/")[0]
        on_machine = _ROOT_HUB.fullmatch(above.rpartition("/")[2]) or above in fixed
        if on_machine and device.own.get(REMOVABLE) == "fixed":
            fixed.add(path)
    return frozenset(fixed)


def _is_set(node: Properties, name: str) -> bool:
    return node.get(f"ID_INPUT_{name}", "0") not in {"", "0"}


def _width_mm(node: Properties) -> int:
    text = node.get("ID_INPUT_WIDTH_MM", "")
    return int(text) if _MILLIMETRES.fullmatch(text) else 0


@functools.cache
def _touch_vendors() -> frozenset[str]:
    return frozenset(row.vendor for row in matchers().touch_vendor)
