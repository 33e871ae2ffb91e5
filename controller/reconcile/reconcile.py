"""This file compares the equipment book with what was seen, line by line; pure.

A line has one state, the first of LineState that holds; `also` names the others that hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from controller.reconcile.evidence import Observation, SeenBy, device_named
from controller.register.decisions import Rulings
from controller.register.life import Step
from controller.register.merging import Kept
from controller.register.vocabulary import (
    IT_EQUIPMENT,
    OUT_OF_USE,
    PERSONAL,
    VISIBLE,
    Condition,
)
from controller.sheets.names import room_key, serial_key, tag_key

DAY_MS: Final = 86_400_000
MISSING_AFTER_DAYS: Final = 45
VERIFIED_WITHIN_DAYS: Final = 365
VERIFIED_MS: Final = VERIFIED_WITHIN_DAYS * DAY_MS
MAX_CANDIDATES: Final = 5
_EVER: Final = 1  # of what is missing whenever it was seen
VERIFY: Final = "verify"  # what a line wants that nobody has seen for a year


class LineState(StrEnum):
    """How a line stands, the most pressing first."""

    DUPLICATE_SERIAL = "duplicate_serial"
    NO_ASSET_TAG = "no_asset_tag"
    MISSING = "missing"
    NEVER_SEEN = "never_seen"
    MOVED = "moved"
    OK = "ok"


class Action(StrEnum):
    """What a person is asked to do next."""

    NONE = "none"
    CHECK_SERIALS = "check_serials"
    GIVE_TAG = "give_tag"
    SEARCH = "search"
    SCAN_LABEL = "scan_label"
    ACCEPT_ROOM_OR_BRING_BACK = "accept_room_or_bring_back"
    ACCEPT_MATCH_OR_IGNORE = "accept_match_or_ignore"
    FIND_OR_WRITE_OFF = "find_or_write_off"
    SET_CONDITION = "set_condition"


ACTION_OF: Final[Mapping[LineState, Action]] = {
    LineState.DUPLICATE_SERIAL: Action.CHECK_SERIALS,
    LineState.NO_ASSET_TAG: Action.GIVE_TAG,
    LineState.MISSING: Action.SEARCH,
    LineState.NEVER_SEEN: Action.SCAN_LABEL,
    LineState.MOVED: Action.ACCEPT_ROOM_OR_BRING_BACK,
    LineState.OK: Action.NONE,
}


class LineFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A line and how it stands. home: where it belongs; there: where it was seen last.

    rows, schools: other lines of this school, and other schools, that have its serial.
    lacks: what keeps the record from being complete. other_serial: seen under its tag. lost: it
    was said to be lost and nobody has seen it since. reappeared: seen since it was said to be lost
    or disposed. devices: the agents' ids of it, the last seen last. verified_ms: as of when all its
    things were seen; missing_ms: from when on it is missing; 0 for never.
    """

    line: Kept
    state: LineState
    also: tuple[LineState, ...] = ()
    home: str = ""
    there: str = ""
    seen_ms: int | None = None
    by: SeenBy | None = None
    condition: str = ""
    rows: tuple[int, ...] = ()
    schools: tuple[str, ...] = ()
    other_serial: str = ""
    lacks: tuple[str, ...] = ()
    verified: bool = False
    verified_ms: int = 0
    missing_ms: int = 0
    lost: bool = False
    reappeared: bool = False
    devices: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the record has all that a digital record needs."""
        return not self.lacks

    @property
    def states(self) -> tuple[LineState, ...]:
        """All states that hold, the most pressing first."""
        return (self.state, *self.also)

    @property
    def wants(self) -> tuple[str, ...]:
        """All that keeps the line from counting as managed by digital record."""
        return self.lacks if self.verified else (*self.lacks, VERIFY)


def action_of(finding: LineFinding) -> Action:
    """What a person is asked to do about a line."""
    if finding.lost and finding.state is LineState.MISSING:
        return Action.FIND_OR_WRITE_OFF
    if finding.reappeared and finding.state is LineState.OK:
        return Action.SET_CONDITION
    return ACTION_OF[finding.state]


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """Something seen that no line of the book is. candidates: rows it may be, none of them seen."""

    observation: Observation
    candidates: tuple[int, ...] = ()


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """Every line's finding in the order of the book, and what is not in the book.

    presences: what may be a visitor's own, the newest first; put forward to nobody, and yet a
    person may say that it is the school's.
    """

    as_of_ms: int
    findings: tuple[LineFinding, ...] = ()
    strangers: tuple[Stranger, ...] = ()
    presences: tuple[Stranger, ...] = ()


def reconcile(
    register: Iterable[Kept],
    observations: Iterable[Observation],
    as_of_ms: int,
    *,
    rulings: Rulings | None = None,
    elsewhere: Mapping[str, Sequence[str]] | None = None,
    conditions: Mapping[int, Step] | None = None,
) -> Reconciled:
    """Compare the lines that count with what was seen until then.

    elsewhere: schools that have a serial too, by its serial_key. conditions: of lines (Kept.no)
    the step of their life that counted then; of the others the book's word counts.
    """
    lines = sorted(
        (line for line in register if line.removed_ms is None), key=lambda line: line.data.row
    )
    effective_rulings = rulings or Rulings()
    index = _Index(lines, effective_rulings, conditions or {})
    observations_by_line: dict[int, list[Observation]] = defaultdict(list)
    strangers: dict[str, Observation] = {}
    presences: dict[str, Observation] = {}
    for observation in sorted(observations, key=lambda one: (one.at_ms, one.key, one.by)):
        if observation.at_ms > as_of_ms:
            continue
        claimants = index.claimants(observation)
        if len(claimants) == 1:
            observations_by_line[claimants[0].no].append(observation)
        if claimants or effective_rulings.ignores(observation.key):
            continue
        if _may_be_asset(observation):
            strangers[observation.key] = observation
        elif observation.key and observation.anonymous:
            presences[observation.key] = observation
    findings = tuple(
        _finding(line, observations_by_line[line.no], index, as_of_ms, (elsewhere or {}))
        for line in lines
    )
    return Reconciled(
        as_of_ms=as_of_ms,
        findings=findings,
        strangers=tuple(_stranger(one, findings) for one in strangers.values()),
        presences=tuple(_stranger(one, findings) for one in reversed(presences.values())),
    )


def named_devices(register: Iterable[Kept], rulings: Rulings) -> frozenset[str]:
    """The agents' ids of what a person accepted into the book or matched with a line of it.

    Of the lines that count; seen now or not.
    """
    index = _Index([line for line in register if line.removed_ms is None], rulings, {})
    names = {device_named(key) for key in (*index.by_device, *rulings.subjects)} - {""}
    seen = (Observation(at_ms=0, by=SeenBy.AGENT, device=name) for name in names)
    return frozenset(one.device for one in seen if index.claimants(one))


class _Index:
    """The lines by what they are known by."""

    def __init__(
        self, lines: Sequence[Kept], rulings: Rulings, conditions: Mapping[int, Step]
    ) -> None:
        self.rulings = rulings
        self.conditions = conditions
        self.by_no = {line.no: line for line in lines}
        self.by_tag: dict[str, list[Kept]] = defaultdict(list)
        self.by_serial: dict[str, list[Kept]] = defaultdict(list)
        self.by_device: dict[str, Kept] = {}
        for line in lines:
            if key := tag_key(line.data.asset_tag):
                self.by_tag[key].append(line)
            if key := serial_key(line.data.serial):
                self.by_serial[key].append(line)
            if line.device:
                self.by_device[line.device] = line

    def home(self, line: Kept) -> str:
        """Where the line belongs."""
        return self.rulings.room_of(line.no, line.data.room)

    def claimants(self, observation: Observation) -> list[Kept]:
        """The lines that it may be evidence of; of many none is surely meant.

        A person's word comes first, then the serial, then the label. A serial that several lines
        have is evidence of the one whose label was scanned, or that belongs to the room.
        """
        if observation.line is not None:
            return [self.by_no[observation.line]] if observation.line in self.by_no else []
        decided = [self.rulings.line_of(key) for key in observation.keys]
        named = [self.by_no[no] for no in decided if no in self.by_no]
        named += [self.by_device[key] for key in observation.keys if key in self.by_device]
        if named:
            return named[:1]
        labelled = self.by_tag.get(tag_key(observation.asset_tag), [])
        same = self.by_serial.get(serial_key(observation.serial), [])
        if len(same) <= 1:
            return same or labelled
        sure = [line for line in same if line in labelled] or [
            line
            for line in same
            if observation.room and room_key(self.home(line)) == room_key(observation.room)
        ]
        return sure if len(sure) == 1 else same


def _stranger(observation: Observation, findings: Iterable[LineFinding]) -> Stranger:
    return Stranger(observation=observation, candidates=_candidates(observation, findings))


def _may_be_asset(observation: Observation) -> bool:
    """Whether it may be put forward: a visitor's own never is."""
    return bool(observation.key) and not observation.anonymous and observation.type not in PERSONAL


