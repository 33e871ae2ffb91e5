"""This file encrypts and decrypts a stream: two files of age's, one behind the other.

The first is the key in the passphrase, as text; the second the content. So a copy can be opened
by hand with `age` alone. https://age-encryption.org/v1
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from typing import BinaryIO, Final

from controller.copies.errors import CopyError
from controller.copies.keys import MAX_WRAPPED, WRAPPED_END, Key, age
from protocol.words import N_

BLOCK: Final = 1 << 20


class HashedFile:
    """A file that is written once, what was written being hashed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = blake2b()
        self.error: OSError | None = None

    @property
    def digest(self) -> bytes:
        """The hash of all that was written."""
        return self._hash.digest()

    def write(self, data: bytes) -> int:
        """Write on. Raises OSError, and remembers it: age tells it without its number."""
        try:
            self._file.write(data)
        except OSError as error:
            self.error = error
            raise
        self._hash.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing more is to be done before the file ends."""


@contextmanager
def sealed(target: HashedFile, key: Key) -> Iterator[BinaryIO]:
    """What is written in the block stands encrypted in the target when it ends.

    Raises OSError where the target takes no more.
    """
    target.write(key.wrapped)
    source, sink = _pipe()
    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(_encrypt, source, target, key)
        try:
            with sink:
                yield sink
        except BrokenPipeError:
            task.result()
            raise
        task.result()


@contextmanager
def unsealed(file: BinaryIO, key: Key) -> Iterator[BinaryIO]:
    """What stands encrypted in the file, which is read from behind its wrapped key to its end.

    Believe what was read only once the block has ended. Raises CopyError if a byte is not right.
    """
    source, sink = _pipe()
    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(_decrypt, file, sink, key)
        try:
            with source:
                yield source
                while source.read(BLOCK):
                    pass
        finally:
            task.result()  # the first cause, if it lies in the file


def wrapped_in(file: BinaryIO) -> bytes:
    """The wrapped key at the beginning of a copy; the file then stands behind it.

    Raises CopyError if it is none.
    """
    file.seek(0)
    head, end, _ = file.read(MAX_WRAPPED).partition(WRAPPED_END)
    if not end:
        raise damaged("")
    file.seek(len(head) + len(end))
    return head + end


def damaged(cause: object) -> CopyError:
    """The error of a copy in which a byte is not right, or of what is no copy at all."""
    return CopyError(
        "copy_damaged",
        N_("The copy is damaged, not whole, or no copy of LopHoc's ({cause})."),
        N_("Take an older one."),
        cause=cause or "age",
    )


def _encrypt(source: BinaryIO, target: HashedFile, key: Key) -> None:
    with source:
        try:
            age().encrypt_io(source, target, [key.identity.to_public()])
        except age().EncryptError as error:
            raise target.error or error from error


def _decrypt(file: BinaryIO, sink: BinaryIO, key: Key) -> None:
    try:
        with sink:
            age().decrypt_io(file, sink, [key.identity])
    except age().DecryptError as error:
        raise damaged(error) from error
    except OSError as error:
        if error.errno is None:
            raise damaged(error) from error
        if error.errno != errno.EPIPE:  # whoever read has stopped
            raise


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read, write = os.pipe()
    return os.fdopen(read, "rb"), os.fdopen(write, "wb")
