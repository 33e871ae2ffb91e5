"""This file reads what USB devices call themselves; pure."""

from __future__ import annotations

import re

from hardware.readings import clean
from hardware.usb.nodes import Properties, UsbDevice, capture_nodes

# What udev writes for a byte that its plain names cannot hold (systemd, udev-builtin-usb_id).
_ESCAPED = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")


def vendor_of(device: UsbDevice) -> str:
    """Give the maker: by udev's database, else in the device's own word."""
    return clean(device.own.get("ID_VENDOR_FROM_DATABASE", "")) or _own_word(
        device.own, "ID_VENDOR"
    )


def model_of(device: UsbDevice) -> str:
    """Give the model in the device's own word, else by udev's database; "" where none tells."""
    return (
        _own_word(device.own, "ID_MODEL")
        or clean(device.own.get("ID_MODEL_FROM_DATABASE", ""))
        or _video_product(device)
    )


def _video_product(device: UsbDevice) -> str:
    names = (clean(node.get("ID_V4L_PRODUCT", "")) for node in capture_nodes(device.nodes))
    return next(filter(None, names), "")


def _own_word(node: Properties, name: str) -> str:
    """Give the device's own word for itself; "" where udev had to put its number there."""
    plain = node.get(name, "")
    if plain.lower() == node.get(f"{name}_ID", "").lower():
        return ""
    escaped = node.get(f"{name}_ENC", "")
    return clean(_unescape(escaped)) if escaped else clean(plain.replace("_", " "))


def _unescape(text: str) -> str:
    def letters(match: re.Match[str]) -> str:
        return bytes.fromhex(match[0].replace("\\x", "")).decode("utf-8", "replace")

    return _ESCAPED.sub(letters, text)
