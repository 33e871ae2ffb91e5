"""A package is taken whole or not at all, wherever the power is cut; then the right one starts."""

from __future__ import annotations

import argparse
import io
import lzma
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from agent.config import PREFIX, AgentConfig
from agent.updates import launcher, worker
from agent.updates.launcher import is_whole, read_standing, write_standing
from agent.updates.order import Fetched, Order, this_fit
from agent.updates.standing import Standing, at_start
from agent.updates.worker import carry_out
from protocol.package import Manifest, sign, text_of
from protocol.settings import load
from tests.update_packages import KEY, PUBLIC, lay_out, manifest_of, packed, put_launcher

NEW = "0.2.0+20261130.111923.9120b954"
# It writes which one it is; then it does as a file says.
MAIN = """
import pathlib, sys
from protocol.version import BUILD
def main():
    data = pathlib.Path(sys.argv[3])
    with open(data / "started", "a") as file: file.write(BUILD + "\\n")
    return int((data / f"end-{BUILD}").read_text())
"""


class Cut(BaseException):
    """The power is cut."""


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small update."""
    folder = tmp_path_factory.mktemp("update")
    return packed(lay_out(folder / "root", NEW, MAIN), folder, NEW)


@contextmanager
def cut_at(number: int, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Cut the power at the so-manyth thing that is asked of the disk; answers how many were."""
    count = [0]

    def cutting(function: object) -> object:
        def call(*args: object, **more: object) -> object:
            count[0] += 1
            if count[0] == number:
                raise Cut
            return function(*args, **more)  # type: ignore[operator]  # a function

        return call

    with patch.context() as within:
        for owner, name in (
            (os, "fsync"), (os, "sync"), (Path, "mkdir"), (Path, "rename"), (Path, "replace"),
            (Path, "unlink"), (Path, "write_text"), (Path, "write_bytes"), (worker, "_copy"),
            (worker.shutil, "rmtree"),
        ):  # fmt: skip
            within.setattr(owner, name, cutting(getattr(owner, name)))
        yield count


