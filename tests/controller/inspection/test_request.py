"""What a school answers follows from scans, words and agents: a table, and a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from controller.database.store import Store
from controller.features import keep_batch
from controller.inspection import request_store as requests
from controller.inspection.part import InspectionPart
from controller.inspection.request import InspectionRequest, RequestWord, answers_of, status_of
from controller.inspection.service import HandAnswer, Requests
from controller.inventory.store import refresh
from controller.register import store as register
from controller.register.book import Line
from controller.stocktake import store as stocktake
from controller.stocktake.count import Counted, Expected
from controller.stocktake.count import Outcome as Count
from controller.stocktake.scan import LABEL, Scan
from controller.web.refusals import HttpError
from protocol.inspection import AskedItem
from protocol.messages import InspectionGiven, to_bytes
from protocol.model import DeviceKind, Place
from protocol.upward import InspectionTold
from tests.controller.web_school import NOW_MS, SCHOOL, ZONE, a_program, device, numbered
from tests.databases import Database

ITEM = AskedItem(no=1, item="line:7", line=7, room="P203")
REQUEST = InspectionRequest(
    place=SCHOOL,
    inspection="kt-1",
    number=1,
    asked_ms=0,
    due_ms=100,
    received_ms=10,
    items=(ITEM,),
)


def counted(outcome: Count, *rooms: str, at_ms: int = 20, how: str = "") -> Counted:
    """What scans came to."""
    line = Expected(no=7, row=7, room="P203")
    return Counted(line=line, outcome=outcome, rooms=rooms, seen_ms=at_ms, how=how)


def word(
    outcome: str, at_ms: int, evidence: str = "hand", room: str = "", n: int = 1
) -> RequestWord:
    """What was said."""
    reason = "no_label" if evidence == "hand" else ""
    return RequestWord(
        place=SCHOOL,
        inspection="kt-1",
        no=1,
        word=n,
        outcome=outcome,
        evidence=evidence,
        reason=reason,
        room=room,
        at_ms=at_ms,
    )


LABELLED = counted(Count.FOUND, "P203", how=LABEL)
TAPPED = counted(Count.FOUND, "p 203")
CASES = {
    "nothing": ([], [], {7}, None),
    "left the book": ([], [], set(), ("removed", "", "")),
    "left the book, found all the same": ([LABELLED], [], set(), ("found", "label", "P203")),
    "label": ([LABELLED], [], {7}, ("found", "label", "P203")),
    "tapped": ([TAPPED], [], {7}, ("found", "hand", "p 203")),
    "elsewhere": (
        [counted(Count.ELSEWHERE, "P9", how=LABEL)],
        [],
        {7},
        ("relocated", "label", "P9"),
    ),
    "looked for": ([counted(Count.MISSING)], [], {7}, ("not_found", "hand", "")),
    "not counted": ([counted(Count.UNCOUNTED)], [], {7}, None),
    "later word": ([LABELLED], [word("not_found", 30)], {7}, ("not_found", "hand", "")),
    "earlier word": ([LABELLED], [word("not_found", 5)], {7}, ("found", "label", "P203")),
    "taken back": ([], [word("refused", 5), word("open", 6, n=2)], {7}, ("open", "", "")),
    "seen live": ([], [word("found", 15, "agent", "P203")], {7}, ("found", "agent", "P203")),
    "seen live elsewhere": (
        [],
        [word("relocated", 15, "agent", "P9")],
        {7},
        ("relocated", "agent", "P9"),
    ),
    "tapped and seen live": (
        [TAPPED],
        [word("found", 15, "agent", "P203")],
        {7},
        ("found", "agent", "P203"),
    ),
    "label and seen live": (
        [LABELLED],
        [word("found", 90, "agent", "P203")],
        {7},
        ("found", "label", "P203"),
    ),
    "seen live, yet said not to be there": (
        [],
        [word("found", 15, "agent", "P203"), word("not_found", 16, n=2)],
        {7},
        ("not_found", "hand", ""),
    ),
    "taken back, and seen live": (
        [],
        [word("found", 15, "agent", "P203"), word("open", 16, n=2)],
        {7},
        ("found", "agent", "P203"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_item_is_answered_by_what_was_seen_or_said_last(case: str) -> None:
    """A label is worth more than a word, and what an agent sees more than what somebody taps."""
    scans, words, lines, expected = CASES[case]
    answers = answers_of(REQUEST, scans, words, lines)
    said = [(one.outcome, one.evidence, one.room) for one in answers]
    assert said == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("changes", "now_ms", "status"),
    [
        ({}, 100, "open"),
        ({}, 101, "overdue"),
        ({"offset_ms": 50}, 150, "open"),
        ({"finished_ms": 5}, 500, "finished"),
        ({"finished_ms": 5, "refused": "exam"}, 500, "refused"),
        ({"withdrawn": True, "finished_ms": 5}, 500, "withdrawn"),
    ],
)
def test_the_deadline_is_the_department_s_told_by_the_school_s_clock(
    changes: dict[str, object], now_ms: int, status: str
) -> None:
    """A school whose clock is ahead is not overdue before its time."""
    assert status_of(replace(REQUEST, **changes), now_ms).value == status


BOOK = [
    Line(row=n, asset_tag=f"TB-{n:03}", type="board", room="P203", serial=f"VS{n:05}", year=2021)
    for n in (1, 2, 3)
]


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """A school with three lines in its book."""
    with Store(database.url) as opened:
        with opened.locked(SCHOOL) as db:
            register.bring_in(db, SCHOOL, BOOK, whole=True, now_ms=NOW_MS - 60_000)
        yield opened


def asked(number: int = 1, *, withdrawn: bool = False) -> InspectionGiven:
    """The department asks for the first two lines."""
    items = tuple(AskedItem(no=n, item=f"line:{n}", line=n, room="P203") for n in (1, 2))
    return InspectionGiven(
        boot="d",
        at_ms=NOW_MS - 5000,
        inspection="kt-1",
        number=number,
        withdrawn=withdrawn,
        title="đợt 1",
        asked_ms=NOW_MS - 9000,
        due_ms=NOW_MS + 9000,
        items=() if withdrawn else items,
    )


class SchoolHere:
    """The school's part, and the time by which it goes."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.now_ms = NOW_MS
        self.store = store
        self.program = a_program(store, folder=folder, now_ms=lambda: self.now_ms)
        self.part = InspectionPart(self.program)

    def told(self) -> list[InspectionTold]:
        """What goes into the outbox now."""
        self.now_ms += 1000
        owed = [*self.part.owed()]
        self.part.note_told(owed)
        return [one for one in owed if isinstance(one, InspectionTold)]

    def scan(self, number: int, tag: str, **more: object) -> None:
        """A phone sends a scan."""
        scan = Scan(id=f"scan-{number:04}", room="P203", asset_tag=tag, at_ms=self.now_ms, **more)  # type: ignore[arg-type]
        with self.store.locked(SCHOOL) as db:
            take = stocktake.stocktakes_of(db, SCHOOL)[0]
            stocktake.keep_scans(
                db, SCHOOL, take, [scan], sent_ms=self.now_ms, who="phone", now_ms=self.now_ms
            )


