"""A school gives its server a file and presses; rooms are offered it, and their words are read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from errno import EDQUOT, EIO, ENOSPC, EPERM, EROFS
from itertools import permutations
from pathlib import Path

import pytest

from controller.database.store import Store
from controller.updates.rollout import RolloutState, Stop
from controller.updates.service import Giver, drop_lost, finished, shelf_of
from controller.updates.shelf import Shelf
from controller.updates.store import (
    RolloutWish,
    advance_rollout,
    begin_rollout,
    go_on,
    packages_of,
    rollout_of,
    rooms_of,
    stop_rollout,
    take_back,
)
from protocol.messages import Birth, Presence, UpdateOffered, UpdateStep, UpdateTold, down_from
from protocol.model import Status
from protocol.package import PackageError, check_signature
from tests.controller.ears import Ears, arrival
from tests.controller.web_school import NOW_MS, SCHOOL, a_program, a_store, agent, asked
from tests.update_packages import PUBLIC, lay_out, packed

NEW = "0.2.0+20261130.111923.9120b954"
OTHER = "0.2.0+20261201.080000.1b2c3d4e"
PLACE = SCHOOL.of_agent("may-6a1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with two rooms."""
    with a_store(tmp_path, [agent("6A1"), agent("6A2")]) as opened:
        yield opened


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small update."""
    folder = tmp_path_factory.mktemp("update")
    return packed(lay_out(folder / "root", NEW, "main = int\n"), folder, NEW)


def given(store: Store, raw: bytes) -> tuple[int, str]:
    """What the page answers when such a file is chosen."""
    files = {"file": ("x.lophoc", raw, "application/octet-stream")}
    answer = asked(store, "/updates/packages", method="POST", files=files)
    return answer.status_code, answer.text


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server believes the tests' key."""
    monkeypatch.setattr("controller.updates.service.trusted_keys", lambda _own: (PUBLIC,))