def _candidates(observation: Observation, findings: Iterable[LineFinding]) -> tuple[int, ...]:
    """Lines of its type in its room, of which not all things were seen: it may be one of them."""
    key = room_key(observation.room)
    rows = [
        finding.line.data.row
        for finding in findings
        if _has_unseen(finding)
        and key
        and room_key(finding.home) == key
        and _alike(finding.line.data.type, observation.type)
    ]
    return tuple(rows[:MAX_CANDIDATES])


def _has_unseen(finding: LineFinding) -> bool:
    count = finding.line.data.count
    return finding.seen_ms is None or len(finding.devices) < count > 1


def _alike(one: str, other: str) -> bool:
    computers = {"computer", "laptop", "desktop"}
    return one == other or {one, other} <= computers or {one, other} <= {"board", "display"}


def _finding(
    line: Kept,
    observations: Sequence[Observation],
    index: _Index,
    as_of_ms: int,
    elsewhere: Mapping[str, Sequence[str]],
) -> LineFinding:
    key = serial_key(line.data.serial)
    rows = tuple(other.data.row for other in index.by_serial.get(key, ()) if other.no != line.no)
    schools = tuple(elsewhere.get(key, ())) if key else ()
    last = observations[-1] if observations else None
    last_room = next(
        (observation.room for observation in reversed(observations) if observation.room), ""
    )
    home = index.home(line)
    fares = _fares(line, observations, index.conditions.get(line.no))
    count = line.data.count
    verified_ms = 0 if fares.lost else _covered_ms(observations, count)
    missing_ms = _missing_ms(line, last, fares) if count > 0 else 0
    holds = {
        LineState.DUPLICATE_SERIAL: bool(rows or schools),
        LineState.NO_ASSET_TAG: not line.data.asset_tag,
        LineState.MISSING: is_missing_at(missing_ms, as_of_ms),
        LineState.NEVER_SEEN: count > 0 and last is None,
        LineState.MOVED: bool(home and last_room) and room_key(home) != room_key(last_room),
        LineState.OK: True,
    }
    states = [state for state in LineState if holds[state]]
    return LineFinding(
        line=line,
        state=states[0],
        also=tuple(state for state in states[1:] if state is not LineState.OK),
        home=home,
        there=last_room,
        seen_ms=last.at_ms if last else None,
        by=last.by if last else None,
        condition=fares.condition,
        rows=rows,
        schools=schools,
        other_serial=_other_serial(line, observations),
        lacks=_lacks(line, home, unique=not (rows or schools)),
        verified=is_verified_at(verified_ms, as_of_ms),
        verified_ms=verified_ms,
        missing_ms=missing_ms,
        lost=fares.lost,
        reappeared=fares.reappeared,
        devices=tuple(
            {observation.device: None for observation in observations if observation.device}
        ),
    )


