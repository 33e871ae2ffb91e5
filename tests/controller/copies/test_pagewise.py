"""Changed pages, put into the full copy, give the database as it is now."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from controller.copies.pagewise import (
    NUMBER_BYTES,
    blocks_of,
    changed_pages,
    digest_of,
    hashes_of,
    put_in_place,
    records_of,
)

SIZE = 8
PAGES = st.lists(st.binary(min_size=SIZE, max_size=SIZE), max_size=20)


@given(PAGES, PAGES)
def test_any_change_is_carried_by_a_step(full: list[bytes], now: list[bytes]) -> None:
    """Changed, added, cut off: all that matters is what stands there now."""
    hashes = hashes_of(now)
    numbers = changed_pages(hashes, hashes_of(full))
    packed = b"".join(records_of(numbers, [now[number] for number in numbers]))
    database = io.BytesIO(b"".join(full))
    put_in_place(database, blocks_of(io.BytesIO(packed), SIZE + NUMBER_BYTES), len(now), SIZE)
    assert database.getvalue() == b"".join(now)
    unchanged = {at for at, page in enumerate(now) if full[at : at + 1] == [page]}
    assert unchanged.isdisjoint(numbers)


@given(PAGES, PAGES)
def test_one_hash_stands_for_all_pages(left: list[bytes], right: list[bytes]) -> None:
    """Other pages, another hash."""
    same = digest_of(hashes_of(left)) == digest_of(hashes_of(right))
    assert same == (left == right)
