"""What the tests of packages share: the built packages, and fresh systems to put them in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need

ROOT = Path(__file__).parents[2]
SUITES = ("bookworm", "trixie")
# What the packages ask for and a minimal Debian has not.
INCLUDED = "python3,systemd-standalone-sysusers,libudev1"
MINORS = ("11", "13")  # those of these two
PACKAGES = ("lophoc-agent", "lophoc-controller", "lophoc-department")
_PAUSE_S = 15.0  # mirrors are sometimes busy


def build(out: Path, *more: str, umask: int = 0o022) -> list[Path]:
    """Build packages; what was fetched before stays in dist, as it does for `make packages`.

    By gzip: xz costs a hundred times as much, and Debian 12's lintian reads no zstd.
    """
    command = [
        *(sys.executable, "-m", "tools.packages", "--out", str(out), "--compression", "gzip"),
        *("--cache", str(ROOT / "dist/wheels"), *more),
    ]
    subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.umask(umask)
    )
    return sorted(out.glob("*.deb"))


def architecture() -> str:
    """This machine's, as Debian names it."""
    dpkg = need("dpkg", "dpkg")
    return subprocess.check_output([dpkg, "--print-architecture"], text=True).strip()


@pytest.fixture(scope="session")
def debs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The three packages for this machine, for the Pythons of the two systems."""
    need("dpkg-deb", "dpkg")
    out = tmp_path_factory.mktemp("debs")
    return build(out, "--arch", architecture(), "--minors", *MINORS, "--packages", *PACKAGES)


@pytest.fixture(scope="session", params=SUITES)
def fresh_root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minimal Debian; made once, and kept as LOPHOC_ROOTS says between runs."""
    if os.geteuid():
        pytest.skip("needs root: a Debian is made and entered")
    debootstrap = need("debootstrap", "debootstrap")
    kept = os.environ.get("LOPHOC_ROOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("roots")
    root = folder / str(request.param)
    if not (root / "usr/bin/python3").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [debootstrap, "--variant=minbase", f"--include={INCLUDED}", str(request.param)]
        for attempt in (1, 2):
            part = folder / f"{request.param}.part"
            shutil.rmtree(part, ignore_errors=True)
            done = subprocess.run(
                [*command, str(part), mirror()], capture_output=True, text=True, check=False
            )
            if not done.returncode:
                part.rename(root)
                break
            if attempt == 1:
                time.sleep(_PAUSE_S)
        else:
            pytest.fail(f"debootstrap: {done.stdout[-2000:]}")
    return root


@pytest.fixture
def root(fresh_root: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, to be spoilt."""
    copy = tmp_path / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", str(fresh_root), str(copy)], check=True)
    yield copy
    shutil.rmtree(copy)


def mirror() -> str:
    """Where this machine gets its own Debian from."""
    listed = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    texts = [path.read_text("utf-8") for path in listed if path.is_file()]
    found = [url for text in texts for url in re.findall(r"https?://[^\s\]]+/debian/?(?=\s)", text)]
    if not found:
        pytest.skip("needs a Debian that names its mirror")
    return found[0]
