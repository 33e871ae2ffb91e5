"""An enrolled agent takes what its school proves, each word once, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.proof import WINDOW, ProofError, ProofReader, proven

SECRET, OTHER = "11" * 32, "22" * 32
texts = st.text(max_size=8)
payloads = st.binary(max_size=60)
words = st.tuples(texts, st.integers(0, 3000), texts, payloads)


@given(words)
def test_what_is_proven_is_read_as_it_was_said(word: tuple[str, int, str, bytes]) -> None:
    """Whatever bytes it has, line ends among them; and once."""
    sender, no, boot, payload = word
    reader = ProofReader(SECRET, "p1")
    said = proven(SECRET, "p1", sender, no, boot, payload)
    assert reader.read(said) == (payload, boot)
    with pytest.raises(ProofError, match="before"):
        reader.read(said)


@given(words, st.data())
def test_nothing_that_was_changed_is_read(
    word: tuple[str, int, str, bytes], data: st.DataObject
) -> None:
    """Nor what is another agent's, another secret's, or has no proof."""
    said = proven(SECRET, "p1", *word)
    place = data.draw(st.integers(0, len(said) - 1))
    changed = (
        said[:place] + bytes([said[place] ^ data.draw(st.integers(1, 255))]) + said[place + 1 :]
    )
    for wrong in (changed, said[:place], word[3], b"", b"[]\n" + word[3]):
        with pytest.raises(ProofError):
            ProofReader(SECRET, "p1").read(wrong)
    for reader in (ProofReader(OTHER, "p1"), ProofReader(SECRET, "p2")):
        with pytest.raises(ProofError, match="wrong proof"):
            reader.read(said)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3 * WINDOW)), max_size=60))
def test_each_number_counts_once_and_old_ones_never(order: list[tuple[str, int]]) -> None:
    """Held against a list of all; the starts of a controller do not know each other's."""
    reader = ProofReader(SECRET, "p1")
    taken: dict[str, list[int]] = {"a": [], "b": []}
    for sender, no in order:
        before = taken[sender]
        fresh = no not in before and no > max(before, default=-1) - WINDOW
        said = proven(SECRET, "p1", sender, no, "", b"x")
        if fresh:
            reader.read(said)
            before.append(no)
        else:
            with pytest.raises(ProofError):
                reader.read(said)
