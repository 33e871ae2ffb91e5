"""The equipment book against what was seen: each state for its reason, and decisions with undo."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.__main__ import main
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import AgentRecord, DeviceRecord
from controller.reconcile.deciding import decision_on
from controller.reconcile.evidence import (
    Observation,
    SeenBy,
    moment_in,
    observations_in,
    observations_of,
)
from controller.reconcile.kpi import kpi_of
from controller.reconcile.reconcile import DAY_MS, LineState, Reconciled, reconcile
from controller.reconcile.store import note_figure
from controller.reconcile.words import report_of
from controller.register import store as register
from controller.register.book import Line
from controller.register.decisions import Decision, Deed, Rulings
from controller.register.merging import Kept, Origin
from controller.sheets.errors import SheetError
from protocol.errors import ActionError
from protocol.model import PERSON, DeviceKind, Identity, Place
from protocol.words import translator
from tests.databases import Database

PLACE = Place("14", "00140708")
OTHER = Place("14", "00140709")
NOW = 1_800_000_000_000
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def line(row: int, **told: Any) -> Kept:
    whole = {
        "asset_tag": f"TS-{row}", "type": "board", "serial": f"SN-{row}", "room": "P203",
        "year": 2021,
    }  # fmt: skip
    return Kept(no=row, data=Line(row=row, **(whole | told)))


def seen(serial: str = "", **told: Any) -> Observation:
    days = told.pop("days", 1)
    whole = {
        "by": SeenBy.AGENT,
        "room": "P203",
        "type": "board",
        "at_ms": NOW - round(days * DAY_MS),
    }
    return Observation(serial=serial, **(whole | told))


def states(told: Reconciled) -> list[LineState]:
    return [each.state for each in told.findings]


def state_of(kept: Kept, *observations: Observation) -> LineState:
    return states(reconcile([kept], observations, NOW))[0]


def test_what_is_seen_in_its_room_is_in_order() -> None:
    """By its serial, however it is parted, or by its label."""
    assert state_of(line(1), seen("sn1")) is LineState.OK
    assert state_of(line(1), seen(asset_tag="ts-1", by=SeenBy.PERSON_SCAN)) is LineState.OK
    assert state_of(line(1, room="Phòng 203"), seen("SN 1")) is LineState.OK


def test_a_serial_is_never_compared_as_a_number() -> None:
    """The zeros at the front are part of it."""
    told = reconcile([line(1, serial="0012345")], [seen("12345")], NOW)
    assert states(told) == [LineState.NEVER_SEEN]
    assert [each.observation.serial for each in told.strangers] == ["12345"]


def test_what_is_seen_elsewhere_has_moved_from_and_to() -> None:
    """The newest room counts; an observation that names no room tells nothing of it."""
    told = reconcile([line(1)], [seen("sn1", days=3), seen("sn1", room="P207")], NOW)
    (found,) = told.findings
    assert (found.state, found.home, found.there) == (LineState.MOVED, "P203", "P207")
    assert state_of(line(1), seen("sn1", room="P207", days=3), seen("sn1")) is LineState.OK
    assert state_of(line(1), seen("sn1", days=3), seen("sn1", room="")) is LineState.OK
    assert state_of(line(1, room=""), seen("sn1")) is LineState.OK


def test_things_of_one_line_are_not_missing_for_having_no_label_each() -> None:
    """One scan of their label is a look at all of them; a line of none is never looked for."""
    desks = line(1, type="desk", serial="", quantity=45)
    scan = seen(asset_tag="ts-1", by=SeenBy.PERSON_SCAN)
    (found,) = reconcile([desks], [scan], NOW).findings
    assert (found.state, found.wants) == (LineState.OK, ())
    assert state_of(line(1, quantity=0, type="desk", serial="")) is LineState.OK


def test_a_device_is_one_of_the_things_of_its_line() -> None:
    """Five computers need five serials and five sights; what is unseen may be a stranger."""
    five = line(1, type="laptop", serial="", quantity=5)
    sights = [seen(f"n{n}", device=f"d{n}", type="laptop") for n in range(1, 7)]
    keys = [one.key for one in sights]
    matched = [
        Decision(no=n, subject=key, deed=Deed.MATCH, line=1) for n, key in enumerate(keys[:5], 1)
    ]
    for some in (1, 4):
        told = reconcile([five], sights, NOW, rulings=Rulings(matched[:some]))
        assert (told.findings[0].verified, told.findings[0].lacks) == (False, ("serial",))
        assert {each.candidates for each in told.strangers} == {(1,)}
    told = reconcile([five], sights, NOW, rulings=Rulings(matched))
    assert told.findings[0].verified
    assert [each.candidates for each in told.strangers] == [()]


def test_missing_is_unseen_by_anyone_for_more_than_45_days() -> None:
    """45 days are not yet more; a person who scans it has seen it; furniture is never missing."""
    assert state_of(line(1), seen("sn1", days=45)) is LineState.OK
    assert state_of(line(1), seen("sn1", days=45.001)) is LineState.MISSING
    scan = seen("sn1", by=SeenBy.PERSON_SCAN, days=2)
    assert state_of(line(1), seen("sn1", days=60), scan) is LineState.OK
    assert state_of(line(1, type="desk"), seen("sn1", days=300)) is LineState.OK
    assert state_of(line(1, type="speaker"), seen("sn1", days=300)) is LineState.OK


@pytest.mark.parametrize("condition", ["broken", "repair", "awaiting_disposal", "disposed"])
def test_a_broken_item_is_never_missing(condition: str) -> None:
    """Whether the book says so or who saw it last."""
    assert state_of(line(1, condition=condition), seen("sn1", days=99)) is LineState.OK
    assert state_of(line(1), seen("sn1", days=99, condition=condition)) is LineState.OK
    assert state_of(line(1, condition="lost"), seen("sn1", days=99)) is LineState.MISSING


def test_what_nobody_saw_until_then_was_never_seen() -> None:
    """What is seen after the moment asked about has not happened yet."""
    assert state_of(line(1)) is LineState.NEVER_SEEN
    assert state_of(line(1), seen("sn1", days=-1)) is LineState.NEVER_SEEN


def test_one_serial_on_two_lines_is_told_on_both() -> None:
    """Neither record is complete; the one in whose room it is seen is the one that is seen."""
    lines = [line(1, serial="AB-1"), line(2, serial="ab1", room="P207"), line(3)]
    told = reconcile(lines, [seen("AB1", room="P207")], NOW)
    first, second, third = told.findings
    assert states(told) == [
        LineState.DUPLICATE_SERIAL,
        LineState.DUPLICATE_SERIAL,
        LineState.NEVER_SEEN,
    ]
    assert (first.rows, second.rows, third.rows) == ((2,), (1,), ())
    assert (first.complete, second.complete, third.complete) == (False, False, True)
    assert (first.seen_ms, second.verified) == (None, True)
    assert told.strangers == ()


def test_a_doubtful_serial_is_evidence_of_no_line_unless_its_label_says() -> None:
    """One thing seen cannot prove two."""
    lines = [line(1, serial="AB-1"), line(2, serial="ab1")]
    told = reconcile(lines, [seen("ab1")], NOW)
    assert [each.verified for each in told.findings] == [False, False]
    told = reconcile(lines, [seen("ab1", asset_tag="TS-2")], NOW)
    assert [each.verified for each in told.findings] == [False, True]


def test_one_serial_in_two_schools_is_told() -> None:
    """Which school has it is for a person to find out."""
    told = reconcile([line(1)], [seen("sn1")], NOW, elsewhere={"sn1": ("00140709",)})
    (found,) = told.findings
    assert (found.state, found.schools, found.complete) == (
        LineState.DUPLICATE_SERIAL,
        ("00140709",),
        False,
    )


def test_a_line_without_a_tag_is_told_with_what_else_holds() -> None:
    """One state leads, the others stand beside it."""
    told = reconcile([line(1, asset_tag="")], [seen("sn1", room="P207")], NOW)
    (found,) = told.findings
    assert (found.state, found.also) == (LineState.NO_ASSET_TAG, (LineState.MOVED,))


def test_what_is_not_in_the_book_is_put_forward_once() -> None:
    """With its newest place, and the lines that it may be."""
    lines = [line(1, serial=""), line(2, serial="", type="camera"), line(3, serial="", room="P9")]
    told = reconcile(lines, [seen("X1", days=3), seen("x-1", room="Phòng 203")], NOW)
    (stranger,) = told.strangers
    assert (stranger.observation.key, stranger.observation.room, stranger.candidates) == (
        "serial:x1",
        "Phòng 203",
        (1,),
    )


def test_a_visitors_phone_never_becomes_an_asset() -> None:
    """Nor does what has neither serial nor label; but a phone in the book is the school's."""
    told = reconcile([], [seen("P1", type="phone"), seen(), seen("A1", anonymous=True)], NOW)
    assert told.strangers == ()
    assert state_of(line(1, type="phone"), seen("sn1", type="phone")) is LineState.OK


