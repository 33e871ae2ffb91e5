"""The department's figures: every item once, as of when, and who is silent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.__main__ import main
from controller.areas import store as areas
from controller.areas.areas import Area, AreaError, Membership, Merger, MergerKind, SchoolFacts
from controller.database.handover import note_status
from controller.database.store import Store
from controller.department import census as memory
from controller.department.choosing import area_in
from controller.department.overview import DEAR_S
from controller.department.schools import FigureTold, Numbered
from controller.department.standing import Need, Silence
from controller.department.store import keep as keep_told
from controller.inventory.store import kpi_now, refresh
from controller.reconcile.kpi import figure_of, kpi_of
from controller.reconcile.store import note_figure, reconciled
from controller.register import store as register
from controller.web.refusals import HttpError
from protocol.model import Place
from protocol.upward import SchoolFigures
from tests.controller.web_department import (
    DAY_MS,
    MISSING,
    NEVER_SEEN,
    OWN,
    PROVINCE,
    TODAY,
    a_department,
    department_of,
    fill,
    forget_all,
    hear,
    know,
    line,
    stranger,
)
from tests.controller.web_school import NOW_MS
from tests.waiting import until

A, B, C = "00140701", "00140702", "00140703"
MONTH_AGO = "2026-08-06"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty department."""
    with a_department(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that many examples share, each of which empties it first."""
    with a_department(tmp_path_factory.mktemp("department")) as opened:
        yield opened


def test_the_figure_has_its_parts_and_what_would_raise_it(store: Store) -> None:
    """Twelve lines, nine complete, nine verified, eight both; a stranger raises nothing."""
    lines = [line(A, n) for n in range(1, 9)]
    lines += [line(A, 9, verified=False, state=MISSING)]
    lines += [line(A, 10, asset_tag="", lacks=("asset_tag",))]
    lines += [line(A, 11, year=None, lacks=("year",), verified=False, state=NEVER_SEEN)]
    lines += [line(A, 12, lacks=("room", "year"), type="desk", verified=False, also=("missing",))]
    fill(store, [*lines, stranger(A, 1), line(A, 13, removed_ms=NOW_MS)])
    hear(store, A)
    whole = department_of(store).overview().whole
    assert msgspec.structs.asdict(whole.kpi) | {"target_pct": 80} == {
        "declared": 12,
        "complete_digital_record": 9,
        "verified_within_365d": 9,
        "complete_and_verified": 8,
        "digital_managed_pct": 66.7,
        "target_pct": 80,
        "meets_target": False,
    }
    tally = whole.tally
    told = (tally.items, tally.missing, tally.never_seen, tally.unregistered)
    assert told == (13, 2, 1, 1)
    assert [(each.what, each.lines, each.pct) for each in tally.raises] == [
        ("asset_tag", 1, 75.0),
        ("verify", 1, 75.0),
    ]
    assert {kind: each.declared for kind, each in whole.by_type.items()} == {"board": 11, "desk": 1}


def test_the_department_counts_as_the_school_does(store: Store) -> None:
    """A school's own figure and the one that the department adds up from its list agree."""
    school = Place(PROVINCE, A)
    with store.locked(school) as db:
        from controller.register.book import Line  # noqa: PLC0415 - only here

        book = [
            Line(row=1, asset_tag="T1", type="desk", room="P1", year=2020),
            Line(row=2, asset_tag="", type="board", room="P1", year=2020, serial="X1"),
            Line(row=3, asset_tag="T3", type="board", room="P1", year=2020, serial="X1"),
            Line(row=4, asset_tag="T4", type="chair", room="", year=2020, quantity=45),
            Line(row=5, asset_tag="T5", type="desk", room="P1", year=2020, quantity=20),
        ]
        register.bring_in(db, school, book, whole=False, now_ms=NOW_MS)
        told = kpi_of(reconciled(db, school, NOW_MS).findings)
    refresh(store, school, department_of(store).zone, NOW_MS)
    whole = department_of(store).overview().whole
    assert (whole.kpi, whole.tally.items) == (told, 68)
    assert (told.declared, told.complete_digital_record) == (68, 21)
    assert whole.tally.raises[0].lines == 21
    with store.view() as db:
        assert kpi_now(db, school, NOW_MS) == told


def test_a_school_never_heard_has_no_data_and_no_figure(store: Store) -> None:
    """Never 0 %, never 100 %; it stays among the schools that are known."""
    know(store, [SchoolFacts(code=A, name="THCS A")])
    told = department_of(store).overview()
    (school,) = told.schools
    assert (school.silence, school.need) == (Silence.NEVER, Need.NO_DATA)
    assert school.tally.kpi.digital_managed_pct is None
    assert (told.whole.schools, told.whole.reported) == (1, 0)
    assert told.whole.kpi.digital_managed_pct is None
    assert told.whole.oldest_ms is None


@pytest.mark.parametrize(
    ("ago_ms", "silence", "need"),
    [
        (0, Silence.NONE, Need.NOTHING),
        (DAY_MS, Silence.NONE, Need.NOTHING),
        (DAY_MS + 1, Silence.DAY, Need.SILENT),
        (7 * DAY_MS, Silence.DAY, Need.SILENT),
        (7 * DAY_MS + 1, Silence.WEEK, Need.SILENT),
        (21 * DAY_MS, Silence.WEEK, Need.SILENT),
        (21 * DAY_MS + 1, Silence.WEEKS, Need.LONG_SILENT),
    ],
)
def test_silence_is_told(store: Store, ago_ms: int, silence: Silence, need: Need) -> None:
    """More than a day, more than three weeks; the figure stays, with its age."""
    fill(store, [line(A, 1)])
    hear(store, A, ago_ms=ago_ms)
    told = department_of(store).overview()
    (school,) = told.schools
    assert (school.silence, school.need) == (silence, need)
    assert told.whole.oldest_ms == NOW_MS - ago_ms
    assert school.tally.kpi.digital_managed_pct == 100.0


def test_a_register_that_is_not_there_is_told(store: Store) -> None:
    """A school that only sees devices has no figure, and 100 % is not made of nothing."""
    fill(store, [stranger(A, 1)])
    hear(store, A)
    (school,) = department_of(store).overview().schools
    assert school.need is Need.NO_REGISTER
    assert school.tally.kpi.digital_managed_pct is None


def test_what_needs_attention_stands_first(store: Store) -> None:
    """Long silent, no data, silent, no register, below the target, missing, in order."""
    codes = ["S7", "S6", "S5", "S4", "S3", "S2", "S1"]
    know(store, [SchoolFacts(code=each) for each in codes])
    fill(store, [line("S7", 1), line("S6", 1), line("S6", 2), line("S6", 3), line("S6", 4)])
    fill(store, [line("S6", 5, verified=False, state=MISSING), line("S5", 1, verified=False)])
    fill(store, [line("S3", 1), line("S1", 1)])
    for code, ago in {"S7": 0, "S6": 0, "S5": 0, "S4": 0, "S3": 2, "S1": 30}.items():
        hear(store, code, ago_ms=ago * DAY_MS)
    schools = department_of(store).overview().schools
    assert [each.code for each in schools] == ["S1", "S2", "S3", "S4", "S5", "S6", "S7"]
    assert [each.need for each in schools] == list(Need)


def test_an_area_has_the_figures_of_its_schools_and_of_the_areas_inside(store: Store) -> None:
    """Coverage and age are the area's own."""
    know(
        store,
        [SchoolFacts(code=each) for each in (A, B, C)],
        [Area(code="p", name="Vùng"), Area(code="x", parent="p"), Area(code="y", parent="p")],
        [Membership(school=A, area="x"), Membership(school=B, area="y")],
    )
    fill(store, [line(A, 1), line(B, 1, verified=False), line(C, 1)])
    hear(store, A, ago_ms=DAY_MS * 2)
    told = department_of(store).overview()
    assert [(each.code, group.schools) for each, group in told.areas()] == [
        ("y", 1),
        ("p", 2),
        ("x", 1),
    ]
    assert told.area("p").kpi.digital_managed_pct == 50.0
    assert (told.area("p").silent, told.area("y").oldest_ms) == (1, None)


def test_last_months_figure_stands_beside_todays(store: Store) -> None:
    """Also the number of lines: deleting them shows."""
    fill(store, [line(A, n) for n in range(1, 5)])
    with store.locked(OWN) as db:
        then = figure_of(declared=10, complete=9, verified=5, managed=4)
        note_figure(db, Place(PROVINCE, A), "2026-07-01", then)
        now = figure_of(declared=4, complete=4, verified=4, managed=4)
        note_figure(db, Place(PROVINCE, A), TODAY, now)
    told = department_of(store).overview()
    for before in (told.whole.before, told.schools[0].before):
        assert before is not None
        assert (before.day, before.schools) == (MONTH_AGO, 1)
        assert (before.kpi.declared, before.kpi.digital_managed_pct) == (10, 40.0)


def test_a_merger_moves_the_items_and_counts_none_twice(store: Store) -> None:
    """A line that stands in both books counts once, for the one that stays; history stays."""
    know(store, [SchoolFacts(code=A), SchoolFacts(code=B, name="B")])
    fill(store, [line(A, 1, serial="X-1"), line(A, 2), line(A, 3, serial="", type="desk")])
    again = line(A, 3).asset_tag
    fill(store, [line(B, 1, serial="x 1"), line(B, 2, serial="", type="desk", asset_tag=again)])
    hear(store, A, ago_ms=30 * DAY_MS)
    hear(store, B)
    with store.locked(OWN) as db:
        for school in (A, B):
            then = figure_of(declared=3, complete=3, verified=3, managed=3)
            note_figure(db, Place(PROVINCE, school), "2026-08-01", then)
    assert department_of(store).overview().whole.tally.declared == 5
    know(store, merged=[Merger(old=A, new=B, since="2026-09-01")])
    told = department_of(store).overview()
    (school,) = told.schools
    assert (school.code, school.members, school.twice) == (B, (B, A), 2)
    assert school.tally.declared == 3
    assert (school.silence, school.before.kpi.declared if school.before else 0) == (Silence.NONE, 3)
    assert told.whole.before
    assert told.whole.before.kpi.declared == 6
    assert not told.twins
    with store.view() as db:
        rest = memory.figures_until(db, PROVINCE, TODAY)
        alone = [areas.counts_for_itself(db, Place(PROVINCE, each), TODAY) for each in (A, B)]
    assert rest[A].declared == 1
    assert alone == [False, True]


@pytest.mark.parametrize(
    "other",
    [
        {"serial": "", "asset_tag": ""},
        {"serial": "other", "asset_tag": "T-1"},
        {"serial": "", "asset_tag": "T-1", "type": "desk"},
    ],
)
def test_what_only_looks_alike_is_counted_twice(store: Store, other: dict[str, Any]) -> None:
    """Blanks say nothing, and two schools may number two different things alike."""
    fill(store, [line(A, 1, asset_tag="T-1"), line(B, 1, **other)])
    know(store, merged=[Merger(old=A, new=B, since=TODAY)])
    assert department_of(store).overview().whole.tally.declared == 2


def test_a_line_wins_over_a_device_that_is_only_seen(store: Store) -> None:
    """What moved into the other house with the merger does not leave the book."""
    fill(store, [line(A, 1, serial="X1"), stranger(B, 1, serial="X1")])
    know(store, merged=[Merger(old=A, new=B, since=TODAY)])
    tally = department_of(store).overview().whole.tally
    assert (tally.declared, tally.unregistered, tally.items) == (1, 0, 1)


def test_a_closed_schools_list_counts_until_a_person_retires_it(store: Store) -> None:
    """Silence alone removes nothing."""
    know(store, [SchoolFacts(code=A), SchoolFacts(code=B)])
    fill(store, [line(A, 1), line(B, 1)])
    hear(store, A, ago_ms=400 * DAY_MS)
    assert department_of(store).overview().whole.tally.declared == 2
    know(store, merged=[Merger(old=A, new="", since=TODAY)])
    told = department_of(store).overview()
    assert (told.whole.tally.declared, told.whole.schools) == (1, 1)


THINGS = st.lists(
    st.tuples(st.sets(st.integers(0, 3), min_size=1), st.sampled_from(["serial", "tag", "both"])),
    max_size=8,
)
MERGERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=5)


