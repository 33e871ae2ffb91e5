"""This file fills a department as schools' relays would, and serves its face."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from msgspec.structs import replace

from controller.areas import store as areas
from controller.areas.areas import Area, Membership, Merger, SchoolFacts
from controller.areas.tables import areas as areas_table
from controller.areas.tables import memberships, mergers, school_facts
from controller.database.plan_version import bump_version
from controller.database.store import Store
from controller.department.overview import Department
from controller.department.tables import schools as schools_table
from controller.inventory.asset import Asset, AssetState
from controller.inventory.counting import settle
from controller.inventory.store import keep_assets, newest_change
from controller.inventory.tables import assets as assets_table
from controller.inventory.tables import contested_marks
from controller.live.live import LiveView
from controller.reconcile.tables import figures
from controller.web.site import create_web
from protocol.model import DeviceKind, Place
from tests.controller.people import with_office
from tests.controller.web_school import FOLDERS, NOW_MS, ZONE, Served, a_live, a_program
from tests.databases import sqlite_in

PROVINCE = "14"
OWN = Place(PROVINCE, "so-gddt")
SCOPE = Place(PROVINCE)
DAY_MS = 86_400_000
TODAY = "2026-09-05"  # of NOW_MS in Vietnam
MISSING, NEVER_SEEN = AssetState.MISSING, AssetState.NEVER_SEEN


def line(school: str, number: int, *, verified: bool = True, **changes: Any) -> Asset:
    """A line of a school's book whose record is complete, seen by an agent."""
    is_missing = MISSING in (changes.get("state"), *changes.get("also", ()))
    well = Asset(
        place=Place(PROVINCE, school),
        device_id=f"line:{number}",
        line=number,
        row=number,
        asset_tag=f"{school}-{number:04}",
        type="board",
        kind=DeviceKind.BOARD,
        maker="Samsung",
        model="WM75B",
        serial=f"{school}S{number:05}",
        room="P203",
        year=2021,
        condition="good",
        state=AssetState.OK,
        verified_ms=NOW_MS if verified else 0,
        missing_ms=1 if is_missing else 0,
        seen_ms=NOW_MS,
        told_ms=NOW_MS,
    )
    return replace(well, **changes)


def stranger(school: str, number: int, **changes: Any) -> Asset:
    """A device that agents see and no line names."""
    seen = Asset(
        place=Place(PROVINCE, school),
        device_id=f"usb-{number}",
        type="board",
        kind=DeviceKind.BOARD,
        serial=f"{school}U{number:05}",
        room="P203",
        state=AssetState.UNREGISTERED,
        seen_ms=NOW_MS,
        told_ms=NOW_MS,
    )
    return replace(seen, **changes)


def fill(store: Store, items: Sequence[Asset]) -> None:
    """Keep items, as the department's ingest does."""
    with store.locked(OWN) as db:
        newest = newest_change(db, SCOPE)
        told = [replace(each, change=newest + n) for n, each in enumerate(items, start=1)]
        keep_assets(db, told, feed="f")
        settle(db, OWN, TODAY)


def hear(store: Store, school: str, *, ago_ms: int = 0, name: str = "", **told: Any) -> None:
    """Have a school heard so long ago, with figures of its present."""
    row = {
        "province": PROVINCE,
        "school": school,
        "name": name,
        "version": "0.5.0",
        "boot": "b",
        "session": 1,
        "rev": 1,
        "online": ago_ms == 0,
        "feed": "f",
        "reached": told.pop("reached", 5),
        "newest": told.pop("newest", 5),
        "whole": True,
        "figures": json.dumps(told),
        "as_of_ms": NOW_MS - ago_ms,
        "first_heard_ms": NOW_MS - ago_ms,
        "heard_ms": NOW_MS - ago_ms,
    }
    with store.locked(OWN) as db:
        db.execute(schools_table.insert(), row)


def know(
    store: Store,
    schools: Sequence[SchoolFacts] = (),
    areas_: Sequence[Area] = (),
    members: Sequence[Membership] = (),
    merged: Sequence[Merger] = (),
) -> None:
    """Have the department know of areas and schools."""
    with store.locked(OWN) as db:
        areas.keep_facts(db, PROVINCE, schools)
        areas.keep_areas(db, PROVINCE, areas_)
        areas.keep_memberships(db, PROVINCE, members, TODAY)
        for each in merged:
            areas.keep_merger(db, PROVINCE, each)
        bump_version(db, OWN, changed=True)


def forget_all(store: Store) -> None:
    """Begin anew with an empty department."""
    tables = (assets_table, schools_table, areas_table, figures, memberships, mergers, school_facts)
    tables += (contested_marks,)
    with store.locked(OWN) as db:
        for table in tables:
            db.execute(table.delete())


def department_of(store: Store, clock: Any = lambda: NOW_MS) -> Department:
    """The department's figures over a store."""
    return Department(store, SCOPE, OWN, ZONE, clock)


@contextlib.contextmanager
def a_department(folder: Path) -> Iterator[Store]:
    """An empty department's store."""
    with Store(sqlite_in(folder)) as store:
        FOLDERS[store] = folder
        yield store


def a_department_face(
    store: Store, live: LiveView, services: Mapping[Any, Any] | None = None
) -> FastAPI:
    """The face of a department whose store this process holds. services: in place of its own."""
    program = a_program(store, live, scope=OWN, upstream="")
    program.config = replace(program.config, name="Sở GD&ĐT Sơn La", role="department")
    program._services.update(services or {})
    web = create_web(program, ("127.0.0.1", "localhost", "testserver"), settle_s=0.0)
    return with_office(web, program)


class ServedDepartment(Served):
    """A department's face on a real port; its clock stands at NOW_MS unless it is set."""

    now_ms = NOW_MS
    officer = ""  # a session of somebody with that role, where a test logs one in

    def made(self) -> FastAPI:
        """The face to serve."""
        self.live = a_live(self._store, lambda: self.now_ms / 1000, OWN)
        return a_department_face(self._store, self.live)