def test_another_serial_under_the_label_is_told() -> None:
    """A part was replaced, or labels were swapped."""
    told = reconcile([line(1)], [seen("NEW", asset_tag="TS-1", by=SeenBy.PERSON_SCAN)], NOW)
    (found,) = told.findings
    assert (found.state, found.other_serial) == (LineState.OK, "NEW")


def test_verified_is_seen_within_365_days() -> None:
    """By an agent or by a person."""
    for days, verified in ((365, True), (365.001, False)):
        told = reconcile([line(1, type="desk")], [seen("sn1", days=days)], NOW)
        assert told.findings[0].verified is verified


@pytest.mark.parametrize(
    ("told", "lacks"),
    [
        ({}, ()),
        ({"asset_tag": ""}, ("asset_tag",)),
        ({"type": ""}, ("type",)),
        ({"room": ""}, ("room",)),
        ({"year": None}, ("year",)),
        ({"serial": ""}, ("serial",)),
        ({"serial": "", "type": "desk"}, ()),
        ({"serial": "", "type": "Giá sách"}, ()),
    ],
)
def test_a_complete_record_has_tag_type_room_year_and_of_it_equipment_a_serial(
    told: dict[str, Any], lacks: tuple[str, ...]
) -> None:
    """Furniture needs no serial."""
    assert reconcile([line(1, **told)], [], NOW).findings[0].lacks == lacks


