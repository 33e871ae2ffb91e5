"""The packages: the same bytes each time, at home in Debian 12 and 13, gone when purged."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import need
from tests.packages.conftest import MINORS, ROOT, architecture, build
from tools.packages.__main__ import version_of
from tools.packages.bundle import make_bundle

HERE = Path(__file__).parent
AARCH64 = 183  # e_machine; ELF for the Arm 64-bit Architecture
X86_64 = 62
MACHINES = {"amd64": X86_64, "arm64": AARCH64}


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_of(deb: Path) -> tarfile.TarFile:
    """What a package holds."""
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], capture_output=True, check=True)
    return tarfile.open(fileobj=io.BytesIO(data.stdout))


def machines_of(deb: Path) -> set[int]:
    """For which processors its programs and libraries are, by their ELF headers."""
    found = set()
    with files_of(deb) as held:
        for member in held:
            head = held.extractfile(member).read(20) if member.isfile() else b""  # type: ignore[union-attr]
            if head.startswith(b"\x7fELF"):
                found.add(int.from_bytes(head[18:20], "little"))
    return found


def test_the_same_sources_give_the_same_bytes(debs: list[Path], tmp_path: Path) -> None:
    """Whoever builds, under whatever umask."""
    [first] = (deb for deb in debs if deb.name.startswith("lophoc-controller"))
    [again] = build(
        tmp_path,
        *("--arch", architecture(), "--minors", *MINORS, "--packages", "lophoc-controller"),
        umask=0o077,
    )
    assert again.name == first.name
    assert digest(again) == digest(first)


def test_a_package_is_for_its_own_processor(debs: list[Path], tmp_path: Path) -> None:
    """Each library of it, also where the builder is another machine."""
    other = "amd64" if architecture() == "arm64" else "arm64"
    foreign = build(tmp_path, "--arch", other, "--minors", "13", "--packages", "lophoc-agent")
    own = next(deb for deb in debs if deb.name.startswith("lophoc-agent"))
    assert machines_of(own) == {MACHINES[architecture()]}
    assert machines_of(foreign[0]) == {MACHINES[other]}


def test_lintian_finds_nothing_of_ours(debs: list[Path]) -> None:
    """What the vendors' wheels do otherwise is passed over with a reason."""
    lintian = need("lintian", "lintian")
    done = subprocess.run(
        [lintian, "--fail-on=error,warning", "--tag-display-limit=0", *map(str, debs)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_nothing_of_a_package_looks_for_another_place(debs: list[Path]) -> None:
    """No unit, entry or script names where an installation from sources lies."""
    for deb in debs:
        with files_of(deb) as held:
            for member in held:
                if not member.isfile() or "/usr/lib/lophoc-" in f"/{member.name.lstrip('./')}":
                    continue
                text = held.extractfile(member).read()  # type: ignore[union-attr]
                assert b"/opt/lophoc" not in text, (deb.name, member.name)
                assert (member.uid, member.gid, member.mode & 0o022) == (0, 0, 0), member.name


@pytest.mark.parametrize("package", ["lophoc-agent", "lophoc-controller"])
def test_a_command_says_its_sentence_under_another_python(
    package: str, debs: list[Path], tmp_path: Path
) -> None:
    """In Vietnamese first, and nothing is imported."""
    [deb] = (one for one in debs if one.name.startswith(package))
    with files_of(deb) as held:
        launcher = held.extractfile(f"./usr/bin/{package}").read().decode()  # type: ignore[union-attr]
    script = tmp_path / "launcher.py"
    script.write_text(launcher.replace("sys.version_info", "(3, 10, 12)"), "utf-8")
    done = subprocess.run(
        ["/usr/bin/python3", "-I", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("LopHoc cần Python 3.11 đến 3.14, máy này có Python 3.10.")


def test_a_package_lives_and_ends_in_a_fresh_debian(
    root: Path, debs: list[Path], tmp_path: Path
) -> None:
    """Without a network: installed, run as its own user, ended, removed, purged twice."""
    unshare = need("unshare", "util-linux")
    stick = make_bundle(debs, tmp_path, version=debs[0].name.split("_")[1], stamp_s=1)
    with tarfile.open(stick) as tar:
        tar.extractall(root / "tmp/stick", filter="data")
    stick.unlink()
    shutil.copy(HERE / "inside.py", root / "tmp/inside.py")
    script = (
        "ip link set lo up; mount -t proc proc $0/proc; mount -t tmpfs tmpfs $0/dev/shm;"
        ' exec chroot "$0" /usr/bin/python3 /tmp/inside.py'
    )
    done = subprocess.run(
        [unshare, "--net", "--mount", "--pid", "--fork", "sh", "-c", script, str(root)],
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
             "DEBIAN_FRONTEND": "noninteractive"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    seen, build_of = json.loads(done.stdout), version_of(ROOT)
    for package in ("lophoc-agent", "lophoc-controller"):
        saw = seen[package]
        data = f"/var/lib/{package}"
        assert saw["version"].split() in (["lophoc", build_of], [package, build_of])
        assert saw["libraries"] == "loaded"
        assert saw["account"] == package
        life = saw["life"]
        assert (life["answer"], life["code"], life["traceback"]) == ("200", 0, False), life["log"]
        assert saw["verified"] == ""
        assert saw["removed"] == [data]
        assert saw["kept"] == [data]
        assert saw["purged"] == []
    assert seen["refused"].startswith("1 LopHoc cần Python 3.11 đến 3.14")
    assert seen["spoilt"].startswith("1 Tệp lophoc-agent_")
