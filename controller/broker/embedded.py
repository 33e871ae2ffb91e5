"""This file runs the embedded broker, nats-server, as a supervised child of the controller.

Every agent needs its own password and may speak for itself only; of this machine's programs those
of the controller's own account have its key.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from controller.broker import stores, system_line
from controller.broker.authority import Certificate
from controller.broker.log import open_log
from controller.broker.program import BrokerError, find_program, fit_version, is_installed
from protocol.backoff import Backoff
from protocol.door_key import LOCAL_USER
from protocol.folder import OWNER_ONLY, write_whole
from protocol.model import Place
from protocol.process import end, ending_with_us
from protocol.state_log import StateLog
from protocol.topics import ROOM_CHANNELS, TAILED, Channel, level_of, school_root
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

CONTROLLER_USER: Final = "controller"
READER_USER: Final = "home-assistant"  # hears what is told to it, and says nothing
DISCOVERY_ROOT: Final = "homeassistant"  # where it looks for what there is, unless changed there
STATES_ROOT: Final = "lophoc-read"
BACKOFF_FIRST_S: Final = 0.1
BACKOFF_CAP_S: Final = 5.0
STEADY_S: Final = 10.0  # a broker that ran this long starts again without waiting
STOP_PATIENCE_S: Final = 3.0
READY_PATIENCE_S: Final = 10.0
LOOK_EVERY_S: Final = 0.05
TLS_PATIENCE_S: Final = 5
MAX_LINES_IN_ALL: Final = 8192
MAX_SUBSCRIPTIONS: Final = 64  # of one line; an agent has six, and twice as many while it reads
ChannelsOf = Callable[[str], Iterable[Channel]]


def of_a_room(_user: str) -> Iterable[Channel]:
    """What a room says."""
    return ROOM_CHANNELS


class EmbeddedBroker:
    """nats-server with its files under `folder`, started again whenever it ends.

    certificate: what it shows to encrypted lines; None takes none. is_plain: whether lines that are
    not encrypted are taken beside, on the same port. session: the name of the one that is kept
    while its owner is away; "" for one that everybody knows. channels_of: what a user may say.
    program: the path or name of another nats-server than the installed one.
    """

    def __init__(
        self,
        folder: Path,
        host: str,
        port: int,
        school: Place,
        users: Mapping[str, str],
        *,
        certificate: Certificate | None = None,
        is_plain: bool = True,
        session: str = "",
        channels_of: ChannelsOf = of_a_room,
        program: str = "",
    ) -> None:
        self._folder = folder
        self._host = host
        self._port = port
        self._school = school
        self._users = users
        self._certificate = certificate
        self.is_plain = is_plain
        self._process: asyncio.subprocess.Process | None = None
        self._store_goes = False
        self._session = session
        self._channels_of = channels_of
        self._program = program
        self.system_password = secrets.token_urlsafe(24)  # of this run alone
        self.refuses_users = False  # the broker goes on with those that it knew before

    def prepare(self) -> None:
        """Write the configuration and see that the port is free. Raises BrokerError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        program = find_program(self._program)
        if not is_installed(program):
            version = fit_version(program, SAMPLE)
            _LOGGER.info("the broker's program is %s, version %s", program, version)
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
        trouble = StateLog(_LOGGER, "broker not started, trying again")
        try:
            while True:
                started_s = clock()
                try:
                    self._process = await self._start()
                except OSError as error:  # no memory or no room for its log: not for ever
                    trouble.failed(error)
                else:
                    trouble.went_well()
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

    async def take(self, users: Mapping[str, str], *, is_plain: bool) -> None:
        """Take other users; the sessions of those who stay go on, if the kinds of lines do."""
        was_plain, self.is_plain = self.is_plain, is_plain
        await asyncio.to_thread(self.reload, users)
        if is_plain != was_plain:  # nats-server takes that at a start only
            await self._end("starting the broker again, for other kinds of lines")

    def reload(self, users: Mapping[str, str]) -> None:
        """Take other users and passwords in place; other sessions stay."""
        self._users = users
        try:
            self._write_config()
        except (BrokerError, OSError) as error:
            self._note_refused(error)
            return
        self.refuses_users = False
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    async def restart(self) -> None:
        """End a broker that answers and does not work; `run` starts it again."""
        await self._end("the broker answers and stores nothing")

    async def _end(self, why: str) -> None:
        if self._process is not None and self._process.returncode is None:
            _LOGGER.warning("%s: ending process %d", why, self._process.pid)
            await end(self._process, STOP_PATIENCE_S)

    async def wipe(self) -> None:
        """End the broker; `run` starts it again with an empty store."""
        self._store_goes = True
        if self._process is not None:
            _LOGGER.info("the broker begins with an empty store: process %d", self._process.pid)
            await end(self._process, STOP_PATIENCE_S)

    def system_port(self) -> int:
        """Where it answers its system account. Raises OSError or ValueError while it does not."""
        pid = self._process.pid if self._process is not None else 0
        return system_line.system_port(self._folder, pid)

    @property
    def _config_path(self) -> Path:
        return self._folder / "nats.conf"

    @property
    def _pid_path(self) -> Path:
        return self._folder / "nats.pid"

    async def _start(self) -> asyncio.subprocess.Process:
        for ports in self._folder.glob("nats-server_*.ports"):  # of one that was killed
            ports.unlink(missing_ok=True)
        self._settle_store()
        with open_log(self._folder / "nats.log") as log:
            process = await asyncio.create_subprocess_exec(
                *ending_with_us(
                    *(str(find_program(self._program)), "--config", str(self._config_path)),
                    *("--pid", str(self._pid_path)),
                ),
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C in a terminal is for us: we end it last
            )
        _LOGGER.info("broker started on %s:%d, process %d", self._host, self._port, process.pid)
        return process

    async def _stop(self) -> None:
        if self._process is not None:
            await end(self._process, STOP_PATIENCE_S)

    def _settle_store(self) -> None:
        """Begin with an empty store where that was asked for, or another session's was kept there.

        What a session that nobody takes up again is owed would lie there for ever.
        """
        mark, owner = self._folder / "session", hashlib.sha256(self._session.encode()).digest()
        kept_for = mark.read_bytes() if mark.exists() else hashlib.sha256().digest()
        if self._store_goes or kept_for != owner:
            shutil.rmtree(self._folder / "jetstream", ignore_errors=True)
            write_whole(mark, owner, OWNER_ONLY)
            self._store_goes = False

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
            self._host,
            self._port,
            self._folder / "jetstream",
            self._school,
            self._users,
            system_password=self.system_password,
            certificate=self._certificate,
            is_plain=self.is_plain,
            channels_of=self._channels_of,
        )
        draft = self._folder / "nats.draft.conf"
        write_whole(draft, text.encode(), OWNER_ONLY)
        test = [str(find_program(self._program)), "-t", "--config", str(draft)]
        if subprocess.run(test, capture_output=True, check=False).returncode:
            raise BrokerError(
                "broker_config_refused",
                N_("The broker does not take its new configuration, {path}."),
                N_("Look for an agent with an odd id: lophoc-controller agents list"),
                path=draft,
            )
        write_whole(self._config_path, text.encode(), OWNER_ONLY)
        draft.unlink()

    def _note_refused(self, error: BrokerError | OSError) -> None:
        self.refuses_users = True
        _LOGGER.warning("the broker goes on with the agents it knows: %s", error)


