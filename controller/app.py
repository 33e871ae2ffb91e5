"""This file wires the controller: broker, link, ingest, screens, upkeep; and ends them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import uvicorn
from fastapi import FastAPI

from controller.access.password import Office, OfficeError
from controller.broker.announce import Announcement
from controller.broker.credentials import CredentialError, Credentials
from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker, is_loopback
from controller.config import ControllerConfig
from controller.dashboard.live import Live
from controller.database.store import Store
from controller.database.upkeep import keep_up
from controller.department.school_figures import figures_of
from controller.department.upward import Upward, upward_outbox
from controller.feature import Program
from controller.features import (
    adopt_plan,
    forget,
    forget_pupils,
    listeners_of,
    prepare_batches,
)
from controller.fleet.listener import FleetListener
from controller.forecast.life_table import table_in
from controller.ingest import Ingest
from controller.inventory.daily import keep_figures
from controller.inventory.store import Tally, refresh, tally
from controller.repairs.actions import handle_fault
from controller.web.site import create_web
from protocol.errors import LopHocError
from protocol.folder import lock_folder
from protocol.link import Broker, Link, broker_from
from protocol.model import Place
from protocol.settings import SettingsError, password_in
from protocol.topics import CONTROLLER, level_of, school_root
from protocol.upward import SchoolFigures
from protocol.words import N_, preferred_language

_LOGGER = logging.getLogger(__name__)

LOOK_FOR_PASSWORDS_EVERY_S: Final = 2.0


class AppError(LopHocError):
    """The controller cannot start; `code` says why, `hint` what to do."""


async def run(config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str]) -> None:
    """Run until `stop` is set. Raises AppError, StoreError, BrokerError or SettingsError."""
    school = Place(config.province, config.school)
    zone = _zone(config.timezone)
    with (
        lock_folder(config.data),
        Store(database_url(config)) as store,
        _listening(config) as listener,
        contextlib.ExitStack() as above,
    ):
        store.write(prepare_batches)
        store.write(adopt_plan, school)
        broker = _Brokerage(config, school)
        live = Live(
            store,
            school,
            zone=zone,
            name=config.name or config.school,
            trouble=lambda: _trouble(link, ingest),
        )
        link = Link(
            broker.address,
            f"lophoc-{level_of(config.province)}-{level_of(config.school)}-{CONTROLLER}",
            filters=[f"{school_root(school)}/#"],
            will=lambda session: ingest.state(session, online=False),
            greeting=lambda session: ingest.greet(session),  # noqa: PLW0108 - made just below
            keep_session=True,
        )
        program = Program(
            school=school,
            zone=zone,
            boot=uuid.uuid4().hex,
            now_ms=_now_ms,
            device_silent_s=config.device_silent_s,
            hears_schools=not config.upstream,
        )
        listeners = listeners_of(program)
        ingest = Ingest(
            link,
            store,
            listeners,
            school,
            boot=program.boot,
            publish=live.publish,
            now_ms=_now_ms,
        )
        upward = above.enter_context(_upward(config, store, live, zone))
        server = _server(
            create_web(
                store,
                live,
                scope=school,
                name=config.name or config.school,
                office=_office(config),
                folder=config.data,
                remove_device=lambda device_id: _remove(ingest, listeners, device_id),
                handle_fault=lambda event_id: ingest.write(
                    handle_fault, school, event_id, _now_ms()
                ),
                health=lambda: _health(link, ingest),
                metrics=lambda: _metrics(link, ingest),
                allowed_hosts=_allowed_hosts(config),
                timezone=config.timezone,
                default_language=config.lang or preferred_language(environ),
                inventory_scope=school if config.upstream else Place(config.province),
                life_table=lambda: table_in(config.data),
            )
        )
        async with broker, _announced(config, school), asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(link.run(), name="link"),
                group.create_task(ingest.listen(), name="ingest"),
                group.create_task(ingest.expire(), name="expiry"),
                group.create_task(ingest.present(), name="presence"),
                group.create_task(
                    keep_up(
                        store,
                        config.data / "backups",
                        forget=forget,
                        forget_pupils=forget_pupils,
                        keep_days=config.keep_days,
                        attendance_keep_days=config.attendance_keep_days,
                        keep_backups=config.keep_backups,
                        now_ms=_now_ms,
                    ),
                    name="upkeep",
                ),
                group.create_task(keep_figures(store, school, zone, _now_ms), name="figures"),
            ]
            if upward is not None:
                tasks.append(group.create_task(upward.run(), name="upward"))
            group.create_task(server.serve(sockets=[listener]), name="web")
            _LOGGER.info(
                "screens on http://%s:%d/, broker %s", config.http_host, config.http_port, link
            )
            await stop.wait()
            _LOGGER.info("stopping")
            server.should_exit = True
            for task in tasks:
                task.cancel()


def database_url(config: ControllerConfig) -> str:
    """The database to open: the one that was named, or a SQLite file in the data folder."""
    return config.database or f"sqlite:///{config.data / 'lophoc.db'}"


def _office(config: ControllerConfig) -> Office:
    """The office's password; that it is damaged is told at once, not when somebody needs it."""
    office = Office(config.data / "office.json", time.time)
    try:
        _ = office.has_password
    except OfficeError as error:
        _LOGGER.warning("nobody can enter by the office's password: %s", error)
    return office


