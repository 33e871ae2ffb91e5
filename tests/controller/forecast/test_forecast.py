"""What reaches its end when: nothing is guessed, and every assumption is shown."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.database.store import Store
from controller.forecast.forecast import (
    YEARS,
    AreaName,
    Due,
    Forecast,
    ItemGroup,
    Share,
    forecast,
)
from controller.forecast.life_table import (
    FILE,
    LifeTable,
    LifeTableError,
    Price,
    UsefulLife,
    init_table,
    source_words,
    table_at,
    table_in,
)
from controller.forecast.store import groups_in
from controller.inventory.store import refresh
from controller.register.book import Line
from controller.register.store import bring_in
from controller.register.vocabulary import IT_EQUIPMENT, TYPE_WORDS
from protocol.model import Place
from protocol.words import translator
from tests.databases import Database

TABLE = LifeTable(
    life={
        "board": UsefulLife(years=5, source="s"),
        "desk": UsefulLife(years=8, source="t", verified=True),
    },
    price={"board": Price(vnd=60, source="p")},
)


def group(
    type: str = "board",  # noqa: A002 - the field's name
    year: int | None = 2021,
    *,
    condition: str = "good",
    items: int = 1,
    costed: int = 0,
    cost_vnd: int = 0,
    school: str = "00001",
) -> ItemGroup:
    return ItemGroup("79", school, type, year, condition, items, costed, cost_vnd)


def due(told: Forecast) -> dict[str, int]:
    """How many items stand where."""
    years = {
        str(told.first_year + number): each.count
        for number, each in enumerate(told.total.years)
        if each.count
    }
    rest = {"overdue": told.total.overdue.count, "later": told.total.later.count}
    rest |= told.unknown | {"left_out": told.left_out}
    return years | {name: items for name, items in rest.items() if items}


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (group(year=2021), "2026"),
        (group(year=2020), "overdue"),
        (group(year=2026), "2031"),
        (group(year=2031), "2036"),
        (group(year=2032), "later"),
        (group("desk", 2026), "2034"),
        (group(year=2025, condition="broken"), "2030"),
        (group(year=2025, condition="awaiting_disposal"), "2026"),
        (group(year=2001, condition="awaiting_disposal"), "2026"),
        (group("fan", None, condition="awaiting_disposal"), "2026"),
        (group(year=None), "no_year"),
        (group("fan"), "no_life"),
        (group(""), "no_type"),
        (group(condition="disposed"), "left_out"),
        (group(condition="lost"), "left_out"),
    ],
)
def test_an_item_reaches_its_end_in_its_year_plus_its_life(one: ItemGroup, where: str) -> None:
    """In 2026; what awaits disposal counts now, what left does not count, the rest is unknown."""
    assert due(forecast([one], TABLE, 2026)) == {where: 1}


@pytest.mark.parametrize(
    ("one", "cost"),
    [
        (group(items=3, costed=1, cost_vnd=7), Due(count=3, cost_vnd=180)),
        (group("desk", 2018, items=3, costed=2, cost_vnd=7), Due(count=3, cost_vnd=7, unpriced=1)),
        (group("desk", 2018, items=2), Due(count=2, unpriced=2)),
    ],
)
def test_it_costs_its_types_price_else_its_own_else_nobody_knows(one: ItemGroup, cost: Due) -> None:
    """And what has no price is counted as such."""
    assert forecast([one], TABLE, 2026).total.years[0] == cost


GROUPS = st.lists(
    st.builds(
        lambda items, costed, **told: group(
            items=items, costed=min(items, costed), cost_vnd=min(items, costed) * 5, **told
        ),
        items=st.integers(1, 9),
        costed=st.integers(0, 9),
        type=st.sampled_from(["board", "desk", "fan", ""]),
        year=st.none() | st.integers(2000, 2045),
        condition=st.sampled_from(["", "good", "awaiting_disposal", "disposed", "lost"]),
        school=st.sampled_from(["00001", "00002", "00003"]),
    ),
    max_size=12,
)


def counted(share: Share) -> int:
    return share.soon.count + share.later.count + share.unknown


@given(GROUPS)
def test_every_item_stands_in_one_place_and_every_share_adds_up(groups: list[ItemGroup]) -> None:
    """By type, by school and by area alike; the same in any order, or split into single items."""
    lies_in = AreaName("A", "Xôm")
    areas = {("79", "00001"): (lies_in,), ("79", "00002"): (lies_in,)}
    told = forecast(groups, TABLE, 2026, areas)
    assert told.count + told.left_out == sum(each.items for each in groups)
    assert counted(told.total) == told.count
    assert len(told.total.years) == YEARS
    for shares in (told.by_type, told.by_school, told.by_area):
        assert sum(map(counted, shares)) == told.count
        assert sum(each.soon.cost_vnd for each in shares) == told.total.soon.cost_vnd
        assert sum(each.soon.unpriced for each in shares) == told.total.soon.unpriced
    by_area: dict[tuple[str, ...], int] = {}
    for school in told.by_school:
        (area,) = areas.get((school.key[0], school.key[1]), (AreaName(),))
        by_area[area] = by_area.get(area, 0) + counted(school)
    assert {each.key: counted(each) for each in told.by_area} == by_area
    assert sum(told.unknown.values()) == told.total.unknown
    single = [
        each._replace(
            items=1, costed=int(number < each.costed), cost_vnd=5 * (number < each.costed)
        )
        for each in reversed(groups)
        for number in range(each.items)
    ]
    assert forecast(single, TABLE, 2026, areas) == told


def test_every_answer_shows_what_it_assumes() -> None:
    """Life, price, their sources and whether anybody checked them, for each type in the books."""
    told = forecast([group(), group("desk"), group("fan")], TABLE, 2026).assumptions
    assert [(each.type, each.years, each.years_verified, each.price_vnd) for each in told] == [
        ("board", 5, False, 60),
        ("desk", 8, True, None),
        ("fan", None, False, None),
    ]
    assert (told[0].years_source, told[0].price_source) == ("s", "p")


def test_the_shipped_tables_are_guesses_and_say_so(tmp_path: Path) -> None:
    """Every row has a source, none is verified; all IT equipment but phones is there."""
    told = table_in(tmp_path)
    assert "kiểm tra lại" in told.note
    rows: list[UsefulLife | Price] = [*told.life.values(), *told.price.values()]
    assert all(each.source and not each.verified for each in rows)
    assert IT_EQUIPMENT - told.life.keys() == {"phone"}
    assert told.life.keys() <= TYPE_WORDS.keys()
    assert told.price.keys() <= told.life.keys()


def test_what_the_shipped_tables_say_is_said_in_either_language(tmp_path: Path) -> None:
    """No Vietnamese stands on an English page; what people wrote stands as they wrote it."""
    told = table_in(tmp_path)
    rows: list[UsefulLife | Price] = [*told.life.values(), *told.price.values()]
    shipped, say = {told.note, *(each.source for each in rows)}, translator("vi")
    assert all(source_words(text, str).isascii() for text in shipped)
    assert all(text.startswith(source_words(text, say)) for text in shipped)
    assert source_words("QĐ 1/2026", str) == "QĐ 1/2026"


def test_the_tables_are_written_once_and_then_are_the_schools_own(tmp_path: Path) -> None:
    """A second writing leaves what people changed."""
    path, fresh = init_table(tmp_path)
    assert (path, fresh) == (tmp_path / FILE, True)
    path.write_text('[life]\n"Bảng tương tác" = {years = 7, source = "QĐ 1", verified = true}\n')
    assert init_table(tmp_path) == (path, False)
    assert table_in(tmp_path).life == {"board": UsefulLife(years=7, source="QĐ 1", verified=True)}


@pytest.mark.parametrize(
    "text",
    [
        "[life",
        "[life]\nboard = 5",
        '[life]\nboard = {years = 0, source = "s"}',
        '[life]\nboard = {years = 5.5, source = "s"}',
        "[life]\nboard = {years = 5}",
        '[life]\nboard = {years = 5, source = "s", jahre = 1}',
        '[price]\nboard = {vnd = -1, source = "s"}',
        '[price]\nboard = {vnd = "60 triệu", source = "s"}',
        '[lives]\nboard = {years = 5, source = "s"}',
        '[life]\nboard = {years=5, source="s"}\n"Bảng tương tác" = {years=6, source="s"}',
        "",
        "# cut\n",
        "note = '" + "x" * 300_000 + "'",
        "\x00",
    ],
)
def test_broken_tables_are_refused_with_what_is_wrong(text: str, tmp_path: Path) -> None:
    """Never a forecast on half of a table."""
    path = tmp_path / FILE
    path.write_text(text, "utf-8")
    with pytest.raises(LifeTableError, match="cannot be used") as told:
        table_in(tmp_path)
    assert told.value.code == "life_table_broken"
    with pytest.raises(LifeTableError):
        table_at(tmp_path / "absent.toml")


def test_one_query_counts_the_books_of_a_school_or_of_a_province(database: Database) -> None:
    """By their things; lines that left the book are none, a missing cost is not a cost of 0."""
    here, there = Place("79", "00001"), Place("79", "00002")
    lines = [
        Line(row=1, asset_tag="T1", type="board", year=2021, cost_vnd=7, condition="good"),
        Line(row=2, asset_tag="T2", type="board", year=2021, condition="good", quantity=3),
        Line(row=3, asset_tag="T3", type="desk", condition="good"),
        Line(row=4, asset_tag="T4", type="chair", quantity=45, unit_cost_vnd=20),
    ]
    with Store(database.url) as store:
        for place, some in ((here, lines), (there, lines[2:3])):
            with store.locked(place) as db:
                bring_in(db, place, some, whole=True, now_ms=1)
        with store.locked(there) as db:
            gone = Line(row=1, asset_tag="T9", type="fan")
            bring_in(db, there, [gone], whole=True, now_ms=2)
        for place in (here, there):
            refresh(store, place, ZoneInfo("Asia/Ho_Chi_Minh"), 3)
        with store.view() as db:
            told = sorted(groups_in(db, Place("79")), key=str)
            assert groups_in(db, here) == [each for each in told if each.school == "00001"]
    assert told == [
        ItemGroup("79", "00001", "board", 2021, "good", 4, 1, 7),
        ItemGroup("79", "00001", "chair", None, "", 45, 45, 900),
        ItemGroup("79", "00001", "desk", None, "good", 1, 0, 0),
        ItemGroup("79", "00002", "fan", None, "", 1, 0, 0),
    ]