def config_text(
    host: str,
    port: int,
    store: Path,
    school: Place,
    users: Mapping[str, str],
    *,
    system_password: str = "",
    certificate: Certificate | None = None,
    is_plain: bool = True,
    channels_of: ChannelsOf = of_a_room,
) -> str:
    """nats-server's configuration. users: passwords by user; nobody else is let in.

    system_password: of the user who may ask who holds which line; the port is written beside store.
    certificate, is_plain, channels_of: as at EmbeddedBroker.
    Source: NATS documentation, MQTT, TLS and authorization configuration.
    """
    tls = _tls(certificate) if certificate else {}
    config: dict[str, object] = {
        # Only with a certificate at both places does its MQTT port take both kinds of lines.
        **tls,
        "allow_non_tls": is_plain,
        "server_name": "lophoc",
        "listen": "127.0.0.1:-1",  # NATS's own protocol: not offered, so any free port
        "max_payload": 1_048_576,
        "max_connections": MAX_LINES_IN_ALL,
        "max_subscriptions": MAX_SUBSCRIPTIONS,
        "jetstream": {"store_dir": str(store), "sync_interval": "10s"},
        "authorization": {
            "users": [_user(name, word, school, channels_of(name)) for name, word in users.items()]
        },
        # Without any user of its own the broker would be open; with this account it never is.
        "accounts": {system_line.ACCOUNT: {"users": [_supervisor(system_password)]}},
        "system_account": system_line.ACCOUNT,
        "ports_file_dir": str(store.parent),
        # What a failed commit gave back comes again after ack_wait, not at once as in Mosquitto.
        "mqtt": {
            "listen": f"{host}:{port}",
            "max_ack_pending": 4096,
            "ack_wait": "5s",
            **tls,
            "reject_qos2_publish": True,  # nobody here says it, and its stores have no bounds
        },
    }
    return json.dumps(config, indent=2, ensure_ascii=False)  # it knows JSON, but not its \u


