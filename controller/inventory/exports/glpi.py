"""This file writes the inventory as GLPI takes it: a ZIP of native inventory documents.

GLPI inventories computers, and what is on the network; it has no rooms. So a board without a
network of its own is a monitor of its room's computer, which stands for the room, and never of a
laptop that goes from room to room. Where the room has no computer of its own, the board is an
unmanaged device by itself. The schema is glpi-project/inventory_format 1.2.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from controller.inventory.asset import THING_MARK, Asset, things_of
from controller.inventory.exports.archive import zipped
from controller.inventory.exports.spelling import local, type_said
from controller.reconcile.evidence import SeenBy
from controller.register.vocabulary import TYPE_OF_KIND, Condition
from controller.sheets.names import room_key
from controller.sheets.writing import without_controls
from protocol import __version__
from protocol.model import DeviceKind, Identity, Place

Body = dict[str, Any]
_to_json: Final = msgspec.json.Encoder().encode
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")
_ROOT: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "lophoc.glpi")
_GONE: Final = frozenset({Condition.DISPOSED.value, Condition.LOST.value})
_ON_NETWORK: Final = frozenset({Identity.MAC, Identity.UUID, Identity.TOKEN, Identity.HOST})
_NAME_LENGTH: Final = 80


class _As(StrEnum):
    """What an item is to GLPI; the first four stand by themselves always."""

    COMPUTER = "Computer"
    PHONE = "Phone"
    NETWORK = "Networking"
    PRINTER = "Printer"
    MONITOR = "Monitor"
    PERIPHERAL = "Peripheral"


# Furniture and what has no place there stays out.
_KIND_OF: Final[Mapping[str, tuple[_As, str]]] = {
    "computer": (_As.COMPUTER, "Desktop"),
    "desktop": (_As.COMPUTER, "Desktop"),
    "laptop": (_As.COMPUTER, "Laptop"),
    "server": (_As.COMPUTER, "Server"),
    "tablet": (_As.PHONE, "Tablet"),
    "phone": (_As.PHONE, "Phone"),
    "access_point": (_As.NETWORK, "Networking"),
    "router": (_As.NETWORK, "Networking"),
    "switch": (_As.NETWORK, "Networking"),
    "printer": (_As.PRINTER, "Printer"),
    "board": (_As.MONITOR, "Interactive Board"),
    "display": (_As.MONITOR, "Interactive Display"),
    "monitor": (_As.MONITOR, "Monitor"),
    "tv": (_As.MONITOR, "TV"),
    "projector": (_As.MONITOR, "Projector"),
    "camera": (_As.PERIPHERAL, "Camera"),
    "visualizer": (_As.PERIPHERAL, "Document Camera"),
    "scanner": (_As.PERIPHERAL, "Scanner"),
}
# On the network these are what they are to the eye; boards and screens are computers.
_VIDEO: Final = frozenset({"camera", "projector", "visualizer"})


# GLPI reads hardware and bios of computers and phones alone.
_NETWORK_DEVICES: Final = frozenset({"NetworkEquipment", "Printer", "Unmanaged"})


class Document(NamedTuple):
    """One file of the ZIP. members: the items that it tells of, its own first."""

    name: str
    body: Body
    members: tuple[Asset, ...]


def is_told(asset: Asset) -> bool:
    """Whether GLPI is told of it: neither furniture nor what is disposed of or lost."""
    return _type_of(asset) in _KIND_OF and asset.condition not in _GONE


def documents_of(
    assets: Iterable[Asset], zone: tzinfo, roaming: Collection[Place] = ()
) -> Iterator[Document]:
    """The documents of one school's items. roaming: agents that go from room to room."""
    things = itertools.chain.from_iterable(map(things_of, filter(is_told, assets)))
    exported = sorted(things, key=lambda asset: asset.device_id)
    owners = _Owners(exported, roaming)
    hanging: dict[str, list[Asset]] = defaultdict(list)
    alone: list[Asset] = []
    for asset in exported:
        owner = owners.of(asset) if _hangs(asset) else None
        if owner is None:
            alone.append(asset)
        else:
            hanging[owner.device_id].append(asset)
    for asset in alone:
        yield _document(asset, hanging[asset.device_id], zone)


def as_zip(documents: Iterable[Document], at: datetime) -> Iterator[bytes]:
    """A ZIP of the documents, in parts as they are made. at: the time that its files bear."""
    return zipped(((document.name, _to_json(document.body)) for document in documents), at)


class _Owners:
    """The computers that stand in rooms, by room."""

    def __init__(self, assets: Iterable[Asset], roaming: Collection[Place]) -> None:
        self._by_room: dict[str, list[Asset]] = defaultdict(list)
        for asset in assets:
            standing = asset.kind is DeviceKind.HOST and asset.place.agent
            if standing and asset.place not in roaming and room_key(asset.room):
                self._by_room[room_key(asset.room)].append(asset)

    def of(self, asset: Asset) -> Asset | None:
        """The room's computer: the one whose agent sees the item, else the room's first."""
        assets = self._by_room.get(room_key(asset.room), [])
        sees = [host for host in assets if host.place.agent == asset.place.agent]
        return next(iter([*sees, *assets]), None)


def _type_of(asset: Asset) -> str:
    return asset.type if asset.type in _KIND_OF else TYPE_OF_KIND.get(asset.kind, "")


def _is_on_network(asset: Asset) -> bool:
    """Whether it was seen by the network; the department knows it by its id alone."""
    return asset.identity in _ON_NETWORK or asset.device_id.startswith("net-")