@settings(max_examples=60, deadline=None)
@given(things=THINGS, merged=MERGERS)
def test_for_any_mergers_the_total_is_the_number_of_distinct_items(
    one_store: Store,
    things: list[tuple[set[int], str]],
    merged: list[tuple[int, int]],
) -> None:
    """Each thing once for each school that counts it, in whatever order schools merged."""
    forget_all(one_store)
    for number, (schools, known_by) in enumerate(things):
        serial = "" if known_by == "tag" else f"S{number}"
        tag = "" if known_by == "serial" else f"T{number}"
        fill(
            one_store,
            [line(f"s{each}", number, serial=serial, asset_tag=tag) for each in schools],
        )
    for old, new in merged:
        try:
            know(one_store, merged=[Merger(old=f"s{old}", new=f"s{new}", since=TODAY)])
        except AreaError:
            continue
    told = department_of(one_store).overview()
    heirs = told.atlas
    distinct = sum(
        len({heirs.heir_of(f"s{each}", TODAY) for each in schools}) for schools, _ in things
    )
    assert told.whole.tally.declared == distinct
    assert told.whole.tally.declared == sum(each.tally.declared for each in told.schools)


def test_who_sees_an_area_that_merged_may_ask_by_its_old_code(store: Store) -> None:
    """It leads to what it is part of now, as for whoever sees all; another's is not there."""
    know(
        store,
        areas_=[Area(code=code) for code in ("old", "new", "other")],
        members=[Membership(school=A, area="old"), Membership(school=B, area="other")],
        merged=[Merger(old="old", new="new", since=TODAY, what=MergerKind.AREA)],
    )
    for school in (A, B):
        hear(store, school)
    department = department_of(store)
    seen = department.overview(department.schools_in("old"))
    assert [one.code for one in seen.of_area(area_in(seen, "old"))] == [A]
    assert seen.areas()[0][0].code == "new"
    with pytest.raises(HttpError, match="area_unknown"):
        area_in(seen, "other")


