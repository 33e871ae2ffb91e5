"""A copy is everything: what stands in a controller's folder comes back, but for a list of reasons.

The list is written out here anew, so that whoever leaves a file out of copies says so twice.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import pytest

from controller.access.codes import FIRST_CODE
from controller.access.office import OFFICE_FILE, keep_office
from controller.alerts.receivers import FILE as ALERTS
from controller.broker.authority import Authority
from controller.broker.credentials import Credentials
from controller.cli.own_settings import FILE as OWN_SETTINGS
from controller.cli.own_settings import keep_own_settings
from controller.copies.content import COPIES
from controller.copies.remote import has_token, keep_token, token_in
from controller.enrolment.sheet_codes import SheetCodes
from controller.forecast.life_table import FILE as LIFE_TABLE
from controller.guests.registry import GUESTS, add_guest, guest_of
from controller.history.dated import FOLDER as HISTORY
from controller.register.intake import HEADINGS
from controller.stocktake.form import FILE as MINUTES
from controller.updates.shelf import FOLDER as UPDATES
from controller.web.certificate import screen_certificate
from controller.webhooks.hook import FILE as WEBHOOKS
from protocol.folder import OWNER_ONLY, write_whole
from protocol.model import Place
from tests.controller.copies.copied_school import CopiedSchool

GUEST: Final = Place("14", "00140709")
SERVER: Final = "https://may-chu.example:8000"
# What a copy does not hold, by how its name begins: why.
LEFT_OUT: Final = {
    "lock": "of the program that runs",
    "backups/": "of the same database on the same disk",
    "broker/": "made anew; what was on its way is sent again",
    "copies/lock": "of the program that makes a copy",
    "copies/base-": "hashes of the last full copy in a place; without them the next is full",
    "copies/standing.json": "what is known of places; the copies themselves say it",
    "guests/lophoc-": "other controllers' copies",
    "settings/": "of the copy that this folder came from",
    "updates/": "packages, signed and given out by the project; given again",
    "room-codes.json": "codes that would let rooms in long after",
    "setup-code": "of a controller that is not set up",
}
ENDINGS: Final = ("-wal", "-shm", "-journal", ".lock", ".part")  # of who works there now


def fill(data: Path) -> None:
    """What a controller that has been at work for a year has in its folder."""
    keep_office(data, "mật khẩu của văn phòng")
    keep_own_settings(data, {"school": "00140708", "province": "14", "name": "THCS"})
    Credentials(data / "agents.json").add("may-6a1")
    authority = Authority(data)
    authority.machine()
    screens = screen_certificate(data)
    write_whole(screens.chain, b"chain", OWNER_ONLY)
    write_whole(screens.key, b"key", OWNER_ONLY)
    add_guest(data, GUEST, 100)
    keep_token(data / COPIES, SERVER, "a-token")
    SheetCodes(data, lambda: 1_800_000_000.0).invite(["6A1"])
    for name in (FIRST_CODE, ALERTS, WEBHOOKS, MINUTES, LIFE_TABLE, HEADINGS, "lock", "upward.db"):
        (data / name).write_bytes(f"of {name}".encode())
    for name in (
        f"{UPDATES}/{'ab' * 32}",
        f"{HISTORY}/items-2026-09-05.parquet",
        f"{GUESTS}/lophoc-14-00140709/lophoc-000001-abcdef-00.copy",
        "backups/lophoc-000001-2026-01-01.db",
        "broker/jetstream/x/y.blk",
        "settings/controller.toml",
        "people/pictures/thầy cô.jpg",
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(f"of {name}".encode())


def walked(folder: Path) -> dict[str, bytes]:
    """Every file, by its name in the folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def is_left_out(name: str) -> bool:
    """By the list above."""
    return name.startswith(tuple(LEFT_OUT)) or name.endswith(ENDINGS)


@pytest.fixture
def school(tmp_path: Path) -> CopiedSchool:
    """A school that is at work."""
    school = CopiedSchool(tmp_path)
    fill(school.data)
    return school


@pytest.mark.parametrize("kind", ["full", "step"])
def test_every_file_comes_back_but_for_those_with_a_reason(school: CopiedSchool, kind: str) -> None:
    """From a full copy, and from a step on one; each reason is met, so that none is stale."""
    school.copy(full=True)
    before = walked(school.data)
    if kind == "step":
        school.say("INSERT INTO facts VALUES ('x', 'y')")
        school.copy()
    after = walked(school.restore()[0])
    kept = {name: raw for name, raw in before.items() if not is_left_out(name)}
    database = {name for name in kept if name.startswith("lophoc.db")}
    made = {"settings/controller.toml", "copies/controller.toml"}
    assert {*after} - made == {*kept} - made
    assert {name for name in kept if after[name] != kept[name]} <= database | made
    assert {begin for begin in LEFT_OUT if not any(name.startswith(begin) for name in before)} == (
        set()
    )


