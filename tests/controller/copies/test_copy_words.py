"""The first screen's line about copies: calm while all is well, and in both languages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from controller.copies.errors import CopyError
from controller.copies.job import Deed, copy_due, rehearsal_due
from controller.copies.standing import PlaceStanding, Rehearsal, Standing, trouble_of
from controller.copies.words import copy_line
from controller.web.words import Words
from protocol.model import Status
from protocol.words import translator

NOW_MS = 1_800_000_000_000
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
TORN = trouble_of(
    CopyError("place_absent", "The place for copies, {place}, is not there.", place="/usb")
)
FRESH = PlaceStanding(number=3, copy="aaaaaa", made_ms=NOW_MS - 12 * MINUTE_MS, full_ms=NOW_MS - 1)
GOOD = Rehearsal(at_ms=NOW_MS - DAY_MS, place="/usb", tables=2, rows=12_345)


def line(standing: Standing, language: str = "en", *, is_set_up: bool = True) -> tuple[str, str]:
    """The line's status and text."""
    words = Words(language, translator(language), ZoneInfo("Asia/Ho_Chi_Minh"))
    return copy_line(standing, NOW_MS, words, is_set_up=is_set_up, is_school=True)


def test_without_a_place_it_says_that_there_is_no_copy_elsewhere() -> None:
    """From the first day, in Vietnamese first."""
    status, text = line(Standing(), "vi", is_set_up=False)
    assert (status, text) == (Status.WARNING, "Chưa có bản sao dữ liệu của trường ở nơi khác.")


def test_a_fresh_copy_is_calm() -> None:
    """Age, place, and the last test with its figure."""
    standing = Standing(places={"/usb": FRESH}, rehearsal=GOOD)
    status, text = line(standing)
    assert status is Status.OK
    assert text.startswith("Last copy elsewhere: 12 minutes ago, in /usb. Restore tested on ")
    assert text.endswith("12,345 rows, all as promised.")
    assert "12 phút trước" in line(standing, "vi")[1]


@pytest.mark.parametrize(
    ("age_ms", "status", "is_said"),
    [
        (3 * 60 * MINUTE_MS, Status.OK, False),  # a stick may be away for a day
        (2 * DAY_MS, Status.WARNING, True),
        (8 * DAY_MS, Status.CRITICAL, True),
    ],
)
def test_an_old_copy_is_told_with_the_reason(age_ms: int, status: Status, is_said: bool) -> None:  # noqa: FBT001
    """A day, then a week."""
    old = structs.replace(FRESH, made_ms=NOW_MS - age_ms, trouble=TORN)
    told, text = line(Standing(places={"/usb": old}))
    assert (told, "is not there" in text) == (status, is_said)


def test_a_copy_on_the_same_disk_says_so() -> None:
    """Of what a version before made nobody knows."""
    for is_apart, is_said in ((None, False), (True, False), (False, True)):
        standing = Standing(places={"/usb": structs.replace(FRESH, is_apart=is_apart)})
        assert ("on the same disk" in line(standing)[1]) == is_said


def test_the_newest_of_several_places_counts() -> None:
    """One stick at home, another in the server."""
    old = structs.replace(FRESH, made_ms=NOW_MS - 9 * DAY_MS)
    status, text = line(Standing(places={"/home": old, "/usb": FRESH}))
    assert (status, "in /usb" in text) == (Status.OK, True)


def test_a_failed_test_is_told_at_once() -> None:
    """Though the copy is fresh."""
    standing = Standing(places={"/usb": FRESH}, rehearsal=structs.replace(GOOD, trouble=TORN))
    status, text = line(standing)
    assert (status, "The restore test of" in text) == (Status.WARNING, True)


def test_where_nothing_was_ever_copied_the_reason_is_told() -> None:
    """The stick was never there."""
    never = PlaceStanding(trouble=TORN)
    assert line(Standing(places={"/usb": never})) == (
        Status.WARNING,
        "No copy has been made in another place yet. The place for copies, /usb, is not there.",
    )


@pytest.mark.parametrize(
    ("full_age", "age", "due"),
    [
        (None, None, Deed.FULL),
        (10, 10, None),
        (20, 16, Deed.STEP),
        (24 * 60, 5, Deed.FULL),
        (-5, -5, Deed.FULL),  # a time to come: the believed clock was set back
    ],
)
def test_what_is_due(full_age: int | None, age: int | None, due: Deed | None) -> None:
    """A full copy a day, a step every quarter of an hour, but of a server. Ages in minutes."""
    standing = PlaceStanding(
        full_ms=0 if full_age is None else NOW_MS - full_age * MINUTE_MS,
        made_ms=0 if age is None else NOW_MS - age * MINUTE_MS,
    )
    assert copy_due(standing, NOW_MS, has_steps=True) == due
    assert copy_due(standing, NOW_MS, has_steps=False) == (None if due is Deed.STEP else due)


def test_a_restore_is_tried_once_a_month_and_after_a_failure_the_next_day() -> None:
    """And at first as soon as there is a copy."""
    assert rehearsal_due(None, NOW_MS)
    assert not rehearsal_due(GOOD, NOW_MS)
    assert rehearsal_due(GOOD, NOW_MS + 30 * DAY_MS)
    assert rehearsal_due(structs.replace(GOOD, trouble=TORN), NOW_MS + DAY_MS)