@pytest.mark.parametrize(("count_s", "rest_ms"), [(0.01, 1_000), (2.0, 200_000), (9.0, 300_000)])
def test_a_count_rests_as_long_as_it_is_dear_and_mergers_show_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, count_s: float, rest_ms: int
) -> None:
    """A small department sees its first items within a second; a province spends 1 % of a core."""
    counts: list[int] = []
    real = memory.tallies_of

    def counting(*arguments: Any) -> Any:
        counts.append(1)
        return real(*arguments)

    monkeypatch.setattr(memory, "tallies_of", counting)
    now_ms = NOW_MS
    department = department_of(store, lambda: now_ms)
    department.elapsed_s = lambda: count_s * len(counts)
    assert department.overview().whole.tally.declared == 0
    fill(store, [line(A, 1)])
    now_ms += rest_ms - 1
    assert department.overview().whole.tally.declared == 0
    now_ms += 1
    if count_s < DEAR_S:
        assert department.overview().whole.tally.declared == 1
    until(lambda: department.overview().whole.tally.declared == 1, "a dear one is counted beside")
    now_ms += 3_000_000
    department.overview()
    assert len(counts) == 2
    # Another process of the same database, or the next start: nobody waits for a dear count.
    other = department_of(store, lambda: now_ms)
    assert other.overview().whole.tally.declared == 1
    assert len(counts) == (3 if count_s < DEAR_S else 2)
    store.write(note_status, "[1]", now_ms, f"census/{PROVINCE}")  # of another version
    assert department_of(store, lambda: now_ms).overview().whole.tally.declared == 1


