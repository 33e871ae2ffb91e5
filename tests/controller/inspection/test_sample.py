"""A sample is drawn by lot, and anybody draws the same: a model of its own, and sha256sum."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.inspection.sample import (
    checked,
    digest_of,
    drawn,
    frame_text,
    key_of,
    units_by_school,
)

# A key holds no line feed: codes and ids of the wire have none, and frames are files of lines.
KEYS = st.lists(
    st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1), max_size=30
)
SEEDS = st.text(st.characters(exclude_categories=("C",)), max_size=20)
RECIPE = r"""
while IFS= read -r key; do
  printf '%s %s\n' "$(printf '%s\n%s' "$SEED" "$key" | sha256sum | cut -c1-64)" "$key"
done < "$FRAME" | LC_ALL=C sort | head -n "$SIZE" | cut -d' ' -f2-
"""


def model(seed: str, keys: list[str], size: int) -> list[str]:
    """The documented algorithm, in the plainest words."""
    rank = {key: hashlib.sha256((seed + "\n" + key).encode()).hexdigest() for key in keys}
    return sorted(rank, key=lambda key: (rank[key], key))[:size]


@given(SEEDS, KEYS, st.integers(1, 40), st.randoms())
def test_a_sample_is_the_same_whatever_the_order_of_its_frame(
    seed: str, keys: list[str], size: int, chance: object
) -> None:
    """It is what the model draws, once each, inside the frame, as many as there are at most."""
    expected = model(seed, keys, size)
    shuffled = [*keys, *keys]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    sample = [unit.key for unit in drawn(seed, shuffled, size)]
    assert sample == expected
    assert {*sample} <= {*keys}
    assert len(sample) == min(size, len({*keys})) == len({*sample})


@given(SEEDS, KEYS.filter(len), st.integers(1, 10), st.data())
def test_whoever_changes_frame_or_sample_is_seen(
    seed: str, keys: list[str], size: int, data: st.DataObject
) -> None:
    """Drawing again agrees with the first draw, and with no other frame and no other sample."""
    before = [unit.key for unit in drawn(seed, keys, size)]
    digest = digest_of(keys)
    assert checked(seed, keys, size, before=before, digest=digest).agrees
    gone = data.draw(st.sampled_from(sorted({*keys})))
    rest = [key for key in keys if key != gone]
    assert not checked(seed, rest, size, before=before, digest=digest).agrees
    assert not checked(seed, keys, size, before=[*before, "x" * 99], digest=digest).agrees
    assert not checked(seed, keys, size, before=before[1:], digest=digest).agrees


def test_what_leaves_the_frame_moves_no_other() -> None:
    """A school that sells an item cannot so choose which others are looked at."""
    keys = [f"s/{n}" for n in range(100)]
    sample = [unit.key for unit in drawn("hat", keys, 20)]
    rest = [unit.key for unit in drawn("hat", [key for key in keys if key != sample[3]], 20)]
    assert rest[:-1] == [key for key in sample if key != sample[3]]


def test_every_unit_is_as_likely_as_another() -> None:
    """4,000 draws of 10 from 40: each is in a quarter of them, within five deviations."""
    keys = [key_of(f"{n % 4:05}", f"line:{n}") for n in range(40)]
    times = dict.fromkeys(keys, 0)
    draws, share = 4000, 10 / 40
    for seed in range(draws):
        for unit in drawn(str(seed), keys, 10):
            times[unit.key] += 1
    deviation = (draws * share * (1 - share)) ** 0.5
    assert all(abs(n - draws * share) < 5 * deviation for n in times.values())


def test_the_shell_draws_the_same(tmp_path: Path) -> None:
    """The recipe of the handbook: sha256sum, sort and head."""
    keys = [key_of("00140708", name) for name in ("line:1", "Thư viện", "p203", "'; $x `y`")]
    frame = tmp_path / "khung.txt"
    frame.write_text(frame_text(keys), "utf-8")
    environ = {"SEED": "Hạt giống 7", "FRAME": str(frame), "SIZE": "3", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-c", RECIPE], env=environ, capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines() == [unit.key for unit in drawn("Hạt giống 7", keys, 3)]
    assert digest_of(keys) == hashlib.sha256(frame.read_bytes()).hexdigest()


@pytest.mark.parametrize("school", ["00140708", "a/b", "Trường 1"])
def test_a_unit_is_found_again_by_its_key(school: str) -> None:
    """Whatever the school's code and the room are called."""
    keys = [key_of(school, unit) for unit in ("line:1", "nhà a/p.203")]
    assert {*units_by_school(drawn("s", keys, 5))[school]} == {"line:1", "nhà a/p.203"}
