"""This file says how the copies fare: a line for the first screen, calm while all is well."""

from __future__ import annotations

from typing import Final, NamedTuple

from controller.copies.standing import PlaceStanding, Rehearsal, Standing, Trouble
from controller.web.words import Words
from protocol.errors import LopHocError
from protocol.model import Status
from protocol.words import N_

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
OLD_MS: Final = _DAY_MS + 2 * _HOUR_MS  # a server's database is copied once a day
VERY_OLD_MS: Final = 7 * _DAY_MS

# By whether it is a school's data.
NONE_ELSEWHERE: Final = {
    True: N_("There is no copy of this school's data in another place."),
    False: N_("There is no copy of the department's data in another place."),
}
_NONE_YET: Final = N_("No copy has been made in another place yet. {why}")
_LAST: Final = N_("Last copy elsewhere: {age}, in {place}.")
SAME_DISK: Final = N_("It is on the same disk as the data, and would be lost with it.")
_TESTED: Final = N_("Restore tested on {day}: {rows} {rows:row|rows}, all as promised.")
_TEST_FAILED: Final = N_("The restore test of {day} failed: {why}")


class CopyLine(NamedTuple):
    """How the copies fare, in a sentence or two."""

    status: Status
    text: str


def copy_line(
    standing: Standing, now_ms: int, words: Words, *, is_set_up: bool, is_school: bool
) -> CopyLine:
    """The first screen's line. is_set_up: whether there is a place and a passphrase."""
    if standing.newest is None:
        troubles = [each.trouble for each in standing.places.values() if each.trouble]
        why = said(troubles[0], words) if troubles else ""
        none = words.say(NONE_ELSEWHERE[is_school])
        text = words.say(_NONE_YET, why=why).strip() if is_set_up else none
        return CopyLine(Status.WARNING, text)
    place, newest = standing.newest
    age_ms = max(now_ms - newest.made_ms, 0)
    parts = [words.say(_LAST, age=age_words(age_ms, words), place=place)]
    if newest.is_apart is False:
        parts.append(words.say(SAME_DISK))
    if age_ms > OLD_MS and newest.trouble:
        parts.append(said(newest.trouble, words))
    if standing.rehearsal:
        parts.append(test_words(standing.rehearsal, words))
    return CopyLine(_status(age_ms, standing.rehearsal), " ".join(parts))


def test_words(rehearsal: Rehearsal, words: Words) -> str:
    """How the last test of restoring went."""
    day = words.when(rehearsal.at_ms)
    if rehearsal.trouble:
        return words.say(_TEST_FAILED, day=day, why=said(rehearsal.trouble, words))
    return words.say(_TESTED, day=day, rows=rehearsal.rows)


def place_words(standing: PlaceStanding, now_ms: int, words: Words) -> str:
    """How old the newest copy of a place is; nothing where there is none."""
    if not standing.made_ms:
        return ""
    return age_words(max(now_ms - standing.made_ms, 0), words)


def age_words(age_ms: int, words: Words) -> str:
    """How long ago."""
    if age_ms < _HOUR_MS:
        return words.say(N_("{n} {n:minute|minutes} ago"), n=age_ms // _MINUTE_MS)
    if age_ms < 2 * _DAY_MS:
        return words.say(N_("{n} {n:hour|hours} ago"), n=age_ms // _HOUR_MS)
    return words.say(N_("{n} {n:day|days} ago"), n=age_ms // _DAY_MS)


def said(trouble: Trouble, words: Words) -> str:
    """Why, and what to do."""
    error = LopHocError(trouble.code, trouble.message, trouble.hint, **trouble.values)
    return error.text(words.translate)


def _status(age_ms: int, rehearsal: Rehearsal | None) -> Status:
    if age_ms > VERY_OLD_MS:
        return Status.CRITICAL
    failed = rehearsal is not None and rehearsal.trouble is not None
    return Status.WARNING if failed or age_ms > OLD_MS else Status.OK
