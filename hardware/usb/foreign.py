"""This file says what another machine would report, from an export of its udev; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from hardware.matchers import filled, matchers
from hardware.readings import IdentityKind, Kind, Sighting, clean
from hardware.usb.devices import devices_of
from hardware.usb.digitizers import Places, chassis_has_screen, places_of
from hardware.usb.export import Export
from hardware.usb.nodes import Properties, group_nodes

_DMI_PATH = "/devices/virtual/dmi/id"
# What each part of a DMI modalias begins with. Source: Linux, drivers/firmware/dmi-id.c.
_DMI_FIELD = re.compile(r"bvn|bvr|efr|svn|pvr|rvn|rvr|cvn|cvr|sku|bd|br|pn|rn|ct")


def sightings_of(export: Export) -> tuple[Sighting, ...]:
    """Give the machine itself, then what hangs on it, in the order of the keys."""
    devices = devices_of(export.nodes, export.digest, _built_in(export.nodes))
    return (machine_of(export), *(devices[key] for key in sorted(devices)))


def machine_of(export: Export) -> Sighting:
    """Give the machine as a sighting of itself; its key names this export, and no installation."""
    fields = _dmi(export.nodes)
    vendor, model = _maker_and_model(fields, "svn", "pn")
    if not model:
        # Whoever builds a computer from parts leaves the system unnamed; its main board is not.
        vendor, model = _maker_and_model(fields, "rvn", "rn")
    if not model:
        vendor, model = _device_tree(export.nodes)
    return Sighting(
        source="host",
        key=f"host:{export.digest}",
        identity=IdentityKind.HOST,
        kind=Kind.HOST,
        name=model,
        vendor=vendor,
        model=model,
    )


def _built_in(nodes: Iterable[Properties]) -> Places:
    """A screen with touch that is there already is a laptop's own, or an all-in-one's."""
    if chassis_has_screen(_dmi(nodes).get("ct", "")):
        return places_of(group_nodes(nodes))
    return frozenset()


def _dmi(nodes: Iterable[Properties]) -> dict[str, str]:
    modalias = next(
        (node.get("MODALIAS", "") for node in nodes if node["DEVPATH"] == _DMI_PATH), ""
    )
    fields: dict[str, str] = {}
    for part in modalias.removeprefix("dmi:").split(":"):
        if match := _DMI_FIELD.match(part):
            fields.setdefault(match[0], part[match.end() :])
    return fields


def _maker_and_model(fields: Mapping[str, str], vendor: str, model: str) -> tuple[str, str]:
    return filled(clean(fields.get(vendor, ""))), filled(clean(fields.get(model, "")))


def _device_tree(nodes: Iterable[Properties]) -> tuple[str, str]:
    """Name a machine without DMI by the parts its device tree tells of."""
    parts = {
        value for node in nodes for name, value in node.items() if name.startswith("OF_COMPATIBLE_")
    }
    for row in matchers().device_tree:
        if any(fnmatchcase(part, row.compatible) for part in parts):
            return row.vendor, row.model
    return "", ""
