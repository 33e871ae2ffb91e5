"""This file answers supervision: does it work, and how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from controller.broker.traffic import PeerTraffic
from controller.database.store import StoreError
from controller.feature import Program
from controller.fleet.store import newest_change
from controller.live.live import LiveView
from controller.live.subscription import ALL, Own
from controller.people.person import Permission
from controller.web.downloads import files
from controller.web.paging import ERRORS
from controller.web.restarting import Restarting
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of, public

_EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' text format


def api(program: Program) -> FeatureRouter:
    """What supervision asks: does it work, and how much."""
    router = FeatureRouter()
    live = program.service(LiveView)

    @router.get("/healthz", responses={503: {}})
    @public
    def healthz() -> JSONResponse:
        """Whether the controller does its work; 503 and `degraded` while it does not."""
        health = {"status": "ok", **program.health()}
        try:
            program.store.read(newest_change, program.school)
        except StoreError as error:
            health |= {"status": "degraded", "database": str(error.values["cause"])}
        return JSONResponse(health, 200 if health["status"] == "ok" else 503)

    @router.get("/livez")
    @public
    async def livez() -> JSONResponse:
        """Whether the program turns at all: a restart would not mend what only /healthz tells.

        boot: names this start of it.
        """
        program.service(Restarting).note_look()
        return JSONResponse({"status": "ok", "boot": program.boot})

    @router.get("/metrics", response_class=Response, responses=ERRORS | files(_EXPOSITION))
    @needs(Permission.FIGURES, in_parts=True, is_data=True)
    async def show_metrics(request: Request) -> Response:
        """Figures in Prometheus' text format; nothing of pupils but a count of marks.

        Who sees only some schools is told of these, and not of the program.
        """
        person = person_of(request)
        own = Own(person.rooms, person.schools)
        stored = {} if person.sees_part else await run_in_threadpool(program.figures)
        counts = {
            **stored,
            **_fleet_figures(live, own),
            **_traffic_figures(program, _peers(live, own)),
        }
        text = _exposition(counts)
        return Response(text, media_type=_EXPOSITION)

    return router


def _fleet_figures(live: LiveView, own: Own) -> dict[str, float]:
    devices = Counter((device.kind, device.status) for device in live.devices(own=own))
    figures: dict[str, float] = {
        f'devices{{kind="{kind}",status="{status}"}}': count
        for (kind, status), count in sorted(devices.items())
    }
    agents = live.agents(own=own)
    figures["agents"] = len(agents)
    figures["agents_online"] = sum(agent.online for agent in agents)
    if own == ALL:
        figures["browsers"] = live.browsers
    return figures


def _peers(live: LiveView, own: Own) -> frozenset[str] | None:
    """Whose traffic somebody may see; None for all of it."""
    agents = (agent.place.agent for agent in live.agents(own=own))
    return None if own == ALL else frozenset(agents) | (own.schools or frozenset())


def _traffic_figures(program: Program, seen: frozenset[str] | None = None) -> dict[str, float]:
    """What each agent, or school below, has sent since the start."""
    peers = sorted(program.traffic().items())
    traffic = [(peer, counts) for peer, counts in peers if seen is None or peer in seen]
    return {
        f'peer_{field}_total{{peer="{_label(peer)}"}}': count
        for field in PeerTraffic._fields
        for peer, counts in traffic
        if (count := getattr(counts, field))
    }


def _label(value: str) -> str:
    """A label's value, which anybody may have chosen, on one line (text format 0.0.4)."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in value)
    return shown.replace("\\", "\\\\").replace('"', '\\"')


def _exposition(figures: Mapping[str, float]) -> str:
    """Prometheus' text format 0.0.4: each family once, under its type."""
    families: dict[str, list[str]] = {}
    for name, value in figures.items():
        families.setdefault(name.partition("{")[0], []).append(f"lophoc_{name} {value:.15g}")
    return "".join(_family(family, lines) for family, lines in families.items())


def _family(family: str, lines: Iterable[str]) -> str:
    kind = "counter" if family.endswith("_total") else "gauge"
    return "\n".join([f"# TYPE lophoc_{family} {kind}", *lines, ""])
