"""This file says what became of an item over time: rooms, states, conditions, schools; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from controller.areas.areas import Atlas, MergerKind
from controller.department.item_steps import ItemStep
from controller.department.links import to_items, to_school
from controller.inventory.asset import Asset, AssetState
from controller.inventory.exports.spelling import ASSET_STATE_WORDS
from controller.register.vocabulary import CONDITION_WORDS, Condition
from controller.web.words import Words
from protocol.model import instant
from protocol.words import N_

GONE: Final = N_("no longer in the school's list")


class PastEvent(NamedTuple):
    """Something that became of an item. link: where what is named now stands; "" for nowhere."""

    at_ms: int
    text: str
    link: str = ""


def past_of(
    asset: Asset,
    steps: Sequence[ItemStep],
    atlas: Atlas,
    name_of: Callable[[str], str],
    words: Words,
) -> list[PastEvent]:
    """What became of the item until today, the oldest first, in words."""
    events = [*_moves(asset, atlas, name_of, words)]
    before: ItemStep | None = None
    for step in steps:
        events += _told(step, before, asset, words)
        before = step
    if asset.removed_ms and (before is None or before.here):  # told by an older version
        events.append(PastEvent(asset.removed_ms, words.say(GONE)))
    return sorted(events, key=lambda event: event.at_ms)


def day_on(at_ms: int, zone: tzinfo) -> str:
    """The local day of a moment (ISO)."""
    return instant(at_ms).astimezone(zone).date().isoformat()


def _moves(
    asset: Asset, atlas: Atlas, name_of: Callable[[str], str], words: Words
) -> Iterable[PastEvent]:
    """The mergers by which it came from the school of its list to where it counts."""
    heirs = {one.old: one for one in atlas.mergers if one.what is MergerKind.SCHOOL}
    code, seen = asset.place.school, set[str]()
    while code != asset.home and code not in seen and (merger := heirs.get(code)):
        seen.add(code)
        at = datetime.fromisoformat(merger.since).replace(tzinfo=words.zone)
        text = N_("{old} became part of {new}") if merger.new else N_("{old} was retired")
        said = words.say(text, old=name_of(merger.old), new=name_of(merger.new))
        yield PastEvent(int(at.timestamp() * 1000), said, to_school(merger.new or merger.old))
        code = merger.new


def _told(
    step: ItemStep, before: ItemStep | None, asset: Asset, words: Words
) -> Iterable[PastEvent]:
    """What is other than before; of the first all of it."""
    say, at_ms = words.say, step.at_ms
    if before is not None and before.here and not step.here:
        yield PastEvent(at_ms, say(GONE))
        return
    if before is not None and not before.here and step.here:
        yield PastEvent(at_ms, say(N_("in the school's list again")))
    for name, head, word in _FIELDS:
        now, was = getattr(step, name), getattr(before, name) if before else ""
        if now == was:
            continue
        told = word(now, words) or say(N_("none"))
        link = to_items({}, school=asset.home, room=now) if name == "room" and now else ""
        text = N_("{what}: {now}") if before is None else N_("{what}: {now}, before: {was}")
        was_told = word(was, words) or say(N_("none"))
        yield PastEvent(at_ms, say(text, what=say(head), now=told, was=was_told), link)


def _state(state: str, words: Words) -> str:
    known = {*AssetState}
    return words.say(ASSET_STATE_WORDS[AssetState(state)]) if state in known else state


def _condition(condition: str, words: Words) -> str:
    known = {*Condition}
    return words.say(CONDITION_WORDS[Condition(condition)]) if condition in known else condition


_FIELDS: Sequence[tuple[str, str, Callable[[str, Words], str]]] = (
    ("room", N_("Room"), lambda room, _: room),
    ("state", N_("State"), _state),
    ("condition", N_("Condition"), _condition),
)
