"""A copy brings back exactly the database of its moment, or says that it cannot."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.copies import sealed
from controller.copies.copying import make_copy
from controller.copies.errors import CopyError
from controller.copies.keys import PassphraseOpener, keep_key, new_key
from controller.copies.names import name_from
from controller.copies.place import SchoolShelf
from controller.copies.restore import restore
from protocol.model import Place
from simulators.ledger.disk import can_go_apart
from tests.controller.copies.copied_school import (
    NAME,
    CopiedSchool,
    dump,
    in_another_process,
    opener,
)
from tests.tiers import wide

NAMES = ["insert", "delete", "fatten", "vacuum", "step", "step", "full", "cut", "flip"]
# What is done; where in the file, for one that spoils it, which no two runs write alike; which bit.
DEEDS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.floats(0, 1, exclude_max=True), st.integers(0, 7)),
    min_size=1,
    max_size=12,
)
STATEMENTS = {
    "insert": "INSERT INTO facts SELECT hex(randomblob(8)), hex(randomblob(400)) FROM bells"
    " UNION ALL SELECT hex(randomblob(8)), hex(randomblob(3000))",
    "delete": "DELETE FROM facts WHERE rowid % 2 = 0",
    "fatten": "UPDATE facts SET value = value || hex(randomblob(5000))",
    "vacuum": "VACUUM",
}


@pytest.fixture
def school(tmp_path: Path) -> CopiedSchool:
    """A school that was never copied."""
    return CopiedSchool(tmp_path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DEEDS)
def test_a_restore_gives_the_newest_moment_that_is_whole(
    deeds: list[tuple[str, float, int]],
) -> None:
    """Played against a plain list: what the database held when each file was written."""
    with tempfile.TemporaryDirectory() as folder:
        school = CopiedSchool(Path(folder))
        model: dict[str, list[str]] = {}
        for deed, part, bit in [("full", 0.0, 0), *deeds]:
            if deed in STATEMENTS:
                school.say(STATEMENTS[deed])
            elif deed in {"cut", "flip"}:
                spoil(school.shelf / list(model)[-1], deed, part, bit)
            else:
                standing = school.copy(full=deed == "full")
                file = school.shelf / standing.name.file
                if not spoilt(file):
                    model[file.name] = dump(school.data / "lophoc.db")
        whole = [
            name
            for name in model
            if (school.shelf / name).exists()
            and not spoilt(school.shelf / name)
            and (school.shelf / full_of(name)).exists()
            and not spoilt(school.shelf / full_of(name))
        ]
        if not whole:
            with pytest.raises(CopyError, match="damaged"):
                school.restore()
            return
        data, restored = school.restore()
        assert restored.candidate.newest.name == whole[-1]
        assert dump(data / "lophoc.db") == model[whole[-1]]


def full_of(name: str) -> str:
    """The full copy that a file stands on."""
    parsed = name_from(name)
    assert parsed
    return parsed.full.file


def spoil(file: Path, deed: str, part: float, bit: int) -> None:
    """Cut the file behind this part of it, or turn one bit there; once."""
    if not file.exists() or spoilt(file):
        return
    data = bytearray(file.read_bytes())
    at = int(part * len(data))
    data[at] ^= 1 << bit
    file.write_bytes(bytes(data) if deed == "flip" else bytes(data[:at]))
    file.with_suffix(".spoilt").touch()


def spoilt(file: Path) -> bool:
    """Whether somebody did."""
    return file.with_suffix(".spoilt").exists()


def test_a_flipped_bit_anywhere_is_noticed(school: CopiedSchool) -> None:
    """In each part of the file: the wrapped key, the header, the content, its end."""
    standing = school.copy(full=True)
    file = school.shelf / standing.name.file
    whole = file.read_bytes()
    places = {*range(0, 400, 7), *range(400, len(whole), 211), len(whole) - 1, len(whole) - 17}
    for at in sorted(places):
        data = bytearray(whole)
        data[at] ^= 4
        file.write_bytes(bytes(data))
        with pytest.raises(CopyError):
            school.restore()
        assert not (school.folder / "new").exists()
    file.write_bytes(whole)
    assert school.restore()[1].manifest.step == 0


def test_an_unchanged_database_costs_no_file(school: CopiedSchool) -> None:
    """And still the copy is as of now."""
    school.copy()
    school.say(STATEMENTS["insert"])
    step = school.copy()
    again = school.copy()
    assert again.name == step.name
    assert again.made_ms == school.now_ms > step.made_ms
    assert len(school.files()) == 2


def test_a_step_is_small_and_stands_on_the_last_full_copy(school: CopiedSchool) -> None:
    """Where that one is gone, or another stick is there, the next copy is a full one."""
    school.say(*[STATEMENTS["insert"]] * 200)
    full = school.copy()
    school.say(STATEMENTS["insert"])
    step = school.copy()
    assert (full.step, step.step, step.number) == (0, 1, full.number)
    sizes = [(school.shelf / each.name.file).stat().st_size for each in (full, step)]
    assert sizes[1] < sizes[0] / 10
    (school.shelf / full.name.file).unlink()
    fresh = school.copy()
    assert (fresh.step, fresh.number) == (0, full.number + 1)


def test_everything_a_school_needs_is_in_it_and_nothing_readable(school: CopiedSchool) -> None:
    """Passwords, headings, what is put there later; no broker's state, no lock, no old copies."""
    (school.data / "agents.json").write_text('{"p203": "a-password-of-p203"}')
    (school.data / "later" / "deep").mkdir(parents=True)
    (school.data / "later" / "deep" / "what.toml").write_text("x = 1")
    (school.data / "broker" / "jetstream").mkdir(parents=True)
    (school.data / "broker" / "nats.conf").write_text("made anew")
    (school.data / "backups").mkdir()
    (school.data / "backups" / "lophoc-000001-2026-01-01.db").write_text("old")
    (school.data / "lophoc.db.damaged-1").write_text("damaged")
    (school.data / "lock").touch()
    shutil.copy(school.data / "lophoc.db", school.data / "upward.db")
    school.say(f"INSERT INTO facts VALUES ('pupil', '{NAME}')")  # noqa: S608 - our own
    for full in (True, False):
        school.say("INSERT INTO facts VALUES (hex(randomblob(4)), 'x')")
        school.copy(full=full)
    secrets = (NAME.encode(), b"a-password-of-p203", b"00140708", b"facts", b"SQLite")
    for path in school.place.rglob("*.copy"):
        assert not [secret for secret in secrets if secret in path.read_bytes()]
    data, _ = school.restore()
    there = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    assert there == {
        *("agents.json", "later/deep/what.toml", "lophoc.db", "upward.db"),
        *("copies/key", "copies/controller.toml", "settings/controller.toml"),
    }
    assert (data / "agents.json").read_bytes() == (school.data / "agents.json").read_bytes()
    assert dump(data / "upward.db") == dump(school.data / "upward.db")
    assert all(path.stat().st_mode & 0o77 == 0 for path in data.rglob("*") if path.is_file())


