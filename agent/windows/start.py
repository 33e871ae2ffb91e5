"""This file starts the agent on Windows: the version installed, or one of the server's.

python -m agent.windows.start COMMAND ...     as `python -m agent`; an update never replaces it

No program here can become another one: what runs is a child, started again when another version is
to run, or when it ended by a fault. It ends with this program, however that comes about. The
child finds the version's libraries by `sitecustomize.py`, which the installer puts beside Python.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import os
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from agent.updates import launcher
from protocol.windows.job import end_with_us

LIBRARIES: Final = "LOPHOC_LIBRARIES"  # in a child's environment: the folder of its version
PAUSE_S: Final = 10.0  # after a fault, so that a broken settings file wears nothing out
_UTF8: Final = ("-X", "utf8")


def main() -> int:
    """Run the command until it has ended for good; answers its exit code."""
    arguments = sys.argv[1:]
    while True:
        kept = _Kept(arguments)
        code = kept.run()
        if not launcher.is_run(arguments) or code == 0:
            return code
        if code != launcher.EXIT_SWAP:
            time.sleep(PAUSE_S)


class _Kept:
    """One run of a version."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._command = [sys.executable, *_UTF8, "-m", "agent", *arguments]
        self._arguments = arguments
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Start what is chosen, and wait for its end; answers its exit code."""
        environ = {**os.environ}
        environ.pop(LIBRARIES, None)
        if folder := launcher.choose(self._arguments, environ, end_hung=self._end):
            environ[LIBRARIES] = str(folder)
        self._child = subprocess.Popen(self._command, env=environ)
        end_with_us(int(self._child._handle))  # type: ignore[attr-defined]  # noqa: SLF001 - its only name
        while True:
            try:
                return self._child.wait()
            except KeyboardInterrupt:  # the child hears it, too, and ends
                continue

    def _end(self) -> None:
        """It hangs: the next start counts it."""
        if self._child is not None:
            self._child.kill()


if __name__ == "__main__":
    sys.exit(main())
