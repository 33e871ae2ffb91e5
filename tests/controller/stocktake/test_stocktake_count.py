"""A stocktake comes out the same however its scans arrive, and says of each line what was found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.register.book import Line
from controller.register.decisions import Decision, Deed, Rulings
from controller.register.merging import Kept
from controller.sheets.names import natural, tag_key
from controller.stocktake.count import (
    Expected,
    Outcome,
    Room,
    Stocktake,
    book_of,
    counted,
    rooms_of,
)
from controller.stocktake.scan import Scan, ScanError, label_text, reckoned, scan_of, tag_in

BEGUN = 1_000_000
NAMES = Path(__file__).parents[1] / "sheets" / "names.json"
LINES = (
    Line(row=1, asset_tag="TB-001", type="board", room="P203", serial="0012345"),
    Line(row=2, asset_tag="0007", type="desk", room="P203", condition="good"),
    Line(row=3, type="chair", room="P204"),
    Line(row=4, asset_tag="TB-004", type="tablet", room="P204", serial="SAME"),
    Line(row=5, asset_tag="TB-005", type="tablet", room="P10", serial="SAME"),
    Line(row=6, asset_tag="TB-006", type="fan"),
)
REGISTER = tuple(Kept(no=10 + line.row, data=line) for line in LINES)


def a_take(*rooms: str) -> Stocktake:
    return Stocktake(no=1, begun_ms=BEGUN, rooms=rooms, book=book_of(REGISTER, Rulings()))


def scan(number: int, room: str = "P203", **told: object) -> Scan:
    return Scan(id=f"scan-{number:04}", room=room, seen_ms=BEGUN + number, **told)  # type: ignore[arg-type]  # a table's values


def outcome(row: int, *scans: Scan, rooms: tuple[str, ...] = ()) -> str:
    told = counted(a_take(*rooms), scans)
    return next(each.outcome.value for each in told.lines if each.line.row == row)


@pytest.mark.parametrize(
    ("row", "scans", "expected"),
    [
        (1, [], "uncounted"),
        (1, [scan(1, asset_tag="tb-001")], "found"),
        (1, [scan(1, "Phòng 203", serial="001-2345")], "found"),
        (1, [scan(1, serial="12345")], "uncounted"),
        (1, [scan(1, asset_tag="001-2345")], "found"),
        (1, [scan(1, "P.203", line=11)], "found"),
        (1, [scan(1, "P204", line=11)], "elsewhere"),
        (1, [scan(1, "P203", line=11), scan(2, "P203", line=11)], "found"),
        (1, [scan(1, "P203", line=11), scan(2, "P204", line=11)], "twice"),
        (1, [scan(1, found=False, line=11)], "missing"),
        (1, [scan(1, found=False, line=11), scan(2, line=11)], "found"),
        (1, [scan(1, line=11), scan(2, found=False, line=11)], "missing"),
        (1, [scan(1, found=False, line=11), scan(2, "P204", line=11)], "elsewhere"),
        (1, [scan(1, line=11), scan(2, "P203", cancels="scan-0001")], "uncounted"),
        (1, [scan(2, "P203", cancels="scan-0001"), scan(1, line=11)], "uncounted"),
        (1, [scan(1, line=11, late=True)], "uncounted"),
        (1, [scan(1, "P9", found=False, line=11)], "uncounted"),
        (1, [scan(1, "P9", line=11), scan(2, "P9", found=False, line=11)], "uncounted"),
        (2, [scan(1, asset_tag="0007")], "found"),
        (2, [scan(1, asset_tag="7")], "uncounted"),
        (4, [scan(1, "P204", serial="same")], "found"),
        (4, [scan(1, "P10", serial="same")], "uncounted"),
        (4, [scan(1, "P203", serial="same")], "uncounted"),
        (6, [scan(1, "P9", asset_tag="TB-006")], "found"),
    ],
)
def test_each_line_comes_out_as_it_was_found(row: int, scans: list[Scan], expected: str) -> None:
    """By tag, serial or line; at home, elsewhere, twice, not at all; a serial never as a number."""
    assert outcome(row, *scans) == expected


def test_the_minutes_figures_follow_from_the_outcome() -> None:
    """A thing that two rooms claim is one thing; what nobody looked for is short."""
    told = counted(a_take(), [scan(1, line=11), scan(2, "P9", line=11), scan(3, line=12)])
    figures = {each.line.row: (each.actual, each.difference) for each in told.lines}
    assert figures == {1: (1, 0), 2: (1, 0), 3: (0, -1), 4: (0, -1), 5: (0, -1), 6: (0, -1)}
    assert told.lines[-1].line.row == 6  # without a room it stands last
    assert (told.count(Outcome.TWICE), told.count(Outcome.UNCOUNTED)) == (1, 4)


def test_what_the_last_finder_said_of_it_counts() -> None:
    """Condition, quality and note; where nothing was said, nothing."""
    told = counted(
        a_take(),
        [
            scan(3, line=12, note="chân gãy"),
            scan(1, line=12, condition="broken", quality_pct=40),
            scan(2, line=12, quality_pct=20),
        ],
    )
    desk = next(each for each in told.lines if each.line.row == 2)
    assert (desk.condition, desk.quality_pct, desk.note) == ("broken", 20, "chân gãy")
    assert (desk.times, desk.told_ms) == (3, BEGUN + 1)
    untold = next(
        each for each in counted(a_take(), [scan(1, line=12)]).lines if each.line.no == 12
    )
    assert (untold.condition, untold.quality_pct, untold.note) == ("", None, "")
    assert untold.told_ms == 0


def test_time_decides_and_not_the_name_of_a_scan() -> None:
    """The later word counts; the room that saw it last stands first."""
    early = Scan(id="z-scan-1", room="P203", line=11, seen_ms=BEGUN)
    late = Scan(id="a-scan-2", room="P203", line=11, seen_ms=BEGUN + 9, found=False)
    assert outcome(1, early, late) == "missing"
    told = counted(a_take(), [scan(1, line=11), scan(2, "P9", line=11), scan(3, line=11)])
    assert next(each.rooms for each in told.lines if each.line.no == 11) == ("P203", "P9")


def test_what_the_list_lacks_is_surplus_and_a_label_scanned_twice_is_one_thing() -> None:
    """Unknown tags and serials by themselves, things that only a type names each for itself."""
    told = counted(
        a_take(),
        [
            scan(1, asset_tag="NEW-1"),
            scan(2, "P204", asset_tag="new-1"),
            scan(3, type="fan"),
            scan(4, type="fan"),
            scan(5, type="fan", found=False),
        ],
    )
    assert [(each.scan.id, each.scan.room) for each in told.surplus] == [
        ("scan-0003", "P203"),
        ("scan-0004", "P203"),
        ("scan-0002", "P204"),
    ]


def test_a_stocktake_of_one_room_takes_another_rooms_thing_as_surplus() -> None:
    """It names the line, so that nobody buys it a second time into the book."""
    take = a_take("Phòng 203")
    told = counted(take, [scan(1, asset_tag="TB-004"), scan(3, line=14), scan(2, line=11)])
    assert [each.line.row for each in told.lines] == [1, 2]
    (extra,) = told.surplus
    assert extra.line is not None
    assert extra.line.room == "P204"
    (room,) = rooms_of(take, told)
    assert (room.name, room.counted, room.of, room.found, room.extra) == ("P203", 1, 2, 1, 1)


def test_rooms_stand_in_the_order_of_their_numbers() -> None:
    """P9 before P10, what has no room last; a room that the book does not know joins them."""
    told = counted(a_take(), [scan(1, "P9", type="fan")])
    assert [each.name for each in rooms_of(a_take(), told)] == ["P9", "P10", "P203", "P204", ""]
    assert sorted(["Kho", "P10", "P9", ""], key=natural) == ["Kho", "P9", "P10", ""]


def test_the_list_is_as_the_book_was_and_where_persons_said_it_belongs() -> None:
    """Lines that left are not looked for; an accepted move counts."""
    gone = Kept(no=99, data=Line(row=9), removed_ms=5)
    moved = Decision(no=1, subject="line:11", deed=Deed.ACCEPT, was="P203", becomes="P9")
    book = book_of((*REGISTER, gone), Rulings([moved]))
    assert [each.no for each in book] == [11, 12, 13, 14, 15, 16]
    assert book[0].room == "P9"


def test_the_list_holds_of_a_line_what_the_minutes_show() -> None:
    """A name of what is known of maker and model; the rest as the book says it."""
    line = Line(
        row=1,
        asset_tag="TB-001",
        type="board",
        maker="SMART",
        model="SB680",
        serial="0012345",
        room="P203",
        year=2023,
        cost_vnd=45_000_000,
        condition="good",
    )
    nameless = Line(row=2, type="desk", maker="", model="D1")
    first, second = book_of([Kept(no=1, data=line), Kept(no=2, data=nameless)], Rulings())
    assert first == Expected(
        no=1,
        row=1,
        asset_tag="TB-001",
        type="board",
        name="SMART SB680",
        serial="0012345",
        room="P203",
        year=2023,
        cost_vnd=45_000_000,
        condition="good",
    )
    assert (second.name, second.year, second.cost_vnd) == ("D1", None, None)


def test_a_line_is_as_many_things_as_its_quantity() -> None:
    """Found, all of them are there; of a line of none nothing is looked for."""
    lines = [
        Kept(no=no, data=Line(row=no, type="desk", model="D1", room="P203", quantity=quantity))
        for no, quantity in ((1, 45), (2, 5), (3, 0))
    ]
    take = Stocktake(no=1, begun_ms=0, book=book_of(lines, Rulings()))
    assert [line.called for line in take.lines] == ["D1 x 45", "D1 x 5"]
    result = counted(take, [scan(1, line=1)])
    assert [(one.actual, one.difference) for one in result.lines] == [(45, 0), (0, -5)]
    assert (result.things(*Outcome), result.count(*Outcome)) == (50, 2)
    (room,) = rooms_of(take, result)
    assert (room.of, room.found) == (2, 1)


def test_a_room_tells_how_many_are_counted_found_and_beyond_its_list() -> None:
    """What is missing is counted and not found."""
    take = a_take("P203", "P204")
    scans = [scan(1, line=11), scan(2, line=12, found=False), scan(3, asset_tag="X-1")]
    assert rooms_of(take, counted(take, scans)) == [
        Room(name="P203", counted=2, of=2, found=1, extra=1),
        Room(name="P204", of=2),
    ]


def test_a_surplus_is_known_by_its_tag_its_serial_or_its_scan() -> None:
    """The same serial twice is one thing, in whatever letters; two nameless chairs are two."""
    scans = [
        scan(5, "P205", asset_tag="X-1"),
        scan(6, "P205", asset_tag="x-1"),
        scan(7, "P205", asset_tag="X-2"),
        scan(1, serial="ab-1"),
        scan(2, "P204", serial="AB1"),
        scan(3, type="chair"),
        scan(4, type="chair"),
    ]
    surplus = counted(a_take(), scans).surplus
    assert [each.scan.id for each in surplus] == [
        *("scan-0003", "scan-0004"),  # nothing but a type
        "scan-0002",
        *("scan-0006", "scan-0007"),
    ]


def test_what_was_disposed_of_is_not_looked_for() -> None:
    """If it is there all the same, it is surplus, and its line is named."""
    gone = Line(row=7, asset_tag="OLD-1", room="P203", condition="disposed")
    register = (*REGISTER, Kept(no=20, data=gone))
    take = Stocktake(no=1, begun_ms=BEGUN, book=book_of(register, Rulings()))
    told = counted(take, [scan(1, asset_tag="OLD-1")])
    assert [each.line.row for each in told.lines if each.line.no == 20] == []
    assert [each.line.no for each in told.surplus if each.line] == [20]


SOME_SCANS = st.lists(
    st.builds(
        scan,
        st.integers(0, 30),
        st.sampled_from(["P203", "P204", "P9"]),
        found=st.booleans(),
        line=st.sampled_from([None, 11, 12, 14, 77]),
        asset_tag=st.sampled_from(["", "TB-001", "X-1"]),
        cancels=st.sampled_from(["", "", "", "scan-0003"]),
    ),
    unique_by=lambda each: each.id,
)


@given(SOME_SCANS, st.randoms(use_true_random=False))
def test_order_and_repetition_of_scans_change_nothing(scans: list[Scan], random: object) -> None:
    """Phones send late, in any order, and again what they got no answer for."""
    again = [*scans, *scans[: len(scans) // 2]]
    random.shuffle(again)  # type: ignore[attr-defined]  # a random.Random
    assert counted(a_take(), again) == counted(a_take(), scans)


@given(SOME_SCANS)
def test_every_line_comes_out_once(scans: list[Scan]) -> None:
    """Whatever was scanned, the list is whole, and the rooms' sums are the lines."""
    take = a_take()
    told = counted(take, scans)
    assert sorted(each.line.no for each in told.lines) == [11, 12, 13, 14, 15, 16]
    assert sum(told.count(each) for each in Outcome) == 6
    assert sum(each.of for each in rooms_of(take, told)) == 6


