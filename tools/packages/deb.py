"""This file makes a .deb of a laid-out folder, without root: the same gives the same bytes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from tools.packages.control import CONTROL_FILES, conffiles, control, scripts_of, sums, words_of
from tools.packages.role import Role
from tools.packages.tree import filled, put, set_times

_FAST: Final = {"gzip": ("-z1",)}  # for what is thrown away
_THREADS: Final = "2"  # the same number everywhere: xz parts its blocks by it


def make_deb(
    role: Role, root: Path, out: Path, *, version: str, arch: str, glibc: int, stamp_s: int,
    compression: str,
) -> Path:  # fmt: skip
    """The package's file. glibc: the oldest 2.N that its libraries run with."""
    control_text = control(role, version, arch, glibc, root)
    listed, checked = conffiles(root), sums(root)
    for name, source in scripts_of(role).items():
        put(root / "DEBIAN" / name, filled(source, words_of(role)), CONTROL_FILES[name])
    put(root / "DEBIAN/control", control_text)
    put(root / "DEBIAN/md5sums", checked)
    if listed:
        put(root / "DEBIAN/conffiles", listed)
    set_times(root, stamp_s)
    path = out / f"{role.package}_{version}_{arch}.deb"
    subprocess.run(
        [
            "dpkg-deb",
            "--root-owner-group",
            f"-Z{compression}",
            *_FAST.get(compression, ()),
            "--build",
            str(root),
            str(path),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(stamp_s), "DPKG_DEB_THREADS_MAX": _THREADS},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return path
