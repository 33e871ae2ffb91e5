"""This file keeps what agents explain of their devices, and what the school says of them.

Every function works in a transaction of the store's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, select

from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.required import require
from controller.database.scope import of, within
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.fleet.records import Explanation
from controller.identity.pairs import DeviceFacts, KindWord, PairWord, ToldFacts
from controller.identity.tables import explanations, kind_words, pair_words
from protocol.messages import MAX_KINDS, MAX_PAIRS, DevicePair, KindAnswer
from protocol.model import DeviceKind, Place
from protocol.shapes import json_decoder

WORDS: Final = Shape(PairWord, pair_words)
KIND_WORDS: Final = Shape(KindWord, kind_words)
_facts: Final = json_decoder(DeviceFacts)
require(explanations, lambda row: _facts.decode(row["body"]))


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep the newest that each agent explains."""
    del now_ms
    newest: dict[Place, Explanation] = {}
    for told in of_kind(changes, Explanation):
        before = newest.get(told.place)
        if before is None or _is_newer(told, before.explained.boot, before.explained.rev):
            newest[told.place] = told
    rows = [_row(told) for told in newest.values() if _is_news(db, told)]
    write(db, explanations, rows, Writing.UPSERT)


def facts_of(db: Connection, scope: Place) -> list[ToldFacts]:
    """What agents explain, by agent."""
    query = select(explanations).where(within(explanations, scope)).order_by(explanations.c.agent)
    return [
        ToldFacts(Place(row["province"], row["school"], row["agent"]), _facts.decode(row["body"]))
        for row in rows_of(db, query)
    ]


def words_of(db: Connection, scope: Place) -> list[PairWord]:
    """What the school says of pairs, the oldest first."""
    query = select(pair_words).where(within(pair_words, scope))
    return WORDS.records(rows_of(db, query.order_by(pair_words.c.said_ms, pair_words.c.one)))


def say_of_pair(db: Connection, word: PairWord) -> Sequence[object]:
    """Keep the school's word on a pair; empty where there are too many already."""
    if len(words_of(db, word.place)) >= MAX_PAIRS:
        return ()
    write(db, pair_words, [WORDS.row(word)], Writing.UPSERT)
    return (word,)


def take_back(db: Connection, agent: Place, one: str, other: str) -> Sequence[object]:
    """Take the school's word on a pair back; empty where there is none."""
    gone = db.execute(
        delete(pair_words).where(
            of(pair_words, agent),
            pair_words.c.agent == agent.agent,
            pair_words.c.one == one,
            pair_words.c.other == other,
        )
    )
    return (DevicePair(one=one, other=other),) if gone.rowcount else ()


def kind_words_of(db: Connection, scope: Place) -> list[KindWord]:
    """What the school says that devices are, the oldest first."""
    query = select(kind_words).where(within(kind_words, scope))
    ordered = query.order_by(kind_words.c.said_ms, kind_words.c.device)
    return KIND_WORDS.records(rows_of(db, ordered))


def say_kind(db: Connection, word: KindWord) -> Sequence[object]:
    """Keep the school's word on what a device is.

    Empty where its agent does not ask about it, or there are too many words already.
    """
    facts = (told.facts for told in facts_of(db, word.place))
    asked = {one.device_id: one.asks for fact in facts for one in fact.devices}
    is_answer = word.is_kind in {asked.get(word.device), DeviceKind.OTHER}
    if not asked.get(word.device) or not is_answer:
        return ()
    if len(kind_words_of(db, word.place)) >= MAX_KINDS:
        return ()
    write(db, kind_words, [KIND_WORDS.row(word)], Writing.UPSERT)
    return (word,)


def take_kind_back(db: Connection, agent: Place, device: str) -> Sequence[object]:
    """Take the school's word on a device back; empty where there is none."""
    said = [one for one in kind_words_of(db, agent) if one.device == device]
    db.execute(
        delete(kind_words).where(
            of(kind_words, agent),
            kind_words.c.agent == agent.agent,
            kind_words.c.device == device,
        )
    )
    return tuple(KindAnswer(device=one.device, is_kind=one.is_kind) for one in said)


def _is_news(db: Connection, told: Explanation) -> bool:
    query = select(explanations.c.boot, explanations.c.rev).where(within(explanations, told.place))
    row = db.execute(query).one_or_none()
    return row is None or _is_newer(told, row.boot, row.rev)


def _is_newer(told: Explanation, boot: str, rev: int) -> bool:
    return told.explained.boot != boot or told.explained.rev > rev


def _row(told: Explanation) -> tuple[object, ...]:
    place, explained = told
    facts = DeviceFacts(explained.devices, explained.doubts)
    body = msgspec.json.encode(facts).decode()
    return place.province, place.school, place.agent, explained.boot, explained.rev, body
