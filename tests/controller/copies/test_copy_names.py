"""Copies are ordered by a counter, and the newest of each kind stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.copies.names import CopyName, name_from, names_in, next_full, next_step, to_let_go

NAMES = st.builds(
    CopyName,
    st.integers(1, 10**7),
    st.text("0123456789abcdef", min_size=6, max_size=6),
    st.integers(0, 10**5),
)


@given(NAMES)
def test_a_name_is_read_as_it_was_written(name: CopyName) -> None:
    """Also where a counter outgrows its zeros."""
    assert name_from(name.file) == name


@given(st.text(max_size=40))
def test_other_files_of_the_place_are_none_of_ours(file: str) -> None:
    """A stick holds other things too."""
    name = name_from(file)
    assert name is None or name.file == file


@given(st.lists(NAMES), st.integers(0, 10**6))
def test_a_new_full_copy_is_newer_than_all(names: list[CopyName], after: int) -> None:
    """Also than those that stood in the place once."""
    fresh = next_full(names, "abcdef", after)
    assert all(fresh.number > name.number for name in names)
    assert fresh.number > after


@given(st.lists(st.integers(0, 12), max_size=12), st.integers(1, 4))
def test_what_goes_is_never_the_newest(steps: list[int], fulls: int) -> None:
    """A list is kept by hand: each full copy with so many steps, the newest of them last."""
    names: list[CopyName] = []
    for number, count in enumerate(steps, 1):
        full = CopyName(number, f"{number:06x}", 0)
        names.append(full)
        for _ in range(count):
            names.append(next_step(names, full, 0))
    gone = set(to_let_go(names_in(name.file for name in reversed(names)), fulls))
    staying = [name for name in names if name not in gone]
    expected = []
    for number, count in list(enumerate(steps, 1))[-fulls:]:
        last = 4 if number == len(steps) else 1
        own = [CopyName(number, f"{number:06x}", step) for step in range(1, count + 1)]
        expected += [CopyName(number, f"{number:06x}", 0), *own[-last:]]
    assert staying == expected


def test_a_step_without_its_full_copy_goes() -> None:
    """It can bring nothing back."""
    orphan = CopyName(3, "aaaaaa", 7)
    assert to_let_go([CopyName(2, "bbbbbb", 0), orphan], 2) == [orphan]
