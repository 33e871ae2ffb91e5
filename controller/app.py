"""This file wires the controller: broker, link, ingest, screens, upkeep; and ends them in order.

All in one (`run`), or on a server's database as two roles: one ingest, and workers for the pages.
Features do not know which of these they are in.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.broker.announce import own_addresses
from controller.broker.brokerage import Brokerage, announced
from controller.broker.credentials import Credentials
from controller.broker.rivals import Rivals
from controller.broker.signing import CommandSigner
from controller.cli.own_settings import StartSettings
from controller.config import ControllerConfig, zone_of
from controller.database import served
from controller.database.clock import words_of
from controller.database.forgetting import PUPILS, Term
from controller.database.handover import Channel
from controller.database.served import known_store, served_store
from controller.database.store import Store
from controller.database.upkeep import Upkeep
from controller.feature import Feature, Jobs, Line, Program
from controller.features import (
    FEATURES,
    FIRST,
    adopt_plan,
    ages,
    ages_of_pupils,
    counts,
    listeners_of,
    note_start,
    prepare_batches,
)
from controller.ingest import Ingest, share_interpreter
from controller.roles.held import Answering, Desk, hold_addresses
from controller.roles.notices import Heard, Notices, server_line
from controller.roles.only_ingest import IngestLock, holding_database
from controller.roles.shown import Shown
from controller.roles.status import StatusRead, tell_status
from controller.roles.workers import Workers, hand_out, worker_line
from controller.roles.writer import WorkerWriter
from controller.web.certificate import ScreenTls, screen_tls_of
from controller.web.server import listening, server_of
from controller.web.site import create_web
from controller.web.stand_in import stand_in
from protocol.clock import wall_ms
from protocol.errors import LopHocError, error_place
from protocol.folder import lock_folder, takes_writes
from protocol.link import Link
from protocol.state_log import StateLog
from protocol.supervision import keep_running
from protocol.topics import CONTROLLER, level_of, school_root, sender_of
from protocol.words import preferred_language, translator

if TYPE_CHECKING:
    from fastapi import FastAPI

    from protocol.doors.server import DoorServer

_LOGGER = logging.getLogger(__name__)

DISK_AGAIN_S: Final = 15.0
# The disk comes first: it is what a person must mend, and the others follow from it.
_TROUBLES: Final = (
    "disk_full",
    "store_refusing",
    "broker_lost",
    "broker_deaf",
    "broker_refuses_users",
    "clock_doubted",
    "forgetting_unvouched",
    "forgetting_uncopied",
)


class Terms(NamedTuple):
    """On what terms it runs: the settings that no page can change, and how it begins anew."""

    fixed: frozenset[str] = frozenset()
    restart: Callable[[], None] | None = None


_HERE: Final = Terms()


async def run_always(
    start: StartSettings,
    read: Callable[[], StartSettings],
    stop: asyncio.Event,
    environ: dict[str, str],
) -> None:
    """Run until `stop` is set; a page may have it begin anew, with the settings read again.

    Raises what `run` raises, and SettingsError.
    """
    while True:
        async with _ending(stop) as end:
            terms = Terms(start.fixed, end.set)
            config = start.config
            play = partial(run_first if start.is_first else run, config, end, environ, terms)
            page = partial(stand_in, config, environ, end, DISK_AGAIN_S)
            await on_any_disk(play, page, config.data, end)
        if stop.is_set():
            return
        _LOGGER.info("beginning anew, as a page asked")
        start = read()


@contextlib.asynccontextmanager
async def _ending(stop: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """What ends one run: `stop`, or a page."""
    end = asyncio.Event()

    async def pass_on() -> None:
        await stop.wait()
        end.set()

    passing_on = asyncio.create_task(pass_on(), name="stop")
    try:
        yield end
    finally:
        passing_on.cancel()


async def run_first(
    config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str], terms: Terms = _HERE
) -> None:
    """Serve the pages on which people say whose controller it is; no room is heard yet.

    Raises ServerError, StoreError or SettingsError.
    """
    with (
        lock_folder(config.data),
        known_store(config.data, config.database) as store,
        listening(config.http_host, config.http_port) as listener,
    ):
        program = _program(config, store, environ, terms, FIRST)
        store.write(note_start, program)
        tls = program.service(screen_tls_of)
        tls.look()
        server = _server(program, create_web(program, _allowed_hosts(config)), tls)
        async with asyncio.TaskGroup() as group:
            tasks = _begin(group, {"certificate": tls.run}, Outages())
            group.create_task(server.serve(sockets=[listener]), name="web")
            _LOGGER.info("not set up yet: screens on %s", _address(config, tls))
            await _until_stop(stop, tasks, server)


async def on_any_disk(
    play: Callable[[], Awaitable[None]],
    wait: Callable[[], Awaitable[None]],
    folder: Path,
    stop: asyncio.Event,
) -> None:
    """Play until `stop`; while the disk takes nothing it waits in that way, and plays again.

    Raises what the play raises for another reason.
    """
    trouble = StateLog(_LOGGER, "not begun, for the disk takes nothing")
    while not stop.is_set():
        try:
            await play()
        except (LopHocError, OSError) as error:
            if takes_writes(folder):
                raise
            trouble.failed(error)
            await wait()


async def run(
    config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str], terms: Terms = _HERE
) -> None:
    """Run all in one until `stop` is set.

    Raises ServerError, StoreError, BrokerError, SettingsError or RoleError.
    """
    with (
        lock_folder(config.data),
        holding_database(database_url(config)) as lock,
        served_store(config.data, config.database) as store,
        listening(config.http_host, config.http_port) as listener,
    ):
        program = _started(config, store, environ, terms)
        tls = program.service(screen_tls_of)
        tls.look()
        with _ingesting(program) as ingesting:
            server = _server(program, create_web(program, _allowed_hosts(config)), tls)
            work: Jobs = {**ingesting.work, "certificate": tls.run}
            async with ingesting.heard, asyncio.TaskGroup() as group:
                tasks = _begin(group, work, ingesting.outages)
                group.create_task(server.serve(sockets=[listener]), name="web")
                tasks += _watched(group, lock, stop)
                _LOGGER.info("screens on %s, broker %s", _address(config, tls), ingesting.link)
                await _until_stop(stop, tasks, server)
        _raise_lost(lock)


async def run_ingest(
    config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str]
) -> None:
    """The same on any disk: the pages are others', so while it takes nothing it only waits."""

    async def wait() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), DISK_AGAIN_S)

    await on_any_disk(partial(_ingest, config, stop, environ), wait, config.data, stop)