@pytest.mark.parametrize(
    ("at_ms", "sent_ms", "now_ms", "seen_ms"),
    [
        (5_000, 65_000, BEGUN + 100_000, BEGUN + 40_000),  # a clock that stands in 1970
        (9 * BEGUN, 9 * BEGUN + 1000, BEGUN + 5000, BEGUN + 4000),  # one that is years ahead
        (500, 400, BEGUN + 7, BEGUN + 7),  # set back in between
        (0, BEGUN * 3, BEGUN + 9, BEGUN),  # longer ago than the stocktake
    ],
)
def test_a_wrong_clock_of_the_phone_misleads_nobody(
    at_ms: int, sent_ms: int, now_ms: int, seen_ms: int
) -> None:
    """How long ago it was counts, between the beginning and now; both times are kept."""
    told = reckoned(
        Scan(id="scan-0001", at_ms=at_ms), sent_ms=sent_ms, begun_ms=BEGUN, now_ms=now_ms
    )
    assert (told.at_ms, told.seen_ms, told.received_ms) == (at_ms, seen_ms, now_ms)


def test_a_phones_scan_is_read_and_tidied() -> None:
    """NFC, rooms in one writing, the tag out of the label's text; a condition nobody finds goes."""
    sent = {
        "id": "6f9619ff-8b86-4d11-b42d-00c04fc964ff",
        "room": "phòng 203",
        "tag": "LOPHOC 0012345",
        "condition": "lost",
        "quality_pct": 80,
        "note": " xước\u0000 ",
        "at_ms": 5,
    }
    told = scan_of(json.dumps(sent).encode())
    assert (told.room, told.asset_tag, told.condition) == ("P203", "0012345", "")
    assert (told.quality_pct, told.note, told.at_ms) == (80, "xước", 5)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"[]", "shape"),
        (b'{"id":"scan-0001","quality_pct":101,"line":1}', "shape"),
        (b'{"id":"scan-0001","line":9999999999999999999}', "shape"),
        (b'{"id":"a/../b-0001","line":1}', "id"),
        (b'{"id":"scan-0001","cancels":"<b>","line":1}', "id"),
        (b'{"id":"scan-0001","room":"P203","tag":"  "}', "nothing"),
    ],
    ids=[
        "list",
        "quality above 100",
        "line above 64 bits",
        "path for id",
        "markup for cancelled id",
        "blank tag",
    ],
)
def test_what_no_phone_of_ours_sends_is_refused(sent: bytes, why: str) -> None:
    """With a word why; nothing of it is kept."""
    with pytest.raises(ScanError, match=why):
        scan_of(sent)


def test_what_a_scanner_sets_about_a_tag_is_no_part_of_it() -> None:
    """The phone's page is held to the same writings."""
    groups: list[list[str]] = json.loads(NAMES.read_text("utf-8"))["scanned"]
    keys = [{tag_key(tag_in(text)) for text in group} for group in groups]
    assert [len(group) for group in keys] == [1] * len(groups)
    assert len(set.union(*keys)) == len(groups)


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=64))
def test_a_tag_comes_back_out_of_its_label(tag: str) -> None:
    """As the label says it, with a colon, in small letters, or alone."""
    first = tag_in(tag)
    for text in (label_text(tag), f"lophoc:{tag}", f" LOPHOC  {tag}\n"):
        assert tag_in(text) == first
