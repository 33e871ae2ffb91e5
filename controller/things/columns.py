"""This file says what stands in the lists of devices and rooms, column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from controller.fleet.naming import device_title, kind_beside
from controller.fleet.records import DeviceRecord
from controller.live.rooms import URGENT_FIRST, RoomSummary
from controller.sheets.names import natural
from controller.web.listing import Column, address
from controller.web.words import Words
from protocol.model import Status
from protocol.words import N_


def device_columns(
    link: Callable[[DeviceRecord], str], room_link: Callable[[str, str], str]
) -> Sequence[Column[DeviceRecord]]:
    """A device a row."""
    return (
        Column(
            key="device",
            head=N_("Device"),
            cell=lambda device, words: device_title(device, words.translate),
            link=link,
            note=lambda device, words: kind_beside(device, words.translate),
        ),
        Column(
            key="kind",
            head=N_("Kind"),
            cell=lambda device, words: words.kind(device.kind),
            on_screen=False,
        ),
        Column(
            key="room",
            head=N_("Room"),
            cell=lambda device, words: words.room(device.room),
            order=lambda device: natural(device.room),
            link=lambda device: room_link(device.room, device.place.school),
        ),
        Column(
            key="status",
            head=N_("Status"),
            cell=lambda device, words: words.status(device.status),
            status=lambda device: device.status,
            order=lambda device: URGENT_FIRST.index(device.status),
            note=reasons_of,
        ),
        Column(
            key="reasons",
            head=N_("Why"),
            cell=reasons_of,
            on_screen=False,
        ),
        Column(
            key="since",
            head=N_("Since"),
            cell=lambda device, words: words.when(device.since_ms),
            order=lambda device: device.since_ms,
        ),
        Column(
            key="seen",
            head=N_("Last seen"),
            cell=lambda device, words: words.when(device.last_seen_ms),
            order=lambda device: device.last_seen_ms,
        ),
        _text("maker", N_("Maker"), lambda device: device.vendor),
        _text("model", N_("Model"), lambda device: device.model),
        _text("serial", N_("Serial number"), lambda device: device.serial),
        _text("address", N_("Network address"), lambda device: device.address, on_screen=False),
        _text("id", N_("Its id"), lambda device: device.device_id, on_screen=False),
    )


def room_columns(room_link: Callable[[str, str], str]) -> Sequence[Column[RoomSummary]]:
    """A room a row."""
    return (
        Column(
            key="room",
            head=N_("Room"),
            cell=lambda room, words: words.room(room.key.room),
            order=lambda room: room.key.order,
            link=lambda room: room_link(room.key.room, room.key.school),
        ),
        Column(
            key="status",
            head=N_("Status"),
            cell=lambda room, words: words.status(room.status),
            status=lambda room: room.status,
            order=lambda room: URGENT_FIRST.index(room.status),
        ),
        Column(key="why", head=N_("Why"), cell=_causes_of),
        Column(
            key="since",
            head=N_("Since"),
            cell=lambda room, words: words.when(room.since_ms),
            order=lambda room: room.since_ms,
        ),
        Column(
            key="devices",
            head=N_("Devices"),
            cell=lambda room, _: sum(sum(tally.values()) for tally in room.devices.values()),
            link=lambda room: address("/devices", room=room.key.room),
            is_number=True,
            counts="devices",
        ),
        Column(
            key="working",
            head=N_("Devices working"),
            cell=lambda room, _: sum(tally.get(Status.OK, 0) for tally in room.devices.values()),
            link=lambda room: address("/devices", room=room.key.room, status=Status.OK.value),
            is_number=True,
            counts="devices",
        ),
        Column(
            key="faults",
            head=N_("Reported broken"),
            cell=lambda room, _: len(room.faults),
            is_number=True,
        ),
    )


def _causes_of(room: RoomSummary, words: Words) -> str:
    """Why it is in its state, each reason once."""
    said = (words.reason(cause.reason) for cause in room.causes)
    return " ".join(dict.fromkeys(said))


def reasons_of(device: DeviceRecord, words: Words) -> str:
    """Why it is in its state."""
    return " ".join(words.reason(reason) for reason in device.reasons)


def _text(
    key: str, head: str, text: Callable[[DeviceRecord], str], *, on_screen: bool = True
) -> Column[DeviceRecord]:
    return Column(key=key, head=head, cell=lambda device, _: text(device), on_screen=on_screen)
