"""This file keeps the key that opens a school's copies, also wrapped in a person's passphrase.

The key lies bare in the data folder, for who has that folder has the data anyway: so copies are
made by a schedule without a passphrase on any disk. Each copy carries the wrapped one.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.copies.errors import CopyError
from protocol.folder import OWNER_ONLY, write_whole
from protocol.words import N_

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

MIN_LENGTH: Final = 12
WRAPPED_END: Final = b"-----END AGE ENCRYPTED FILE-----\n"
MAX_WRAPPED: Final = 4096
_FILE: Final = "key"
_ARMOUR: Final = re.compile(
    rb"-----BEGIN AGE ENCRYPTED FILE-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+"
    rb"-----END AGE ENCRYPTED FILE-----\s*"
)


class Key(NamedTuple):
    """What opens copies. wrapped: the identity in age's armor, encrypted with the passphrase."""

    identity: Identity
    wrapped: bytes


def age() -> ModuleType:
    """The library of the format age. Raises CopyError where it is not installed."""
    try:
        import pyrage  # noqa: PLC0415 - a small Raspberry Pi has none, and works without
    except ImportError as error:
        raise CopyError(
            "copies_unsupported",
            N_("This computer cannot encrypt copies: the package pyrage is not installed."),
            N_("Install it: pip install 'lophoc[controller]'."),
        ) from error
    module: ModuleType = pyrage
    return module


def new_key(passphrase: str) -> Key:
    """A key of its own, wrapped. Raises CopyError."""
    return rewrapped(age().x25519.Identity.generate(), passphrase)


def rewrapped(identity: Identity, passphrase: str) -> Key:
    """The same key in another passphrase; earlier copies keep theirs. Raises CopyError."""
    if len(passphrase) < MIN_LENGTH:
        raise CopyError(
            "passphrase_short",
            N_("The passphrase has at least {least} characters."),
            N_("Take four or five words that do not belong together."),
            least=MIN_LENGTH,
        )
    armored = age().passphrase.encrypt(str(identity).encode(), passphrase, armored=True)
    return Key(identity, bytes(armored))


def unwrapped(wrapped: bytes, passphrase: str) -> Key:
    """The key out of a copy. Raises CopyError if the passphrase is not that copy's."""
    try:
        return Key(_identity(age().passphrase.decrypt(wrapped, passphrase)), wrapped)
    except (age().DecryptError, OSError, ValueError) as error:
        raise CopyError(
            "passphrase_wrong",
            N_("This passphrase does not open the copy."),
            N_("Take the one that was set when the copy was made; mind capitals and accents."),
        ) from error


def keep_key(folder: Path, key: Key) -> None:
    """Keep the key in the folder of copies, for its owner alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    write_whole(folder / _FILE, f"{key.identity}\n".encode() + key.wrapped, OWNER_ONLY)


def key_in(folder: Path) -> Key | None:
    """The key that is kept; None where no passphrase was ever set. Raises CopyError."""
    try:
        bare, _, wrapped = (folder / _FILE).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    try:
        if not _ARMOUR.fullmatch(wrapped):  # nobody could open a copy that begins with half of it
            raise ValueError("not whole")
        return Key(_identity(bare), wrapped)
    except (ValueError, age().IdentityError) as error:
        raise CopyError(
            "copy_key_damaged",
            N_("The key of the copies, {path}, is damaged."),
            N_("Set a passphrase anew: lophoc-controller backup --new-passphrase"),
            path=folder / _FILE,
        ) from error


def has_key(folder: Path) -> bool:
    """Whether a passphrase was ever set."""
    return (folder / _FILE).exists()


def _identity(text: bytes) -> Identity:
    identity: Identity = age().x25519.Identity.from_str(text.decode())
    return identity


class PassphraseOpener:
    """Opens wrapped keys with one passphrase, each once: it costs seconds and much memory."""

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase
        self._keys: dict[bytes, Key | CopyError] = {}

    def __call__(self, wrapped: bytes) -> Key:
        """The key. Raises CopyError."""
        if wrapped not in self._keys:
            self._keys[wrapped] = self._opened(wrapped)
        key = self._keys[wrapped]
        if isinstance(key, CopyError):
            raise key
        return key

    def _opened(self, wrapped: bytes) -> Key | CopyError:
        try:
            return unwrapped(wrapped, self._passphrase)
        except CopyError as error:
            return error
