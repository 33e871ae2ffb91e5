"""This file takes a code out of the command line, which every user of the machine can read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

STDIN: Final = "-"  # as a lone argument: the code comes by standard input

_MAX_CODE: Final = 4096  # bytes; a link holds one, and a pipe takes as many at once (pipe(7))


def code_of(words: Sequence[str]) -> str:
    """The code that was typed, or that standard input holds; empty: none.

    A typed one leaves the list of processes: the program starts itself again without it.
    """
    if [*words] == [STDIN]:
        return os.read(sys.stdin.fileno(), _MAX_CODE).decode(errors="replace").strip()
    code = " ".join(words)
    if code and sys.platform == "linux":
        _start_without(words, code)
    return code


def _start_without(words: Sequence[str], code: str) -> None:
    """Become the same command with the code in a pipe; no more than return where that cannot be."""
    command, count = sys.orig_argv, len(words)
    places = [at for at in range(len(command)) if command[at : at + count] == [*words]]
    if len(places) != 1 or len(code.encode()) > _MAX_CODE:  # called from within another program
        return
    ours, theirs = os.pipe()
    os.write(theirs, code.encode())
    os.close(theirs)
    os.dup2(ours, 0)
    os.execv(sys.executable, [*command[: places[0]], STDIN, *command[places[0] + count :]])  # noqa: S606 - ourselves
