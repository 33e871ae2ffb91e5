"""Codes of a printed sheet work once, for days, over restarts, and leave no secret behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.copies.content import _LEFT_OUT
from controller.enrolment.invitations import InvitationState
from controller.enrolment.rooms import MAX_ROOMS
from controller.enrolment.sheet_codes import FILE, LIFE_S, SheetCodes
from protocol.enrolment import SHEET_LENGTH, code_in, slot_of
from protocol.errors import ActionError
from protocol.joining import invited_by

ROOMS = [f"P{number}" for number in range(101, 131)]


class Clock:
    """A guarded clock."""

    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


def test_thirty_rooms_have_codes_that_no_two_share(tmp_path: Path) -> None:
    """Neither their slots; each is typed and named as the agent does."""
    sheet = SheetCodes(tmp_path, Clock())
    sheet.invite(ROOMS)
    codes = [one.code for one in sheet.open()]
    assert [one.room for one in sheet.open()] == ROOMS
    assert len({slot_of(code) for code in codes}) == len(ROOMS)
    for one in sheet.open():
        assert len(code_in(one.in_groups.lower())) == SHEET_LENGTH
        assert sheet.named(invited_by(one.in_groups).slot) is one


def test_a_sheet_outlives_the_program_with_its_tries(tmp_path: Path) -> None:
    """A restart gives nobody three more."""
    clock = Clock()
    before = SheetCodes(tmp_path, clock)
    before.invite(["P101", "P102"])
    first = before.open()[0]
    first.tries -= 1
    before.note_wrong()
    after = SheetCodes(tmp_path, clock)
    assert [(one.code, one.tries) for one in after.open()] == [
        (one.code, one.tries) for one in before.open()
    ]
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert FILE in _LEFT_OUT  # no copy holds it


@pytest.mark.parametrize("way", ["used", "taken back", "too old"])
def test_a_code_that_opens_nothing_is_nowhere(tmp_path: Path, way: str) -> None:
    """In the file stands no more than its slot."""
    clock = Clock()
    sheet = SheetCodes(tmp_path, clock)
    sheet.invite(["P101"])
    one = sheet.open()[0]
    code = one.code
    if way == "used":
        one.agent = "p101"
        sheet.use("p101")
    elif way == "taken back":
        sheet.end(one.slot)
    else:
        clock.now_s += LIFE_S + 1
        sheet.note_wrong()
    assert sheet.open() == []
    assert one.state is (InvitationState.USED if way == "used" else InvitationState.ENDED)
    assert one.slot == slot_of(code)
    assert code not in (tmp_path / FILE).read_text()


def test_a_room_keeps_its_code_and_the_sheet_its_bounds(tmp_path: Path) -> None:
    """Pressed twice it is the same; too many are refused, and then nothing is made."""
    sheet = SheetCodes(tmp_path, Clock())
    sheet.invite(["P101", "P102"])
    codes = [one.code for one in sheet.open()]
    sheet.invite(["p101", "P102"])
    assert [one.code for one in sheet.open()] == codes
    with pytest.raises(ActionError, match="open already"):
        sheet.invite([f"Q{number}" for number in range(MAX_ROOMS)])
    assert len(sheet.open()) == 2


def test_a_damaged_sheet_is_an_empty_one(tmp_path: Path) -> None:
    """The server begins all the same."""
    (tmp_path / FILE).write_text("{", "utf-8")
    assert SheetCodes(tmp_path, Clock()).open() == []
