"""This file starts the programs' own children from processes that have their modules imported.

Such a child is an interpreter that runs one module, does one thing and ends: four fifths of it are
imports, and tests start hundreds. In its place a launcher is started, which is killed, waited for
and spoken to as the child would be; a nursery forks the child, and kills it once the launcher is
gone. A module that was given its order has nothing of the nursery but what it would have imported.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

if __name__ == "__main__":  # as a program it finds the packages by itself
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.warm_starts import MAX_ORDER, MEASURED, may_share

ROOT: Final = Path(__file__).parents[1]
LAUNCHER: Final = Path(__file__).with_name("warm_launcher.py")
CUT: Final = b"\0"
# Each nursery holds no more than its children need: those that read sheets have little memory.
KINDS: Final = {
    "sheets": (
        "controller.register.reader",
        "controller.roster.reader",
        "controller.schedule.reader",
        "controller.sheets.cells",
    ),
    "senses": ("hardware.camera.child", "hardware.cards.child"),
    "keys": ("agent.evidence.signer", "agent.joining.worker"),
}
KIND_OF: Final = {module: kind for kind, modules in KINDS.items() for module in modules}
# What a child imports once it knows its order.
LATER: Final = {
    "sheets": ("python_calamine", "openpyxl"),
    "senses": ("hardware.camera.capture", "hardware.camera.look", "hardware.cards.reader"),
    "keys": (),
}
# Of no meaning to a module that reads and writes bytes.
UNREAD: Final = frozenset({"PYTHONPATH", "LC_ALL", "OLDPWD", "PWD", "_", "TMPDIR"})

_is_true: Final[list[None]] = []  # one for each that wants children as a school has them
_nurseries: Final[dict[str, str]] = {}  # the name that each listens at


class Told(NamedTuple):
    """What a child is to be."""

    module: str
    folder: str
    umask: int
    environ: dict[str, str]


def start_children_warm() -> None:
    """From now on, for this process alone: whatever of ours starts such a child starts a warm one.

    Not where the tests are measured, nor on any system but Linux.
    """
    if sys.platform != "linux" or any(map(os.environ.get, MEASURED)):
        return
    begin = subprocess.Popen.__init__

    @functools.wraps(begin)
    def begin_warm(self: Any, args: Any, *more: Any, **options: Any) -> None:
        begin(self, _warm(args, options.get("env")), *more, **options)

    subprocess.Popen.__init__ = begin_warm  # type: ignore[method-assign]


@contextlib.contextmanager
def children_started_truly() -> Iterator[None]:
    """Children as a school has them, for who looks at the child itself."""
    _is_true.append(None)
    try:
        yield
    finally:
        _is_true.pop()


def _warm(command: Any, environ: dict[str, str] | None) -> Any:
    """The command, or the launcher's in its place."""
    if _is_true or isinstance(command, str | bytes | os.PathLike) or len(command) < 4:
        return command
    *before, program, flag, how, module = command
    if (program, flag, how) != (sys.executable, "-P", "-m") or module not in KIND_OF:
        return command
    ours = {name: value for name, value in os.environ.items() if name not in UNREAD}
    theirs = {name: value for name, value in (environ or ours).items() if name not in UNREAD}
    if not may_share(theirs, ours) or not _finds_alike(environ or {}):
        return command
    name = _nursery(KIND_OF[module])
    return [*before, sys.executable, "-I", "-S", str(LAUNCHER), name, module]


def _finds_alike(environ: dict[str, str]) -> bool:
    """Whether it would import what this process does."""
    places = environ.get("PYTHONPATH", "").split(os.pathsep)
    return {*filter(None, places)} <= {*sys.path, str(ROOT)}


def _nursery(kind: str) -> str:
    """Where the nursery of this process and kind listens; it ends with this process."""
    if kind not in _nurseries:
        name = f"lophoc-tests-{kind}-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(f"\0{name}")
            listener.listen(64)
            command = [sys.executable, "-P", __file__, kind, str(listener.fileno())]
            ending, _ = os.pipe()  # the other end is shut with this process, and by nobody before
            process = subprocess.Popen(
                command, stdin=ending, pass_fds=[listener.fileno()], cwd=ROOT
            )
        os.close(ending)
        process.returncode = 0  # it is not waited for: it ends when our end of the pipe does
        _nurseries[kind] = name
    return _nurseries[kind]


class _Nursery:
    """Forks at each order that comes by a line; kills the child whose line is cut."""

    def __init__(self, listener: socket.socket) -> None:
        self._waiting = selectors.DefaultSelector()
        self._listener = listener
        self._children: dict[socket.socket, int] = {}
        self._waiting.register(listener, selectors.EVENT_READ, self._greet)
        self._waiting.register(0, selectors.EVENT_READ, None)

    def serve(self) -> Told | None:
        """What the new process is to be, in it; None in the old one, at the end."""
        while True:
            for key, _ in self._waiting.select():
                act: Callable[[Any], Told | None] | None = key.data
                if act is None:
                    return None
                if (told := act(key.fileobj)) is not None:
                    return told

    def _greet(self, listener: socket.socket) -> None:
        line, _ = listener.accept()
        self._waiting.register(line, selectors.EVENT_READ, self._hear)

    def _hear(self, line: socket.socket) -> Told | None:
        text, files, _, _ = socket.recv_fds(line, MAX_ORDER, 3)
        if not text:  # the launcher was killed, or has what it waited for
            self._waiting.unregister(line)
            line.close()
            if pid := self._children.pop(line, 0):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return None
        pid = os.fork()
        if not pid:
            return self._become(text, files)
        for file in files:
            os.close(file)
        self._children[line] = pid
        bury = functools.partial(self._bury, line=line, pid=pid)
        self._waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, bury)
        return None

    def _bury(self, ending: int, line: socket.socket, pid: int) -> None:
        self._waiting.unregister(ending)
        os.close(ending)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if self._children.pop(line, 0):
            with contextlib.suppress(OSError):
                line.send(str(code).encode())

    def _become(self, text: bytes, files: Sequence[int]) -> Told:
        for key in [*self._waiting.get_map().values()]:
            if isinstance(key.fileobj, int):
                os.close(key.fileobj)
            else:
                key.fileobj.close()  # type: ignore[attr-defined]
        self._waiting.close()
        for place, file in enumerate(files):
            os.dup2(file, place)
            os.close(file)
        module, folder, umask, *variables = text.split(CUT)
        environ = dict(os.fsdecode(each).partition("=")[::2] for each in variables)
        return Told(module.decode(), os.fsdecode(folder), int(umask), environ)


def main(kind: str, listener: int) -> None:
    """Import, fork as told; the forked process becomes the module."""
    for name in (*KINDS[kind], *LATER[kind]):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for name in KINDS[kind]:
        sys.modules.pop(name)  # it is run, and so made anew
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "a thread would not be in a child"
    gc.collect()
    gc.freeze()
    told = _Nursery(socket.socket(fileno=listener)).serve()
    if told is None:
        return
    os.chdir(told.folder)
    os.umask(told.umask)
    os.environ.clear()
    os.environ.update(told.environ)
    sys.argv = [told.module]
    runpy.run_module(told.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
