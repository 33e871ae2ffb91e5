"""A school shows its own pages and a department its own: one rule, asked at every address."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import httpx
import pytest
from msgspec.structs import replace

from controller.config import ControllerConfig
from controller.database.store import Store
from controller.feature import Level, Program
from controller.people.person import Role
from controller.web.rules import addresses_of
from controller.web.site import create_web
from tests.controller.people import COOKIE, ORIGIN, log_in
from tests.controller.web_department import OWN, hear
from tests.controller.web_school import a_live, a_program, a_store, agent

# By hand: what only a school has, and what only a department has, by how the address begins.
OF_A_SCHOOL = (
    *("/register", "/stocktake", "/repairs", "/attendance", "/absences", "/lessons", "/lists"),
    *("/schedule", "/teachers", "/students", "/cameras", "/api/v1/register", "/api/v1/kpi"),
    *("/api/v1/unregistered", "/api/v1/attendance", "/api/v1/lessons", "/api/v1/faults"),
    *("/api/v1/repairs", "/api/v1/stocktakes", "/inspection-requests", "/pairs", "/kinds"),
    *("/api/v1/incidents", "/incidents", "/maintenances", "/kits", "/search", "/agents"),
    *("/devices", "/wear", "/alerts", "/rooms$", "/room-cards", "/updates", "/home-assistant"),
)
LEFT_OUT = {"/logout", "/sessions/{no}/end", "/copies/now"}  # these would end what others need
OF_A_DEPARTMENT = (
    *(
        "/schools",
        "/exceptions",
        "/reports",
        "/items",
        "/inspections",
        "/lines",
        "/history",
        "/api/v1/history",
        "/api/v1/inspections",
        "/api/v1/reports",
        "/api/v1/item-history",
        "/api/v1/schools",
        "/api/v1/figures",
    ),
    *("/api/v1/exceptions", "/api/v1/tile", "/api/v1/areas"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """What nobody has spoken to yet."""
    with a_store(tmp_path) as empty:
        yield empty


def a_controller(store: Store, role: str = "", upstream: str = "", rooms: int = 0) -> Program:
    """A controller so set up, to which so many rooms speak."""
    live = a_live(store, scope=OWN)
    live.publish([agent(f"P{n}", place=OWN.of_agent(f"may-{n}")) for n in range(rooms)])
    program = a_program(store, live, scope=OWN, upstream=upstream)
    program.config = replace(program.config, role=role)
    return program


def is_of(path: str, beginnings: tuple[str, ...]) -> bool:
    """Whether an address is one of those, or lies under one of them; with a $ it is that alone."""
    return f"{path}$" in beginnings or any(
        path == one or path.startswith((f"{one}/", f"{one}.")) for one in beginnings
    )


async def is_hidden(browser: httpx.AsyncClient, method: str, path: str) -> bool:
    """Whether the address says that it is another level's."""
    told = await browser.request(method, re.sub(r"\{[^}]+\}", "1", path))
    words = ("not_here", "Chỉ trường mới có trang này", "Chỉ sở mới có trang này")
    return told.status_code == 404 and any(word in told.text for word in words)


async def hidden_at(program: Program) -> tuple[set[str], set[str]]:
    """Of all addresses those that are hidden, and those that are not."""
    cookie = await asyncio.to_thread(log_in, program, "admin", Role.ADMIN)
    face = create_web(program, ("testserver",))
    found: tuple[set[str], set[str]] = (set(), set())
    headers = {"cookie": f"{COOKIE}={cookie}", **ORIGIN}
    line = httpx.ASGITransport(face)
    async with httpx.AsyncClient(
        transport=line, base_url="http://testserver", headers=headers
    ) as browser:
        for address in addresses_of(face.routes):
            for method in {*address.methods} - {"SOCKET", "MOUNT", "HEAD"}:
                if address.path not in LEFT_OUT:
                    hidden = await is_hidden(browser, method, address.path)
                    found[not hidden].add(f"{address.path}")
    return found


def has_menu(program: Program, path: str) -> bool:
    """Whether an administrator's page has this menu."""

    async def page() -> str:
        cookie = await asyncio.to_thread(log_in, program, "admin", Role.ADMIN)
        face = create_web(program, ("testserver",))
        headers = {"cookie": f"{COOKIE}={cookie}", **ORIGIN}
        line = httpx.ASGITransport(face)
        async with httpx.AsyncClient(
            transport=line, base_url="http://testserver", headers=headers
        ) as browser:
            return (await browser.get("/sessions")).text

    return f'<a href="{path}">' in asyncio.run(page())


@pytest.mark.parametrize("role", ["school", "department"])
def test_every_address_of_the_other_level_is_not_there(store: Store, role: str) -> None:
    """All methods, pages and API; nothing else is hidden."""
    theirs = OF_A_DEPARTMENT if role == "school" else OF_A_SCHOOL
    hidden, shown = asyncio.run(hidden_at(a_controller(store, role)))
    assert hidden
    assert [path for path in hidden if not is_of(path, theirs)] == []
    assert [path for path in shown if is_of(path, theirs)] == []


@pytest.mark.parametrize("role", ["school", "department"])
def test_menus_name_what_is_there(store: Store, role: str) -> None:
    """The book in a school, the schools above them."""
    program = a_controller(store, role)
    assert has_menu(program, "/register") == (role == "school")
    assert has_menu(program, "/schools") == (role == "department")


@pytest.mark.parametrize(
    ("rooms", "schools", "upstream", "levels"),
    [
        (0, 0, "", {Level.SCHOOL}),
        (1, 0, "", {Level.SCHOOL}),
        (0, 1, "", {Level.DEPARTMENT}),
        (1, 1, "", {Level.SCHOOL, Level.DEPARTMENT}),
        (0, 1, "mqtts://above", {Level.SCHOOL}),
    ],
)
def test_without_a_role_it_stands_where_it_is_spoken_to(
    store: Store, rooms: int, schools: int, upstream: str, levels: set[Level]
) -> None:
    """By rooms, by schools, by both; whoever has one above is a school's."""
    for n in range(schools):
        hear(store, f"S{n}")
    assert a_controller(store, upstream=upstream, rooms=rooms).levels() == levels


def test_a_settings_role_is_a_level() -> None:
    """What the settings may say is what features may be for."""
    told = get_args(get_type_hints(ControllerConfig, include_extras=True)["role"].__origin__)
    assert {*told} == {"", *Level}
