"""This file lists what the doctor looks up about a controller, by its settings and its folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError

from controller.access.account import Account
from controller.access.store import all_accounts
from controller.access.token import Token
from controller.access.token_store import all_tokens
from controller.broker.above import broker_above
from controller.broker.authority import FOLDER as TLS
from controller.broker.brokerage import broker_at
from controller.broker.credentials import Credentials
from controller.broker.embedded import CONTROLLER_USER, SAMPLE
from controller.broker.program import Origin, find_program, fit_version, origin_of
from controller.cards.store import computers_with_keys
from controller.config import UPWARD_OUTBOX, ControllerConfig
from controller.copies.content import COPIES
from controller.copies.keys import has_key
from controller.copies.standing import standing_in
from controller.database.engine import check, engine_at, opening_error, url_from
from controller.database.place_note import DATABASE
from controller.doctor.broker_program import BrokerProgramFact
from controller.doctor.door_keys import DoorKeysFact
from controller.doctor.screens import screens_fact
from controller.people.person import Role
from protocol import __version__, probing
from protocol.clock import wall_ms
from protocol.doctor import Check, Fact
from protocol.link import Broker
from protocol.model import Place, instant
from protocol.probing import Probe
from protocol.symptoms import (
    AdministratorsFact,
    CertificateFact,
    CopiesFact,
    InvitationsFact,
    Paper,
    PortFact,
    ProgramFact,
    Reach,
    TokensFact,
    UnseenFact,
    VersionFact,
)
from protocol.this_machine import is_this_machine

UNIT: Final = "lophoc-controller"
HERE: Final = "127.0.0.1"
_ANY: Final = "0.0.0.0"  # noqa: S104 - compared, not listened at
_REPAIR: Final = "lophoc-controller repair"


def probes(config: ControllerConfig) -> list[tuple[Check, Probe]]:
    """Everything that is looked up."""
    look = _Looks(config)
    return [
        (Check.PROGRAM, look.program),
        (Check.PROGRAM, look.broker_program),
        (Check.VERSION, lambda: [VersionFact(__version__)]),
        (Check.CLOCK, look.clock),
        (Check.FOLDER, lambda: [probing.folder(config.data)]),
        (Check.DISK, lambda: [probing.disk(config.data)]),
        (Check.DATABASE, look.database),
        (Check.COPIES, look.copies),
        (Check.PORT, look.ports),
        (Check.FIREWALL, look.firewall),
        (Check.NAMES, look.names),
        (Check.BROKER, look.broker),
        (Check.BROKER, look.department),
        (Check.PASSWORD, look.door_keys),
        (Check.CERTIFICATE, look.certificate),
        (Check.CERTIFICATE, look.screens),
        (Check.PEOPLE, look.people),
    ]


class _Looks:
    """What a controller's settings say is to be looked at."""

    def __init__(self, config: ControllerConfig) -> None:
        self._config = config
        self._data = config.data
        self._database = config.data / DATABASE

    def program(self) -> Iterator[Fact]:
        yield ProgramFact(UNIT, probing.is_held(self._data))

    def broker_program(self) -> Iterator[Fact]:
        if self._config.broker:
            return
        path = find_program(self._config.broker_program)
        origin = origin_of(path)
        if origin is Origin.CHANGED:  # who knows what it does: it is not run to be asked
            yield BrokerProgramFact(str(path), origin)
        else:
            yield BrokerProgramFact(str(path), origin, fit_version(path, SAMPLE))

    def clock(self) -> Iterator[Fact]:
        yield probing.clock(probing.date_ms(self._database))

    def database(self) -> Iterator[Fact]:
        if not self._config.database:
            yield probing.records(self._database, _REPAIR)
        else:
            _ask_server(self._config.database)
        if (outbox := self._data / UPWARD_OUTBOX).exists():
            yield probing.records(outbox, _REPAIR)

    def copies(self) -> Iterator[Fact]:
        folder = self._data / COPIES
        standing = standing_in(folder)
        newest = standing.newest
        yield CopiesFact(
            is_set_up=bool(self._config.copies.strip(", ")) and has_key(folder),
            age_ms=max(wall_ms() - newest[1].made_ms, 0) if newest else None,
            is_test_failed=bool(standing.rehearsal and standing.rehearsal.trouble),
        )

    def ports(self) -> Iterator[Fact]:
        config, is_running = self._config, probing.is_held(self._data)
        served = [("http_port", config.http_host, config.http_port)]
        if not config.broker:
            served.append(("mqtt_port", config.mqtt_host, config.mqtt_port))
        for option, host, port in served:
            is_open = probing.reach(_reachable(host), port) is Reach.OPEN
            yield PortFact(port, option, is_open, is_running)

    def firewall(self) -> Iterator[Fact]:
        config = self._config
        if not is_this_machine(config.http_host):
            yield probing.firewall(config.http_port)
        if not (config.broker or is_this_machine(config.mqtt_host)):
            yield probing.firewall(config.mqtt_port)

    def names(self) -> Iterator[Fact]:
        places = [self._config.broker, self._config.upstream, *self._config.copies.split(",")]
        hosts = {urlsplit(place.strip()).hostname for place in places if "://" in place}
        for host in sorted(filter(None, hosts)):
            if probing.is_name(host):
                yield probing.name(host, is_needed=True)

    def broker(self) -> Iterator[Fact]:
        if broker := self._broker():
            yield probing.line_to(broker)

    def department(self) -> Iterator[Fact]:
        config = self._config
        if config.upstream:
            yield probing.line_to(broker_above(config, "doctor"))

    def certificate(self) -> Iterator[Fact]:
        folder = self._data / TLS
        chain, machine = folder / "ca.pem", folder / "machine.pem"
        if not chain.exists():
            yield CertificateFact(Paper.ABSENT, str(chain))
            return
        yield probing.key_of(chain, folder / "ca.key") or probing.authority(chain, chain)
        if wrong := probing.key_of(machine, folder / "machine.key"):
            yield wrong

    def screens(self) -> Iterator[Fact]:
        if fact := screens_fact(self._config, instant(wall_ms())):
            yield fact

    def door_keys(self) -> Iterator[Fact]:
        school = Place(self._config.province, self._config.school)
        yield from self._stored(
            Check.PASSWORD, lambda db: [DoorKeysFact(computers_with_keys(db, school))]
        )

    def people(self) -> Iterator[Fact]:
        yield from self._stored(
            Check.PEOPLE,
            lambda db: people_facts(all_accounts(db), all_tokens(db), wall_ms()),
        )

    def _stored(
        self, check: Check, facts: Callable[[Connection], Iterable[Fact]]
    ) -> Iterator[Fact]:
        """What the database tells; where it cannot be read, that."""
        engine = _engine(self._config.database, self._database)
        try:
            with engine.connect() as db:
                yield from facts(db)
        except SQLAlchemyError:
            yield UnseenFact(check)
        finally:
            engine.dispose()

    def _broker(self) -> Broker | None:
        """The broker as the running controller speaks to it; None while there is none to ask."""
        config = self._config
        if config.broker:
            broker = broker_at(config.broker, config.broker_password_file)
            return broker.pinned_to(config.broker_ca_file)
        if not probing.is_held(self._data):
            return None
        broker = Broker(_reachable(config.mqtt_host), config.mqtt_port)
        passwords = Credentials(self._data / "agents.json")
        if CONTROLLER_USER not in passwords.names():
            return broker
        word = passwords.users()[CONTROLLER_USER]
        known = broker._replace(user=CONTROLLER_USER, password=word)
        is_near = is_this_machine(config.mqtt_host)
        return known if is_near else known.pinned_to(str(self._data / TLS / "ca.pem"))


