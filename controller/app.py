"""This file wires the controller: broker, link, ingest, screens, upkeep; and ends them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from controller.broker.announce import own_addresses
from controller.broker.brokerage import Brokerage, announced
from controller.broker.credentials import Credentials
from controller.broker.rivals import Rivals
from controller.broker.signing import CommandSigner
from controller.config import ControllerConfig, zone_of
from controller.database.clock import words_of
from controller.database.forgetting import PUPILS, Term
from controller.database.store import Store
from controller.database.upkeep import Upkeep
from controller.feature import Jobs, Line, Program
from controller.features import (
    FEATURES,
    adopt_plan,
    ages,
    ages_of_pupils,
    counts,
    listeners_of,
    note_start,
    prepare_batches,
)
from controller.ingest import Ingest, share_interpreter
from controller.web.certificate import ScreenTls, screen_tls_of
from controller.web.server import listening, server_of
from controller.web.site import create_web
from controller.web.stand_in import stand_in
from protocol.clock import wall_ms
from protocol.errors import LopHocError, error_place
from protocol.folder import lock_folder, takes_writes
from protocol.link import Link
from protocol.supervision import keep_running
from protocol.topics import CONTROLLER, level_of, school_root, sender_of
from protocol.words import preferred_language, translator

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


async def run_on_any_disk(
    config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str]
) -> None:
    """Run; while the disk takes nothing a page says so in its place, and it is tried again.

    Raises what `run` raises for another reason.
    """
    while not stop.is_set():
        try:
            await run(config, stop, environ)
        except (LopHocError, OSError) as error:
            if takes_writes(config.data):
                raise
            _LOGGER.warning("not begun, for the disk takes nothing: %s", error)
            await stand_in(config, environ, stop, DISK_AGAIN_S)


async def run(config: ControllerConfig, stop: asyncio.Event, environ: dict[str, str]) -> None:
    """Run until `stop` is set. Raises ServerError, StoreError, BrokerError or SettingsError."""
    with (
        lock_folder(config.data),
        Store(database_url(config)) as store,
        listening(config.http_host, config.http_port) as listener,
    ):
        program = Program(
            config=config,
            features=FEATURES,
            store=store,
            zone=zone_of(config.timezone),
            boot=uuid.uuid4().hex,
            wall_ms=wall_ms,
            default_language=config.lang or preferred_language(environ),
        )
        store.write(prepare_batches)
        store.write(adopt_plan, program.school)
        store.write(note_start, program)
        tls = program.service(screen_tls_of)
        tls.look()
        share_interpreter()
        broker, outages = Brokerage(config, program.school), Outages()
        link, ingest = _ears(program, broker, outages)
        with _jobs(program) as jobs:
            server = server_of(
                create_web(program, _allowed_hosts(config)),
                proxies=_parted(config.trusted_proxies),
                tls=lambda: tls.context,
                say=translator(program.default_language),
            )
            _count_visits(program, server.visits.figures)
            work: Jobs = {
                "link": link.run,
                "ingest": ingest.listen,
                "expiry": ingest.expire,
                "presence": ingest.present,
                "upkeep": program.service(_upkeep_of).run,
                "certificate": tls.run,
                **jobs,
            }
            rivals = Rivals(program.school, own_addresses)
            program.rivals = rivals.listed
            announcing = announced(config, program.school, rivals)
            async with broker, announcing, asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(keep_running(name, start, outages), name=name)
                    for name, start in work.items()
                ]
                group.create_task(server.serve(sockets=[listener]), name="web")
                _LOGGER.info("screens on %s, broker %s", _address(config, tls), link)
                await stop.wait()
                _LOGGER.info("stopping")
                server.should_exit = True
                for task in tasks:
                    task.cancel()


def database_url(config: ControllerConfig) -> str:
    """The database to open: the one that was named, or a SQLite file in the data folder."""
    return config.database or f"sqlite:///{config.data / 'lophoc.db'}"


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
    program.line = Line(link.say, lambda: ingest.delivered, broker.mend, broker.wipe, broker.admit)
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