def test_a_merger_by_command_shows_at_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program writes it while the controller runs."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", OWN.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", OWN.province)
    fill(store, [line(A, 1, serial="X"), line(B, 1, serial="X")])
    department = department_of(store)
    assert department.overview().whole.tally.declared == 2
    command = ["schools", "merge", A, B, "--since", TODAY, "--data", str(tmp_path)]
    assert main(command) == 0
    assert department.overview().whole.tally.declared == 1


@pytest.mark.parametrize(("since", "kept"), [("2026-09-06", [A]), (TODAY, [])])
def test_a_merged_schools_own_figure_is_not_kept(store: Store, since: str, kept: list[str]) -> None:
    """From the day on it would count what stands in the other list too."""
    know(store, merged=[Merger(old=A, new=B, since=since)])
    with store.locked(OWN) as db:
        figures = SchoolFigures(declared=3, complete=2, verified=2, managed=1)
        keep_told(db, [FigureTold(Place(PROVINCE, A), TODAY, figures, Numbered("b", 1))], 0)
        found = memory.figures_until(db, PROVINCE, TODAY)
    assert [*found] == kept


def test_what_is_said_of_a_day_to_come_holds_in_whatever_order(store: Store) -> None:
    """A school moves next year and comes back the year after: three files, in any order."""
    told = [
        Membership(school=A, area="a1"),
        Membership(school=A, area="a1", since="2028-01-01"),
        Membership(school=A, area="a2", since="2027-01-01"),
    ]
    for order in itertools.permutations(told[1:]):
        forget_all(store)
        for membership in (told[0], *order, *order):
            know(store, members=[membership])
        with store.view() as db:
            atlas = areas.atlas_of(db, PROVINCE)
        days = ("2026-12-31", "2027-06-01", "2028-06-01")
        assert [atlas.area_of(A, day) for day in days] == ["a1", "a2", "a1"]
