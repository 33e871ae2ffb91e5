"""This file reads how full the battery is of what hangs on USB, where the kernel says so; pure."""

from __future__ import annotations

import re

from hardware.usb.hidraw import CHARGE
from hardware.usb.nodes import UsbDevice

_PERCENT = re.compile(r"\d{1,3}", re.ASCII)
_FULL = 100


def charge_of(device: UsbDevice) -> int | None:
    """Give the charge of its battery in percent; None where it has none, or tells nothing.

    Source: Linux, Documentation/ABI/testing/sysfs-class-power, `capacity`; a UPS is asked by HID.
    """
    for node in device.nodes:
        text = node.get("POWER_SUPPLY_CAPACITY") or node.get(CHARGE, "")
        if _PERCENT.fullmatch(text) and int(text) <= _FULL:
            return int(text)
    return None
