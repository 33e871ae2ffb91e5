"""Areas and mergers: what belongs where on which day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.areas.areas import (
    Area,
    AreaError,
    Atlas,
    Membership,
    Merger,
    MergerKind,
)

OLD, NEW, PROVINCE = Area(code="a"), Area(code="b", parent="p"), Area(code="p")
DAYS = [f"2026-0{month}-01" for month in range(1, 10)]
CODES = "ABCDE"


def merger(
    old: str, new: str, since: str, what: MergerKind = MergerKind.SCHOOL, **more: object
) -> Merger:
    return Merger(old=old, new=new, since=since, what=what, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "area"),
    [("2020-01-01", "a"), ("2026-02-28", "a"), ("2026-03-01", "c"), ("2027-01-01", "c")],
)
def test_a_school_is_in_the_area_of_the_day(day: str, area: str) -> None:
    """A membership holds until the next one begins."""
    atlas = Atlas(
        memberships=[
            Membership(school="A", area="c", since="2026-03-01"),
            Membership(school="A", area="a"),
        ]
    )
    assert atlas.area_of("A", day) == area


def test_history_before_a_merger_stays_where_it_was() -> None:
    """A school's items count for the other from the day on; the areas' merger likewise."""
    atlas = Atlas(
        [OLD, NEW, PROVINCE],
        [Membership(school="A", area="a"), Membership(school="B", area="b")],
        [merger("A", "B", "2026-05-01"), merger("a", "b", "2026-07-01", MergerKind.AREA)],
    )
    told = [
        (atlas.heir_of("A", day), atlas.area_of("A", day)) for day in ("2026-04-30", "2026-05-01")
    ]
    assert told == [("A", "a"), ("B", "b")]
    only_areas = Atlas([OLD, NEW, PROVINCE], [Membership(school="A", area="a")], atlas.mergers[1:])
    assert only_areas.area_of("A", "2026-06-30") == "a"
    assert only_areas.around(only_areas.area_of("A", "2026-07-01"), "2026-07-01") == ("b", "p")
    assert [each.code for each in atlas.standing("2026-07-01")] == ["b", "p"]


def test_a_retired_school_counts_for_nobody() -> None:
    """Its list stays, and no figure has it, from the day on."""
    atlas = Atlas(mergers=[merger("A", "", "2026-05-01"), merger("B", "A", "2026-03-01")])
    assert atlas.members_of("ABC", "2026-04-01") == {"A": ("A", "B"), "C": ("C",)}
    assert atlas.members_of("ABC", "2026-05-01") == {"C": ("C",)}


def test_what_was_taken_back_never_was() -> None:
    """An undone merger changes nothing."""
    atlas = Atlas(mergers=[merger("A", "B", "2026-01-01", undone_ms=5)])
    assert atlas.heir_of("A", "2026-09-09") == "A"


@pytest.mark.parametrize(("old", "new", "code"), [
    ("A", "C", "merged_already"), ("B", "A", "merger_circular"), ("C", "C", "merger_circular"),
])  # fmt: skip
def test_a_merger_that_cannot_be_is_refused(old: str, new: str, code: str) -> None:
    """Neither twice, nor in a circle, on whatever days."""
    atlas = Atlas(mergers=[merger("A", "B", "2026-05-01")])
    with pytest.raises(AreaError) as refused:
        atlas.check(merger(old, new, "2026-01-01"))
    assert refused.value.code == code


def test_areas_in_a_circle_end() -> None:
    """A file may say that two areas lie in one another."""
    atlas = Atlas([Area(code="a", parent="b"), Area(code="b", parent="a")])
    assert atlas.around("a", "2026-01-01") == ("a", "b")


@given(
    st.lists(
        st.tuples(st.sampled_from(CODES), st.sampled_from(CODES + " "), st.sampled_from(DAYS)),
        max_size=8,
    ),
    st.sampled_from(DAYS),
)
def test_any_mergers_leave_every_school_counted_once_or_retired(
    tried: list[tuple[str, str, str]], day: str
) -> None:
    """Each school stands among the members of exactly one, unless its last heir is retired."""
    atlas = Atlas()
    for old, new, since in tried:
        fresh = merger(old, new.strip(), since)
        try:
            atlas.check(fresh)
        except AreaError:
            continue
        atlas = Atlas(mergers=(*atlas.mergers, fresh))
    members = atlas.members_of(CODES, day)
    told = [each for some in members.values() for each in some]
    retired = [each for each in CODES if not atlas.heir_of(each, day)]
    assert sorted([*told, *retired]) == sorted(CODES)
    assert all(
        some[0] == heir and atlas.heir_of(heir, day) == heir for heir, some in members.items()
    )
