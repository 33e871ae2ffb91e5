"""This file says which pages of a database changed since a full copy, and puts them in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import BinaryIO, Final

HASH_BYTES: Final = 16
NUMBER_BYTES: Final = 4  # SQLite has fewer than 2**32 pages


def hashes_of(pages: Iterable[bytes]) -> bytes:
    """The hashes of all pages, one behind the other."""
    return b"".join(blake2b(page, digest_size=HASH_BYTES).digest() for page in pages)


def digest_of(hashes: bytes) -> str:
    """One hash for a whole database, from those of its pages."""
    return blake2b(hashes, digest_size=32).hexdigest()


def changed_pages(hashes: bytes, base: bytes) -> list[int]:
    """The numbers, from 0, of pages that are other than in the base, or not in it."""
    return [
        at // HASH_BYTES
        for at in range(0, len(hashes), HASH_BYTES)
        if hashes[at : at + HASH_BYTES] != base[at : at + HASH_BYTES]
    ]


def records_of(numbers: Sequence[int], pages: Iterable[bytes]) -> Iterator[bytes]:
    """The pages of these numbers, each behind its number."""
    for number, page in zip(numbers, pages, strict=True):
        yield number.to_bytes(NUMBER_BYTES, "big") + page


def put_in_place(database: BinaryIO, records: Iterable[bytes], count: int, page_bytes: int) -> None:
    """Put changed pages into a full copy's file, which has `count` pages afterwards."""
    for record in records:
        database.seek(int.from_bytes(record[:NUMBER_BYTES], "big") * page_bytes)
        database.write(record[NUMBER_BYTES:])
    database.truncate(count * page_bytes)


def blocks_of(file: BinaryIO, size: int) -> Iterator[bytes]:
    """A file in blocks of one size, the last perhaps a shorter one."""
    while block := file.read(size):
        yield block
