"""This file names the build that runs, and orders versions. Pure but for one file beside it.

A build is a version and what packaging added to it: 0.2.0+20261130.111923.9120b954. A version
without more is the release itself, and older than every later build of its name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from protocol import __version__

BUILD_FILE: Final = Path(__file__).with_name("build.txt")  # written by packaging
MAX_VERSION: Final = 64
_PATTERN: Final = re.compile(
    r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:\+(\d{8})\.(\d{6})\.([0-9a-f]{7,16}))?", re.ASCII
)


class Version(NamedTuple):
    """A version in order: the later is the greater. commit: which one of two of a second."""

    major: int
    minor: int
    patch: int
    day: int = 0
    time: int = 0
    commit: str = ""


def version_from(text: str) -> Version:
    """A version as it is written. Raises ValueError."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"no version: {text[:MAX_VERSION]!r}")
    major, minor, patch, day, time = (int(number or 0) for number in match.groups()[:5])
    return Version(major, minor, patch, day, time, match[6] or "")


def is_reachable(running: str, offered: str) -> bool:
    """Whether one may go from a version to another: to any later one, or one minor back.

    What cannot be read as a version is reachable from nowhere, and reaches nothing.
    """
    try:
        here, there = version_from(running), version_from(offered)
    except ValueError:
        return False
    if there == here:
        return False
    return there > here or (there.major == here.major and there.minor >= here.minor - 1)


def is_later(one: str, other: str) -> bool:
    """Whether one is later than the other; what cannot be read is later than nothing."""
    try:
        return version_from(one) > version_from(other)
    except ValueError:
        return False


def build_in(text: str) -> str:
    """What packaging wrote, if it is a build of this version; else the version alone."""
    build = text.strip()
    named = build.partition("+")[0] == __version__
    return build if named and _PATTERN.fullmatch(build) else __version__


def _build() -> str:
    try:
        return build_in(BUILD_FILE.read_text("ascii"))
    except (OSError, ValueError):
        return __version__


BUILD: Final = _build()
