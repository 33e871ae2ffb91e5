"""This file makes an update: what a package installs of libraries, behind a signed manifest.

python -m tools.packages.update key FILE       makes a private key, prints the public half
python -m tools.packages.update public FILE    prints the public half of one that there is
"""

from __future__ import annotations

import hashlib
import lzma
import os
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from protocol.package import (
    END,
    Arch,
    Manifest,
    System,
    check_signature,
    head_bytes,
    public_of,
    sign,
    text_of,
)

_SECRET: Final = 0o600
_FILE, _PROGRAM = 0o644, 0o755
_BITS: Final = 0o111


class KeyFileError(Exception):
    """The file of the private key cannot be used; the text says why."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; answers the exit code."""
    try:
        match [*arguments]:
            case ["key", file]:
                print(make_key(Path(file)))
            case ["public", file]:
                print(public_of(read_key(Path(file))))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except (KeyFileError, OSError) as error:
        print(f"nothing done: {error}", file=sys.stderr)
        return 1
    return 0


def make_key(file: Path) -> str:
    """Write a new private key where no file is yet; its public half. Raises OSError."""
    private = os.urandom(32)
    with open(file, "x", opener=lambda path, flags: os.open(path, flags, _SECRET)) as text:
        text.write(f"{private.hex()}\n")
    return public_of(private)


def read_key(file: Path) -> bytes:
    """The private key in a file. Raises KeyFileError."""
    try:
        private = bytes.fromhex(file.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{file}: {error}") from error
    if len(private) != 32:  # noqa: PLR2004 - Ed25519's
        raise KeyFileError(f"{file}: a private key has 64 hexadecimal digits")
    return private


def make_update(
    root: Path, out: Path, *, key: bytes, version: str, system: System, arch: Arch,
    minors: Sequence[int], stamp_s: int, folders: Sequence[str], least: str = "", preset: int = 6,
) -> Path:  # fmt: skip
    """Pack these folders of the root; the same bytes each time."""
    path = out / f"lophoc-agent_{version}_{system}-{arch}{END}"
    packed = path.with_suffix(".part")
    unpacked = _pack(root, folders, packed, stamp_s, preset)
    with packed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = Manifest(
        version=version, system=system, arch=arch, minors=tuple(minors),
        size=packed.stat().st_size, sha256=digest, unpacked=max(1, unpacked), least=least,
    )  # fmt: skip
    text = text_of(manifest)
    signature = sign(key, text)
    check_signature(text, signature, [public_of(key)])
    with path.open("wb") as whole, packed.open("rb") as rest:
        whole.write(head_bytes(text, signature))
        while chunk := rest.read(1 << 20):
            whole.write(chunk)
    packed.unlink()
    return path


def _pack(root: Path, folders: Sequence[str], path: Path, stamp_s: int, preset: int) -> int:
    """Write the tar; how many bytes its files have together."""
    total = 0
    with (
        lzma.open(path, "wb", preset=preset) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, file in _files(root, folders):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = file.stat().st_size, stamp_s
            entry.mode = _PROGRAM if file.stat().st_mode & _BITS else _FILE
            total += entry.size
            with file.open("rb") as content:
                tar.addfile(entry, content)
    return total


def _files(root: Path, folders: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Every file by its name in the package, in order; nothing that a start compiled."""
    found = (path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    for path in sorted(found):
        if "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
