"""This file holds what a school tells its department: equipment and counts, and no person.

The kinds are a union of their own: a type is a better wall than a filter, so a pupil's mark
cannot leave the school by mistake. Names that people gave to devices stay in the school too.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from protocol.inspection import MAX_ASKED, InspectionAnswer
from protocol.lenient import Mended
from protocol.messages import (
    MAX_MARKS,
    Count,
    Event,
    Message,
    MessageError,
    MessageFlaw,
    State,
    read,
    rest_of,
)
from protocol.model import Code, DeviceKind, Millis, Text, day_from
from protocol.plan import Date, Hex
from protocol.shapes import json_decoder

MAX_ITEMS: Final = 200  # of one page; with texts of full length still below the longest message
MAX_WEEK_LINES: Final = 1000
MAX_STARTS: Final = 64
MAX_SEALS: Final = 400
# A school's states and events are one numbered list that goes on from start to start. It begins
# here: lower numbers are of an older school, which counts anew in each start.
LIST_FROM: Final = 1 << 32

_OPEN: Final = ".open"  # ends the name of a list that is not known yet

Codes = Annotated[tuple[Code, ...], msgspec.Meta(max_length=16)]
ItemId = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Year = Annotated[int, msgspec.Meta(ge=1900, le=2999)]
Months = Annotated[int, msgspec.Meta(ge=0, le=1200)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=10_080)]


class SchoolPresence(Message, frozen=True, kw_only=True, tag_field="kind", tag="school_presence"):
    """The school's session is up, or (as its last will) is gone. Retained."""

    session: Count
    online: bool


class SchoolChain(Message, frozen=True, kw_only=True, tag_field="kind", tag="school_chain"):
    """Which start of the school's controller speaks (`boot`), and what it goes on from.

    before: the starts that were perhaps heard before this one, newest first. feed, begun: the
    list of items, and at which change this start took it up. settled: the newest state of this
    start that the department has acknowledged. retold: how often it began to tell all anew.
    oldest_s: for how long the oldest message has waited for its ack while it ran, 0 where none
    waits; left out by older schools.
    """

    before: Annotated[tuple[Code, ...], msgspec.Meta(max_length=MAX_STARTS)] = ()
    feed: Code
    begun: Count = 0
    settled: Count = 0
    retold: Count = 0
    oldest_s: Count | msgspec.UnsetType = msgspec.UNSET


class SchoolHere(Message, frozen=True, kw_only=True, tag_field="kind", tag="school_here"):
    """The start lives: it answers the department's question `asked`. No late word can do that."""

    asked: Code


class SchoolServer(Message, frozen=True, kw_only=True, tag_field="kind", tag="school_server"):
    """Beside `school_here`: which server answers. address: of its screens; it began at began_ms."""

    address: Text = ""
    began_ms: Millis = 0


class SchoolFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A school's counts at one moment.

    working: of the devices that it sees. declared, complete, verified, managed: things of its
    equipment book, as the figure of managed equipment counts them. unregistered: seen, not in it.
    """

    rooms: Count = 0
    rooms_in_lesson: Count = 0
    agents: Count = 0
    agents_online: Count = 0
    devices: Count = 0
    devices_working: Count = 0
    boards: Count = 0
    boards_working: Count = 0
    faults_open: Count = 0
    declared: Count = 0
    complete: Count = 0
    verified: Count = 0
    managed: Count = 0
    missing: Count = 0
    unregistered: Count = 0


class SchoolTold(State, frozen=True, kw_only=True, tag_field="kind", tag="school"):
    """How the school stands. day: the school's local date; without a version, one that is over.

    feed, newest: which database its list of items is of, and how far it goes; settled: up to
    where the department has acknowledged it.
    """

    name: Text = ""
    version: Text = ""
    day: Date
    feed: Code
    newest: Count = 0
    settled: Count = 0
    figures: SchoolFigures = SchoolFigures()

    def __post_init__(self) -> None:
        """Refuse a day that no calendar has."""
        day_from(self.day)


class ItemFields(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an item at school and department alike, as ItemTold says it."""

    line: Count | None = None
    row: Count | None = None
    asset_tag: Text = ""
    type: Text = ""
    maker: Text = ""
    model: Text = ""
    serial: Text = ""
    room: Text = ""
    site: Text = ""
    building: Text = ""
    year: Year | None = None
    quantity: Count = 1
    cost_vnd: Count | None = None
    funding: Text = ""
    condition: Text = ""
    also: Codes = ()
    there: Text = ""
    by: Text = ""
    lacks: Codes = ()
    first_seen_ms: Millis = 0
    seen_ms: Millis = 0
    warranty_months: Months | None = None
    warranty_until: Annotated[str, msgspec.Meta(max_length=10)] = ""


