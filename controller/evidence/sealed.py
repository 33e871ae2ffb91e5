"""This file brings the heads that encrypted copies carry, where their key is here.

Only the beginning of each is read; of a place that is away, or whose copies no key here opens,
nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from controller.config import ControllerConfig
from controller.copies.beginning import Beginning, beginnings_at, beginnings_in, manifests_of
from controller.copies.content import COPIES
from controller.copies.errors import CopyError
from controller.copies.keys import Key, key_in
from controller.copies.manifest import CopiedHead
from controller.evidence.verdict import SealedHeads
from controller.fleet.records import ChainHeadRecord
from protocol.model import Place


def sealed_heads(
    config: ControllerConfig, places: Iterable[str], against: Iterable[Path], scope: Place
) -> SealedHeads:
    """The school's heads in the copies of these places, and in those that a person brought."""
    key = _key(config.data)
    brought = {str(path): beginnings_in(path) for path in against}
    found = {place: beginnings_at(config, place) for place in places} | brought
    heads: set[ChainHeadRecord] = set()
    count, unread, uncompared = 0, list[str](), list[str]()
    for place, beginnings in found.items():
        carrying, closed = _carried(beginnings, key, scope)
        count += len(carrying)
        heads |= {_record_of(head) for some in carrying for head in some}
        if carrying:
            unread += closed
        else:
            uncompared.append(place)
    return SealedHeads(frozenset(heads), count, tuple(unread), tuple(uncompared))


def _carried(
    beginnings: list[Beginning], key: Key | None, scope: Place
) -> tuple[list[tuple[CopiedHead, ...]], list[str]]:
    """The heads of each copy of the school's that carries some; the copies that did not open."""
    if key is None:
        return [], []
    manifests = manifests_of(beginnings, key)
    ours = [each for each in manifests.read if Place(each.province, each.school) == scope]
    ends = [(*each.heads, *each.corrections) for each in ours if each.heads is not None]
    return ends, manifests.unread


def _key(data: Path) -> Key | None:
    try:
        return key_in(data / COPIES)
    except CopyError:  # damaged, or this computer cannot encrypt: then nothing can be compared
        return None


def _record_of(head: CopiedHead) -> ChainHeadRecord:
    return ChainHeadRecord(
        place=Place(head.province, head.school, head.agent),
        room=head.room,
        head=head.head,
        key=head.key,
        links=head.links,
        signature=head.signature,
        at_ms=head.at_ms,
        received_ms=head.received_ms,
    )
