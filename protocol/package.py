"""This file is the form of an update: a signed manifest, and behind it what is to be unpacked.

    LOPHOC PACKAGE 1
    {"version": ..., "sha256": ...}      the manifest, one line of JSON
    89ab...                              its Ed25519 signature, in hex
    ...                                  a tar, compressed by xz

The signature is of the manifest's own bytes, and the manifest names the digest and the size of
the rest: a reader needs the first lines alone to know whether it wants more. No date ends it, for
rooms' clocks are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec

from protocol.shapes import json_decoder
from protocol.unreadable import UNREADABLE
from protocol.version import MAX_VERSION, version_from

MAGIC: Final = b"LOPHOC PACKAGE 1\n"
END: Final = ".lophoc"
MAX_MANIFEST: Final = 2048
MAX_HEAD: Final = len(MAGIC) + MAX_MANIFEST + 1 + 129
MAX_SIZE: Final = 1 << 30
MAX_UNPACKED: Final = 4 << 30
MAX_KEYS: Final = 8
DOOR_PATH: Final = "/packages/"  # at the server's door for packages, before the digest
_LABEL: Final = b"lophoc package 1\n"

KeyHex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
SignatureHex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
VersionText = Annotated[str, msgspec.Meta(min_length=5, max_length=MAX_VERSION)]


class System(StrEnum):
    """What a package runs on."""

    LINUX = "linux"
    WINDOWS = "windows"


class Arch(StrEnum):
    """For which processors, by Debian's names."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class PackageFlaw(StrEnum):
    """Why a package is not taken."""

    MALFORMED = "malformed"
    NOT_SIGNED = "not_signed"  # by nobody who is trusted here
    WRONG_SIZE = "wrong_size"
    WRONG_SUM = "wrong_sum"
    BAD_CONTENT = "bad_content"  # it does not unpack as it should


class PackageError(ValueError):
    """A package that is not taken; `flaw` says why."""

    def __init__(self, flaw: PackageFlaw, detail: str = "") -> None:
        super().__init__(f"{flaw}: {detail}" if detail else str(flaw))
        self.flaw = flaw


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a package is. version: with its build. minors: of Python 3, that can run it.

    least: the version from which one may go to it at the earliest; "" for any. size, sha256: of
    what follows the head; unpacked: the bytes of all its files together.
    """

    version: VersionText
    system: System
    arch: Arch
    minors: Annotated[tuple[Annotated[int, msgspec.Meta(ge=11, le=99)], ...],
                      msgspec.Meta(min_length=1, max_length=16)]  # fmt: skip
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIZE)]
    sha256: Digest
    unpacked: Annotated[int, msgspec.Meta(ge=1, le=MAX_UNPACKED)]
    least: Annotated[str, msgspec.Meta(max_length=MAX_VERSION)] = ""

    def __post_init__(self) -> None:
        """Refuse versions that are none."""
        version_from(self.version)
        if self.least:
            version_from(self.least)


class Head(NamedTuple):
    """What stands before the rest. text: the manifest as it was signed. size: of the head."""

    text: bytes
    signature: str
    size: int

    @property
    def manifest(self) -> Manifest:
        """What it says. Raises PackageError."""
        return manifest_in(self.text)


class Fit(NamedTuple):
    """Where a package shall run: the system, the processors, the minor of Python 3."""

    system: System
    arch: Arch
    minor: int

    def takes(self, manifest: Manifest) -> bool:
        """Whether the package runs there."""
        same = (manifest.system, manifest.arch) == (self.system, self.arch)
        return same and self.minor in manifest.minors


_manifest: Final = json_decoder(Manifest)
_LINES: Final = re.compile(rb"([^\n]{2,%d})\n([0-9a-f]{128})\n" % MAX_MANIFEST)


def manifest_in(text: bytes) -> Manifest:
    """The manifest that a text is. Raises PackageError."""
    if len(text) > MAX_MANIFEST:
        raise PackageError(PackageFlaw.MALFORMED, "too long")
    try:
        return _manifest.decode(text)
    except (ValueError, *UNREADABLE) as error:
        raise PackageError(PackageFlaw.MALFORMED, str(error)) from error


def text_of(manifest: Manifest) -> bytes:
    """The manifest as the one line that is signed."""
    return msgspec.json.encode(manifest)


def head_bytes(text: bytes, signature: str) -> bytes:
    """What stands before the rest."""
    return b"%s%s\n%s\n" % (MAGIC, text, signature.encode("ascii"))


def head_in(start: bytes) -> Head | None:
    """The head at the start of a package; None while more of it is to come. Raises PackageError."""
    if not MAGIC.startswith(start[: len(MAGIC)]):
        raise PackageError(PackageFlaw.MALFORMED, "no package")
    match = _LINES.match(start, len(MAGIC)) if len(start) > len(MAGIC) else None
    if match is None:
        if len(start) >= MAX_HEAD:
            raise PackageError(PackageFlaw.MALFORMED, "no head")
        return None
    return Head(match[1], match[2].decode("ascii"), match.end())


def keys_in(text: str) -> tuple[str, ...]:
    """The public keys in a text: 64 hex digits each, a line each or between commas.

    What follows # is for people. Raises ValueError.
    """
    words = (
        word.lower() for line in text.splitlines()
        for word in line.partition("#")[0].replace(",", " ").split()
    )  # fmt: skip
    keys = tuple(dict.fromkeys(words))
    if len(keys) > MAX_KEYS:
        raise ValueError("too many keys")
    for key in keys:
        if not re.fullmatch("[0-9a-f]{64}", key):
            raise ValueError("a key has 64 hexadecimal digits")
    return keys


def sign(private: bytes, text: bytes) -> str:
    """The signature of a manifest by a private key of 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - heavy
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(private).sign(_LABEL + text).hex()


def public_of(private: bytes) -> str:
    """The public key that belongs to a private one, in hex."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - heavy
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw().hex()


def check_signature(text: bytes, signature: str, keys: Iterable[str]) -> None:
    """Refuse what none of these keys has signed. Raises PackageError."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - likewise
        Ed25519PublicKey,
    )

    for key in keys:
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
            public.verify(bytes.fromhex(signature), _LABEL + text)
        except (InvalidSignature, ValueError):
            continue
        return
    raise PackageError(PackageFlaw.NOT_SIGNED)


def fitting(manifests: Sequence[Manifest], fit: Fit) -> int | None:
    """Which of them is for such a computer; None where none is."""
    return next((number for number, one in enumerate(manifests) if fit.takes(one)), None)
