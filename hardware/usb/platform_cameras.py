"""This file finds cameras that are on no USB: a Raspberry Pi's own; pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from fnmatch import fnmatchcase

from hardware.matchers import PlatformCamera, matchers
from hardware.readings import IdentityKind, Kind, Sighting, clean
from hardware.usb.keys import free_key
from hardware.usb.nodes import Properties, captures, video_number

_ON_USB = re.compile(r"/usb\d+/")


def is_platform_camera(node: Properties) -> bool:
    """Say whether this node shows the picture of a camera that is on no USB."""
    return _row(node) is not None


def platform_cameras(nodes: Iterable[Properties], host: str) -> dict[str, Sighting]:
    """Give the cameras on no USB among these udev nodes, by key; nodes come in any order.

    host: names this machine in their keys.
    """
    sightings: dict[str, Sighting] = {}
    channels: set[str] = set()
    for node in sorted(_by_path(nodes), key=video_number):
        row = _row(node)
        if row is None or _parent(node) in channels:
            continue
        if row.channels:
            channels.add(_parent(node))
        sighting = _sighting(node, row, host, sightings)
        sightings[sighting.key] = sighting
    return sightings


def _by_path(nodes: Iterable[Properties]) -> Iterable[Properties]:
    return {node.get("DEVPATH", ""): node for node in nodes}.values()


def _row(node: Properties) -> PlatformCamera | None:
    if node.get("SUBSYSTEM") != "video4linux" or not captures(node):
        return None
    # A camera on USB may call itself anything, and is found by its bus.
    if _ON_USB.search(node.get("DEVPATH", "")):
        return None
    product = node.get("ID_V4L_PRODUCT", "")
    return next(
        (row for row in matchers().platform_camera if fnmatchcase(product, row.product)), None
    )


def _parent(node: Properties) -> str:
    return node.get("DEVPATH", "").partition("/video4linux/")[0]


def _sighting(node: Properties, row: PlatformCamera, host: str, used: Container[str]) -> Sighting:
    port = clean(node.get("ID_PATH", "") or f"platform-{_parent(node).rpartition('/')[2]}")
    file = clean(node.get("DEVNAME", ""))
    return Sighting(
        source="usb",
        key=free_key(f"port:{host}:{port}:{row.mark}", used),
        identity=IdentityKind.PORT,
        kind=Kind.CAMERA,
        name=row.name,
        vendor=row.vendor,
        model=row.name,
        nodes=(file,) if file else (),
    )
