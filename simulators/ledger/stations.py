"""This file runs the real programs: started, killed, started again when they end by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from protocol.process import kill
from simulators.children import Child, end, start
from simulators.ledger.agent import PASSES

END_S: Final = 30.0
LOOK_S: Final = 0.1
_BROKER_PID: Final = Path("broker", "nats.pid")


class Station:
    """One program with its folder, whose name it bears; kept running until it is taken down.

    deaths: the exit codes with which it ended by itself, but for 75.
    """

    def __init__(
        self,
        folder: Path,
        command: Sequence[str],
        environ: Mapping[str, str],
        logs: Path,
    ) -> None:
        self.name = folder.name
        self.folder = folder
        self.deaths: list[int] = []
        self._command = command
        self._environ = environ
        self._logs = logs
        self._child: Child | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def up(self) -> None:
        """Start it, and again whenever it ends by itself."""
        self.folder.mkdir(parents=True, exist_ok=True)
        await self._start()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def down(self, how: signal.Signals) -> None:
        """End it by SIGKILL or SIGTERM; it has ended when this returns."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        child, self._child = self._child, None
        if child is None:
            return
        if how is signal.SIGKILL:
            await kill(child.process)
        else:
            await end(child, END_S)

    def signal(self, how: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._child is not None:
            with suppress(ProcessLookupError):
                self._child.process.send_signal(how)

    async def _start(self) -> None:
        self._child = await start(self.name, self._command, self._logs, self._environ)

    async def _keep(self) -> None:
        while self._child is not None:
            code = await self._child.process.wait()
            if code != PASSES:
                self.deaths.append(code)
            await asyncio.sleep(LOOK_S)
            await self._start()

    @property
    def log(self) -> Path:
        """Where its words go."""
        return self._logs / f"{self.name}.log"


class ControllerStation(Station):
    """A controller with its embedded broker."""

    def broker_pid(self) -> int | None:
        """The broker's process, if it runs."""
        try:
            pid = int((self.folder / _BROKER_PID).read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if b"nats-server" in command and os.fsencode(self.folder) in command else None

    def end_broker(self, how: signal.Signals = signal.SIGKILL) -> bool:
        """Send the broker a signal; False if there is none."""
        pid = self.broker_pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        return pid is not None

    async def all_down(self, how: signal.Signals) -> None:
        """End it and its broker; both have ended when this returns."""
        await self.down(how)
        self.end_broker()
        while self.broker_pid() is not None:  # noqa: ASYNC110 - another program's
            await asyncio.sleep(LOOK_S)
