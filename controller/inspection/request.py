"""This file holds what a school was asked to show, and makes its answers; pure.

An item is answered by what was seen or said of it last: its label scanned, a person's word with a
reason, or an agent that saw it live since the school was asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from controller.sheets.names import room_key
from controller.stocktake.count import Counted
from controller.stocktake.count import Outcome as Count
from controller.stocktake.scan import LABEL
from protocol.inspection import AskedItem, Evidence, InspectionAnswer, Outcome
from protocol.messages import InspectionGiven
from protocol.model import Place
from protocol.upward import InspectionTold

CLOCKS_APART_MS: Final = 60_000


class InspectionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the department asks this school for.

    asked_ms, due_ms: by the department's clock. received_ms, finished_ms: by the school's, 0 while
    it goes on; offset_ms: how far that was ahead when the word came. stocktake: the number of the
    one in which its labels are scanned, 0 where none of its lines is in the book any more.
    """

    place: Place
    inspection: str
    number: int
    withdrawn: bool = False
    title: str = ""
    asked_ms: int
    due_ms: int
    received_ms: int
    offset_ms: int = 0
    items: tuple[AskedItem, ...] = ()
    stocktake: int = 0
    refused: str = ""
    finished_ms: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the school can still answer; also after the deadline, for late is not never."""
        return not (self.withdrawn or self.finished_ms or self.refused)

    @property
    def due_here_ms(self) -> int:
        """The deadline by the school's clock."""
        return self.due_ms + self.offset_ms

    @property
    def clocks_differ(self) -> bool:
        """Whether the two clocks were apart by more than a minute."""
        return abs(self.offset_ms) > CLOCKS_APART_MS


class RequestWord(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said of an asked item, or that an agent saw it. word: 1, 2, 3 ... of the item.

    who: the account; it stays in the school.
    """

    place: Place
    inspection: str
    no: int
    word: int
    outcome: str
    evidence: str = Evidence.HAND
    reason: str = ""
    room: str = ""
    at_ms: int = 0
    who: str = ""


class RequestStatus(StrEnum):
    """How a request stands at the school."""

    OPEN = "open"
    OVERDUE = "overdue"
    FINISHED = "finished"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def status_of(request: InspectionRequest, now_ms: int) -> RequestStatus:
    """How it stands now, by the school's clock."""
    if request.withdrawn:
        return RequestStatus.WITHDRAWN
    if request.refused:
        return RequestStatus.REFUSED
    if request.finished_ms:
        return RequestStatus.FINISHED
    return RequestStatus.OVERDUE if now_ms > request.due_here_ms else RequestStatus.OPEN


def request_of(
    given: InspectionGiven, place: Place, before: InspectionRequest | None, now_ms: int
) -> InspectionRequest | None:
    """The request after this word of the department's; None where it says nothing new."""
    if before is not None and given.number <= before.number:
        return None
    if before is not None:
        return msgspec.structs.replace(before, number=given.number, withdrawn=given.withdrawn)
    return InspectionRequest(
        place=place,
        inspection=given.inspection,
        number=given.number,
        withdrawn=given.withdrawn,
        title=given.title,
        asked_ms=given.asked_ms,
        due_ms=given.due_ms,
        received_ms=now_ms,
        offset_ms=now_ms - given.at_ms,
        items=given.items,
    )


def answers_of(
    request: InspectionRequest,
    counted: Iterable[Counted],
    words: Iterable[RequestWord],
    lines: Collection[int],
) -> tuple[InspectionAnswer, ...]:
    """What the school says of each item that it can say something of.

    counted: what the scans came to. words: of people and agents. lines: those that are in the
    school's book.
    """
    by_line = {one.line.no: one for one in counted}
    last: dict[int, RequestWord] = {}
    seen: dict[int, RequestWord] = {}
    for word in sorted(words, key=lambda one: one.word):
        (seen if word.evidence == Evidence.AGENT else last)[word.no] = word
    answers = (
        _answer(item, by_line.get(item.line), last.get(item.no), seen.get(item.no), lines)
        for item in request.items
    )
    return tuple(answer for answer in answers if answer is not None)


def _answer(
    item: AskedItem,
    counted: Counted | None,
    word: RequestWord | None,
    seen: RequestWord | None,
    lines: Collection[int],
) -> InspectionAnswer | None:
    scanned = _scanned(item, counted)
    said = _said(item, word)
    newest = max(filter(None, (scanned, said)), key=lambda one: one.at_ms, default=None)
    live = _said(item, seen)
    if live is not None and (newest is None or _is_confirmed(newest, live)):
        return live
    if newest is None and item.line not in lines:
        return InspectionAnswer(no=item.no, outcome=Outcome.REMOVED)
    return newest


def _is_confirmed(by_hand: InspectionAnswer, live: InspectionAnswer) -> bool:
    """Whether an agent shows what a person only says, or has said nothing of any more."""
    is_same = by_hand.outcome in {live.outcome, Outcome.OPEN}
    return is_same and by_hand.evidence != Evidence.LABEL


def _scanned(item: AskedItem, counted: Counted | None) -> InspectionAnswer | None:
    if counted is None or counted.outcome is Count.UNCOUNTED:
        return None
    evidence = Evidence.LABEL if counted.how == LABEL else Evidence.HAND
    room = counted.rooms[0] if counted.rooms else ""
    return InspectionAnswer(
        no=item.no,
        outcome=where(item, room) if counted.rooms else Outcome.NOT_FOUND,
        evidence=evidence if counted.rooms else Evidence.HAND,
        room=room,
        condition=counted.condition,
        at_ms=counted.seen_ms,
    )


def _said(item: AskedItem, word: RequestWord | None) -> InspectionAnswer | None:
    if word is None:
        return None
    return InspectionAnswer(
        no=item.no,
        outcome=word.outcome,
        evidence="" if word.outcome == Outcome.OPEN else word.evidence,
        reason=word.reason,
        room=word.room,
        at_ms=word.at_ms,
    )


def where(item: AskedItem, room: str) -> Outcome:
    """Whether a thing that is in this room is where it was asked for."""
    is_home = not item.room or not room or room_key(room) == room_key(item.room)
    return Outcome.FOUND if is_home else Outcome.RELOCATED


def told_of(
    request: InspectionRequest, answers: tuple[InspectionAnswer, ...], boot: str, now_ms: int
) -> InspectionTold:
    """What the department is told."""
    return InspectionTold(
        boot=boot,
        at_ms=now_ms,
        inspection=request.inspection,
        number=request.number,
        received_ms=request.received_ms,
        finished_ms=request.finished_ms,
        refused=request.refused,
        answers=answers,
    )


def by_item(answers: Iterable[InspectionAnswer]) -> Mapping[int, InspectionAnswer]:
    """The answers by the number of their item."""
    return {answer.no: answer for answer in answers}