async def _ingest(config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str]) -> None:
    """Hear rooms and schools until `stop` is set; other processes serve the pages.

    Raises as `run` does.
    """
    database = database_url(config)
    line = server_line(database)
    with (
        lock_folder(config.data),
        holding_database(database) as lock,
        served_store(config.data, config.database) as store,
    ):
        program = _started(config, store, environ)
        with _ingesting(program) as ingesting:
            shown, web = Shown(program), create_web(program, _allowed_hosts(config))
            answering = Answering(program, web)
            heard: Heard = {Channel.SHOWN: shown.hear, Channel.ASKED: answering.note_asked}
            notices = Notices(line, heard, answering.note_asked)
            work: Jobs = {
                **ingesting.work,
                "notices": notices.run,
                "shown": shown.run,
                "held requests": answering.run,
                "status": lambda: tell_status(program),
            }
            async with ingesting.heard, asyncio.TaskGroup() as group:
                tasks = _begin(group, work, ingesting.outages) + _watched(group, lock, stop)
                _LOGGER.info("ingest alone, broker %s", ingesting.link)
                await _until_stop(stop, tasks)
        _raise_lost(lock)


async def run_web(
    config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str], again: WebCommand
) -> int:
    """Serve pages by several processes until `stop` is set; returns the exit code.

    Raises ServerError, StoreError or RoleError.
    """
    if line := worker_line():
        with line:
            await _serve_as_worker(config, stop, environ, line)
        return 0
    server_line(database_url(config))
    with listening(config.http_host, config.http_port) as listener:
        proxies = _parted(config.trusted_proxies)
        workers = Workers(listener, again.command, again.workers, proxies)
        _LOGGER.info("%d workers serve %s:%d", again.workers, config.http_host, config.http_port)
        await workers.run(stop)
        return workers.code


async def _serve_as_worker(
    config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str], line: socket.socket
) -> None:
    database = database_url(config)
    with known_store(config.data, config.database) as store:
        program = _program(config, store, environ)
        program.writer = WorkerWriter(program)
        shown, status, desk = Shown(program), StatusRead(program), Desk(program)
        tls = program.service(screen_tls_of)
        tls.look()
        web = create_web(program, _allowed_hosts(config))
        hold_addresses(web, program, desk)
        server = _server(program, web, tls)

        def read_anew() -> None:
            shown.read_anew()
            desk.note_all()

        heard: Heard = {Channel.SHOWN: shown.hear, Channel.ANSWERED: desk.note_answered}
        notices = Notices(server_line(database), heard, read_anew)
        work: Jobs = {
            "notices": notices.run,
            "shown": shown.run,
            "status": status.run,
            "certificate": tls.run,
        }
        async with asyncio.TaskGroup() as group:
            tasks = _begin(group, work, Outages())
            group.create_task(server.serve(sockets=[]), name="web")
            await server.opened.wait()

            def take(one: socket.socket) -> None:
                group.create_task(server.take(one))

            hand_out(line, take, stop.set)
            await _until_stop(stop, tasks, server)


