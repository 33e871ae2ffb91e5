"""This file knows the room's devices: sightings in; appeared, changed and vanished out. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from msgspec.structs import replace as rewrite

from agent.room import Room, Said
from hardware.readings import Sighting
from protocol.health import ReasonCode
from protocol.messages import DeviceAppeared, DeviceForgotten, DeviceState, DeviceVanished
from protocol.model import Device, DeviceKind, Reason, Status

MAX_DEVICES: Final = 400  # what a birth may hold; a room with more is being flooded
_TEXT_LIMIT: Final = 80  # so that a full birth stays below a message's limit
_CONNECTED: Final = {"host": "host", "usb": "usb", "port": "usb"}
_NOT_REPORTED: Final = (Reason(ReasonCode.NOT_REPORTED),)


class Known(NamedTuple):
    """A device, and whether its source sees it now."""

    device: Device
    here: bool

    @property
    def awaited(self) -> bool:
        """Whether it was here before the agent started anew, and nobody has seen it since."""
        return not self.here and self.device.reasons == _NOT_REPORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """All devices ever seen in the room and not forgotten, by device id."""

    room: Room
    known: Mapping[str, Known] = field(default_factory=dict)

    def see(self, sighting: Sighting, at_ms: int) -> tuple[Devices, Said]:
        """Take in one sighting; what says nothing new gives no message."""
        device_id = device_id_of(sighting.key)
        before = self.known.get(device_id)
        if not sighting.present:
            return self._vanish(before, sighting, at_ms)
        device = _device_of(sighting, device_id, before, at_ms)
        after = self._with(Known(device, here=True))
        if after is None:
            return self, []
        appeared = before is None or not (before.here or before.awaited)
        if before is not None and before.here and not _changed(before.device, device):
            return after, []
        said: Said = [DeviceState(boot=self.room.boot, at_ms=at_ms, device=device)]
        if appeared:
            said.append(self._appeared(device, at_ms))
        return after, said

    def judge(
        self, device_id: str, status: Status, reasons: tuple[Reason, ...], at_ms: int
    ) -> tuple[Devices, Said]:
        """Give a device that is here a new status; the same codes again give no message."""
        known = self.known.get(device_id)
        if known is None or not known.here or _same(known.device, status, reasons):
            return self, []
        device = rewrite(known.device, status=status, reasons=reasons, last_seen_ms=at_ms)
        after = replace(self, known={**self.known, device_id: Known(device, here=True)})
        return after, [DeviceState(boot=self.room.boot, at_ms=at_ms, device=device)]

    def forget(self, device_id: str, at_ms: int) -> tuple[Devices, Said]:
        """Let go of a device because a person said so. Raises KeyError if it is not known."""
        known = {**self.known}
        del known[device_id]
        forgotten = DeviceForgotten(boot=self.room.boot, at_ms=at_ms, device_id=device_id)
        return replace(self, known=known), [forgotten]

    def all(self, at_ms: int) -> tuple[Device, ...]:
        """Every device; those that are here were last seen now."""
        return tuple(
            rewrite(each.device, last_seen_ms=at_ms) if each.here else each.device
            for each in self.known.values()
        )

    def here(self) -> tuple[str, ...]:
        """The ids of the devices that are here now."""
        return tuple(device_id for device_id, each in self.known.items() if each.here)

    def _vanish(self, before: Known | None, sighting: Sighting, at_ms: int) -> tuple[Devices, Said]:
        if before is None or not (before.here or before.awaited):
            return self, []
        code = sighting.reason or ReasonCode.NOT_REPORTED
        device = rewrite(before.device, status=Status.UNKNOWN, reasons=(Reason(code),))
        known = {**self.known, device.device_id: Known(device, here=False)}
        state = DeviceState(boot=self.room.boot, at_ms=at_ms, device=device)
        return replace(self, known=known), [state, self._vanished(device, code, at_ms)]

    def _with(self, newest: Known) -> Devices | None:
        """These devices and the newest; None if there is no room and nothing gone to drop."""
        known = {**self.known, newest.device.device_id: newest}
        if len(known) > MAX_DEVICES:
            gone = [each.device for each in known.values() if not each.here]
            if not gone:
                return None
            del known[min(gone, key=lambda each: each.last_seen_ms).device_id]
        return replace(self, known=known)

    def _appeared(self, device: Device, at_ms: int) -> DeviceAppeared:
        return DeviceAppeared(
            boot=self.room.boot,
            at_ms=at_ms,
            id=self.room.new_id(),
            room=self.room.room,
            device_id=device.device_id,
            name=device.name,
        )

    def _vanished(self, device: Device, code: str, at_ms: int) -> DeviceVanished:
        return DeviceVanished(
            boot=self.room.boot,
            at_ms=at_ms,
            id=self.room.new_id(),
            room=self.room.room,
            device_id=device.device_id,
            name=device.name,
            reason=code,
        )


def recalled(room: Room, devices: Iterable[Device]) -> Devices:
    """The devices of before a restart: none is here until its source reports it."""
    known = {each.device_id: Known(_awaited(each), here=False) for each in devices}
    return Devices(room=room, known=known)


def device_id_of(key: str) -> str:
    """The device's id: how it is connected, and 12 hex digits of SHA-256 over its key."""
    digits = hashlib.sha256(key.encode()).hexdigest()[:12]
    return f"{_CONNECTED.get(key.partition(':')[0], 'net')}-{digits}"


def _awaited(device: Device) -> Device:
    """What was seen to go keeps its reason; of all else nobody knows."""
    if device.status is Status.UNKNOWN and device.reasons:
        return device
    return rewrite(device, status=Status.UNKNOWN, reasons=_NOT_REPORTED)


def _device_of(sighting: Sighting, device_id: str, before: Known | None, at_ms: int) -> Device:
    kind = DeviceKind(sighting.kind)
    # This machine's own status comes from its measures; until then it is unknown.
    status = Status.UNKNOWN if kind is DeviceKind.HOST else Status.OK
    reasons: tuple[Reason, ...] = ()
    if before is not None and before.here:
        status, reasons = before.device.status, before.device.reasons
    return Device(
        device_id=device_id,
        kind=kind,
        name=sighting.name[:_TEXT_LIMIT],
        vendor=sighting.vendor[:_TEXT_LIMIT],
        model=sighting.model[:_TEXT_LIMIT],
        serial=sighting.serial[:_TEXT_LIMIT],
        status=status,
        reasons=reasons,
        sources=(sighting.source,),
        first_seen_ms=before.device.first_seen_ms if before else at_ms,
        last_seen_ms=at_ms,
    )


def _changed(before: Device, after: Device) -> bool:
    return rewrite(before, last_seen_ms=after.last_seen_ms) != after


def _same(device: Device, status: Status, reasons: tuple[Reason, ...]) -> bool:
    codes = [each.code for each in device.reasons]
    return device.status is status and codes == [each.code for each in reasons]