def is_verified_at(verified_ms: int, now_ms: int) -> bool:
    """Whether all things of a line were seen within a year. verified_ms: as of a LineFinding."""
    return verified_ms > 0 and verified_ms >= now_ms - VERIFIED_MS


def is_missing_at(missing_ms: int, now_ms: int) -> bool:
    """Whether a line is missing. missing_ms: as of a LineFinding."""
    return 0 < missing_ms <= now_ms


def missing_from(seen_ms: int) -> int:
    """From when on a thing is missing that an agent would see, and that was last seen then."""
    return seen_ms + MISSING_AFTER_DAYS * DAY_MS + 1


def _covered_ms(observations: Sequence[Observation], count: int) -> int:
    """As of when all things of a line were seen, 0 for never.

    A person looks at all of them, a device is one. observations: by time.
    """
    if count <= 1:
        return observations[-1].at_ms if observations else 0
    scans = (one.at_ms for one in observations if one.by is SeenBy.PERSON_SCAN)
    newest = {one.device: one.at_ms for one in observations if one.device}
    devices_ms = sorted(newest.values(), reverse=True)
    return max(*scans, devices_ms[count - 1] if len(devices_ms) >= count else 0, 0)


class _Fares(NamedTuple):
    """How a line fares. out: it need not be seen; lost, reappeared: as in a Finding."""

    condition: str
    out: bool
    lost: bool
    reappeared: bool