@pytest.fixture
def school(store: Store, tmp_path: Path) -> SchoolHere:
    return SchoolHere(store, tmp_path)


def outcomes(told: InspectionTold) -> list[tuple[int, str, str]]:
    """The answers in short."""
    return [(one.no, one.outcome, one.evidence) for one in told.answers]


def test_a_request_becomes_a_count_of_its_lines_and_is_answered_as_it_is_scanned(
    school: SchoolHere,
) -> None:
    """Each change is told once; what nobody asked for is not told."""
    assert school.told() == []
    assert school.part.hear(asked())
    (told,) = school.told()
    assert (told.number, told.answers) == (1, ())
    assert school.told() == []
    school.scan(1, "TB-001", how=LABEL)
    school.scan(2, "TB-003", how=LABEL)
    (told,) = school.told()
    assert outcomes(told) == [(1, "found", "label")]
    assert school.told() == []
    with school.store.view() as db:
        (take,) = stocktake.stocktakes_of(db, SCHOOL)
    assert (take.title, take.only) == ("Kiểm tra từ xa: đợt 1", (1, 2))


def test_a_word_that_is_said_again_is_answered_again_and_changes_nothing(
    school: SchoolHere,
) -> None:
    """A department that asks whether it is still held hears all of it."""
    school.part.hear(asked())
    school.scan(1, "TB-001", how=LABEL)
    (first,) = school.told()
    school.part.hear(asked())
    (again,) = school.told()
    assert outcomes(again) == outcomes(first) == [(1, "found", "label")]
    with school.store.view() as db:
        assert len(stocktake.stocktakes_of(db, SCHOOL)) == 1