class ItemTold(
    ItemFields, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One item of the school's inventory. change: its place in the school's list.

    item: its id in the school. line, row: of the equipment book, None if it is not in there.
    quantity: how many things its line is; cost_vnd: of all of them.
    state, also: how it stands. there: the room where it was seen last; by: agent or person_scan.
    lacks: what keeps its record from being complete. verified: whether it was seen within a year
    when this was told. By verified_ms (as of when all its things were seen) and missing_ms (from
    when on it is missing), both 0 for never, it grows old; None: told by an older school.
    warranty_months: how long, 0 for none, or none any more; warranty_until: the day on which it
    ends (ISO), "" where nobody knows.
    """

    item: ItemId
    change: Count
    device: DeviceKind = DeviceKind.OTHER
    state: Code
    verified: bool = False
    verified_ms: Millis | None = None
    missing_ms: Millis | None = None

    def __post_init__(self) -> None:
        """Refuse a day that no calendar has."""
        if self.warranty_until:
            day_from(self.warranty_until)


class ItemGone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item that is no longer there, or no longer the school's."""

    item: ItemId
    change: Count
    at_ms: Millis


class ItemsTold(Event, frozen=True, kw_only=True, tag_field="kind", tag="items"):
    """A page of the school's list: all that changed behind `after`, up to `upto`.

    feed: which database the list is of. more: further pages follow.
    """

    feed: Code
    after: Count
    upto: Count
    more: bool = False
    items: Annotated[tuple[ItemTold, ...], msgspec.Meta(max_length=MAX_ITEMS)] = ()
    gone: Annotated[tuple[ItemGone, ...], msgspec.Meta(max_length=MAX_ITEMS)] = ()


class UseLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One board's week. known_min: for how long it is known whether it was on."""

    item: ItemId
    device: DeviceKind
    room: Text = ""
    asset_tag: Text = ""
    on_min: Minutes = 0
    used_min: Minutes = 0
    planned_min: Minutes = 0
    known_min: Minutes = 0


class UseTold(State, frozen=True, kw_only=True, tag_field="kind", tag="use"):
    """How the school's boards were used in a week. week: the date of its Monday."""

    week: Date
    lines: Annotated[tuple[UseLine, ...], msgspec.Meta(max_length=MAX_WEEK_LINES)] = ()

    def __post_init__(self) -> None:
        """Refuse a day that no calendar has."""
        day_from(self.week)


class LogSeal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the attendance log of a room's agent went: a count and a seal, and no person.

    agent, key, links, at_ms: as the agent told them (ChainHead). seal: see protocol.heads; nobody
    can guess by it what a record says.
    """

    agent: Code
    key: Hex
    links: Count
    at_ms: Millis
    seal: Hex


class SealsTold(Message, frozen=True, kw_only=True, tag_field="kind", tag="seals"):
    """How far the attendance logs of the school's rooms went: in each session, and each day."""

    seals: Annotated[tuple[LogSeal, ...], msgspec.Meta(max_length=MAX_SEALS)] = ()


class MarkSeen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that the school sees now. mark: the id by which it was asked for; item: its own."""

    mark: Code
    item: ItemId


class MarksSeen(Message, frozen=True, kw_only=True, tag_field="kind", tag="marks_seen"):
    """What the school sees now of what the department asked; what is left out it does not see."""

    asked: Code
    seen: Annotated[tuple[MarkSeen, ...], msgspec.Meta(max_length=2 * MAX_MARKS)] = ()


class InspectionTold(State, frozen=True, kw_only=True, tag_field="kind", tag="inspection_told"):
    """How far an inspection is at the school: all its answers, in place of those told before.

    number: of the department's word that it holds. received_ms, finished_ms, as `at_ms`: by the
    school's clock; 0 while it goes on. refused: why all of it is, a code of `protocol.inspection`.
    """

    inspection: Code
    number: Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]
    received_ms: Millis = 0
    finished_ms: Millis = 0
    refused: Text = ""
    answers: Annotated[tuple[InspectionAnswer, ...], msgspec.Meta(max_length=MAX_ASKED)] = ()


Upward = (
    SchoolPresence
    | SchoolChain
    | SchoolHere
    | SchoolServer
    | SealsTold
    | MarksSeen
    | SchoolTold
    | ItemsTold
    | UseTold
    | InspectionTold
)
# What waits in an outbox; the rest is said at once.
PUT: Final = (SchoolTold, ItemsTold, UseTold, InspectionTold)
_upward: Final[msgspec.json.Decoder[Any]] = json_decoder(Upward)
_LENIENT: Final = {str(member.__struct_config__.tag): member for member in Upward.__args__}
_KINDS: Final = frozenset(_LENIENT)


def open_list(feed: str) -> str:
    """The name of the database's list while nobody has said what all of it is.

    A school that begins anew sees some of its things before it has a book: what such a list lacks
    is unknown, not gone. Once it is known it is told from the beginning, without this ending.
    """
    return feed + _OPEN


def is_open(feed: str) -> bool:
    """Whether what the list lacks is unknown."""
    return feed.partition("~")[0].endswith(_OPEN)


def database_of(feed: str) -> str:
    """Which database a list is of, whatever is told apart within it."""
    return feed.partition("~")[0].partition(".")[0]


def number_of(message: Upward) -> int:
    """Its number in the list of the school, or of the start; 0 where it has none."""
    match message:
        case SchoolTold() | UseTold() | InspectionTold():
            return message.rev
        case ItemsTold():
            return message.seq
        case _:
            return 0


def upward_from(payload: bytes) -> Upward:
    """Read what a school said to its department; texts that are too long are cut.

    Raises MessageError; of a list of which some things cannot be read it holds the rest.
    """
    message: Upward = mended_upward(payload).message
    return message


def mended_upward(payload: bytes) -> Mended:
    """The same, and what was cut. Raises MessageError."""
    try:
        return Mended(read(_upward, payload, _KINDS))
    except MessageError as error:
        rest = rest_of(error, payload, _LENIENT)
        if rest.left_out:
            raise MessageError(MessageFlaw.LEFT_OUT, f"{rest.left_out} of a list", rest) from error
        return rest