def _hangs(asset: Asset) -> bool:
    """Whether it is told of under a computer."""
    kind, _ = _KIND_OF[_type_of(asset)]
    hanging = kind in {_As.MONITOR, _As.PERIPHERAL, _As.PRINTER}
    return hanging and asset.kind is not DeviceKind.HOST and not _is_on_network(asset)


def device_id(asset: Asset) -> str:
    """Its lasting id, unique over all schools: by its line's number, else by the agents' id."""
    _, mark, number = asset.device_id.rpartition(THING_MARK)
    own = asset.device_id if asset.line is None else f"line-{asset.line}"
    own += f"-{number}" if mark and asset.line is not None else ""
    parts = ("lophoc", asset.place.province, asset.place.school, own)
    text = "-".join(part for part in parts if part)
    plain = without_controls(text)
    return plain if plain == text else f"{plain}-{_digits(text)}"


def _document(asset: Asset, members: Sequence[Asset], zone: tzinfo) -> Document:
    own_id = device_id(asset)
    body = {
        "action": "inventory",
        "deviceid": own_id,
        "itemtype": _item_type(asset),
        "tag": _tag(asset),
        "content": _content(asset, zone) | _parts(members),
    }
    return Document(_entry_name(own_id), body, (asset, *members))


def _entry_name(own_id: str) -> str:
    """A file name of plain letters that no other id has."""
    plain = _UNSAFE.sub("_", own_id)[:_NAME_LENGTH].strip(".")
    if plain == own_id == own_id.lower():
        return f"{plain}.json"
    return f"{plain}-{_digits(own_id)}.json"


def _digits(text: str) -> str:
    """What tells a text from others that would be written alike."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _tag(asset: Asset) -> str:
    """School and room: what GLPI's rules put items into entities and locations by."""
    return without_controls("-".join(part for part in (asset.place.school, asset.room) if part))


def _item_type(asset: Asset) -> str:
    kind, _ = _KIND_OF[_type_of(asset)]
    if kind in {_As.COMPUTER, _As.PHONE, _As.PRINTER}:
        return kind.value
    if kind is _As.NETWORK:
        return "NetworkEquipment"
    if not (_is_on_network(asset) or asset.kind is DeviceKind.HOST):
        return "Unmanaged"
    return "NetworkEquipment" if _type_of(asset) in _VIDEO else "Computer"


def _content(asset: Asset, zone: tzinfo) -> Body:
    content: Body = {"versionclient": f"LopHoc_v{__version__}"}
    if asset.seen_ms and asset.by == SeenBy.AGENT:
        content["accesslog"] = {"logdate": f"{local(asset.seen_ms, zone):%Y-%m-%d %H:%M:%S}"}
    itemtype = _item_type(asset)
    if itemtype in _NETWORK_DEVICES:
        content["network_device"] = _network_device(asset, itemtype)
        return content
    _, form = _KIND_OF[_type_of(asset)]
    hardware = {"name": _name(asset), "chassis_type": form}
    if not asset.serial:  # else GLPI knows it by its serial
        hardware["uuid"] = str(uuid.uuid5(_ROOT, device_id(asset)))
    content["hardware"] = hardware
    content["bios"] = _filled(
        smanufacturer=asset.maker, smodel=asset.model, ssn=asset.serial, assettag=asset.asset_tag
    )
    return content


def _network_device(asset: Asset, itemtype: str) -> Body:
    kind, _ = _KIND_OF[_type_of(asset)]
    fields = _filled(
        manufacturer=asset.maker,
        model=asset.model,
        serial=asset.serial,
        assettag=asset.asset_tag,
        location=_tag(asset),
    )
    form = itemtype
    if itemtype == "NetworkEquipment":
        form = "Networking" if kind is _As.NETWORK else "Video"
    return {"type": form, "name": _name(asset), "description": type_said(asset), **fields}


def _parts(members: Iterable[Asset]) -> Body:
    """What hangs on a computer, by the schema's lists."""
    parts: dict[str, list[Body]] = defaultdict(list)
    for member in members:
        kind, form = _KIND_OF[_type_of(member)]
        name, make = _PARTS[kind]
        parts[name].append(make(member, form))
    return dict(parts)


def _monitor(asset: Asset, form: str) -> Body:
    fields = _filled(manufacturer=asset.maker, serial=asset.serial)
    # GLPI takes the caption for the name.
    return {"name": _name(asset), "caption": _name(asset), "type": form, **fields}


def _peripheral(asset: Asset, _form: str) -> Body:
    fields = _filled(manufacturer=asset.maker, serial=asset.serial)
    return {"name": _name(asset), "caption": _name(asset), **fields}


def _printer(asset: Asset, _form: str) -> Body:
    fields = _filled(description=asset.model, serial=asset.serial)
    return {"name": _name(asset), "network": False, **fields}


_PARTS: Final[Mapping[_As, tuple[str, Callable[[Asset, str], Body]]]] = {
    _As.MONITOR: ("monitors", _monitor),
    _As.PERIPHERAL: ("usbdevices", _peripheral),
    _As.PRINTER: ("printers", _printer),
}


def _name(asset: Asset) -> str:
    """A name that no other item has, unless its serial tells it from others.

    GLPI takes two items of one name and no serial for one.
    """
    name = asset.name or " ".join(part for part in (asset.maker, asset.model) if part)
    plain = without_controls(name) or type_said(asset) or asset.kind.value
    if asset.serial:
        return plain
    return without_controls(asset.asset_tag) or f"{plain} {device_id(asset)}"


def _filled(**fields: str) -> Body:
    plain = {name: without_controls(value) for name, value in fields.items()}
    return {name: value for name, value in plain.items() if value}