def test_another_start_tells_all_that_is_open_again(school: SchoolHere, tmp_path: Path) -> None:
    """What the one before told may be lost with its outbox."""
    school.part.hear(asked())
    school.scan(1, "TB-001", how=LABEL)
    school.told()
    (told,) = SchoolHere(school.store, tmp_path).told()
    assert outcomes(told) == [(1, "found", "label")]
    school.part.forget_told()
    assert len(school.told()) == 1


def test_a_finished_request_says_so_and_counts_no_later_scan(school: SchoolHere) -> None:
    """Its stocktake ends with it; what a phone sends afterwards is kept there, late."""
    school.part.hear(asked())
    school.told()
    with school.store.locked(SCHOOL) as db:
        request = requests.request_at(db, SCHOOL, "kt-1")
        assert request
        requests.finish(db, request, who="an", now_ms=school.now_ms)
    (told,) = school.told()
    assert told.finished_ms
    school.scan(1, "TB-001", how=LABEL)
    assert school.told() == []


def test_a_withdrawn_request_ends_and_a_late_word_does_not_open_it(school: SchoolHere) -> None:
    """The higher number stands, whatever comes last."""
    school.part.hear(asked())
    school.told()
    school.part.hear(asked(2, withdrawn=True))
    (told,) = school.told()
    assert told.number == 2
    school.part.hear(asked(1))
    (told,) = school.told()
    assert told.number == 2
    with school.store.view() as db:
        (request,) = requests.requests_of(db, SCHOOL)
    assert request.withdrawn
    assert not request.is_open


def test_a_line_that_left_the_book_is_told_as_gone_and_agents_are_witnesses(
    school: SchoolHere,
) -> None:
    """An agent's sight after the question counts, once; one from before it does not."""
    seen = device("P203", DeviceKind.BOARD, 1, serial="VS00001", last_seen_ms=NOW_MS - 1)
    school.store.write(keep_batch, numbered([seen]), NOW_MS)
    with school.store.locked(SCHOOL) as db:
        register.bring_in(db, SCHOOL, BOOK[:1], whole=True, now_ms=NOW_MS)
    refresh(school.store, SCHOOL, ZONE, NOW_MS)
    school.part.hear(asked())
    (told,) = school.told()
    assert outcomes(told) == [(2, "removed", "")]
    later = replace(seen, last_seen_ms=NOW_MS + 50_000, room="P9")
    school.store.write(keep_batch, numbered([later], 9), NOW_MS)
    refresh(school.store, SCHOOL, ZONE, NOW_MS + 60_000)
    (told,) = school.told()
    assert outcomes(told) == [(1, "relocated", "agent"), (2, "removed", "")]
    assert told.answers[0].room == "P9"
    assert school.told() == []


def test_no_account_goes_up(school: SchoolHere) -> None:
    """Who answered stays in the school."""
    school.part.hear(asked())
    word = RequestWord(
        place=SCHOOL,
        inspection="kt-1",
        no=1,
        word=0,
        outcome="refused",
        reason="exam",
        who="lan-tt",
    )
    with school.store.locked(SCHOOL) as db:
        requests.say(db, word)
    (told,) = school.told()
    assert told.answers[0].reason == "exam"
    assert b"lan-tt" not in to_bytes(told)


@pytest.mark.parametrize(
    "deed",
    [
        lambda service: service.say("kt-1", 1, HandAnswer("found", "no_label"), "a"),
        lambda service: service.finish("kt-1", "a"),
        lambda service: service.finish("kt-1", "a", "exam"),
    ],
    ids=["say", "finish", "refuse"],
)
def test_a_press_while_the_department_takes_it_back_changes_nothing(
    school: SchoolHere, monkeypatch: pytest.MonkeyPatch, deed: Callable[[Requests], None]
) -> None:
    """The word comes after the page has looked, and before it writes."""
    school.part.hear(asked())
    service, locked = school.program.service(Requests), school.store.locked

    def first_withdrawn(place: Place) -> AbstractContextManager[Connection]:
        monkeypatch.setattr(school.store, "locked", locked)
        school.part.hear(asked(2, withdrawn=True))
        return locked(place)

    monkeypatch.setattr(school.store, "locked", first_withdrawn)
    with pytest.raises(HttpError) as refused:
        deed(service)
    assert (refused.value.status, refused.value.code) == (409, "request_closed")
    request, answers = service.look("kt-1")
    assert (request.withdrawn, request.number, request.finished_ms) == (True, 2, 0)
    assert answers == {}