class WebCommand(NamedTuple):
    """How a worker is started: by the command that was given; how many of them."""

    command: Sequence[str]
    workers: int


class _Ingesting(NamedTuple):
    """What hears rooms and schools. heard: entered while it does; work: what runs meanwhile."""

    heard: AbstractAsyncContextManager[object]
    work: Jobs
    link: Link
    outages: Outages


def _program(
    config: ControllerConfig,
    store: Store,
    environ: Mapping[str, str],
    terms: Terms = _HERE,
    features: Sequence[Feature] | None = None,
) -> Program:
    return Program(
        config=config,
        features=FEATURES if features is None else features,
        fixed=terms.fixed,
        restart=terms.restart,
        store=store,
        zone=zone_of(config.timezone),
        boot=uuid.uuid4().hex,
        wall_ms=wall_ms,
        default_language=config.lang or preferred_language(environ),
    )


def _started(
    config: ControllerConfig, store: Store, environ: Mapping[str, str], terms: Terms = _HERE
) -> Program:
    """The program of a start that the database remembers."""
    program = _program(config, store, environ, terms)
    store.write(prepare_batches)
    store.write(adopt_plan, program.school)
    store.write(note_start, program)
    share_interpreter()
    return program


@contextlib.contextmanager
def _ingesting(program: Program) -> Iterator[_Ingesting]:
    config = program.config
    broker, outages = Brokerage(config, program.school), Outages()
    link, ingest = _ears(program, broker, outages)
    with _jobs(program) as jobs:
        work: Jobs = {
            "link": link.run,
            "ingest": ingest.listen,
            "expiry": ingest.expire,
            "presence": ingest.present,
            "upkeep": program.service(_upkeep_of).run,
            **jobs,
        }
        rivals = Rivals(program.school, own_addresses)
        program.rivals = rivals.listed
        heard = _heard(broker, announced(config, program.school, rivals))
        yield _Ingesting(heard, work, link, outages)


@contextlib.asynccontextmanager
async def _heard(*parts: AbstractAsyncContextManager[object]) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        for part in parts:
            await stack.enter_async_context(part)
        yield


def _server(program: Program, web: FastAPI, tls: ScreenTls) -> DoorServer:
    server = server_of(
        web,
        proxies=_parted(program.config.trusted_proxies),
        tls=lambda: tls.context,
        say=translator(program.default_language),
    )
    _count_visits(program, server.visits.figures)
    return server


def _begin(group: asyncio.TaskGroup, work: Jobs, outages: Outages) -> list[asyncio.Task[None]]:
    return [
        group.create_task(keep_running(name, start, outages), name=name)
        for name, start in work.items()
    ]


def _watched(
    group: asyncio.TaskGroup, lock: IngestLock | None, stop: asyncio.Event
) -> list[asyncio.Task[None]]:
    return [group.create_task(lock.watch(stop), name="lock")] if lock else []


async def _until_stop(
    stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]], server: DoorServer | None = None
) -> None:
    await stop.wait()
    _LOGGER.info("stopping")
    if server:
        server.should_exit = True
    for task in tasks:
        task.cancel()


def _raise_lost(lock: IngestLock | None) -> None:
    """Say that another process has the database now. Raises RoleError."""
    if lock and lock.lost:
        raise lock.lost


def database_url(config: ControllerConfig) -> str:
    """The database to open: the one that was named, or a SQLite file in the data folder."""
    return served.database_url(config.data, config.database)


