"""This file starts LopHoc's programs as a school would, and waits for what they do."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from protocol.door_key import bearer, door_key
from tests.controller.fresh import fresh_folder
from tests.ports import free_port
from tests.waiting import LIMIT_S, until
from tests.warm_starts import Started, warm_start

BIN = Path(sys.executable).parent
PATIENCE_S = 40.0
Value = TypeVar("Value")


def request(
    method: str, url: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """One HTTP request; returns the status and the decoded body. Raises OSError if no answer."""
    data = json.dumps(body).encode() if body is not None else None
    key = door_key(urlsplit(url).port or 0, os.environ)  # of an agent, where one has left it
    shown = {**bearer(key), **(headers or {})}
    asked = urllib.request.Request(url, data, shown, method=method)  # noqa: S310
    if data is not None:
        asked.add_header("Content-Type", "application/json")
    try:
        with _answer(asked) as answer:
            text, status = answer.read(), answer.status
    except http.client.HTTPException as error:
        raise ConnectionError(f"the answer was cut off: {error!r}") from error
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text.decode()


def _answer(question: urllib.request.Request) -> Any:
    """What answers, a refusal too; its body is still to be read."""
    try:
        return urllib.request.urlopen(question, timeout=LIMIT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        return error


def get(url: str) -> Any:
    """The JSON at a URL, or None while nobody answers."""
    try:
        status, body = request("GET", url)
    except OSError:
        return None
    return body if status == 200 else None


def key_of_open_door(port: int) -> str:
    """Wait for an agent's door that answers; returns the key left for it, which comes first."""

    def opened() -> str:
        key = door_key(port, os.environ)
        try:
            socket.create_connection(("127.0.0.1", port), LIMIT_S).close()
        except OSError:
            return ""
        return key

    return until(opened, "the room's door, and its key")


class Program:
    """One of LopHoc's commands as a process, with its log in a file.

    is_true: started as a school does, where the start itself is looked at.
    """

    def __init__(
        self, log: Path, *arguments: str, env: dict[str, str] | None = None, is_true: bool = False
    ) -> None:
        self.log = log
        self._command, *self._arguments = arguments
        self.words = (log, *arguments)
        self._is_true = is_true
        self._env = {**os.environ, "LC_ALL": "en_US.UTF-8", **(env or {})}
        self.process: subprocess.Popen[bytes] | Started | None = None

    def start(self) -> Program:
        """Start it, or start it again."""
        with self.log.open("ab") as log:
            self.process = self._warm(log.fileno()) or self._cold(log.fileno())
        return self

    def _warm(self, log: int) -> Started | None:
        if self._is_true:
            return None
        return warm_start(self._command, self._arguments, self._env, log, log)

    def _cold(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._line(), stdout=log, stderr=log, env=self._env)

    def _line(self) -> list[str]:
        """What is run where the start is a true one."""
        return [str(BIN / self._command), *self._arguments]

    @property
    def pid(self) -> int:
        """The running process."""
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """Pull its plug."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM, patience_s: float = 10.0) -> int:
        """Ask it to end, which it does in so many seconds; returns its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        until(self.ended, "it ends", limit_s=patience_s)
        return self.process.wait()

    def ended(self) -> bool:
        """Whether it has ended."""
        return self.process is None or self.process.poll() is not None

    def close(self) -> None:
        """Leave no process behind."""
        if not self.ended():
            self.kill()


def run_command(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one of LopHoc's commands to its end, with these variables beside ours."""
    env = {**os.environ, "LC_ALL": "en_US.UTF-8", **environ}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = warm_start(
            words[0], words[1:], env, out.fileno(), errors.fileno()
        ) or subprocess.Popen([str(BIN / words[0]), *words[1:]], stdout=out, stderr=errors, env=env)
        code = process.wait(LIMIT_S)
        for file in (out, errors):
            file.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), errors.read())


class School:
    """A controller and one agent, each with its own folder, and the addresses to ask.

    is_true: both are started as a school does.
    """

    def __init__(
        self,
        folder: Path,
        *,
        broker: str = "",
        room: str = "P203",
        database: str = "",
        is_true: bool = False,
    ) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.http_port, self.mqtt_port, self.local_port = free_port(), free_port(), free_port()
        self.api = f"http://127.0.0.1:{self.http_port}"
        self.local = f"http://127.0.0.1:{self.local_port}"
        outside = ["--broker", broker] if broker else []
        self._makes_database = is_true or bool(database)
        self.controller = Program(
            folder / "controller.log",
            "lophoc-controller",
            "run",
            *("--data", str(folder / "controller")),
            *("--http-port", str(self.http_port)),
            *("--mqtt-port", str(self.mqtt_port)),
            *("--school", "00140708", "--province", "14", "--name", "THPT Chuyên"),
            *("--mdns", "false"),
            *outside,
            *(("--database", database) if database else ()),
            is_true=is_true,
        )
        self.agent = Program(
            folder / "agent.log",
            "lophoc-agent",
            "run",
            *("--data", str(folder / "agent")),
            *("--broker", broker or f"mqtt://127.0.0.1:{self.mqtt_port}"),
            *("--school", "00140708", "--province", "14", "--room", room),
            *("--agent-id", "p203", "--local-port", str(self.local_port)),
            *("--mdns", "false", "--tablets", "false"),  # one port for many at a time
            is_true=is_true,
        )

    def __enter__(self) -> Self:
        if not self._makes_database:
            fresh_folder(self.folder / "controller")
        self.controller.start()
        self.agent.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.agent.close()
        self.controller.close()
        self.end_broker()
        if kind is not None:
            for program in (self.controller, self.agent):
                print(f"--- {program.log.name}\n{program.log.read_text()[-6000:]}")

    def ready(self) -> School:
        """Wait until the agent's room is seen at the controller."""
        until(lambda: get(f"{self.local}/api/v1/status"), "the agent's local API answers")
        until(lambda: self.agents() and self.agents()[0]["room"], "the controller knows the agent")
        return self

    def agents(self) -> list[dict[str, Any]]:
        """The agents the controller knows."""
        page = get(f"{self.api}/api/v1/agents")
        return page["items"] if page else []

    def marks(self) -> list[dict[str, Any]]:
        """Every mark the controller has, page by page."""
        return self.all("attendance")

    def all(self, what: str, limit: int = 1000) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        items, cursor = [], ""
        joint = "&" if "?" in what else "?"
        while True:
            page = get(f"{self.api}/api/v1/{what}{joint}limit={limit}{cursor}")
            if page is None:
                return []
            items += page["items"]
            if not page["next"]:
                return items
            cursor = f"&cursor={page['next']}"

    def waiting(self) -> int | None:
        """How many messages wait in the agent's outbox; None while it does not answer."""
        status = get(f"{self.local}/api/v1/status")
        return status["outbox"]["pending"] if status else None

    def mark(self, student: str, status: str = "present") -> tuple[int, Any]:
        """Mark a pupil through the agent's local API. Raises OSError while it is down."""
        body = {"student": student, "status": status, "method": "manual"}
        return request("POST", f"{self.local}/api/v1/attendance", body)

    def broker_pid(self) -> int | None:
        """The embedded broker's process."""
        path = self.folder / "controller" / "broker" / "nats.pid"
        try:
            pid = int(path.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if b"nats-server" in command else None

    def end_broker(self) -> None:
        """Pull the embedded broker's plug, if it runs."""
        pid = self.broker_pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


async def in_thread(work: Callable[[], Value]) -> Value:
    """Blocking work beside the loop."""
    return await asyncio.to_thread(work)
