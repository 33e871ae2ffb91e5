"""This file finds cameras that are on no USB: a Raspberry Pi's own, a laptop's by MIPI; pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from fnmatch import fnmatchcase

from hardware.matchers import PlatformCamera, matchers
from hardware.readings import IdentityKind, Kind, Sighting, clean
from hardware.usb.keys import free_key
from hardware.usb.nodes import Properties, captures, video_number

_ON_USB = re.compile(r"/usb\d+/")
# The last slot of a path; drivers name what is below it anew with each kernel.
_SLOT = re.compile(r".*/([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])(?:/|$)")


def is_platform_camera(node: Properties) -> bool:
    """Say whether this node is of a camera that is on no USB, or shows what one sees."""
    relays = {row.relay for row in matchers().platform_camera if row.relay}
    return _row(node) is not None or any(_is_relay(node, relay) for relay in relays)


def platform_cameras(nodes: Iterable[Properties], host: str) -> dict[str, Sighting]:
    """Give the cameras on no USB among these udev nodes, by key; nodes come in any order.

    host: names this machine in their keys.
    """
    sightings: dict[str, Sighting] = {}
    channels: set[str] = set()
    ordered = sorted(_by_path(nodes), key=video_number)
    for node in ordered:
        row = _row(node)
        if row is None or _port(node) in channels:
            continue
        if row.channels:
            channels.add(_port(node))
        sighting = _sighting(node, row, host, sightings, _files(node, row, ordered))
        sightings[sighting.key] = sighting
    return sightings


def _by_path(nodes: Iterable[Properties]) -> Iterable[Properties]:
    return {node.get("DEVPATH", ""): node for node in nodes}.values()


def _row(node: Properties) -> PlatformCamera | None:
    if not _shows(node):
        return None
    product = node.get("ID_V4L_PRODUCT", "").lower()
    return next(
        (row for row in matchers().platform_camera if fnmatchcase(product, row.product)), None
    )


def _port(node: Properties) -> str:
    """Where it hangs: what udev calls the place, else its PCI slot, else what holds its nodes."""
    parent = node.get("DEVPATH", "").partition("/video4linux/")[0]
    slot = _SLOT.search(parent)
    place = f"pci-{slot[1]}" if slot else f"platform-{parent.rpartition('/')[2]}"
    return clean(node.get("ID_PATH", "") or place)


def _files(node: Properties, row: PlatformCamera, nodes: Iterable[Properties]) -> tuple[str, ...]:
    """The one file that shows its picture; none where only a program could make that of it."""
    if not row.raw:
        shown = [node]
    else:
        shown = [one for one in nodes if row.relay and _is_relay(one, row.relay)]
    return tuple(file for one in shown[:1] if (file := clean(one.get("DEVNAME", ""))))


def _is_relay(node: Properties, pattern: str) -> bool:
    return _shows(node) and fnmatchcase(node.get("ID_V4L_PRODUCT", "").lower(), pattern)


def _shows(node: Properties) -> bool:
    # A camera on USB may call itself anything, and is found by its bus.
    is_video = node.get("SUBSYSTEM") == "video4linux" and captures(node)
    return is_video and not _ON_USB.search(node.get("DEVPATH", ""))


def _sighting(
    node: Properties,
    row: PlatformCamera,
    host: str,
    used: Container[str],
    files: tuple[str, ...],
) -> Sighting:
    return Sighting(
        source="usb",
        key=free_key(f"port:{host}:{_port(node)}:{row.mark}", used),
        identity=IdentityKind.PORT,
        kind=Kind.CAMERA,
        name=row.name,
        vendor=row.vendor,
        model=row.name,
        nodes=files,
    )