def _fares(line: Kept, observations: Sequence[Observation], step: Step | None) -> _Fares:
    """By the newest word: of a sight, unless a step came after it; else as the book says.

    Where no step was taken, what the book calls out of use stays so whatever a sight tells.
    """
    since_ms = step.at_ms if step else -1
    conditions = (
        observation.condition
        for observation in reversed(observations)
        if observation.at_ms > since_ms and observation.condition
    )
    condition = next(conditions, step.condition if step else line.data.condition)
    standing = {condition} if step else {condition, line.data.condition}
    seen_since = step is not None and bool(observations) and observations[-1].at_ms > since_ms
    return _Fares(
        condition,
        out=bool(standing & OUT_OF_USE),
        lost=step is not None and condition == Condition.LOST and not seen_since,
        reappeared=seen_since and condition in {Condition.LOST, Condition.DISPOSED},
    )


def _missing_ms(line: Kept, last: Observation | None, fares: _Fares) -> int:
    """From when on it is missing: of what an agent would see; what is out of use need not be."""
    if fares.lost:
        return _EVER
    is_watched = last is not None and line.data.type in VISIBLE and not fares.out
    return missing_from(last.at_ms) if last and is_watched else 0


def _other_serial(line: Kept, observations: Sequence[Observation]) -> str:
    """The serial last seen, where it is not the book's: a part was replaced, or a label swapped."""
    last = next(
        (observation.serial for observation in reversed(observations) if observation.serial), ""
    )
    return last if serial_key(last) != serial_key(line.data.serial) else ""


def _lacks(line: Kept, home: str, *, unique: bool) -> tuple[str, ...]:
    """What the record lacks: tag, type, room, year; and of IT equipment a serial of its own.

    One serial is not that of several things.
    """
    data = line.data
    needs = {
        "asset_tag": bool(data.asset_tag),
        "type": bool(data.type),
        "room": bool(home),
        "year": data.year is not None,
        "serial": (bool(data.serial) and data.count <= 1) or data.type not in IT_EQUIPMENT,
        "unique_serial": unique,
    }
    return tuple(name for name, need in needs.items() if not need)