def test_a_matched_thing_is_evidence_of_its_line_until_undone() -> None:
    """A board without a serial in the book is known by a person's word."""
    match = Decision(no=1, subject="serial:x1", deed=Deed.MATCH, line=1)
    lines, sights = [line(1, serial="")], [seen("X1")]
    told = reconcile(lines, sights, NOW, rulings=Rulings([match]))
    assert (states(told), told.strangers) == ([LineState.OK], ())
    undone = replace(match, undone_ms=NOW)
    told = reconcile(lines, sights, NOW, rulings=Rulings([undone]))
    assert (states(told), len(told.strangers)) == ([LineState.NEVER_SEEN], 1)


def test_an_ignored_thing_is_put_forward_no_more() -> None:
    """The newest standing decision counts."""
    ignored = Decision(no=2, subject="serial:x1", deed=Deed.IGNORE)
    assert reconcile([], [seen("X1")], NOW, rulings=Rulings([ignored])).strangers == ()


def test_an_accepted_room_holds_until_the_book_names_another() -> None:
    """Then the book is newer than the person's word."""
    told = reconcile([line(1)], [seen("sn1", room="P207")], NOW)
    decision, made = decision_on(told, [line(1)], "1", Deed.ACCEPT)
    assert made is None
    for room, state in (("P203", LineState.OK), ("P209", LineState.MOVED)):
        kept, sights = line(1, room=room), [seen("sn1", room="P207")]
        again = reconcile([kept], sights, NOW, rulings=Rulings([decision]))
        assert states(again) == [state]


def test_an_accepted_thing_is_a_line_that_lacks_what_nobody_told() -> None:
    """It is in the register, and no longer unregistered."""
    told = reconcile([line(1)], [seen("X1")], NOW)
    _, made = decision_on(told, [line(1)], "serial:x1", Deed.ACCEPT, now_ms=NOW)
    assert made is not None
    assert (made.no, made.data.row, made.origin) == (2, 2, Origin.ACCEPTED)
    again = reconcile([line(1), made], [seen("X1")], NOW)
    assert (states(again), again.strangers) == ([LineState.NEVER_SEEN, LineState.NO_ASSET_TAG], ())