@pytest.mark.wide
def test_the_passphrase_and_nothing_else_opens_it(school: CopiedSchool) -> None:
    """The real wrapping, which costs seconds; another passphrase is a sentence."""
    keep_key(school.data / "copies", new_key("bốn từ không liên quan"))
    school.copy()
    with pytest.raises(CopyError, match="does not open"):
        restore(school.place, school.folder / "new", PassphraseOpener("bốn từ có liên quan"))
    assert not (school.folder / "new").exists()
    restored = restore(
        school.place, school.folder / "new", PassphraseOpener("bốn từ không liên quan")
    )
    assert restored.passed_over == ()
    with pytest.raises(CopyError, match="at least 12"):
        new_key("ngắn quá")


KILLED = """
import os, signal, sys
from pathlib import Path
from controller.copies import copying, place, content, standing
from controller.config import ControllerConfig
import protocol.folder as folder

left = int(sys.argv[3])
def step(event, arguments):
    global left
    if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.truncate", "os.chown"}:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(step)
config = ControllerConfig(school="00140708", province="14", data=Path(sys.argv[1]), keep_copies=2)
copying.make_copy(config, sys.argv[2], 1, full=sys.argv[4] == "full")
"""


@pytest.mark.parametrize("kind", ["step", *wide("full")])
def test_a_kill_at_any_step_leaves_the_older_copy(school: CopiedSchool, kind: str) -> None:
    """Before every file that is opened, renamed or removed; in the end the copy is made."""
    school.copy(full=True)
    old = dump(school.data / "lophoc.db")
    school.say(STATEMENTS["insert"])
    new = dump(school.data / "lophoc.db")
    arguments = (str(school.data), str(school.place))
    killed = 0
    for left in (*range(0, 60, 7), 10_000):
        done = in_another_process(KILLED, *arguments, str(left), kind)
        killed += done.returncode == -signal.SIGKILL
        data, restored = school.restore(name=f"new-{left}")
        assert restored.passed_over == ()
        assert dump(data / "lophoc.db") in (old, new)
    assert killed > 3
    assert done.returncode == 0, done.stderr
    assert dump(data / "lophoc.db") == new


SMALL_PLACE = """
import os, subprocess, sys
from pathlib import Path
from controller.copies.copying import make_copy
from controller.config import ControllerConfig

data, place, deed = sys.argv[1:]
mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "lophoc", place]
subprocess.run(mount, check=True)
config = ControllerConfig(school="00140708", province="14", data=Path(data), keep_copies=2)
make_copy(config, place, 1, full=True, prepare=True)
shelf = Path(place) / "lophoc-14-00140708"
before = sorted(path.name for path in shelf.iterdir())
if deed == "fill":
    file = os.open(Path(place) / "photos", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        os.close(file)
else:
    subprocess.run(["umount", "--lazy", place], check=True)
try:
    make_copy(config, place, 2, full=True)
except Exception as error:
    print(getattr(error, "code", "") or error.errno)
if deed == "fill":
    assert sorted(path.name for path in shelf.iterdir()) == before
    (Path(place) / "photos").unlink()
else:
    assert not [*Path(place).iterdir()], "nothing was written to the system's disk"
    subprocess.run(mount, check=True)
make_copy(config, place, 3, full=True, prepare=True)
print(len([*shelf.iterdir()]))
"""


