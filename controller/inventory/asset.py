"""This file holds the inventory's one record: a line of the book joined with what was seen of it.

A line that no agent sees, and a device that no line names, are records too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec.structs import replace

from controller.fleet.records import DeviceRecord
from controller.reconcile.evidence import SeenBy, observations_of
from controller.reconcile.reconcile import LineFinding, Reconciled
from controller.register.decisions import Rulings
from controller.register.prices import share_of
from controller.register.vocabulary import TYPE_OF_KIND
from controller.sheets.names import room_key
from protocol.fields import fields_for
from protocol.model import DeviceKind, Identity, Place, Reason, Status
from protocol.upward import ItemFields

RETELL_AFTER_MS: Final = 7 * 86_400_000  # being seen again is told once a week, not every minute


class AssetState(StrEnum):
    """How an item of the inventory stands: as its line in the book does, or without a line.

    unregistered: seen, not in the book. ignored: a person said that it is no asset. visitor: it
    may be a visitor's own. accessory: of a kind that the book does not name, such as a mouse, or
    one more thing of a line of several, which counts them all.
    """

    DUPLICATE_SERIAL = "duplicate_serial"
    NO_ASSET_TAG = "no_asset_tag"
    MISSING = "missing"
    NEVER_SEEN = "never_seen"
    MOVED = "moved"
    OK = "ok"
    UNREGISTERED = "unregistered"
    IGNORED = "ignored"
    VISITOR = "visitor"
    ACCESSORY = "accessory"


# What is no equipment of the school's own: it stays out of counts, exports and the department.
NOT_OWNED: Final = frozenset({AssetState.IGNORED, AssetState.VISITOR, AssetState.ACCESSORY})
THING_MARK: Final = " #"  # before the number of a thing of several
KIND_OF_TYPE: Final[Mapping[str, DeviceKind]] = {
    **{type_: kind for kind, type_ in TYPE_OF_KIND.items()},
    **dict.fromkeys(("laptop", "desktop", "computer", "server"), DeviceKind.HOST),
    **dict.fromkeys(("router", "switch", "access_point"), DeviceKind.NETWORK),
    "display": DeviceKind.BOARD,
    "speaker": DeviceKind.AUDIO,
    "microphone": DeviceKind.AUDIO,
}


class Spot(NamedTuple):
    """Where a room is: its site (điểm trường) and building; empty where not known."""

    site: str = ""
    building: str = ""


class Asset(ItemFields, frozen=True, kw_only=True, gc=False):
    """One item. place.agent: who answers for it, empty where no agent sees it.

    device_id: the agents' id of it, or "line:<no>"; unique in its school. seen_ms: when it was
    seen last by whomever, 0 if never; told_ms: as of when that was told. change, relay_change: its
    numbers in the feed, and in what goes to the department. unit_cost_vnd: as register.prices has
    it; the department knows the equal share alone.
    """

    place: Place
    device_id: str
    kind: DeviceKind = DeviceKind.OTHER
    name: str = ""
    state: AssetState = AssetState.OK
    status: Status = Status.UNKNOWN
    reasons: tuple[Reason, ...] = ()
    sources: tuple[str, ...] = ()
    identity: Identity | None = None
    aliases: tuple[str, ...] = ()
    unit_cost_vnd: int | None = None
    since_ms: int = 0
    told_ms: int = 0
    removed_ms: int | None = None
    change: int = 0
    relay_change: int = 0

    @property
    def complete(self) -> bool:
        """Whether it has a line with all that a digital record needs."""
        return self.line is not None and not self.lacks

    @property
    def unit_cost(self) -> int | None:
        """The price of one of its things, in đồng."""
        share = share_of(self.cost_vnd, self.quantity)
        return share if self.unit_cost_vnd is None else self.unit_cost_vnd

    @property
    def owned(self) -> bool:
        """Whether it is equipment of the school, or may be."""
        return self.state not in NOT_OWNED


# What the department is told: no name that a person gave, no live status.
LASTING: Final = (
    *({*ItemFields.__struct_fields__} - {"first_seen_ms", "seen_ms"}),
    *("kind", "state", "removed_ms"),
)
_BOOK_FIRST: Final = ("maker", "model", "serial", "room")  # what the device says counts for less
_FLEETING: Final = frozenset({"place", "seen_ms", "told_ms", "change", "relay_change"})
_LIVING: Final = tuple(name for name in Asset.__struct_fields__ if name not in _FLEETING)


def things_of(asset: Asset) -> Iterator[Asset]:
    """Each thing of an item of several, for programs that know single things alone.

    The first is the item itself; the others have its codes with their number, and were not seen.
    """
    for number in range(1, asset.quantity + 1):
        thing = replace(asset, quantity=1, cost_vnd=asset.unit_cost, unit_cost_vnd=None)
        yield thing if number == 1 else _further(thing, f"{THING_MARK}{number}")


def _further(thing: Asset, mark: str) -> Asset:
    is_device = thing.by == SeenBy.AGENT
    return replace(
        thing,
        place=thing.place.of_agent(""),
        device_id=f"{thing.device_id}{mark}",
        asset_tag=thing.asset_tag and f"{thing.asset_tag}{mark}",
        serial="",
        identity=None,
        by="" if is_device else thing.by,
        seen_ms=0 if is_device else thing.seen_ms,
    )


def assets_of(
    reconciled: Reconciled,
    devices: Sequence[DeviceRecord],
    school: Place,
    *,
    rulings: Rulings | None = None,
    roaming: frozenset[str] = frozenset(),
    spots: Mapping[str, Spot] | None = None,
) -> list[Asset]:
    """Every line and every device once, in the order of the devices' changes, then of the lines.

    spots: where a room is, by its room_key.
    """
    by_id = {device.device_id: device for device in devices if device.removed_ms is None}
    of_device: dict[str, LineFinding] = {}
    unseen: list[LineFinding] = []
    for finding in reconciled.findings:
        present = [device for device in reversed(finding.devices) if device in by_id]
        if present and present[0] not in of_device:
            of_device[present[0]] = finding
        else:
            unseen.append(finding)
    standings = _standings(reconciled, by_id.values(), rulings or Rulings(), roaming)
    assets = [
        _of_device(
            device_record,
            of_device.get(device_record.device_id),
            standings.get(device_record.device_id),
            school,
        )
        for device_record in sorted(by_id.values(), key=lambda one: (one.change, one.device_id))
        if device_record.device_id in of_device
        or not _is_cookie(device_record, standings.get(device_record.device_id))
    ]
    assets += [_of_line(finding, school) for finding in unseen]
    return [_spotted(asset, spots or {}) for asset in assets]


def _standings(
    reconciled: Reconciled,
    devices: Iterable[DeviceRecord],
    rulings: Rulings,
    roaming: frozenset[str],
) -> Mapping[str, AssetState]:
    """How each device stands that is no line's."""
    strangers = {stranger.observation.key for stranger in reconciled.strangers}
    of_several = {
        device
        for finding in reconciled.findings
        if finding.line.data.count > 1
        for device in finding.devices
    }
    states = {}
    for observation in observations_of(devices, roaming):
        if rulings.ignores(observation.key):
            states[observation.device] = AssetState.IGNORED
        elif observation.key in strangers:
            states[observation.device] = AssetState.UNREGISTERED
        elif observation.device in of_several:
            states[observation.device] = AssetState.ACCESSORY
        elif observation.anonymous:
            states[observation.device] = AssetState.VISITOR
        else:  # several lines claim it
            states[observation.device] = AssetState.DUPLICATE_SERIAL
    return states