@pytest.mark.parametrize(
    ("subject", "deed", "row", "code"),
    [
        ("serial:nix", Deed.IGNORE, None, "subject_unknown"),
        ("serial:x1", Deed.MATCH, None, "line_missing"),
        ("serial:x1", Deed.MATCH, 9, "line_unknown"),
        ("1", Deed.ACCEPT, None, "not_moved"),
        ("9", Deed.ACCEPT, None, "line_unknown"),
    ],
)
def test_what_cannot_be_decided_is_refused(
    subject: str, deed: Deed, row: int | None, code: str
) -> None:
    """A missing thing cannot be accepted away."""
    told = reconcile([line(1)], [seen("X1")], NOW)
    with pytest.raises(ActionError) as refused:
        decision_on(told, [line(1)], subject, deed, row=row)
    assert refused.value.code == code


SIGHTS = st.builds(
    Observation,
    at_ms=st.integers(NOW - 500 * DAY_MS, NOW + DAY_MS),
    by=st.sampled_from(SeenBy),
    room=st.sampled_from(["", "P203", "P207"]),
    serial=st.sampled_from(["", "SN-1", "sn2", "X1"]),
    asset_tag=st.sampled_from(["", "TS-1", "TS-9"]),
    type=st.sampled_from(["board", "phone", "desk"]),
    condition=st.sampled_from(["", "good", "broken"]),
)
LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 6),
        asset_tag=st.sampled_from(["", "TS-1"]),
        serial=st.sampled_from(["", "SN1", "SN2"]),
        type=st.sampled_from(["board", "desk"]),
        condition=st.sampled_from(["", "broken"]),
    ),
    max_size=6,
    unique_by=lambda each: each.no,
)


@given(LINES, st.lists(SIGHTS, max_size=8), st.randoms())
def test_the_order_of_what_was_seen_changes_nothing(
    lines: list[Kept], sights: list[Observation], random: Any
) -> None:
    """Every line has a state; a broken one is never missing; strangers are no phones."""
    told = reconcile(lines, sights, NOW)
    assert len(told.findings) == len(lines)
    assert all(
        each.state is not LineState.MISSING and LineState.MISSING not in each.also
        for each in told.findings
        if each.line.data.condition == "broken"
    )
    assert all(each.observation.type != "phone" for each in told.strangers)
    mixed = [*{(each.at_ms, each.key, each.by): each for each in sights}.values()]
    calm = reconcile(lines, mixed, NOW)
    random.shuffle(mixed)
    assert reconcile(lines, mixed, NOW) == calm


def test_a_device_is_seen_where_its_agent_last_saw_it() -> None:
    """A roaming laptop has no room; keyboards are no assets; a tablet may be a visitor's."""
    at = Place("14", "00140708", "may-1")
    devices = [
        DeviceRecord(place=at, device_id=name, kind=kind, room="P 203", last_seen_ms=NOW, **more)
        for name, kind, more in (
            ("b", DeviceKind.BOARD, {"serial": "0012345"}),
            ("h", DeviceKind.HOST, {"serial": "H1"}),
            ("i", DeviceKind.INPUT, {"serial": "I1"}),
            ("t", DeviceKind.TABLET, {"identity": Identity.HOST}),
            ("u", DeviceKind.TABLET, {"identity": Identity.TOKEN}),
            ("v", DeviceKind.TABLET, {"identity": Identity.TOKEN, "sources": (PERSON,)}),
        )
    ]
    told = observations_of(devices, frozenset({"may-1"}))
    assert [(each.key, each.room, each.anonymous) for each in told] == [
        ("serial:0012345", "P203", False),
        ("serial:h1", "", False),
        ("device:t", "P203", True),
        ("device:u", "P203", True),
        ("device:v", "P203", False),
    ]


def test_what_a_device_was_called_is_its_own_where_no_other_was_called_so() -> None:
    """A rule became stricter: a person's word on the old id is found by whoever alone had it."""
    at = Place("14", "00140708", "may-1")
    devices = [
        DeviceRecord(place=at, device_id=name, kind=DeviceKind.CAMERA, last_seen_ms=NOW, **more)
        for name, more in (
            ("a", {"aliases": ("old", "both")}),
            ("b", {"aliases": ("both", "c"), "serial": "12345"}),
            ("c", {}),
        )
    ]
    told = observations_of(devices)
    assert [each.keys for each in told] == [
        ("device:a", "device:old"),
        ("serial:12345", "device:b"),
        ("device:c",),
    ]