@pytest.mark.parametrize(("deed", "answer"), [("fill", "28\n2\n"), ("pull", "place_absent\n1\n")])
def test_a_stick_that_is_full_or_pulled_out_is_told_and_used_again(
    school: CopiedSchool, deed: str, answer: str
) -> None:
    """A real one, of 2 MB: ENOSPC where it is full, absent where its mount point is left."""
    if shutil.which("unshare") is None or not can_go_apart():
        pytest.skip("this system gives no namespace of one's own")
    command = ("unshare", "--map-root-user", "--mount", sys.executable, "-c", SMALL_PLACE)
    arguments = (str(school.data), str(school.place), deed)
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (answer, 0), done.stderr


def test_a_full_disk_is_told_and_the_older_copy_stays(
    school: CopiedSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the place takes no more of."""
    school.copy()
    before = school.files()
    school.say(STATEMENTS["insert"])

    def full(file: sealed.HashedFile, data: bytes) -> int:
        file.error = OSError(28, "No space left on device")
        raise file.error

    monkeypatch.setattr(sealed.HashedFile, "write", full)
    with pytest.raises(OSError, match="No space left"):
        school.copy()
    assert school.files() == before
    assert {path.suffix for path in school.shelf.iterdir()} == {".copy"}


def test_an_absent_stick_is_not_written_to(school: CopiedSchool) -> None:
    """Its mount point is there, and is the system's disk."""
    with pytest.raises(CopyError, match="is not there"):
        make_copy(school.config, str(school.place), 1, full=True)
    assert list(school.place.iterdir()) == []
    with pytest.raises(CopyError, match="is not there"):
        make_copy(school.config, str(school.folder / "nowhere"), 1, full=True, prepare=True)


def test_what_the_disk_did_not_keep_is_no_copy(
    school: CopiedSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read back before it takes its name."""
    monkeypatch.setattr(sealed.HashedFile, "digest", b"other")
    with pytest.raises(CopyError, match="damaged"):
        school.copy()
    assert school.files() == []


def test_a_folder_at_work_is_not_restored_over(school: CopiedSchool) -> None:
    """Nor one with anything in it, but by force, which puts it aside."""
    school.copy()
    with pytest.raises(CopyError, match="not empty"):
        restore(school.place, school.data, opener)
    (school.data / "mine").touch()
    restore(school.place, school.data, opener, force=True)
    assert not (school.data / "mine").exists()
    assert (school.folder / "data.before-1" / "mine").exists()


def test_a_plain_file_names_its_own_moment(school: CopiedSchool) -> None:
    """A step is put on its full copy; a full one stands alone."""
    full = school.shelf / school.copy().name.file
    old = dump(school.data / "lophoc.db")
    school.say(STATEMENTS["insert"])
    step = school.shelf / school.copy().name.file
    assert dump(school.restore(full, "old")[0] / "lophoc.db") == old
    assert dump(school.restore(step, "now")[0] / "lophoc.db") == dump(school.data / "lophoc.db")
    stray = school.folder / "stray.txt"
    stray.write_bytes(os.urandom(5000))
    with pytest.raises(CopyError, match="no copy of LopHoc"):
        school.restore(stray, "none")


def test_only_so_many_stay(school: CopiedSchool) -> None:
    """Two full ones, as the school has it set."""
    for _ in range(4):
        school.say(STATEMENTS["insert"])
        school.copy(full=True)
    assert [path.name[7:13] for path in school.files()] == ["000003", "000004"]


def test_a_mount_point_without_its_stick_takes_no_copy(
    school: CopiedSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where a person asks for one, nor where such a folder stands there already."""
    is_there = [True]
    monkeypatch.setattr(SchoolShelf, "is_apart", lambda *_: is_there[0])
    school.copy()
    made = school.files()
    stick = school.shelf.rename(school.folder / "pulled out")
    is_there[0] = False
    for _ in range(2):
        with pytest.raises(CopyError) as absent:
            school.copy(full=True)
        assert absent.value.code == "place_absent"
        assert school.files() == []
        school.shelf.mkdir(exist_ok=True)
    school.shelf.rmdir()
    stick.rename(school.shelf)
    is_there[0] = True
    assert school.copy().is_apart
    assert school.files() == made


def test_another_disk_is_known_by_its_number(tmp_path: Path) -> None:
    """A folder beside the data is none; of what is not there nobody can say."""
    school = Place("14", "00140708")
    assert SchoolShelf(Path("/proc"), school).is_apart(tmp_path)
    assert not SchoolShelf(tmp_path, school).is_apart(tmp_path)
    with pytest.raises(CopyError):
        SchoolShelf(tmp_path / "none", school).is_apart(tmp_path)
