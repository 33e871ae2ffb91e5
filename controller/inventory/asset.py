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
from controller.reconcile.reconcile import (
    DAY_MS,
    VERIFIED_MS,
    LineFinding,
    Reconciled,
    is_missing_at,
    is_verified_at,
)
from controller.register.decisions import Rulings
from controller.register.prices import share_of
from controller.register.vocabulary import TYPE_OF_KIND
from controller.register.warranty import end_of
from controller.sheets.names import room_key, serial_key, tag_key
from controller.sheets.text import searchable
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
# What is missing once nobody saw it for long; what presses more stays what it is first.
GROWS_MISSING: Final = frozenset({AssetState.OK, AssetState.MOVED, AssetState.NEVER_SEEN})
_ORDER: Final = {state.value: place for place, state in enumerate(AssetState)}
THING_MARK: Final = " #"  # before the number of a thing of several
KIND_OF_TYPE: Final[Mapping[str, DeviceKind]] = {
    **{type_: kind for kind, type_ in TYPE_OF_KIND.items()},
    **dict.fromkeys(("laptop", "desktop", "computer", "server"), DeviceKind.HOST),
    **dict.fromkeys(("router", "switch", "access_point"), DeviceKind.NETWORK),
    "display": DeviceKind.BOARD,
    "speaker": DeviceKind.AUDIO,
    "microphone": DeviceKind.AUDIO,
}


_SEARCHED: Final = (
    *("asset_tag", "serial", "type", "maker", "model", "name", "room", "there", "site", "building"),
    "device_id",
)


class Spot(NamedTuple):
    """Where a room is: its site (điểm trường) and building; empty where not known."""

    site: str = ""
    building: str = ""


class Asset(ItemFields, frozen=True, kw_only=True, gc=False):
    """One item. place.agent: who answers for it, empty where no agent sees it.

    device_id: the agents' id of it, or "line:<no>"; unique in its school. seen_ms: when it was
    seen last by whomever, 0 if never; told_ms: as of when that was told. change, relay_change: its
    numbers in the feed, and in what goes to the department. unit_cost_vnd: as register.prices has
    it; the department knows the equal share alone. counted_for: the school whose item it is now,
    its own where empty; counted: whether it counts there: see counting.py. verified_ms, missing_ms:
    as of a LineFinding, as they were told. verified, state: as of when it was asked for.
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
    counted_for: str = ""
    counted: bool = True
    verified: bool = False
    verified_ms: int = 0
    missing_ms: int = 0
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
    def warranty_end(self) -> str:
        """The day on which its warranty ends at the latest, as register.warranty has it."""
        return end_of(self.year, self.warranty_months, self.warranty_until)

    @property
    def home(self) -> str:
        """The code of the school whose item it is now."""
        return self.counted_for or self.place.school

    def as_of(self, now_ms: int) -> Asset:
        """The same as it stands at a moment: what was seen grows old while nobody tells of it."""
        verified = is_verified_at(self.verified_ms, now_ms)
        known = (self.state.value, *self.also)
        if not is_missing_at(self.missing_ms, now_ms) or AssetState.MISSING.value in known:
            return replace(self, verified=verified) if verified else self
        states = sorted({*known, AssetState.MISSING.value} - {AssetState.OK.value}, key=_pressing)
        state, also = AssetState(states[0]), tuple(states[1:])
        return replace(self, verified=verified, state=state, also=also)

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
_AGEING: Final = (("verified_ms", VERIFIED_MS), ("missing_ms", 0))  # and how long each word holds
_TOLD: Final = ("told_ms", *(name for name, _ in _AGEING))
_FLEETING: Final = frozenset(
    {*_TOLD, "place", "seen_ms", "change", "relay_change", "counted_for", "counted", "verified"}
)
_LIVING: Final = tuple(name for name in Asset.__struct_fields__ if name not in _FLEETING)


def words_of(asset: Asset) -> str:
    """By what an item is searched: its own words and codes, without marks and case."""
    codes = f"{serial_key(asset.serial)} {tag_key(asset.asset_tag)}"
    words = searchable(" ".join((*(getattr(asset, name) for name in _SEARCHED), codes)))
    return " ".join(dict.fromkeys(words.split()))


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
        "name": device.called,
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
    fields["name"] = device.called or line.name
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
    fields.pop("verified", None)
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
        again = previous is not None and _is_owed(previous, asset, now_ms)
        if previous is not None and not again and _same(previous, asset, _LIVING):
            continue
        newest += 1
        lasting = previous is None or again or not _same(previous, asset, ("place", *LASTING))
        relayed += lasting
        fresh = replace(asset, change=newest, relay_change=relayed, told_ms=asset.seen_ms)
        if not lasting and previous is not None:
            stays = {name: getattr(previous, name) for name in ("relay_change", *_TOLD)}
            fresh = replace(fresh, **stays)
        assets.append(fresh)
    return assets


def _is_owed(previous: Asset, asset: Asset, now_ms: int) -> bool:
    """Whether being seen is news: after a week, or where what was told is not so, or soon not.

    Else whoever was told last would see it grow old otherwise than the school does.
    """
    if not previous.told_ms <= asset.seen_ms < previous.told_ms + RETELL_AFTER_MS:
        return True
    for name, lasts_ms in _AGEING:
        told_ms, at_ms = getattr(previous, name), getattr(asset, name)
        is_near = 0 < told_ms <= at_ms < told_ms + RETELL_AFTER_MS
        if told_ms != at_ms and (not is_near or told_ms + lasts_ms <= now_ms + DAY_MS):
            return True
    return False


def _pressing(state: str) -> int:
    """By which states are sorted, the most pressing first; one that only others know, last."""
    return _ORDER.get(state, len(_ORDER))


def _same(one: Asset, other: Asset, names: Collection[str]) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in names)
