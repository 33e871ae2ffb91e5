"""This file runs Windows programs: a Wine of its own for each run, and none of it left behind."""

from __future__ import annotations

import os
import selectors
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from tests.flows.programs import Program
from tests.waiting import LIMIT_S, until

WINE: Final = "/usr/lib/wine/wine64"  # Debian's own name for it, without its 32-bit half
SERVER: Final = "/usr/lib/wine/wineserver"
_LOOK_S: Final = 0.1
HOME: Final = "C:\\LopHoc"
PYTHON: Final = f"{HOME}\\python\\python.exe"
AGENT: Final = (PYTHON, "-X", "utf8", "-m", "agent")
START: Final = (PYTHON, "-X", "utf8", "-m", "agent.windows.start")  # what Windows starts at boot
_ENVIRONMENT: Final = {
    "WINEDEBUG": "-all",
    # Neither a debugger for what crashes, nor what asks for .NET and Internet Explorer.
    "WINEDLLOVERRIDES": "winedbg.exe=d;mscoree=d;mshtml=d",
    "LC_ALL": "C.UTF-8",
}
# Wine 8 lacks this DLL, of which the libraries want one function.
_RANDOM: Final = """
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{ return SystemFunction036(data, (ULONG)size); }
"""


class Wine:
    """A Windows in a folder; its server is this one's, and ends with it."""

    def __init__(self, folder: Path, screen: str) -> None:
        self.prefix = folder / "wine"
        self.drive = self.prefix / "drive_c"
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "LOPHOC", "XDG", "TZ"))
        }
        self.env |= {**_ENVIRONMENT, "WINEPREFIX": str(self.prefix), "DISPLAY": screen}

    def __enter__(self) -> Self:
        self._call(WINE, "wineboot", "-i")
        self._call(SERVER, "-w")
        # Else "\\proc" is Linux's own, of which no Windows knows.
        (self.prefix / "dosdevices" / "z:").unlink(missing_ok=True)
        self._add_library(self.drive / "windows" / "system32" / "bcryptprimitives.dll")
        return self

    def __exit__(self, *_: object) -> None:
        self._call(SERVER, "-k")
        self._call(SERVER, "-w")

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program. Python wants its input to be a pipe, open as long as it runs."""
        return subprocess.Popen(
            [WINE, *command],
            env=self.env,
            cwd=self.drive,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        process = self.start(*command)
        out, errors = bytearray(), bytearray()
        assert process.stderr
        assert process.stdout
        assert process.stdin
        with process.stdin, process.stdout, process.stderr:
            for is_error, part in said_by(process):
                (errors if is_error else out).extend(part)
            code = process.wait(LIMIT_S)
        said = out.decode().replace("\r\n", "\n"), errors.decode("utf-8", "replace")
        return subprocess.CompletedProcess(command, code, *said)

    def install(self, staged: Path) -> None:
        """Have what was laid out stand where Windows would have it."""
        shutil.copytree(staged, self.drive / "LopHoc")  # OpenCV finds itself by no link

    def _call(self, *command: str) -> None:
        quiet = subprocess.DEVNULL
        subprocess.run(
            command, env=self.env, stdin=quiet, stdout=quiet, stderr=quiet, check=False, timeout=120
        )

    def _add_library(self, target: Path) -> None:
        source = self.prefix / "random.c"
        source.write_text(_RANDOM)
        subprocess.run(
            ["x86_64-w64-mingw32-gcc", "-shared", "-O1", "-s", "-o", target, source, "-ladvapi32"],
            check=True,
        )


def said_by(process: subprocess.Popen[bytes]) -> Iterator[tuple[bool, bytes]]:
    """What it says until it has ended, and whether as an error.

    Nobody waits for the end of its pipes: a desktop that it starts holds them open for ever.
    """
    assert process.stderr
    assert process.stdout
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ, data=False)
        waiting.register(process.stderr, selectors.EVENT_READ, data=True)
        while waiting.get_map():
            ready = waiting.select(_LOOK_S)
            if not ready and process.poll() is not None:
                return
            for key, _ in ready:
                part = os.read(key.fd, 1 << 16)
                if not part:
                    waiting.unregister(key.fileobj)
                yield key.data, part


class WindowsProgram(Program):
    """A program under Wine, with its log in a file."""

    def __init__(self, wine: Wine, log: Path, *arguments: str) -> None:
        super().__init__(log, *arguments)
        self._wine = wine
        self._hearer: threading.Thread | None = None

    def start(self) -> WindowsProgram:
        """Start it, or start it again."""
        process = self.process = self._wine.start(self._command, *self._arguments)
        self._hearer = threading.Thread(target=self._hear, args=(process,))
        self._hearer.start()
        return self

    def kill(self) -> None:
        """Pull its plug, and have its port free again, as it is at once on Windows."""
        super().kill()
        if self._hearer is not None:
            self._hearer.join()
        port = int(self._arguments[self._arguments.index("--local-port") + 1])
        until(lambda: _is_free(port), f"port {port}, which Linux holds for a minute (TIME_WAIT)")

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr
        assert process.stdout
        assert process.stdin
        with process.stdin, process.stdout, process.stderr, self.log.open("ab", 0) as log:
            for is_error, part in said_by(process):
                if is_error:
                    log.write(part)
            process.wait()


def _is_free(port: int) -> bool:
    """Whether a program may listen there that asks for no port of before (SO_REUSEADDR)."""
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
