"""This file says which device bears an id, its own or one that it was known by before. Pure.

What was kept under an earlier id is the past of the device that alone bears it now. Two pieces of
one serial both bear that serial's id: what stands there is neither's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from controller.fleet.records import DeviceRecord


def bearers_of(devices: Iterable[DeviceRecord]) -> dict[str, str]:
    """By each id whose it is; an earlier one that several bear is left out.

    devices: all that are here in one school, for any of them may bear an id, too.
    """
    here = [*devices]
    told = Counter(name for device in here for name in {device.device_id, *device.aliases})
    bearers = {
        alias: device.device_id for device in here for alias in device.aliases if told[alias] == 1
    }
    return bearers | {device.device_id: device.device_id for device in here}


def ids_of(device_id: str, bearers: Mapping[str, str]) -> frozenset[str]:
    """The ids under which a device's past is kept: its own, and those that it alone bears."""
    return frozenset(
        {device_id, *(name for name, bearer in bearers.items() if bearer == device_id)}
    )
