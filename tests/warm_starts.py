"""This file starts LopHoc's programs from a process that has their modules imported already.

Two thirds of a start are imports. What is forked off is still a process of its own, with its own
environment, folder and log, and can be killed; only its command line tells of where it comes from.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
BIN: Final = Path(sys.executable).parent
LOCALE: Final = {"LC_ALL": "en_US.UTF-8"}
MAX_ORDER: Final = 1 << 17
# As in the process that looks at pictures: a second thread would only be waited for, and would not
# be in what is forked.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# What a program reads when it runs, and neither Python nor a library at its own start.
READ_LATER: Final = frozenset({"PYTEST_CURRENT_TEST", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"})
MEASURED: Final = ("COV_CORE_SOURCE", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
# Modules that a child of the program, another program or a rare command imports.
_SELDOM: Final = (
    *("agent.tray", "agent.joining.worker", "agent.evidence.signer", "agent.__main__"),
    *("controller.database.migrations", "controller.openapi", "controller.__main__"),
    *(f"hardware.camera.{name}" for name in ("capture", "child", "look", "opening", "picture")),
    *("hardware.cards.child", "hardware.cards.reader"),
)
_OF_OTHERS: Final = (
    *("encodings.idna", "uvicorn.lifespan.on", "uvicorn.lifespan.off", "concurrent.futures.thread"),
    *("uvicorn.protocols.websockets.websockets_sansio_impl", "pydantic.v1", "cryptography.x509"),
    "anyio._backends._asyncio",
)
PACKAGES: Final = {
    "lophoc-controller": ("controller", "protocol"),
    "lophoc-agent": ("agent", "hardware", "protocol"),
}


class Order(NamedTuple):
    """What the new process is to be."""

    arguments: list[str]
    environ: dict[str, str]
    folder: str
    umask: int


class Started:
    """A process that another process of ours started; asked as `subprocess.Popen` is."""

    def __init__(self, pid: int, ending: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ending = ending  # the read end of a pipe in which its exit code comes

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        if self._look(timeout) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, how: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, how)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _look(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._ending], [], [], timeout_s)[0]:
            self.returncode = int(os.read(self._ending, 16))
            os.close(self._ending)
        return self.returncode


class _Nursery:
    """The process that has a command's modules imported and forks at each order."""

    def __init__(self, command: str) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self.environ = {**os.environ, **LOCALE}
        line = [sys.executable, "-P", __file__, command, str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], cwd=ROOT,
                env=self.environ,
            )  # fmt: skip
        atexit.register(self.close)

    def start(self, order: Order, out: int, errors: int) -> Started:
        """A new process that writes to these files."""
        ending, told = os.pipe()
        with self._lock:
            socket.send_fds(self._ours, [json.dumps(order).encode()], [out, errors, told])
            os.close(told)
            pid = int(self._ours.recv(16))
        return Started(pid, ending)

    def close(self) -> None:
        """End it; what it started goes on."""
        self._ours.close()
        self._process.wait()


_nurseries: Final[dict[str, _Nursery]] = {}


def warm_start(
    command: str, arguments: Sequence[str], environ: Mapping[str, str], out: int, errors: int
) -> Started | None:
    """Start a command with its words; None where only a true start does the same."""
    if command not in PACKAGES or sys.platform != "linux" or any(map(os.environ.get, MEASURED)):
        return None
    nursery = _nurseries.get(command)
    if not may_share(environ, nursery.environ if nursery else {**os.environ, **LOCALE}):
        return None
    if nursery is None:
        nursery = _nurseries[command] = _Nursery(command)
    umask = os.umask(0o077)
    os.umask(umask)
    return nursery.start(Order([*arguments], {**environ}, str(Path.cwd()), umask), out, errors)


def may_share(environ: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether Python and the libraries start alike in both environments."""
    changed = {name for name, _ in environ.items() ^ other.items()}
    return all(name.startswith("LOPHOC_") or name in READ_LATER for name in changed)


def _modules(command: str) -> Iterator[str]:
    yield from _OF_OTHERS
    for package in PACKAGES[command]:
        home = importlib.import_module(package)
        for module in pkgutil.walk_packages(home.__path__, f"{package}."):
            seldom = module.name.startswith(_SELDOM) or ".windows." in module.name
            if not seldom and not module.name.endswith("__main__"):
                yield module.name


def _spell_out() -> None:
    """Have the statements of a school's database at hand, which each start would spell out."""
    from sqlalchemy import create_engine  # noqa: PLC0415 - in this process alone

    from controller.features import prepare_batches  # noqa: PLC0415 - as above

    engine = create_engine("sqlite://")
    with engine.connect() as db:
        prepare_batches(db)
    engine.dispose()


def _serve(line: socket.socket) -> Order | None:
    """Fork at each order; returns it in the new process, None in the old one at the end."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(line, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is not line:
                    _bury(waiting, key)
                elif (order := _forked(line, waiting)) is not _GOES_ON:
                    return order


_GOES_ON: Final = Order([], {}, "", 0)


def _forked(line: socket.socket, waiting: selectors.BaseSelector) -> Order | None:
    text, files, _, _ = socket.recv_fds(line, MAX_ORDER, 3)
    if not text:
        return None
    out, errors, told = files
    pid = os.fork()
    if pid:
        os.close(out)
        os.close(errors)
        waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))
        line.send(str(pid).encode())
        return _GOES_ON
    order = Order(*json.loads(text))
    for key in waiting.get_map().values():
        if key.data:
            os.close(key.fd)
            os.close(key.data[1])
    os.dup2(out, 1)
    os.dup2(errors, 2)
    for file in files:
        os.close(file)
    return order


def _bury(waiting: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    pid, told = key.data
    waiting.unregister(key.fileobj)
    os.close(key.fd)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(told, str(code).encode())
    os.close(told)


def _become(command: str, order: Order) -> None:
    os.chdir(order.folder)
    os.umask(order.umask)
    os.environ.clear()
    os.environ.update(order.environ)
    sys.argv = [str(BIN / command), *order.arguments]


def main(command: str, line: int) -> None:
    """Import, fork as told; the forked process becomes the command."""
    sys.path.insert(0, str(BIN))  # as a script that stands there has it
    program = importlib.import_module(f"{PACKAGES[command][0]}.__main__")
    for name in _modules(command):
        importlib.import_module(name)
    if command == "lophoc-controller":
        _spell_out()
    assert len([*Path("/proc/self/task").iterdir()]) == 1, (
        "a thread would not be in the forked process"
    )
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=line) as orders:
        order = _serve(orders)
    if order is not None:
        _become(command, order)
        sys.exit(program.main())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
