"""This file asks a UPS for its charge by the kernel's raw HID node."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from hardware.usb.power_device import DESCRIPTOR_LIMIT, REPORT_LIMIT, charge_in, power_device

UPS: Final = "HID_UPS"  # properties that are not udev's: its descriptor says so,
CHARGE: Final = "HID_CHARGE"  # and how full it is, in percent
_GET_FEATURE: Final = 0xC0004807 | REPORT_LIMIT + 1 << 16  # HIDIOCGFEATURE of linux/hidraw.h


def ups_properties(folder: Path, node: str, *, is_asked: bool) -> dict[str, str]:
    """Give what a raw HID node tells of a UPS; nothing where it is none.

    folder: of the node in /sys. is_asked: its charge too, which may take the device seconds.
    """
    try:
        with (folder / "device/report_descriptor").open("rb") as file:
            device = power_device(file.read(DESCRIPTOR_LIMIT))
    except OSError:
        return {}
    if not device.is_ups:
        return {}
    found = {UPS: "1"}
    if is_asked and device.charge is not None and node:
        report = _feature(node, device.charge.report)
        charge = charge_in(report, device.charge)
        found |= {} if charge is None else {CHARGE: str(charge)}
    return found


def _feature(node: str, report: int) -> bytes:
    """Ask for a report; nothing where this program has no right to, or the device is silent."""
    if sys.platform != "win32":  # which has no device nodes
        from fcntl import ioctl  # noqa: PLC0415 - not on Windows

        asked = bytearray([report, *bytes(REPORT_LIMIT)])
        with contextlib.suppress(OSError):
            opened = os.open(node, os.O_RDONLY | os.O_NONBLOCK)
            try:
                length = ioctl(opened, _GET_FEATURE, asked)
            finally:
                os.close(opened)
            return bytes(asked[:length])
    return b""
