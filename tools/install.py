"""This file installs pinned packages into this Python, and shows how far it is.

It runs before anything is installed: Python's own library and pip are all it has.
"""

from __future__ import annotations

import re
import selectors
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pip._vendor.packaging.requirements import Requirement

_PIN: Final = re.compile(
    r"^(?P<pin>[A-Za-z0-9][^\s;#]*==[^\s;\\]+)(?P<marker> *;[^\\]*)?", re.MULTILINE
)
_BEGUN: Final = ("Collecting ", "Processing ", "Requirement already satisfied: ")
_LOOK_EVERY_S: Final = 0.5
_EVERY: Final = 10  # where nobody watches, one line for so many packages
_FETCHED: Final = "Tải gói / Fetching packages"
_INSTALLED: Final = "Cài gói / Installing packages"
_STOPPED: Final = "Đã dừng; chạy lại lệnh ấy để làm tiếp. / Stopped; run it again to go on."


def pins(text: str) -> list[str]:
    """The pins of a file that are meant for this Python and system."""
    found = (Requirement(match["pin"] + (match["marker"] or "")) for match in _PIN.finditer(text))
    return [str(pin) for pin in found if pin.marker is None or pin.marker.evaluate()]


class Progress:
    """Counts on one line of a terminal, or now and then on a line of its own."""

    def __init__(
        self, total: int, *, is_terminal: bool, write: Callable[[str], object] = sys.stdout.write
    ) -> None:
        self._total = total
        self._is_terminal = is_terminal
        self._write = write
        self._shown = ("", -1)

    def show(self, what: str, count: int) -> None:
        """So many are done."""
        count = min(count, self._total)
        if (what, count) == self._shown:
            return
        is_due = what != self._shown[0] or count == self._total or count % _EVERY == 0
        self._shown = (what, count)
        if self._is_terminal:
            self._write(f"\r\x1b[K{what}: {count}/{self._total}")
        elif is_due:
            self._write(f"{what}: {count}/{self._total}\n")
        sys.stdout.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal and self._shown[1] >= 0:
            self._write("\n")


def install(requirements: Path, *options: str) -> int:
    """Install what the file pins, which is whole; returns pip's exit code."""
    wanted = pins(requirements.read_text("utf-8"))
    command = [
        *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
        *("--progress-bar", "off", "--no-deps", "--require-hashes", *options),
        *("--requirement", str(requirements)),
    ]
    progress = Progress(len(wanted), is_terminal=sys.stdout.isatty())
    before = _count_installed()
    begun, is_fetched = 0, False
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as pip:  # select sees all
        try:
            for line in _lines(pip):
                begun += line.startswith(_BEGUN)
                is_fetched = is_fetched or line.startswith("Installing collected")
                if is_fetched:
                    progress.show(_INSTALLED, _count_installed() - before)
                else:
                    progress.show(_FETCHED, begun)
        except KeyboardInterrupt:
            pip.send_signal(signal.SIGINT)
            pip.wait()
            progress.end()
            print(_STOPPED)
            return 128 + signal.SIGINT
    if is_fetched and not pip.returncode:
        progress.show(_INSTALLED, len(wanted))
    progress.end()
    return pip.returncode


def _lines(pip: subprocess.Popen[bytes]) -> Iterator[str]:
    """What it says, and an empty line whenever it says nothing for a while."""
    assert pip.stdout, "a pipe"  # noqa: S101
    with selectors.DefaultSelector() as waiting:
        waiting.register(pip.stdout, selectors.EVENT_READ)
        while True:
            if not waiting.select(_LOOK_EVERY_S):
                yield ""
                continue
            line = pip.stdout.readline()
            if not line:
                return
            yield line.decode("utf-8", "replace")


def _count_installed() -> int:
    return sum(1 for _ in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1]), *sys.argv[2:]))
