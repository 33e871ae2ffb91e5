"""This file follows USB devices as they are plugged in, settle and go; pure, time comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hardware.readings import Sighting
from hardware.usb.devices import claims_in, devices_of
from hardware.usb.digitizers import Places, places_of
from hardware.usb.keys import Holders
from hardware.usb.nodes import (
    Properties,
    UsbDevice,
    group_nodes,
    is_complete,
    is_usb_device,
    parent_of,
)
from hardware.usb.platform_cameras import is_platform_camera

# A device plugged in sends its last event 85 ms after its first (a UVC camera on linux-usb).
SETTLE_S = 0.15
# Once its driver is bound and its nodes are there, only a last `change` of one may follow (2 ms).
BOUND_S = 0.03
# A device whose nodes flap without end is shown as it stands after this long.
RESTLESS_S = 2.0

# Per path of a USB device, or of a camera on no USB: its nodes by their paths, its own among them.
_Devices = dict[str, dict[str, Properties]]


class Plugs:
    """The USB devices of one machine, as udev tells of them node by node.

    A device counts once no event of its own came for 0.15 s, or 0.03 s where it is complete, and
    goes at once. Times are seconds of any one steady clock. host: names this machine in the keys
    of devices without a serial. has_screen: what is there at the first list may be part of it.
    holders: who held which serial before.
    """

    def __init__(
        self, host: str, *, has_screen: bool = False, holders: Holders | None = None
    ) -> None:
        self._host = host
        self._holders = holders or Holders()
        self._built_in: Places | None = None if has_screen else frozenset()
        self._live: _Devices = {}
        self._calm: _Devices = {}
        self._due: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._bound: set[str] = set()
        self._reported: dict[str, Sighting] = {}

    def note(self, action: str, node: Properties, at: float) -> None:
        """Take in one udev event: its action and the properties of its node."""
        if action == "unbind":  # The node stays, and its removal follows where it does not.
            return
        path = node.get("DEVPATH", "")
        if action == "remove":
            self._remove(path, at)
        else:
            self._keep(path, node, at, bound=action == "bind")

    def replace(self, nodes: Iterable[Properties], at: float) -> list[Sighting]:
        """Take in a fresh list of all nodes, for events may be lost. Gives what changed."""
        self._live = _by_device(nodes)
        if self._built_in is None:
            self._built_in = places_of(group_nodes(_nodes_in(self._live)))
        self._due = {path: due for path, due in self._due.items() if path in self._live}
        self._since = {path: since for path, since in self._since.items() if path in self._due}
        self._bound &= self._due.keys()
        waiting = {path: self._calm[path] for path in self._due if path in self._calm}
        calm = {
            path: dict(members) for path, members in self._live.items() if path not in self._due
        }
        self._calm = calm | waiting
        return self.settle(at) if self._is_due(at) else self._changes()

    def settle(self, at: float) -> list[Sighting]:
        """Give the devices that came, changed or went, now that they had time to settle."""
        if not self._is_due(at):
            return []
        for path in [path for path, due in self._due.items() if due <= at]:
            del self._due[path]
            self._since.pop(path, None)
            self._bound.discard(path)
            if path in self._live:
                self._calm[path] = dict(self._live[path])
            else:
                self._calm.pop(path, None)
        return self._changes()

    def due_at(self) -> float | None:
        """Say when `settle` will have something to do; None while all is calm."""
        return min(self._due.values(), default=None)

    def _keep(self, path: str, node: Properties, at: float, *, bound: bool) -> None:
        if _is_whole(node):
            self._live.setdefault(path, {})
        parent = parent_of(path, self._live)
        if parent is None:
            return
        self._live[parent][path] = node
        # udev tells of this last, when all that its drivers made has been told.
        if bound and path == parent:
            self._bound.add(path)
        self._wait(parent, at)

    def _remove(self, path: str, at: float) -> None:
        if path in self._live:
            # A hub takes what hangs on it along.
            for gone in [one for one in self._live if one == path or one.startswith(f"{path}/")]:
                del self._live[gone]
                self._due[gone] = at
            return
        parent = parent_of(path, self._live)
        if parent is not None and self._live[parent].pop(path, None) is not None:
            self._wait(parent, at)

    def _wait(self, device: str, at: float) -> None:
        since = self._since.setdefault(device, at)
        wait_s = BOUND_S if device in self._bound and self._is_complete(device) else SETTLE_S
        self._due[device] = min(at + wait_s, since + RESTLESS_S)

    def _is_complete(self, path: str) -> bool:
        nodes = self._live[path]
        return is_complete(UsbDevice(own=nodes[path], nodes=tuple(nodes.values())))

    def _is_due(self, at: float) -> bool:
        due_at = self.due_at()
        return due_at is not None and due_at <= at

    def _changes(self) -> list[Sighting]:
        nodes = [*_nodes_in(self._calm)]
        before = self._reported
        self._holders = self._holders.after(claims_in(nodes, self._host))
        now = devices_of(nodes, self._host, self._built_in or frozenset(), self._holders)
        self._reported = now
        gone = [
            replace(sighting, present=False, reason="unplugged", nodes=())
            for key, sighting in before.items()
            if key not in now
        ]
        # What went is told first: one device may have left a key and taken another.
        return gone + [sighting for key, sighting in now.items() if before.get(key) != sighting]


def _is_whole(node: Properties) -> bool:
    return is_usb_device(node) or is_platform_camera(node)


def _nodes_in(devices: _Devices) -> Iterator[Properties]:
    return (node for device in devices.values() for node in device.values())


def _by_device(nodes: Iterable[Properties]) -> _Devices:
    ordered = sorted(nodes, key=lambda node: node.get("DEVPATH", ""))
    devices: _Devices = {node.get("DEVPATH", ""): {} for node in ordered if _is_whole(node)}
    for node in ordered:
        path = node.get("DEVPATH", "")
        parent = parent_of(path, devices)
        if parent is not None:
            devices[parent][path] = node
    return devices