def people_facts(
    accounts: Sequence[Account], tokens: Sequence[Token], now_ms: int
) -> Iterator[Fact]:
    """What is to be known of who may log in, and of programs."""
    current = [account for account in accounts if account.ended_ms is None]
    invited = [account for account in current if account.setup and not account.password]
    open_links = [each for each in invited if (each.setup_until_ms or 0) > now_ms]
    admins = [each for each in current if each.role is Role.ADMIN]
    is_link_open = any(each.role is Role.ADMIN for each in open_links)
    yield AdministratorsFact(sum(bool(each.password) for each in admins), is_link_open)
    yield InvitationsFact(len(open_links), len(invited) - len(open_links))
    good = [token for token in tokens if token.is_good(now_ms)]
    soonest_ms = min((token.expires_ms for token in good), default=None)
    yield TokensFact(len(good), None if soonest_ms is None else soonest_ms - now_ms)


def _engine(server: str, path: Path) -> Engine:
    """The database, opened to read."""
    if server:
        return engine_at(url_from(server))
    where = probing.read_only(path)
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(where, uri=True))


def _ask_server(url: str) -> None:
    """See whether the database's server answers. Raises StoreError."""
    named = url_from(url)
    engine = engine_at(named)
    try:
        with engine.connect() as db:
            check(db)
    except SQLAlchemyError as error:
        raise opening_error(named, error) from error
    finally:
        engine.dispose()


def _reachable(host: str) -> str:
    return HERE if host == _ANY else host
