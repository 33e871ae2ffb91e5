"""This file makes the one file for a stick: packages, sums, and the script that installs them."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.packages.target import MACHINES, MINORS
from tools.packages.tree import filled

SUMS: Final = "SHA256SUMS"
_MODE: Final = 0o644


def make_bundle(
    debs: Sequence[Path], out: Path, *, version: str, stamp_s: int, windows: Path | None = None
) -> Path:
    """A tar of these packages, each in the folder of its architecture; the same bytes each time.

    windows: an installer for Windows. Nothing is compressed, for packages are already.
    """
    top = f"lophoc-{version}"
    content: dict[str, bytes | Path] = {f"{_arch_of(deb)}/{deb.name}": deb for deb in debs}
    if windows is not None:
        content[f"windows/{windows.name}"] = windows
    words = _words(version)
    content["cai-dat.sh"] = filled("cai-dat.sh", words).encode()
    content["HUONG-DAN.txt"] = filled("HUONG-DAN.txt", words).encode()
    content[SUMS] = _sums(content).encode()
    path = out / f"{top}.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(content):
            _add(tar, f"{top}/{name}", content[name], stamp_s)
    return path


def _words(version: str) -> Mapping[str, str]:
    return {
        "VERSION": version,
        "ARCHES": " | ".join(MACHINES),
        "FIRST": str(MINORS[0]),
        "LAST": str(MINORS[-1]),
        "LEAST": f"3.{MINORS[0]}",
        "MOST": f"3.{MINORS[-1]}",
    }


def _arch_of(deb: Path) -> str:
    return deb.stem.rpartition("_")[2]


def _sums(content: Mapping[str, bytes | Path]) -> str:
    """As sha256sum writes and reads them."""
    return "".join(f"{_digest(content[name])}  {name}\n" for name in sorted(content))


def _digest(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add(tar: tarfile.TarFile, name: str, content: bytes | Path, stamp_s: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.mtime, entry.mode = stamp_s, _MODE
    if isinstance(content, bytes):
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    else:
        entry.size = content.stat().st_size
        with content.open("rb") as file:
            tar.addfile(entry, file)
