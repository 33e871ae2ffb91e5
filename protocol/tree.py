"""This file walks through a folder in which other programs make and remove things meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_GONE: Final = (FileNotFoundError, NotADirectoryError)


def paths_below(
    folder: Path,
    *,
    into: Callable[[Path], bool] = lambda _: True,
    past: tuple[type[OSError], ...] = (),
) -> Iterator[Path]:
    """Everything below the folder, a folder before what it holds; links are not followed.

    What goes while it is walked through is passed over. into: whether a folder is looked into.
    past: errors besides for which a folder is passed over. Raises OSError where one cannot be read.
    """

    def weigh(error: OSError) -> None:
        if not isinstance(error, (*_GONE, *past)):
            raise error

    for top, folders, files in os.walk(folder, onerror=weigh):
        here = Path(top)
        yield from (here / name for name in (*folders, *files))
        folders[:] = [name for name in folders if into(here / name)]