def order_for(data: Path, update: Path, patch: pytest.MonkeyPatch, **more: object) -> Order:
    """An order whose package comes without a line, a half at a time."""
    manifest, signature, rest = manifest_of(update)

    def fetch_rest(_order: Order, _manifest: Manifest, part: Path) -> None:
        held = part.stat().st_size if part.exists() else 0
        with part.open("ab") as file:
            for piece in (rest[held : len(rest) // 2], rest[max(held, len(rest) // 2) :]):
                file.write(piece)
                os.fsync(file.fileno())

    patch.setattr(worker, "_fetch_rest", fetch_rest)
    fields = {"manifest": manifest, "signature": signature, "keys": (PUBLIC,), **more}
    return Order(data=str(data), host="x", port=1, authority="", **fields)  # type: ignore[arg-type]  # as above


def test_a_cut_at_every_step_leaves_a_version_that_works(
    update: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first byte to the pointer: what starts is whole, and a second try ends well."""
    number, is_over = 0, False
    while not is_over:
        number += 1
        data = tmp_path / str(number)
        versions = data / launcher.VERSIONS
        order = order_for(data, update, monkeypatch)
        try:
            with cut_at(number, monkeypatch) as count:
                assert carry_out(order) == Fetched()
                before = read_standing(versions)
                write_standing(versions, before.try_out(NEW, "o1", "0.1.0"))
            is_over = count[0] < number
        except Cut:
            pass
        standing, build = started_in(versions)
        assert build in {"", NEW}
        assert (build == NEW) == (standing.trial is not None)
        assert not (versions / NEW).exists() or is_whole(versions, NEW, by_sums=True)
        assert carry_out(order) == Fetched()
        assert is_whole(versions, NEW, by_sums=True)
        assert [path.name for path in versions.iterdir() if path.name[0] != "."] >= [NEW]
    assert number > 15  # steps there are


def started_in(versions: Path) -> tuple[Standing, str]:
    """What is kept there, and which version is started by it."""
    standing = read_standing(versions)
    whole = partial(is_whole, versions)
    _, build = at_start(standing, "0.1.0", lambda one, by_sums: whole(one, by_sums=by_sums))
    return standing, build


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/x", "common/../../x", "x", "common/a\\b", "c:/x/y", "common/" + "x" * 240],
)
def test_no_place_outside_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though somebody we trust has signed it."""
    entry = tarfile.TarInfo(name)
    entry.size = 1
    assert taken([(entry, b"x")], tmp_path, monkeypatch) == Fetched(flaw="bad_content")
    assert not [*tmp_path.rglob("out")]


def test_no_link_no_bomb_no_rubbish_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package says how much it holds."""
    link = tarfile.TarInfo("common/x")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    big = tarfile.TarInfo("common/x")
    big.size = 5000
    for entries in ([(link, b"")], [(big, bytes(5000))]):
        assert taken(entries, tmp_path, monkeypatch) == Fetched(flaw="bad_content")
    assert taken([], tmp_path, monkeypatch, raw=b"rubbish") == Fetched(flaw="bad_content")


def taken(
    entries: list[tuple[tarfile.TarInfo, bytes]],
    data: Path,
    patch: pytest.MonkeyPatch,
    raw: bytes = b"",
) -> Fetched:
    """How a signed package of these entries fares; it says that it holds 1,000 bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    rest = raw or lzma.compress(buffer.getvalue(), preset=0)
    system, arch, minor = this_fit()
    digest = worker.hashlib.sha256(rest).hexdigest()
    manifest = Manifest(
        version=NEW, system=system, arch=arch, minors=(minor,), size=len(rest), sha256=digest,
        unpacked=1000,
    )  # fmt: skip
    text = text_of(manifest)
    patch.setattr(worker, "_fetch_rest", lambda _order, _manifest, part: part.write_bytes(rest))
    return carry_out(
        Order(data=str(data), host="x", port=1, authority="", manifest=text.decode(),
              signature=sign(KEY, text), keys=(PUBLIC,))
    )  # fmt: skip


def test_what_nobody_signed_is_not_even_fetched(
    update: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what came otherwise than it was signed is let go."""
    order = order_for(tmp_path, update, monkeypatch, keys=("00" * 32,))
    assert carry_out(order) == Fetched(flaw="not_signed")
    assert not [*tmp_path.iterdir()]
    order = order_for(tmp_path, update, monkeypatch)
    size = len(manifest_of(update)[2])
    monkeypatch.setattr(worker, "_fetch_rest", lambda _o, _m, part: part.write_bytes(bytes(size)))
    assert carry_out(order) == Fetched(flaw="wrong_sum")
    assert not [*tmp_path.glob("versions/*.part")]


def test_the_start_of_the_package_swaps_tries_and_goes_back(update: Path, tmp_path: Path) -> None:
    """Real processes: it starts again by itself, counts crashes, and a hanging one is not kept."""
    installed = lay_out(tmp_path / "installed", "0.1.0", MAIN)
    start = put_launcher(tmp_path / "lophoc-agent", installed)
    data = tmp_path / "data"
    versions = data / launcher.VERSIONS
    manifest, _, rest = manifest_of(update)
    versions.mkdir(parents=True)
    part = versions / "x.part"
    part.write_bytes(rest)
    worker.unpack(part, worker.manifest_in(manifest.encode()), manifest.encode(), versions)

    def run(old: int, new: int, *words: str) -> list[str]:
        (data / "started").unlink(missing_ok=True)
        (data / "end-0.1.0").write_text(str(old))
        (data / f"end-{NEW}").write_text(str(new))
        command = [sys.executable, "-I", str(start), *(words or ("run", "--data", str(data)))]
        subprocess.run(command, check=False, timeout=60)
        return (data / "started").read_text().split()

    assert run(0, 0) == ["0.1.0"]
    write_standing(versions, Standing().try_out(NEW, "o1", "0.1.0"))
    assert run(0, 1, "doctor", "--data", str(data)) == ["0.1.0"]  # not before it proved itself
    assert [run(0, 1)[-1] for _ in range(3)] == [NEW] * 3
    assert run(0, 1) == ["0.1.0"]
    assert read_standing(versions).failed[0].reason == "crashed"
    write_standing(versions, Standing().try_out(NEW, "o2", "0.1.0"))
    # It asks to be started again, as one that gave itself up does: the tries are counted.
    assert run(0, launcher.EXIT_SWAP) == [NEW] * 3 + ["0.1.0"]
    write_standing(versions, Standing().try_out(NEW, "o3", "0.1.0").keep())
    assert run(0, 0) == [NEW]
    (versions / NEW / "common/agent/__main__.py").write_text("x")  # a torn file
    assert run(0, 0) == ["0.1.0"]
    write_standing(versions, Standing(trial=None))
    (versions / launcher.STANDING).write_text("{")
    assert run(0, 0) == ["0.1.0"]


def test_what_the_start_hands_on_is_no_setting(tmp_path: Path) -> None:
    """Else no agent of a package would start: an unknown setting is refused."""
    environ: dict[str, str] = {}
    launcher.choose(["run", "--data", str(tmp_path)], environ)
    assert {*environ} == {launcher.LAUNCHED, launcher.INSTALLED_BUILD}
    place = argparse.Namespace(province="79", school="00123", room="6A1")
    assert load(AgentConfig, PREFIX, place, environ).room == "6A1"