def _tls(certificate: Certificate) -> dict[str, object]:
    files = {"cert_file": str(certificate.chain), "key_file": str(certificate.key)}
    return {"tls": {**files, "timeout": TLS_PATIENCE_S}}


def _user(
    name: str, password: str, school: Place, channels: Iterable[Channel]
) -> dict[str, object]:
    """What a user may say and hear: the controller all of the school, an agent itself.

    At a department a school stands in an agent's place. By this account's key all rooms are played.
    """
    root = school_root(school).replace("/", ".")
    own = f"{root}.*" if name == LOCAL_USER else f"{root}.{level_of(name)}"
    channels = tuple(channels)
    if name == CONTROLLER_USER:
        permissions = _of_controller(root)
    elif name == READER_USER and not channels:  # with any it is a room that is called so
        permissions = _of_reader(root)
    else:
        permissions = _of_sender(root, own, channels)
    return {
        "user": name,
        "password": password,
        "allowed_connection_types": ["MQTT"],
        "permissions": permissions,
    }


def _supervisor(password: str) -> dict[str, object]:
    """Who asks for its lines, by its own protocol alone."""
    return {
        "user": system_line.USER,
        "password": password,
        "allowed_connection_types": ["STANDARD"],
    }


def _of_controller(root: str) -> dict[str, object]:
    read = [f"{DISCOVERY_ROOT}.>", f"{STATES_ROOT}.>"]
    return {"publish": [f"{root}.>", *read, *stores.subjects()], "subscribe": [root, f"{root}.>"]}


def _of_reader(root: str) -> dict[str, object]:
    """Home Assistant listens to all below its root, and to whether we are there."""
    roots = [DISCOVERY_ROOT, STATES_ROOT]
    hears = [*roots, *(f"{each}.>" for each in roots), f"{root}.{CONTROLLER_USER}.state"]
    return {"publish": {"deny": [">"]}, "subscribe": hears}


def _of_sender(root: str, own: str, channels: Iterable[Channel]) -> dict[str, object]:
    """Without any channel nothing may be said: to nats-server an empty list forbids nothing."""
    says = [f"{own}.{each}.*" if each in TAILED else f"{own}.{each}" for each in channels]
    # Nobody is called as the controller is; who may say all rooms' words still does not say its.
    never = f"{root}.{CONTROLLER_USER}.>"
    # An MQTT filter `x/#` becomes the two subjects `x` and `x.>`.
    hears = [f"{own}.command", f"{own}.command.>", f"{root}.{CONTROLLER_USER}.state"]
    return {
        "publish": {"allow": says, "deny": [never if says else ">"]},
        "subscribe": hears,
    }


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _wait_for_end(pid: int) -> None:
    """Wait for another's child to be gone, so that its port is free."""
    descriptor = os.pidfd_open(pid)
    try:
        ended = select.poll()
        ended.register(descriptor)
        ended.poll(2000)
    finally:
        os.close(descriptor)


# All that is asked of a nats-server, and of nobody's school.
SAMPLE: Final = config_text(
    "127.0.0.1", 1, Path("/"), Place("1", "1"), {CONTROLLER_USER: "-", "1": "-"}
)
