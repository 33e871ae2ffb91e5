"""This file holds the shapes in which inspections are told to programs; no person is in them."""

from __future__ import annotations

from pydantic import BaseModel

from controller.inspection.inspection import (
    ArrivedAnswer,
    AskedSchool,
    Inspected,
    InspectedItem,
    Inspection,
    ItemStanding,
)
from controller.inspection.sample import DrawCheck, SampleUnit
from protocol.model import iso, iso_or_none


class InspectionItem(BaseModel):
    """An inspection: what was drawn from what, until when, and how many items stand how.

    frame_sha256: of what the sample was drawn from; with seed and size anyone draws it again.
    """

    no: int
    title: str
    unit: SampleUnit
    of_school: str
    of_area: str
    type: str
    seed: str
    size: int
    frame_size: int
    frame_sha256: str
    asked: str
    due: str
    withdrawn: str | None
    items: int
    answered: int
    late: int
    standings: dict[ItemStanding, int]


class AskedSchoolItem(BaseModel):
    """A school that was asked. first, arrived: when its first and last word came here."""

    school: str
    items: int
    first: str | None
    arrived: str | None
    finished: str | None
    refused: str
    clock_off_s: int


class InspectionAnswerItem(BaseModel):
    """What a school's people said of an item. at: by the school's clock; arrived: by ours."""

    outcome: str
    evidence: str
    reason: str
    room: str
    condition: str
    at: str | None
    arrived: str


class InspectedThingItem(BaseModel):
    """An asked item and how it stands. odd: an officer should look at it."""

    school: str
    no: int
    device_id: str
    asset_tag: str
    type: str
    room: str
    standing: ItemStanding
    late: bool
    odd: bool
    answer: InspectionAnswerItem | None


class InspectionDetailItem(InspectionItem):
    """An inspection with its schools and every asked item."""

    schools: list[AskedSchoolItem]
    things: list[InspectedThingItem]


class DrawnItem(BaseModel):
    """A unit of the sample: a line, or a room by its key, and the rank by which it is there."""

    school: str
    unit: str
    rank: str


class DrawItem(BaseModel):
    """The sample drawn again from the books of then. agrees: it is the same, of the same frame."""

    seed: str
    size: int
    agrees: bool
    is_frame_same: bool
    only_before: list[str]
    only_again: list[str]
    drawn: list[DrawnItem]


def draw_item(one: Inspection, check: DrawCheck) -> DrawItem:
    """A sample drawn again as the API tells it."""
    return DrawItem(
        seed=one.seed,
        size=one.size,
        agrees=check.agrees,
        is_frame_same=check.is_frame_same,
        only_before=[*check.only_before],
        only_again=[*check.only_again],
        drawn=[
            DrawnItem(school=unit.school.replace("%2F", "/"), unit=unit.unit, rank=unit.rank)
            for unit in check.drawn
        ],
    )


def inspection_item(told: Inspected) -> InspectionItem:
    """An inspection of the list as the API tells it."""
    one = told.inspection
    return InspectionItem(
        no=one.no,
        title=one.title,
        unit=one.unit,
        of_school=one.of_school,
        of_area=one.of_area,
        type=one.type,
        seed=one.seed,
        size=one.size,
        frame_size=one.frame_size,
        frame_sha256=one.frame_digest,
        asked=iso(one.asked_ms),
        due=iso(one.due_ms),
        withdrawn=iso_or_none(one.withdrawn_ms or None),
        items=len(told.items),
        answered=told.answered,
        late=told.late,
        standings={standing: told.counts.get(standing, 0) for standing in ItemStanding},
    )


def inspection_detail(told: Inspected) -> InspectionDetailItem:
    """One inspection as the API tells it."""
    return InspectionDetailItem(
        **dict(inspection_item(told)),
        schools=[*map(_school, told.schools)],
        things=[*map(_thing, told.items)],
    )


def _school(asked: AskedSchool) -> AskedSchoolItem:
    return AskedSchoolItem(
        school=asked.place.school,
        items=len(asked.items),
        first=iso_or_none(asked.first_ms or None),
        arrived=iso_or_none(asked.arrived_ms or None),
        finished=iso_or_none(asked.finished_ms or None),
        refused=asked.refused,
        clock_off_s=asked.clock_offset_ms // 1000,
    )


def _thing(item: InspectedItem) -> InspectedThingItem:
    asked = item.asked
    return InspectedThingItem(
        school=item.school,
        no=asked.no,
        device_id=asked.item,
        asset_tag=asked.asset_tag,
        type=asked.type,
        room=asked.room,
        standing=item.standing,
        late=item.late,
        odd=item.is_odd,
        answer=_answer(item.answer) if item.answer else None,
    )


def _answer(answer: ArrivedAnswer) -> InspectionAnswerItem:
    return InspectionAnswerItem(
        outcome=answer.outcome,
        evidence=answer.evidence,
        reason=answer.reason,
        room=answer.room,
        condition=answer.condition,
        at=iso_or_none(answer.at_ms or None),
        arrived=iso(answer.arrived_ms),
    )
