"""This file holds each package to its floor of lines that tests run.

python -m tools.floors     after `make test COVERAGE=1`
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Final

from coverage import Coverage

# A little below what was measured, in percent of lines; raised when it has grown, never lowered.
# What only programs of their own run (tests/flows) is not counted.
FLOORS: Final[Mapping[str, float]] = {
    "protocol": 95,
    "hardware": 82,
    "agent": 77,
    "controller": 80,
    "simulators": 73,
}


def main() -> int:
    """Print what was measured and answer 1 where a package is below its floor, else 0."""
    measured = {package: measured_percent(package) for package in FLOORS}
    for package, percent in measured.items():
        print(f"{package:12}{percent:6.1f} % of lines, at least {FLOORS[package]:.0f}")
    low = below(measured, FLOORS)
    print(*(f"below its floor: {package}" for package in low), sep="\n", end="\n" if low else "")
    return 1 if low else 0


def measured_percent(package: str) -> float:
    """How many of a package's lines were run, from the recorded data (.coverage)."""
    recorded = Coverage()
    recorded.load()
    return recorded.report(include=[f"{package}/*"], file=io.StringIO())


def below(measured: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """The packages that are below their floors, in the order of the floors."""
    return [package for package, floor in floors.items() if measured[package] < floor]


if __name__ == "__main__":
    sys.exit(main())
