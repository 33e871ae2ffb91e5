"""This file plays a generator's cases as a program: python -m tests.… FIRST LAST."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

_WIDTH: Final = 600


def play(wrongs_of: Callable[[int, Path], Iterable[str]]) -> int:
    """Try the seeds from FIRST to before LAST, each in a folder; returns 1 where one is wrong."""
    first, last = map(int, sys.argv[1:3])
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            wrong = [*wrongs_of(seed, Path(folder))]
            count += bool(wrong)
            if wrong:
                sys.stdout.write(f"{seed}: {wrong[0][:_WIDTH]}\n")
    sys.stdout.write(f"{count} wrong of {last - first}\n")
    return 1 if count else 0
