"""This file serves the page of connections: what each peer has sent, and rooms that knock."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from controller.broker.credentials import Credentials
from controller.broker.knocks import BROKER_LOG, Knock, knocks_in
from controller.connections.peers import MAX_SHOWN, Peer, peers_of
from controller.connections.words import FAULTS, REASONS, WITH_COMMAND
from controller.feature import Program
from controller.fleet.records import AgentRecord
from controller.fleet.store import agents_of
from controller.people.person import Permission
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import LopHocError
from protocol.health import ReasonCode
from protocol.topics import CONTROLLER


class ShownKnock(NamedTuple):
    """Who was refused, as the page shows it. command: gives it a password; empty for no help."""

    knock: Knock
    why: str
    remedy: str
    command: str


def pages(program: Program) -> FeatureRouter:
    """The page, for administrators: it names machines and addresses."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)

    @router.get("/connections")
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        traffic, queued = program.traffic(), program.queued()
        agents = await run_in_threadpool(
            program.store.read, agents_of, program.school, limit=MAX_SHOWN
        )
        peers: list[Peer] = peers_of(agents, traffic, queued, CONTROLLER)
        try:
            knocks, trouble = await run_in_threadpool(_knocks, program), ""
        except LopHocError as error:
            knocks, trouble = [], error.text(screens.say(request))
        return screens.page(
            request,
            "connections.html",
            peers=peers[:MAX_SHOWN],
            clones=[agent for agent in agents if _is_cloned(agent)],
            more=max(0, len(peers) - MAX_SHOWN),
            faults=FAULTS,
            knocks=knocks,
            rivals=program.rivals(),
            trouble=trouble,
        )

    return router


def _is_cloned(agent: AgentRecord) -> bool:
    return any(reason.code == ReasonCode.CLONED for reason in agent.reasons)


def _knocks(program: Program) -> list[ShownKnock]:
    """Who was refused by our own broker. Raises SettingsError or CredentialError."""
    data = program.config.data
    if program.config.broker:
        return []
    users = Credentials(data / "agents.json").names()
    return [_shown(knock) for knock in knocks_in(data / BROKER_LOG, users)]


def _shown(knock: Knock) -> ShownKnock:
    why, remedy = REASONS[knock.reason]
    is_helped = knock.reason in WITH_COMMAND
    command = f"lophoc-controller agents add {shlex.quote(knock.name)}" if is_helped else ""
    return ShownKnock(knock, why, remedy, command)
