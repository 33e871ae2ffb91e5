"""This file lists what the doctor looks up about an agent, by its settings and its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from agent.config import AgentConfig
from agent.database import CLOCK, DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.database.generations import DocumentError
from agent.doctor.joining import joining_facts
from agent.doctor.running import version_at
from agent.joining.reports import Report
from agent.school.connection import broker_of
from protocol import probing
from protocol.credential import CREDENTIAL, broker_for, credential_in
from protocol.doctor import Check, Fact
from protocol.link import Broker
from protocol.model import Place
from protocol.probing import Probe
from protocol.symptoms import (
    CertificateFact,
    NoBrokerFact,
    Paper,
    PortFact,
    ProgramFact,
    Reach,
    RecordsFact,
    Soundness,
    VersionFact,
)
from protocol.version import BUILD

UNIT: Final = "lophoc-agent"
_REPAIR: Final = "lophoc-agent repair"
_NO_CERTIFICATE: Final = CertificateFact(Paper.ABSENT)


def probes(
    config: AgentConfig, joining: Callable[[], Report | None] = lambda: None
) -> list[tuple[Check, Probe]]:
    """Everything that is looked up. joining: how a person's try to join goes, if there is one."""
    look = _Looks(config)
    return [
        (Check.PROGRAM, look.program),
        (Check.VERSION, look.version),
        (Check.CLOCK, look.clock),
        (Check.FOLDER, lambda: [probing.folder(config.data)]),
        (Check.DISK, lambda: [probing.disk(config.data)]),
        (Check.DATABASE, look.outbox),
        (Check.DATABASE, look.documents),
        (Check.PORT, look.ports),
        (Check.FIREWALL, look.firewall),
        (Check.NAMES, look.names),
        (Check.JOINING, lambda: joining_facts(joining())),
        (Check.BROKER, look.broker),
        (Check.CERTIFICATE, look.certificate),
    ]


class _Looks:
    """What an agent's settings say is to be looked at."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._data = config.data

    def program(self) -> Iterator[Fact]:
        yield ProgramFact(UNIT, probing.is_held(self._data))

    def version(self) -> Iterator[Fact]:
        yield VersionFact(BUILD, version_at(self._config.local_port))

    def clock(self) -> Iterator[Fact]:
        yield probing.clock(probing.date_ms(self._data / CLOCK))

    def outbox(self) -> Iterator[Fact]:
        yield probing.records(self._data / OUTBOX, _REPAIR)

    def documents(self) -> Iterator[Fact]:
        yield RecordsFact(DOCUMENTS, _documents(self._data / DOCUMENTS), _REPAIR)

    def ports(self) -> Iterator[Fact]:
        config, is_running = self._config, probing.is_held(self._data)
        served: list[tuple[str, str, int]] = [("local_port", config.local_host, config.local_port)]
        if config.tablets and config.tablet_host:
            served.append(("tablet_port", config.tablet_host, config.tablet_port))
        for option, host, port in served:
            is_open = probing.reach(host, port) is Reach.OPEN
            yield PortFact(port, option, is_open, is_running)

    def firewall(self) -> Iterator[Fact]:
        if self._config.tablets:
            yield probing.firewall(self._config.tablet_port)

    def names(self) -> Iterator[Fact]:
        if (broker := self._broker()) and probing.is_name(broker.host):
            yield probing.name(broker.host, is_needed=True)
        if outside := self._config.internet.split(",")[0].rpartition(":")[0].strip():
            yield probing.name(outside, is_needed=False)

    def broker(self) -> Iterator[Fact]:
        broker = self._broker()
        yield probing.line_to(broker) if broker else NoBrokerFact()

    def certificate(self) -> Iterator[Fact]:
        named = self._config.broker_ca_file
        if (credential := credential_in(self._data)) is not None:
            yield probing.authority(credential.authority, self._data / CREDENTIAL)
        else:
            yield probing.authority(Path(named), Path(named)) if named else _NO_CERTIFICATE

    def _broker(self) -> Broker | None:
        """The broker as the agent speaks to it; None while only the network knows it."""
        config = self._config
        if not config.broker:
            credential = credential_in(self._data)
            return None if credential is None else broker_for(credential)
        agent = config.agent_id or Documents(self._data / DOCUMENTS).load().agent_id
        broker = broker_of(config, Place(config.province, config.school, agent))
        return broker if isinstance(broker, Broker) else None


def _documents(path: Path) -> Soundness:
    if not path.exists():
        return Soundness.ABSENT
    try:
        Documents(path).load()
    except DocumentError as error:
        is_damaged = error.code == "documents_damaged"
        return Soundness.DAMAGED if is_damaged else Soundness.UNREADABLE
    return Soundness.SOUND