class _Brokerage:
    """The embedded broker while it is entered, or nothing where an external one serves."""

    def __init__(self, config: ControllerConfig, school: Place) -> None:
        self._credentials = Credentials(config.data / "agents.json")
        self._embedded: EmbeddedBroker | None = None
        self._open = True
        self._running: list[asyncio.Task[None]] = []
        if config.broker:
            self.address = _external(config)
            return
        self._open = is_loopback(config.mqtt_host)
        users = {} if self._open else self._credentials.users()
        host = "127.0.0.1" if config.mqtt_host == "0.0.0.0" else config.mqtt_host  # noqa: S104
        user = "" if self._open else CONTROLLER_USER
        self.address = Broker(host, config.mqtt_port, user, users.get(CONTROLLER_USER, ""))
        self._embedded = EmbeddedBroker(
            config.data / "broker", config.mqtt_host, config.mqtt_port, school, users
        )

    async def __aenter__(self) -> None:
        if self._embedded is None:
            return
        self._embedded.prepare()
        self._running.append(asyncio.create_task(self._embedded.run(), name="broker"))
        if not self._open:
            self._running.append(asyncio.create_task(self._watch_passwords(), name="passwords"))
        await self._embedded.ready()

    async def __aexit__(self, *_: object) -> None:
        """Stop the broker last: until now the others said their last words."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _watch_passwords(self) -> None:
        """Take in agents that `agents add` gave a password while the controller runs."""
        seen = self._credentials.changed_at()
        while self._embedded is not None:
            await asyncio.sleep(LOOK_FOR_PASSWORDS_EVERY_S)
            if (changed := self._credentials.changed_at()) != seen:
                seen = changed
                try:
                    users = self._credentials.users()
                except CredentialError as error:
                    _LOGGER.warning("the broker goes on with the passwords it knows: %s", error)
                else:
                    self._embedded.reload(users)


@contextlib.contextmanager
def _upward(
    config: ControllerConfig, store: Store, live: Live, zone: ZoneInfo
) -> Iterator[Upward | None]:
    """The talk with the department, where there is one. Raises SettingsError, OutboxError."""
    if not config.upstream:
        yield None
        return
    if not config.upstream_department:
        raise SettingsError(
            "department_missing",
            N_("Which department is above this school?"),
            N_("Give its code as upstream_department."),
        )
    school, boot = Place(config.province, config.school), uuid.uuid4().hex
    broker = _broker(config.upstream, config.upstream_password_file)
    if broker.password and not broker.user:
        broker = broker._replace(user=config.school)

    async def figures() -> SchoolFigures:
        def tallied() -> Tally:
            refresh(store, school, zone, _now_ms())
            with store.view() as db:
                return tally(db, school)

        counts = await asyncio.to_thread(tallied)
        return figures_of(live.rooms(), live.agents(), counts)

    path = config.data / "upward.db"
    with upward_outbox(path, school, config.upstream_department, boot) as outbox:
        yield Upward(
            store,
            outbox,
            broker,
            school=school,
            department=config.upstream_department,
            boot=boot,
            name=config.name or config.school,
            zone=zone,
            figures=figures,
            now_ms=_now_ms,
        )


async def _remove(ingest: Ingest, listeners: Sequence[object], device_id: str) -> bool:
    fleet = next(each for each in listeners if isinstance(each, FleetListener))
    return await ingest.apply(lambda now_ms: fleet.remove(device_id, now_ms))


def _external(config: ControllerConfig) -> Broker:
    return _broker(config.broker, config.broker_password_file)


def _broker(address: str, password_file: str) -> Broker:
    try:
        broker = broker_from(address)
    except ValueError as error:
        raise SettingsError(
            "broker_invalid",
            N_("The broker's address is wrong: {cause}."),
            N_("Write mqtt://host:1883."),
            cause=error,
        ) from error
    if not password_file:
        return broker
    return broker._replace(password=password_in(password_file))


class _Server(uvicorn.Server):
    """uvicorn under another's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the wiring's."""
        yield


def _server(web: FastAPI) -> _Server:
    return _Server(
        uvicorn.Config(
            web,
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=64 * 1024,
            ws_ping_interval=20.0,
            timeout_graceful_shutdown=2,
        )
    )


@contextlib.contextmanager
def _listening(config: ControllerConfig) -> Iterator[socket.socket]:
    """The socket of the screens, bound before anything else starts."""
    family = socket.AF_INET6 if ":" in config.http_host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind((config.http_host, config.http_port))
        except OSError as error:
            raise AppError(
                "http_port_taken",
                N_("The screens cannot listen on {host}:{port} ({cause})."),
                N_("Stop the other program or choose another --http-port."),
                host=config.http_host,
                port=config.http_port,
                cause=error.strerror,
            ) from error
        yield listener
    finally:
        listener.close()


@contextlib.asynccontextmanager
async def _announced(config: ControllerConfig, school: Place) -> AsyncIterator[None]:
    if not config.mdns or config.broker:
        yield
        return
    async with Announcement(
        school, config.mqtt_port, host=config.mqtt_host, loopback=is_loopback(config.mqtt_host)
    ):
        yield


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            "timezone_unknown",
            N_("There is no timezone {name}."),
            N_("Write Asia/Ho_Chi_Minh."),
            name=name,
        ) from error


def _allowed_hosts(config: ControllerConfig) -> list[str]:
    named = [name.strip() for name in config.allowed_hosts.split(",") if name.strip()]
    return ["localhost", "127.0.0.1", "[::1]", config.http_host, socket.gethostname(), *named]


def _trouble(link: Link, ingest: Ingest) -> str:
    """Why the screens may be out of date: a code that they have words for, or nothing."""
    if not ingest.storing:
        return "store_refusing"
    return "" if link.connected.is_set() else "broker_lost"


def _health(link: Link, ingest: Ingest) -> dict[str, object]:
    connected = link.connected.is_set()
    return {
        "status": "ok" if connected and ingest.storing else "degraded",
        "broker": "connected" if connected else "lost",
        "store": "storing" if ingest.storing else "refusing",
    }


def _metrics(link: Link, ingest: Ingest) -> dict[str, float]:
    return {
        "messages_taken_total": ingest.taken,
        "batches_refused_total": ingest.refused_batches,
        "broker_connected": float(link.connected.is_set()),
        "broker_sessions_total": link.session,
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
