"""This file strikes: it does to the programs, lines, disks and clocks what a fault does."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Final

from protocol.model import Place
from simulators.ledger.agent import FLOOD_SIGNAL
from simulators.ledger.plan import Fault
from simulators.ledger.poison import NAME, say_poison
from simulators.ledger.stations import ControllerStation, Station
from simulators.ledger.stored import StoredRow, archived_in, items_in, rows_in, waiting_in
from simulators.ledger.verdict import Excuse, excuse_change
from simulators.ledger.world import DEPARTMENT, NOT_KEPT, PROVINCE, SCHOOL, WAY_UP, Copy, World

JUMPS_S: Final = (3_600, -3_600, 86_400, 700_000, -400 * 86_400, 2 * 365 * 86_400, 5 * 365 * 86_400)
_CODES: Final = {"school": SCHOOL, "department": DEPARTMENT}
_HOWS: Final = (signal.SIGKILL, signal.SIGTERM)
_PAGE: Final = 4096


class Striker:
    """Strikes one world; what is drawn within a fault comes from the seed too.

    gap: how much longer or shorter all lasts.
    """

    def __init__(self, world: World, gap: float) -> None:
        self._world = world
        self._gap = gap
        self._random = Random(f"{world.seed}/blows")  # noqa: S311 - play

    async def strike(self, fault: Fault) -> bool:
        """Do it; False if there was nothing to do it to."""
        verb, _, whom = fault.partition("_")
        match verb:
            case "kill" | "stop" if whom.endswith("_broker"):
                how = signal.SIGKILL if verb == "kill" else signal.SIGTERM
                return self._controller(whom.removesuffix("_broker")).end_broker(how)
            case "kill" | "stop":
                await self._restart(whom, signal.SIGKILL if verb == "kill" else signal.SIGTERM)
            case "cut" | "stall" | "refuse":
                await self._spoil_line(verb)
            case "poison":
                return await self._poison(is_upward=whom == "up")
            case "late":
                return self._world.late.say(self._random)
            case "flood":
                self._agent().signal(FLOOD_SIGNAL)
            case "book":
                return await self._world.bring_book(self._random)
            case "full":
                return await self._fill(whom)
            case "flip":
                return await (self._flip_agent() if whom == "agent" else self._flip(whom))
            case "copy" | "restore" | "fork":
                return await self._use_copy(verb, whom)
            case _:
                self._jump()
        return True

    async def _use_copy(self, verb: str, whom: str) -> bool:
        match verb:
            case "copy":
                await self._copy(whom)
            case "restore":
                return await self._restore(whom)
            case _:
                await self._fork()
        return True

    def _controller(self, name: str) -> ControllerStation:
        return self._world.school if name == "school" else self._world.department

    def _agent(self) -> Station:
        return self._random.choice(self._world.agents)

    async def _last(self, least_s: float, most_s: float) -> None:
        """Let it last, as long as the play's gap makes everything."""
        await asyncio.sleep(self._random.uniform(least_s, most_s) * self._gap)

    async def _restart(self, whom: str, how: signal.Signals) -> None:
        station = self._agent() if whom == "agent" else self._controller(whom)
        await station.down(how)
        await self._last(0, 0.5)
        await station.up()

    async def _spoil_line(self, verb: str) -> None:
        line = self._random.choice(self._world.lines)
        match verb:
            case "cut":
                line.cut_after(self._random.randrange(20_000))
            case "stall":
                line.stall()
            case _:
                line.refuse()
        await self._last(0.3, 3.0)
        line.heal()

    async def _poison(self, *, is_upward: bool) -> bool:
        """Poison either broker; or the department's, as the school itself."""
        name = "department" if is_upward else self._random.choice([*_CODES])
        place = WAY_UP if is_upward else Place(PROVINCE, _CODES[name], NAME)
        seed, count = str(self._random.random()), self._random.randrange(5, 60)
        return await say_poison(self._world.mqtt[name], place, seed, count)

    async def _fill(self, whom: str) -> bool:
        disk = self._world.disks[whom]
        if not disk.is_own:
            return False
        before = self._held() if whom == "agents" else set()
        await asyncio.to_thread(disk.fill)
        await self._last(0.5, 6.0)
        disk.clear()
        self._excuse(before - self._held(), Excuse.MADE_WAY)
        return True

    def _jump(self) -> None:
        clock = self._world.clocks[self._random.choice([*self._world.clocks])]
        clock.set(0 if clock.offset_s else self._random.choice(JUMPS_S))

    async def _flip(self, whom: str) -> bool:
        """Overwrite a page of a controller's database, and repair it by command."""
        world, controller = self._world, self._controller(whom)
        database = world.database(controller)

        async def damage() -> None:
            _overwrite(database, self._random)
            code = await world.command(whom, _CODES[whom], "repair")
            if code:
                world.flaws.append(f"repair of the {whom}'s database ended with {code}")

        await self._change(whom, damage, Excuse.DAMAGED, signal.SIGTERM)
        if whom == "school":
            world.book = None
        return True

    async def _flip_agent(self) -> bool:
        agent = self._agent()
        await agent.down(signal.SIGTERM)
        outbox = self._world.outbox(agent)
        if not outbox.exists():
            await agent.up()
            return False
        before = _held_in(outbox)
        _overwrite(outbox, self._random)
        # It repairs the file at its start; what that cannot read is gone.
        self._excuse(before, Excuse.SWAPPED_OUT)
        self._world.doubtful |= before
        await agent.up()
        return True

    async def _copy(self, whom: str) -> None:
        """Copy a folder while nobody writes to it."""
        world = self._world
        station = world.agents[0] if whom == "agent" else self._controller(whom)
        await _down(station, signal.SIGTERM)
        folder = world.folder / "copies" / whom
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(station.folder, folder, ignore=NOT_KEPT)
        world.copies[whom] = Copy(folder, world.book)
        await station.up()

    async def _restore(self, whom: str) -> bool:
        """Put the copy back where the folder is."""
        world = self._world
        if whom not in world.copies:
            return False
        copy = world.copies[whom]
        if whom == "agent":
            agent = world.agents[0]
            await agent.down(self._random.choice(_HOWS))
            before = _held_in(world.outbox(agent))
            _put_back(copy.folder, agent.folder)
            self._excuse(before - _held_in(world.outbox(agent)), Excuse.SWAPPED_OUT)
            await agent.up()
            return True

        async def swap() -> None:
            _put_back(copy.folder, self._controller(whom).folder)

        await self._change(whom, swap, Excuse.PUT_BACK, self._random.choice(_HOWS))
        if whom == "school":
            world.book = copy.book
        return True

    async def _fork(self) -> None:
        """Let a copy of the school run beside it, with a book of its own, and end."""
        world = self._world
        await world.school.all_down(signal.SIGTERM)
        shutil.copytree(world.school.folder, world.fork.folder, ignore=NOT_KEPT)
        await world.school.up()
        world.is_forked = True
        await world.fork.up()
        await world.bring_other_book(self._random)
        await self._last(2.0, 12.0)
        await world.fork.all_down(self._random.choice(_HOWS))
        shutil.rmtree(world.fork.folder)

    async def _change(
        self, whom: str, work: Callable[[], Awaitable[None]], excuse: Excuse, how: signal.Signals
    ) -> None:
        """Change a controller's folder while it and its agents are down; see what is gone by it."""
        world, controller = self._world, self._controller(whom)
        agents = world.agents if whom == "school" else []
        await asyncio.gather(*(agent.down(signal.SIGKILL) for agent in agents))
        await _down(controller, how)
        database = world.database(controller)
        before, items = _seen(database)
        await work()
        after, items_after = _seen(database)
        if whom == "school":
            held = self._held() - world.doubtful
            world.excuses |= excuse_change(before, after, held, excuse)
        elif excuse is Excuse.DAMAGED:
            both = items.keys() | items_after.keys()
            world.lost_items |= {name for name in both if items.get(name) != items_after.get(name)}
        await controller.up()
        await asyncio.gather(*(agent.up() for agent in agents))

    def _held(self) -> set[str]:
        """What waits at the agents or is archived there."""
        world = self._world
        return {name for agent in world.agents for name in _held_in(world.outbox(agent))}

    def _excuse(self, gone: set[str], excuse: Excuse) -> None:
        """Excuse what is gone from agents, but for what the school has."""
        world = self._world
        stored = {row.id for row in rows_in(world.database(world.school))} if gone else set()
        world.excuses |= dict.fromkeys(gone - stored, excuse)


async def _down(station: Station, how: signal.Signals) -> None:
    if isinstance(station, ControllerStation):
        await station.all_down(how)
    else:
        await station.down(how)


def _seen(database: Path) -> tuple[list[StoredRow], dict[str, tuple[object, ...]]]:
    return rows_in(database), items_in(database, SCHOOL)


def _held_in(outbox: Path) -> set[str]:
    """What it has; of a file that was damaged and not repaired yet, all is excused already."""
    try:
        return waiting_in(outbox) | archived_in(outbox)
    except sqlite3.DatabaseError:
        return set()


def _overwrite(file: Path, random: Random) -> None:
    """Write noise over one page of a SQLite file that nobody has open."""
    pages = file.stat().st_size // _PAGE
    with file.open("r+b") as data:
        data.seek(random.randrange(pages) * _PAGE)
        data.write(random.randbytes(_PAGE))


def _put_back(copy: Path, folder: Path) -> None:
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    shutil.copytree(copy, folder, dirs_exist_ok=True)