def test_what_came_back_is_used_as_before(school: CopiedSchool) -> None:
    """A guest is let in by its token, and its first copy is taken; another server knows us."""
    token = add_guest(school.data, GUEST, 100)
    school.copy(full=True)
    data, _ = school.restore()
    assert guest_of(data, token)
    assert has_token(data / COPIES, SERVER)
    assert token_in(data / COPIES, SERVER) == "a-token"
    assert (
        Credentials(data / "agents.json").names()
        == Credentials(school.data / "agents.json").names()
    )
    for name in (OFFICE_FILE, OWN_SETTINGS):
        assert (data / name).read_bytes() == (school.data / name).read_bytes()


def shallow(any_: random.Random) -> str:
    """A name of a file that somebody may put there some day."""
    parts = ("photos", "kits", "keys", "later", "copies-of-what", "updates-of-whom", "locks")
    ends = ("a.jpg", "b.json", "c.toml", "d", "lock.txt", "token-1", "guests.json")
    return "/".join([*any_.sample(parts, any_.randrange(1, 3)), any_.choice(ends)])


@pytest.mark.parametrize("seed", range(5))
def test_what_is_put_there_some_day_is_in_it(school: CopiedSchool, seed: int) -> None:
    """Whatever it is called, and wherever in the folder."""
    any_ = random.Random(f"copies {seed}")
    names = {shallow(any_) for _ in range(20)}
    for name in names:
        (school.data / name).parent.mkdir(parents=True, exist_ok=True)
        (school.data / name).write_bytes(any_.randbytes(9))
    school.copy(full=True)
    after = walked(school.restore()[0])
    assert {name: after.get(name) for name in names} == {
        name: (school.data / name).read_bytes() for name in names
    }


def test_a_step_is_small_whatever_lies_on_the_shelf_of_updates(school: CopiedSchool) -> None:
    """One is made every fifteen minutes: packages in each would fill any stick."""
    package = school.data / UPDATES / ("cd" * 32)
    package.write_bytes(random.Random(1).randbytes(3_000_000))
    school.copy(full=True)
    school.say("INSERT INTO facts VALUES ('x', 'y')")
    school.copy()
    assert sum(file.stat().st_size for file in school.files()) < package.stat().st_size / 3


@pytest.mark.parametrize("seed", range(6))
def test_files_that_are_written_once_are_in_a_full_copy_and_in_no_step_after(
    school: CopiedSchool, seed: int
) -> None:
    """Whatever comes and goes between copies: what stands there at the newest copy comes back."""
    any_, folder = random.Random(f"once {seed}"), school.data / HISTORY
    school.copy(full=True)
    for day in range(1, 13):
        deed = any_.choice(("add", "add", "drop", "full", "step", "step"))
        if deed == "add":
            (folder / f"items-2026-10-{day:02}.parquet").write_bytes(any_.randbytes(200_000))
        elif deed == "drop":
            any_.choice(sorted(folder.iterdir())).unlink(missing_ok=True)
            (folder / "items-2026-09-01.parquet").write_bytes(any_.randbytes(9))
        else:
            school.say(f"INSERT INTO facts VALUES ('{seed}-{day}', 'y')")  # noqa: S608 - our own
            school.copy(full=deed == "full")
    school.say("INSERT INTO facts VALUES ('last', 'y')")
    school.copy()
    there = walked(folder)
    size = school.files()[-1].stat().st_size
    school.say("INSERT INTO facts VALUES ('again', 'y')")
    school.copy(full=True)
    school.say("INSERT INTO facts VALUES ('once more', 'y')")
    school.copy()
    assert school.files()[-1].stat().st_size < 150_000, size
    back = walked(school.restore()[0] / HISTORY)
    assert {name: back.get(name) for name in there} == there


def test_a_step_of_before_that_holds_them_all_is_taken(
    school: CopiedSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As versions before wrote it."""
    school.copy(full=True)
    school.say("INSERT INTO facts VALUES ('x', 'y')")
    with monkeypatch.context() as before:
        before.setattr("controller.copies.content._WRITTEN_ONCE", ("nothing/",))
        school.copy()
    there = walked(school.data / HISTORY)
    assert walked(school.restore()[0] / HISTORY) == there