def test_a_file_is_given_by_the_page_and_a_wrong_one_is_refused(
    store: Store, update: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a sentence; what lies there is listed with its build."""
    raw = update.read_bytes()
    status, text = given(store, raw.replace(b"0.2.0", b"0.2.1", 1))
    assert (status, 'role="alert"' in text) == (422, True)
    assert given(store, b"")[0] == 422
    assert store.read(packages_of, SCHOOL) == []
    assert given(store, raw)[0] == 303
    assert [one.version for one in store.read(packages_of, SCHOOL)] == [NEW]
    assert NEW in asked(store, "/updates").text


def test_two_who_give_a_file_at_once_lose_none(store: Store, update: Path, tmp_path: Path) -> None:
    """In any order of their steps: what is listed lies there, and a part that grows is let be."""
    other = packed(lay_out(tmp_path / "other", OTHER, "main = str\n"), tmp_path, OTHER)
    shelf = shelf_of(a_program(store))
    for order in sorted(set(permutations("aabb"))):
        with closing(shelf.taking()) as first, closing(shelf.taking()) as second:
            takings = {"a": (first, update.read_bytes()), "b": (second, other.read_bytes())}
            begun: set[str] = set()
            for who in order:
                taking, raw = takings[who]
                if who not in begun:
                    taking.write(raw)
                    begun.add(who)
                else:
                    finished(taking, shelf, store, Giver(SCHOOL, who, NOW_MS))
        held = store.read(packages_of, SCHOOL)
        assert {one.version for one in held} == {NEW, OTHER}
        assert all(shelf.has(one) for one in held)


@pytest.mark.parametrize("spoil", ["gone", "cut"])
def test_after_a_restore_a_package_is_gone_and_what_was_on_its_way_says_so(
    store: Store, update: Path, spoil: str
) -> None:
    """No copy holds packages; given again, it goes on."""
    given(store, update.read_bytes())
    store.write(begin_rollout, SCHOOL, RolloutWish(NEW, PLACE), "an", NOW_MS)
    program = a_program(store)
    store.write(drop_lost, program)
    assert [one.version for one in store.read(packages_of, SCHOOL)] == [NEW]
    file = shelf_of(program).file_of(store.read(packages_of, SCHOOL)[0].sha256)
    if spoil == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1])
    store.write(drop_lost, program)
    assert store.read(packages_of, SCHOOL) == []
    rollout = store.read(rollout_of, SCHOOL)
    assert rollout
    assert (rollout.state, rollout.reason) == (RolloutState.STOPPED, Stop.LOST)
    assert "Tệp của bản này không còn trên máy chủ" in asked(store, "/updates").text
    assert given(store, update.read_bytes())[0] == 303
    store.write(go_on, SCHOOL, "an", NOW_MS)
    store.write(drop_lost, program)
    rollout = store.read(rollout_of, SCHOOL)
    assert rollout
    assert rollout.state is RolloutState.RUNNING


@pytest.mark.parametrize("step", ["taking", "changing"])
@pytest.mark.parametrize("number", [ENOSPC, EROFS, EIO, EDQUOT])
def test_a_disk_that_takes_nothing_is_a_sentence(
    store: Store, update: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    """As the file comes, or as it is put in its place."""
    monkeypatch.setattr(Shelf, step, lambda *_: refuse(number))
    status, text = given(store, update.read_bytes())
    assert (status, "Đĩa của máy chủ đã đầy" in text) == (503, True)


def test_another_fault_of_a_file_is_none_of_the_disks(
    store: Store, update: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged and told as what it is."""
    monkeypatch.setattr(Shelf, "taking", lambda *_: refuse(EPERM))
    with pytest.raises(PermissionError):
        given(store, update.read_bytes())


def refuse(number: int) -> None:
    """As the system does."""
    raise OSError(number, "no")


def test_without_a_key_the_page_says_that_nothing_can_be_given(
    store: Store, update: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the place of a form that would refuse every file; who sends one all the same reads why."""
    assert "data-no-key" not in asked(store, "/updates").text
    monkeypatch.setattr("controller.updates.service.trusted_keys", lambda _own: ())
    page = asked(store, "/updates").text
    assert "data-no-key" in page
    assert "/updates/packages" not in page
    status, text = given(store, update.read_bytes())
    assert status == 422
    assert "update_keys" in text


class Room:
    """A room's computer, and the school's ears."""

    def __init__(self, store: Store) -> None:
        self.ears = Ears(a_program(store, scope=SCHOOL, upstream=""))
        self.seq = 0

    def joins(self, session: int = 1) -> None:
        """It is connected, anew."""
        birth = Birth(
            boot="b1", rev=session, at_ms=NOW_MS, session=session, room="6A1", beat_s=60,
            status=Status.OK, version="0.1.0",
        )  # fmt: skip
        self.ears.take(arrival(PLACE, birth))

    def leaves(self, session: int = 1) -> None:
        """It is switched off."""
        gone = Presence(boot="b1", at_ms=NOW_MS, session=session, online=False)
        self.ears.take(arrival(PLACE, gone))

    def tells(self, offer: str, step: UpdateStep, reason: str = "") -> None:
        """How far it is."""
        self.seq += 1
        told = UpdateTold(
            boot="b1", seq=self.seq, id=f"e{self.seq}", at_ms=NOW_MS, room="6A1", offer=offer,
            step=step, version=NEW, running="0.1.0", reason=reason,
        )  # fmt: skip
        self.ears.take(arrival(PLACE, told))

    def offers(self) -> list[UpdateOffered]:
        """What the school says to it now."""
        asyncio.run(self.ears.ingest._expire_now())
        letters, self.ears.link.letters = self.ears.link.letters, []
        mine = [letter for letter in letters if PLACE.agent in letter.topic]
        said = [down_from(letter.payload) for letter in mine]
        return [word for word in said if isinstance(word, UpdateOffered)]


def test_a_room_is_offered_it_in_each_session_until_it_has_answered(
    store: Store, update: Path
) -> None:
    """The signed head goes along; stopped, taken back and gone on with by a person's press."""
    given(store, update.read_bytes())
    room = Room(store)
    room.joins()
    assert room.offers() == []
    store.write(begin_rollout, SCHOOL, RolloutWish(NEW, PLACE), "an", NOW_MS)
    (word,) = room.offers()
    assert (word.version, room.offers()) == (NEW, [])
    (signed,) = word.packages
    check_signature(signed.manifest.encode(), signed.signature, [PUBLIC])
    with pytest.raises(PackageError):
        check_signature(signed.manifest.encode(), signed.signature, ["00" * 32])
    room.joins(session=2)
    assert len(room.offers()) == 1
    room.tells(word.offer, UpdateStep.FETCHING)
    assert store.read(rooms_of, SCHOOL)[PLACE].step == "fetching"

    store.write(stop_rollout, SCHOOL, "an")
    (left,) = room.offers()
    assert (left.packages, left.is_back) == ((), False)
    store.write(go_on, SCHOOL, "an", NOW_MS)
    (again,) = room.offers()
    assert again.offer != word.offer
    room.tells(word.offer, UpdateStep.FAILED)  # of the offer before: it is late
    assert store.read(rooms_of, SCHOOL)[PLACE].step == "offered"
    room.tells(again.offer, UpdateStep.FAILED, "crashed")
    room.joins(session=3)
    assert room.offers() == []
    store.write(advance_rollout, SCHOOL, NOW_MS)
    rollout = store.read(rollout_of, SCHOOL)
    assert rollout
    assert (rollout.state, rollout.reason) == ("stopped", "failed")
    text = asked(store, "/updates").text
    assert 'data-step="failed"' in text

    store.write(take_back, SCHOOL, "an")
    (back,) = room.offers()
    assert back.is_back
    room.tells(back.offer, UpdateStep.BACK)
    room.joins(session=4)
    assert room.offers() == []


def test_a_room_that_was_away_while_a_version_was_replaced_hears_that_it_is_over(
    store: Store, update: Path
) -> None:
    """It followed the first offer when it left; then that is stopped, and another room is asked."""
    given(store, update.read_bytes())
    room = Room(store)
    room.joins()
    store.write(begin_rollout, SCHOOL, RolloutWish(NEW, PLACE), "an", NOW_MS)
    (word,) = room.offers()
    room.tells(word.offer, UpdateStep.FETCHING)
    room.leaves()
    store.write(stop_rollout, SCHOOL, "an")
    other = SCHOOL.of_agent("may-6a2")
    store.write(begin_rollout, SCHOOL, RolloutWish(NEW, other), "an", NOW_MS)
    assert room.offers() == []
    assert [*store.read(rooms_of, SCHOOL)] == [other]
    for session in (2, 3):
        room.joins(session)
        (over,) = room.offers()
        assert (over.packages, over.is_back, over.offer == word.offer) == ((), False, False)
    room.tells(word.offer, UpdateStep.KEPT)  # it ran it already
    room.joins(session=4)
    assert room.offers() == []


def test_presses_for_what_is_not_there_change_nothing(store: Store, update: Path) -> None:
    """No such version, no such room, nothing on its way."""
    for action in ("stop", "go-on", "back"):
        assert asked(store, f"/updates/{action}", method="POST").status_code == 303
    given(store, update.read_bytes())
    for version, name in ((NEW, "nobody"), ("0.9.0", "may-6a1"), ("", "")):
        data = {"version": version, "agent": name}
        assert asked(store, "/updates/begin", method="POST", data=data).status_code == 303
    assert store.read(rollout_of, SCHOOL) is None
    data = {"version": NEW, "agent": "may-6a1"}
    assert asked(store, "/updates/begin", method="POST", data=data).status_code == 303
    rollout = store.read(rollout_of, SCHOOL)
    assert rollout
    assert rollout.version == NEW
