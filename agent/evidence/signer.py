"""This file is the program that signs: a child that reads a text, answers, and ends.

It alone has the key in memory, and it alone loads `cryptography`, for the running agent need not
be 8 MiB larger for a moment a lesson. The key is made here, and leaves the folder never.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.folder import OWNER_ONLY, write_whole

KEY_BYTES: Final = 32
MAX_TEXT_BYTES: Final = 4096


def main() -> None:
    """Sign what standard input holds with the key at the path that is its first line."""
    path, _, text = sys.stdin.buffer.read(MAX_TEXT_BYTES).partition(b"\n")
    key = key_at(Path(os.fsdecode(path)))
    public = key.public_key().public_bytes_raw().hex()
    sys.stdout.write(f"{public} {key.sign(text).hex()}\n")


def key_at(path: Path) -> Ed25519PrivateKey:
    """The key that the file holds; a new one where there is none, or no whole one.

    Raises OSError.
    """
    try:
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except (FileNotFoundError, ValueError):
        key = Ed25519PrivateKey.generate()
        write_whole(path, key.private_bytes_raw(), OWNER_ONLY)
        return key


if __name__ == "__main__":
    main()