def test_a_file_of_observations_is_read_as_the_school_writes_it(tmp_path: Path) -> None:
    """A time without an offset is the school's; a serial that is a number is text."""
    path = tmp_path / "seen.json"
    path.write_text(
        json.dumps(
            [
                {"at": "2026-11-02T07:00:00", "by": "agent", "room": "Phòng 203", "serial": 12345,
                 "type": "Bảng tương tác", "condition": "Hỏng", "more": 1},
                {"at": "2026-11-02T00:00:00Z", "by": "person_scan", "room": None,
                 "asset_tag": "TS-1", "serial": None},
            ]
        ),
        "utf-8-sig",
    )  # fmt: skip
    first, second = observations_in(path, ZONE)
    assert (first.at_ms, first.room, first.serial) == (second.at_ms, "P203", "12345")
    assert (first.type, first.condition, second.asset_tag) == ("board", "broken", "TS-1")


@pytest.mark.parametrize(
    "content",
    ["{}", "nonsense", '[{"by": "agent"}]', '[{"at": "gestern", "by": "agent"}]',
     '[{"at": "2026-11-02", "by": "nobody"}]'],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    """In words, with the file's name."""
    path = tmp_path / "seen.json"
    path.write_text(content, "utf-8")
    with pytest.raises(SheetError, match=r"seen\.json"):
        observations_in(path, ZONE)


def test_a_day_means_its_last_moment() -> None:
    """What was seen on that day counts."""
    assert moment_in("2026-11-02", ZONE) == datetime(2026, 11, 2, 16, 59, 59, 999000, UTC)


def test_the_report_explains_every_line_in_words() -> None:
    """LineState and detail per row, with the action."""
    lines = [line(1), line(2, serial="sn1"), line(3, asset_tag=""), line(4)]
    told = reconcile(lines, [seen("sn4", room="P207", days=50), seen("x1")], NOW)
    report = report_of(told, kpi_of(told.findings), translator("vi"), ZONE)
    assert [*report] == ["per_row", "unregistered", "kpi"]
    assert all([*each] == ["state", "detail"] for each in report["per_row"].values())
    missing = report["per_row"]["4"]["detail"]
    assert (missing["from"], missing["to"], missing["action"]) == ("P203", "P207", "search")
    assert missing["text"].startswith("Không thấy đã 50 ngày")
    assert report["per_row"]["1"]["detail"]["rows"] == [2]
    assert report["unregistered"][0]["subject"] == "serial:x1"
    json.dumps(report)


@pytest.fixture
def school(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A school's data folder with a book of two lines, one of them seen by an agent."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", PLACE.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", PLACE.province)
    folder = tmp_path / "data"
    folder.mkdir()
    at = PLACE.of_agent("may-1")
    boards = [
        DeviceRecord(
            place=at, device_id=name, kind=DeviceKind.BOARD, serial=name, room="P207",
            first_seen_ms=NOW, last_seen_ms=NOW, change=number,
        )
        for number, name in enumerate(("SN-1", "X1"), start=1)
    ]  # fmt: skip
    with Store(database.url) as store:
        store.write(keep_batch, [AgentRecord(place=at), *boards], NOW)
        with store.locked(PLACE) as db:
            lines = [line(1).data, line(2).data]
            register.bring_in(db, PLACE, lines, whole=False, now_ms=NOW)
    return folder


@pytest.fixture
def run(school: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on the school's folder; gives what it says."""

    def command(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main([*words, "--data", str(school)]) == code
        told = capsys.readouterr()
        return told.out if code == 0 else told.err

    return command


def reconciled(run: Any, *more: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("reconcile", "--json", *more))
    return told


AS_OF = ("--as-of", "2027-01-20")


def test_agents_observations_and_a_file_count_together(run: Any, tmp_path: Path) -> None:
    """The controller's own devices, and beside them what the file tells."""
    told = reconciled(run, *AS_OF)
    assert [each["state"] for each in told["per_row"].values()] == ["moved", "never_seen"]
    path = tmp_path / "seen.json"
    scan = {"at": "2027-01-19T08:00:00+07:00", "by": "person_scan", "room": "P203"}
    path.write_text(json.dumps([{**scan, "asset_tag": "TS-2"}]), "utf-8")
    told = reconciled(run, *AS_OF, "--observations", str(path))
    assert [each["state"] for each in told["per_row"].values()] == ["moved", "ok"]
    assert told["kpi"]["verified_within_365d"] == 2


def test_a_decision_is_kept_and_taken_back(run: Any) -> None:
    """Accept makes a line, undo takes it away; accept moves a line, undo moves it back."""
    before = reconciled(run, *AS_OF)
    run("register", "decide", "serial:x1", "accept", *AS_OF)
    run("register", "decide", "1", "accept", *AS_OF)
    told = reconciled(run, *AS_OF)
    assert [each["state"] for each in told["per_row"].values()] == [
        "ok", "never_seen", "no_asset_tag",
    ]  # fmt: skip
    assert (told["unregistered"], told["kpi"]["declared"]) == ([], 3)
    run("register", "undo", "1")
    run("register", "undo", "2")
    assert reconciled(run, *AS_OF) == before
    assert run("register", "decisions").count("hoàn tác") == 2
    assert "2" in run("register", "undo", "2", code=2)


def test_an_accepted_thing_that_the_book_has_by_now_stays_when_undone(
    run: Any, database: Database
) -> None:
    """The book's word does not hang on the decision."""
    run("register", "decide", "serial:x1", "accept", *AS_OF)
    with Store(database.url) as store, store.locked(PLACE) as db:
        lines = [line(1).data, line(2).data, line(7, serial="X-1", asset_tag="TS-7").data]
        told = register.bring_in(db, PLACE, lines, whole=True, now_ms=NOW)
    assert told.removed == 0
    run("register", "undo", "1")
    assert [*reconciled(run, *AS_OF)["per_row"]] == ["1", "2", "7"]


def test_another_schools_book_tells_of_the_same_serial(run: Any, database: Database) -> None:
    """One database, two schools: both are told, and a line that left counts no more."""
    with Store(database.url) as store, store.locked(OTHER) as db:
        register.bring_in(db, OTHER, [line(5, serial="sn 1").data], whole=False, now_ms=NOW)
    row = reconciled(run, *AS_OF)["per_row"]["1"]
    assert (row["state"], row["detail"]["schools"]) == ("duplicate_serial", [OTHER.school])
    with Store(database.url) as store, store.locked(OTHER) as db:
        register.bring_in(db, OTHER, [line(6).data], whole=True, now_ms=NOW)
    assert reconciled(run, *AS_OF)["per_row"]["1"]["state"] == "moved"


def test_the_figure_is_kept_by_day_and_a_shorter_book_shows(
    run: Any, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """A month on, what it was then stands beside what it is now."""
    told = reconcile([line(1), line(2), line(3)], [seen("sn1")], NOW)
    with Store(database.url) as store, store.locked(PLACE) as db:
        note_figure(db, PLACE, "2026-12-01", kpi_of(told.findings))
        note_figure(db, PLACE, "2026-12-02", kpi_of(told.findings))
    said = run("reconcile", *AS_OF)
    assert "Tỷ lệ quản lý bằng hồ sơ số: 50 % (chỉ tiêu 80 %)." in said
    assert "Ngày 02/12/2026: 33,3 % trên 3 thiết bị." in said


def test_without_a_register_the_figure_is_not_determined(run: Any, database: Database) -> None:
    """Never 100 %."""
    with Store(database.url) as store, store.locked(PLACE) as db:
        gone = [replace(each, removed_ms=NOW) for each in register.lines_of(db, PLACE)]
        register.write_lines(db, PLACE, gone)
    told = reconciled(run, *AS_OF)
    assert (told["per_row"], told["kpi"]["digital_managed_pct"]) == ({}, None)
    assert "không xác định" in run("reconcile", *AS_OF)


def test_a_time_that_is_none_is_refused(run: Any) -> None:
    """In words."""
    assert "hôm qua" in run("reconcile", "--as-of", "hôm qua", code=2)