class Outages:
    """Which parts of the controller do not run now; each is started again."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def note_lost(self, name: str, error: Exception | None, *, again: bool) -> None:
        """A part ended; the log tells the line, not the values, which may name a child."""
        self.names.add(name)
        if not again:
            why = str(error) if isinstance(error, LopHocError) else error_place(error)
            _LOGGER.error("lost name=%s, will be started again: %s", name, why)

    def note_steady(self, name: str, *, back: bool) -> None:
        """A part has worked for a while."""
        self.names.discard(name)
        if back:
            _LOGGER.info("back name=%s", name)


def _ears(program: Program, broker: Brokerage, outages: Outages) -> tuple[Link, Ingest]:
    """The link and the ingest, each known to the other and to the program."""
    school = program.school

    def note_dropped(peer: str, count: int) -> None:
        ingest.traffic.add(peer, dropped=count)
        broker.cut_off(peer)

    link = Link(
        broker.address,
        f"lophoc-{level_of(school.province)}-{level_of(school.school)}-{CONTROLLER}",
        filters=[f"{school_root(school)}/#"],
        will=lambda session: ingest.state(session, online=False),
        greeting=lambda session: ingest.greet(session),  # noqa: PLW0108 - made just below
        preface=broker.bounds,
        keep_session=True,
        peer_of=sender_of,
        note_dropped=note_dropped,
    )
    ingest = Ingest(
        link,
        program.store,
        listeners_of(program),
        school,
        boot=program.boot,
        publish=program.publish,
        now_ms=program.now_ms,
        signer=CommandSigner(Credentials(program.config.data / "agents.json"), program.boot),
    )
    broker.note_surplus = lambda user, count: ingest.traffic.add(user, surplus=count)
    program.writer = ingest
    program.address_of = broker.address_of
    program.line = Line(
        say=link.say,
        delivered=lambda: ingest.delivered,
        mend=broker.mend,
        wipe=broker.wipe,
        admit=broker.admit,
        busy=lambda: ingest.busy,
    )
    program.trouble = lambda: _trouble(program, link, ingest, broker)
    program.health = lambda: {
        **_health(program, link, ingest, outages),
        **words_of(program.clock),
    }
    program.traffic, program.queued = ingest.traffic.peers, link.queued
    program.figures = lambda: {**program.store.read(counts), **_figures(link, ingest)}
    return link, ingest


def _count_visits(program: Program, visits: Callable[[], Mapping[str, float]]) -> None:
    """Show with the other figures what comes to the door."""
    figures = program.figures
    program.figures = lambda: {**figures(), **visits()}


@contextlib.contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    """What the features do beside, by name, while it is entered."""
    with contextlib.ExitStack() as stack:
        jobs: Jobs = {}
        for feature in program.features:
            if feature.jobs:
                jobs = {**jobs, **stack.enter_context(feature.jobs(program))}
        yield jobs


def _upkeep_of(program: Program) -> Upkeep:
    config = program.config
    terms = (
        Term("equipment", ages(), config.keep_days),
        Term(PUPILS, ages_of_pupils(), config.attendance_keep_days),
    )
    folder = config.data / "backups"
    return Upkeep(program.store, folder, terms, program.clock, keep_backups=config.keep_backups)


def _address(config: ControllerConfig, tls: ScreenTls) -> str:
    scheme = "https" if tls.context else "http"
    return f"{scheme}://{config.http_host}:{config.http_port}/"


def _parted(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _allowed_hosts(config: ControllerConfig) -> list[str]:
    named = _parted(config.allowed_hosts)
    return ["localhost", "127.0.0.1", "[::1]", config.http_host, socket.gethostname(), *named]


def _trouble(program: Program, link: Link, ingest: Ingest, broker: Brokerage) -> str:
    """Why the screens may be out of date: a code that they have words for, or nothing."""
    seen = {
        *_feature_troubles(program),
        "" if ingest.storing else "store_refusing",
        "" if link.connected.is_set() else "broker_lost",
        "broker_refuses_users" if broker.refuses_users else "",
        "" if program.clock.believed else "clock_doubted",
        program.service(_upkeep_of).held,
    }
    return next((trouble for trouble in _TROUBLES if trouble in seen), "")


def _feature_troubles(program: Program) -> set[str]:
    return {feature.trouble(program) for feature in program.features if feature.trouble} - {""}


def _health(program: Program, link: Link, ingest: Ingest, outages: Outages) -> dict[str, object]:
    connected, ailing = link.connected.is_set(), outages.names or _feature_troubles(program)
    health: dict[str, object] = {
        "status": "ok" if connected and ingest.storing and not ailing else "degraded",
        "broker": "connected" if connected else "lost",
        "store": "storing" if ingest.storing else "refusing",
        "lost": sorted(outages.names),
    }
    for feature in program.features:
        if feature.health:
            health |= feature.health(program)
    return health


def _figures(link: Link, ingest: Ingest) -> dict[str, float]:
    return {
        "messages_taken_total": ingest.taken,
        "batches_refused_total": ingest.refused_batches,
        "broker_connected": float(link.connected.is_set()),
        "broker_sessions_total": link.session,
    }