def _is_cookie(device: DeviceRecord, standing: AssetState | None) -> bool:
    """Whether it is no thing at all: one phone may come with a new cookie each time."""
    return standing is AssetState.VISITOR and device.identity is Identity.TOKEN


def _of_device(
    device: DeviceRecord, finding: LineFinding | None, standing: AssetState | None, school: Place
) -> Asset:
    fields = fields_for(Asset, device, but=("removed_ms", "change")) | {
        "place": school.of_agent(device.place.agent),
        "maker": device.vendor,
        "seen_ms": device.last_seen_ms,
    }
    if finding is None:
        return Asset(
            **fields,
            type=TYPE_OF_KIND.get(device.kind, ""),
            there=device.room,
            by=SeenBy.AGENT.value,
            state=standing or AssetState.ACCESSORY,
        )
    line = _of_line(finding, school)
    fields |= {name: getattr(line, name) or fields[name] for name in _BOOK_FIRST}
    fields["name"] = device.name or line.name
    fields["seen_ms"] = max(line.seen_ms, device.last_seen_ms)
    return replace(line, **fields)


def _of_line(finding: LineFinding, school: Place) -> Asset:
    line = finding.line
    fields = fields_for(Asset, line.data, finding) | {
        "line": line.no,
        "quantity": line.data.count,
        "room": finding.home,
        "state": AssetState(finding.state.value),
        "also": tuple(state.value for state in finding.also),
        "by": finding.by.value if finding.by else "",
        "seen_ms": finding.seen_ms or 0,
    }
    return Asset(
        **fields,
        place=school.of_agent(""),
        device_id=f"line:{line.no}",
        kind=KIND_OF_TYPE.get(line.data.type, DeviceKind.OTHER),
        since_ms=line.added_ms,
        first_seen_ms=line.added_ms,
    )


def _spotted(asset: Asset, spots: Mapping[str, Spot]) -> Asset:
    spot = spots.get(room_key(asset.room))
    return replace(asset, site=spot.site, building=spot.building) if spot else asset


def news(
    before: Mapping[str, Asset], now: Sequence[Asset], newest: int, relayed: int, now_ms: int
) -> list[Asset]:
    """What the feed has to tell anew, numbered on from newest and relayed.

    before: all that was told, by id, what is gone among it. What is gone comes back as such.
    """
    device_ids = {asset.device_id for asset in now}
    gone = [
        replace(asset, removed_ms=now_ms)
        for asset in before.values()
        if asset.removed_ms is None and asset.device_id not in device_ids
    ]
    assets = []
    for asset in (*gone, *now):
        previous = before.get(asset.device_id)
        again = previous is not None and asset.seen_ms - previous.told_ms >= RETELL_AFTER_MS
        if previous is not None and not again and _same(previous, asset, _LIVING):
            continue
        newest += 1
        lasting = previous is None or again or not _same(previous, asset, ("place", *LASTING))
        relayed += lasting
        assets.append(
            replace(
                asset,
                change=newest,
                relay_change=relayed if lasting or previous is None else previous.relay_change,
                told_ms=asset.seen_ms if lasting or previous is None else previous.told_ms,
            )
        )
    return assets


def _same(one: Asset, other: Asset, names: Collection[str]) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in names)
