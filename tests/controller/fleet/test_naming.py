"""A device keeps the name that a person gave it, whatever its agent and its ids do."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from controller.fleet.fleet import Fleet
from controller.fleet.naming import MAX_NAME, device_title, name_in, named_kind
from controller.fleet.rivals import id_in
from protocol.errors import ActionError
from protocol.model import Status
from protocol.words import translator
from tests.controller.fleet.test_fleet import NOW, birth, born, device, fleet, state
from tests.controller.fleet.test_rivals import PIECE, here, two_rooms, vouch_for_long

SAY = translator("vi")
NAMES = ["", "Bảng lớn", "<script>", "\u202egnảb"]


def restarted(school: Fleet) -> Fleet:
    """The same from what was stored."""
    devices = school.devices.values()
    newest = max(one.change for one in devices)
    return fleet(agents=school.agents.values(), devices=devices, newest_change=newest)


@pytest.mark.parametrize("seed", range(25))
def test_the_last_name_that_was_given_holds(seed: int) -> None:
    """Through new ids, silence, another name of its own, restarts, and late words."""
    rng = Random(seed)
    ids, given, told = ["d0"], "", "Máy 0"
    school = born(replace(device("d0"), name=told))
    for step in range(2, 60):
        now_ms = NOW + step * 1000
        match rng.choice(["new id", "rename", "silent", "seen", "told", "restart", "late"]):
            case "new id":
                ids.append(f"d{len(ids)}")
            case "rename":
                given = rng.choice(NAMES)
                assert school.rename(ids[-1], given, now_ms)
            case "told":
                told = f"Máy {step}"
            case "silent":
                lost = replace(device(ids[-1], Status.UNKNOWN), name=told, aliases=tuple(ids[:-1]))
                school.hear("a1", state(step, lost), now_ms)
                continue
            case "restart":
                school = restarted(school)
            case "late":
                school.hear("a1", state(step - 1, device(rng.choice(ids))), now_ms)
                continue
        seen = replace(device(ids[-1]), name=told, aliases=tuple(ids[:-1]))
        school.hear("a1", state(step, seen), now_ms)
        here = [one for one in school.devices.values() if one.removed_ms is None]
        assert [(one.device_id, one.called) for one in here] == [(ids[-1], given or told)]


def test_a_new_name_is_news_in_the_feed_and_the_same_told_again_is_none() -> None:
    """Whoever follows the feed hears of it once."""
    school = born(device("d0"))
    before = school.devices["d0"].change
    (renamed,) = school.rename("d0", "Bảng lớn", NOW)
    newest = school.devices["d0"].change
    assert newest > before
    school.hear("a1", state(2, device("d0")), NOW + 1)
    assert school.devices["d0"].change == newest
    assert school.rename("none", "x", NOW) == []
    assert getattr(renamed, "given_name", "") == "Bảng lớn"


def test_a_title_is_the_name_else_who_made_it_else_its_kind() -> None:
    """And what people call it stands before what it tells."""
    school = born(replace(device("d0"), name="", vendor="", model=""))
    known = school.devices["d0"]
    assert device_title(known, SAY) == named_kind(known, SAY) == SAY("interactive board")
    made = replace(known, vendor="ViewSonic", model="IFP6550")
    assert device_title(made, SAY) == "ViewSonic IFP6550"
    assert device_title(replace(made, name="B1"), SAY) == "B1"
    assert device_title(replace(made, name="B1", given_name="Bảng lớn"), SAY) == "Bảng lớn"


def test_a_name_is_clean_and_short() -> None:
    """What is unseen goes; what is too long is refused in words."""
    assert name_in("  Bảng\u202e \x00 lớn\n") == "Bảng lớn"
    with pytest.raises(ActionError, match=str(MAX_NAME)):
        name_in("ả" * (MAX_NAME + 1))


def test_the_name_of_one_of_two_pieces_of_one_serial_is_not_the_others() -> None:
    """Also where both tell their old id again."""
    school = two_rooms()
    vouch_for_long(school)
    one, other = (id_in("usb-1", agent) for agent in ("a1", "a2"))
    assert school.rename(one, "Bảng lớn", NOW)
    school.hear("a2", birth(PIECE, boot="b2", rev=50), NOW + 10**6)
    school.hear("a1", birth(PIECE, rev=50), NOW + 10**6)
    assert [here(school)[name].given_name for name in (one, other)] == ["Bảng lớn", None]
