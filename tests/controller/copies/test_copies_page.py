"""The page of copies: behind the password, with a button that makes one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.copies.copying import make_copy
from controller.copies.errors import CopyError
from controller.copies.job import Deed
from controller.copies.rehearsal import rehearse
from controller.copies.standing import standing_in
from controller.copies.worker import Order, carry_out, line_of, order_from
from controller.database.store import Store
from tests.axe import violations
from tests.browser import LAPTOP, PHONE, Page
from tests.controller.copies.copied_school import CopiedSchool
from tests.controller.people import READER
from tests.controller.web_school import NOW_MS, Served, a_store, agent, asked
from tests.tiers import wide

OUTSIDE = "192.0.2.5"


@pytest.fixture
def school(tmp_path: Path) -> CopiedSchool:
    """A school that was never copied."""
    return CopiedSchool(tmp_path)


@pytest.fixture
def store(tmp_path: Path, school: CopiedSchool) -> Iterator[Store]:
    """One that was, and a face over it."""
    school.copy()
    rehearse(school.config, str(school.place), school.now_ms)
    with a_store(school.data, [agent("6A1")]) as opened:
        yield opened


@pytest.mark.parametrize(("method", "path"), [("GET", "/copies"), ("POST", "/copies/now")])
def test_nobody_outside_sees_places_or_makes_copies(store: Store, method: str, path: str) -> None:
    """The office does."""
    answer = asked(store, path, method=method, host=OUTSIDE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/copies")


def test_the_page_tells_where_and_how_old_and_how_the_test_went(
    store: Store, school: CopiedSchool
) -> None:
    """And the first screen, to everybody."""
    page = asked(store, "/copies?lang=en").text
    assert str(school.place) in page
    assert school.files()[-1].name in page
    assert "all as promised" in page
    first = asked(store, "/?lang=en", host=READER).text
    assert f"Last copy elsewhere: 0 minutes ago, in {school.place}." in first


def test_without_a_place_it_says_what_to_do(tmp_path: Path) -> None:
    """In three steps, and the first screen warns."""
    with a_store(tmp_path, [agent("6A1")]) as store:
        page = asked(store, "/copies?lang=vi").text
        assert "lophoc-controller backup --to" in page
        assert "Chưa có bản sao dữ liệu của trường ở nơi khác." in asked(store, "/?lang=vi").text


def test_a_worker_does_what_its_order_says(school: CopiedSchool) -> None:
    """The order goes by a line; what comes of it stands in the standing."""

    def do(deed: Deed, place: Path | None = None) -> None:
        school.now_ms += 900_000
        order = Order(school.config, place or school.place, deed, school.now_ms)
        carry_out(order_from(line_of(order)))

    def trouble(place: Path) -> str:
        found = standing_in(school.data / "copies").places[str(place)].trouble
        return found.code if found else ""

    do(Deed.FULL)
    assert trouble(school.place) == "place_absent"
    school.copy()
    assert trouble(school.place) == ""
    do(Deed.STEP)
    do(Deed.REHEARSE)
    standing = standing_in(school.data / "copies")
    assert standing.rehearsal is not None
    assert standing.rehearsal.trouble is None
    assert standing.rehearsal.rows > 0
    do(Deed.FULL, school.folder / "elsewhere")
    assert trouble(school.folder / "elsewhere") == "place_absent"
    assert trouble(school.place) == ""


def test_a_test_that_fails_is_told_and_the_next_copy_is_a_full_one(school: CopiedSchool) -> None:
    """A stick that forgets is found out by the test, not by the fire."""
    school.copy()
    school.say("INSERT INTO facts VALUES ('a', 'b')")
    step = school.shelf / school.copy().name.file
    data = bytearray(step.read_bytes())
    data[-40] ^= 1
    step.write_bytes(bytes(data))
    rehearsal = rehearse(school.config, str(school.place), school.now_ms)
    assert rehearsal.trouble is not None
    assert rehearsal.trouble.code == "copy_damaged"
    assert not [*(school.data / "copies").glob("rehearsal-*")]
    assert school.copy().step == 0
    assert rehearse(school.config, str(school.place), school.now_ms).trouble is None


def test_without_a_passphrase_nothing_leaves_the_computer(school: CopiedSchool) -> None:
    """It is a sentence."""
    (school.data / "copies" / "key").unlink()
    with pytest.raises(CopyError, match="No passphrase"):
        make_copy(school.config, str(school.place), NOW_MS, full=True, prepare=True)
    assert school.files() == []


@pytest.mark.parametrize("size", [PHONE, *wide((LAPTOP,))])
def test_the_page_is_read_on_any_screen(store: Store, page: Page, size: tuple[int, int]) -> None:
    """Nothing sticks out, and nothing is out of reach of anybody; the first screen's line too."""
    with Served(store) as served:
        for path in ("copies", ""):
            page.open(f"{served.url}{path}?lang=vi", *size)
            assert violations(page) == []
            assert page.see(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
            assert page.errors == []
