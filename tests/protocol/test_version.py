"""A build is named, later ones are greater, and one goes back by one minor at most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import __version__
from protocol.version import BUILD, build_in, is_later, is_reachable, version_from

BUILDS = ["0.1.0", "0.1.0+20261130.111923.9120b954", "0.1.0+20261201.000000.00000000",
          "0.1.1", "0.2.0", "0.2.0+20261231.235959.abcdef01", "0.10.0", "1.0.0"]  # fmt: skip
numbers = st.integers(0, 12)
builds = st.builds(
    "{}.{}.{}{}".format, numbers, numbers, numbers,
    st.sampled_from(["", "+20261130.111923.9120b954", "+20261130.111924.0000000a"]),
)  # fmt: skip


def test_later_builds_are_greater() -> None:
    """As dpkg orders them, too."""
    assert sorted(BUILDS, key=version_from) == BUILDS


@pytest.mark.parametrize(
    ("running", "offered", "expected"),
    [
        ("0.1.0", "0.1.0+20261130.111923.9120b954", True),
        ("0.1.0", "0.1.0", False),
        ("0.3.1", "0.2.0", True),
        ("0.3.1", "0.2.9+20261130.111923.9120b954", True),
        ("0.3.1", "0.1.9", False),
        ("1.0.0", "0.9.0", False),
        ("0.9.0", "3.0.0", True),
        ("0.1.0 sim", "0.2.0", False),
        ("0.1.0", "../0.2.0", False),
    ],
)
def test_where_one_may_go(running: str, offered: str, *, expected: bool) -> None:
    """Any later one, or one minor back."""
    assert is_reachable(running, offered) is expected


@given(builds, builds)
def test_of_two_versions_one_is_later_and_can_be_reached(one: str, other: str) -> None:
    """Or they are the same."""
    assert (
        is_later(one, other) + is_later(other, one) + (version_from(one) == version_from(other))
        == 1
    )
    assert is_reachable(one, other) or not is_later(other, one)


@pytest.mark.parametrize(
    "text", ["", "0.1", "0.1.0+x", "0.1.0\n", "\u0660.1.0", "0.1.0/..", "9" * 99]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    """It names folders."""
    with pytest.raises(ValueError, match="no version"):
        version_from(text)


def test_a_build_names_this_version() -> None:
    """What packaging wrote for another one is no name of ours."""
    built = f"{__version__}+20261130.111923.9120b954"
    assert build_in(f"{built}\n") == built
    assert build_in("9.9.9+20261130.111923.9120b954") == __version__
    assert build_in("") == __version__
    version_from(BUILD)
