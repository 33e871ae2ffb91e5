"""This file plays seed after seed: faults, then quiet, then the list against what is stored."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from protocol.words import Translate
from simulators.config import LedgerConfig
from simulators.ledger.blows import Striker
from simulators.ledger.clocks import clock_library
from simulators.ledger.deeds import DEVICE, ListedDeed, Outcome
from simulators.ledger.disk import go_apart, is_apart
from simulators.ledger.plan import FULL, LIGHT, WEIGHTS, Blow, Fault, blows_of
from simulators.ledger.result import (
    Result,
    Struck,
    lines_for,
    note_result,
    options_of,
    result_of,
    results_in,
    sum_of,
)
from simulators.ledger.stored import devices_in, rows_in, uses_in
from simulators.ledger.verdict import (
    Difference,
    Trouble,
    Verdict,
    items_that_differ,
    judge,
    states_that_differ,
)
from simulators.ledger.world import LOOK_S, SCHOOL, SILENCE_S, World
from simulators.running import show_line, until_stopped

_LOGGER = logging.getLogger(__name__)

PATIENCE_S: Final = 100.0  # without any change of what differs
LIMIT_S: Final = 1500.0
NOT_TOLD: Final = frozenset({"visitor"})  # what comes and goes stays in the school


async def play_ledger(config: LedgerConfig, _say: Translate, stop: asyncio.Event) -> int:
    """Play the seeds that are not played yet; returns 1 if any was not clean."""
    go_apart(["ledger", *options_of(config)])
    folder = Path(os.path.abspath(config.data))  # noqa: ASYNC240, PTH100 - asks no disk
    seeds = range(config.seed, config.seed + config.seeds)
    played = {result.seed for result in results_in(folder)}
    due = [seed for seed in seeds if seed not in played]
    for start in range(0, len(due), config.together):
        if stop.is_set():
            break
        await until_stopped(stop, play_world(due[start : start + config.together], config, folder))
    results = [result for result in results_in(folder) if result.seed in seeds]
    for line in sum_of(results):
        show_line(line)
    return int(not all(result.is_clean for result in results))


async def play_world(seeds: Sequence[int], config: LedgerConfig, folder: Path) -> None:
    """Play seeds in one fresh world; its files are kept where one was not clean."""
    plans = {seed: blows_of(seed, config.faults, possible_faults(config)) for seed in seeds}
    has_clocks = any(map(_need_clocks, plans.values()))
    world = World(folder / f"seed-{seeds[0]}", config, has_clocks=has_clocks)
    try:
        await world.begin()
        for seed, blows in plans.items():
            result = await play_seed(world, seed, blows, config.gap, is_last=seed == seeds[-1])
            note_result(folder, result)
            for line in lines_for(result):
                show_line(line)
            if not result.is_clean:
                world.keep(folder / f"kept-{seed}")
                break  # whatever comes after it would be blamed for it
    except TimeoutError:  # its programs do not even begin
        world.keep(folder / f"kept-{seeds[0]}")
        raise
    finally:
        await world.end()
        world.close()


async def play_seed(
    world: World, seed: int, blows: Sequence[Blow], gap: float, *, is_last: bool
) -> Result:
    """Play one seed: its agents, its faults, then quiet."""
    began_s = time.monotonic()
    struck = Struck()
    await world.enter(seed)
    striker = Striker(world, gap)
    for blow in blows:
        await asyncio.sleep(blow.after_s * gap)
        _LOGGER.info("seed %d: %s", seed, blow.fault)
        struck.note(blow.fault, is_done=await striker.strike(blow.fault))
    verdict = await _quiet(world, is_last=is_last)
    await world.leave()
    return result_of(world, verdict, struck, time.monotonic() - began_s)


def _need_clocks(blows: Sequence[Blow]) -> bool:
    """Whether clocks jump, or the wait for another history of the school is to be short."""
    needing = {Fault.CLOCK, Fault.RESTORE_SCHOOL, Fault.FORK_SCHOOL}
    return any(blow.fault in needing for blow in blows)


def possible_faults(config: LedgerConfig) -> set[Fault]:
    """What can be played on this computer, and is wanted."""
    faults = set(LIGHT if config.light else WEIGHTS)
    if clock_library() is None:
        faults.discard(Fault.CLOCK)
    return faults if is_apart() else faults - FULL


async def _quiet(world: World, *, is_last: bool) -> Verdict:
    """Let all heal, and look until nothing differs, or nothing changes any more."""
    world.heal()
    patience_s = PATIENCE_S if world.is_quick_to_believe else SILENCE_S + PATIENCE_S
    began_s = changed_s = time.monotonic()
    before = None
    while True:
        verdict = await _look(world, is_last=is_last)
        now_s = time.monotonic()
        if verdict != before:
            before, changed_s = verdict, now_s
            _LOGGER.info("seed %d: %d differ: %s", world.seed, *_summary(verdict))
        if not verdict.differences or now_s > min(began_s + LIMIT_S, changed_s + patience_s):
            return verdict
        await asyncio.sleep(min(2.0, LOOK_S + (now_s - changed_s) / 10))


def _summary(verdict: Verdict) -> tuple[int, list[Difference]]:
    return len(verdict.differences), verdict.differences[:2]


async def _look(world: World, *, is_last: bool) -> Verdict:
    """What differs now."""
    try:
        return await _compare(world, is_last=is_last)
    except sqlite3.Error as error:
        return Verdict([Difference(Trouble.WRONG, "database", str(error))], Counter())


async def _compare(world: World, *, is_last: bool) -> Verdict:
    """Of the agents of this seed; of the department after the last one, for it is told slowly."""
    waiting = await asyncio.to_thread(world.waiting)
    listed = world.listed()
    if waiting or not world.have_said_all():
        detail = f"{len(waiting)} wait, {len(listed)} said"
        return Verdict([Difference(Trouble.LOST, "outboxes", detail)], Counter())
    school = world.database(world.school)
    ahead_s = world.clocks["school"].believed_ahead_s
    verdict = await asyncio.to_thread(
        lambda: judge(listed, rows_in(school, ahead_s), world.excuses)
    )
    differences = verdict.differences + states_that_differ(listed, devices_in(school))
    if is_last:
        told = {one.deed.id for one in listed if _is_kept_device(one)}
        differences += await _differences_above(world, told)
    return Verdict(differences, verdict.excused)


def _is_kept_device(one: ListedDeed) -> bool:
    return one.deed.kind == DEVICE and one.outcome is Outcome.KEPT


async def _differences_above(world: World, devices: set[str]) -> list[Difference]:
    """Where school and department tell other things, or the school other ones than it was told."""
    here, above = await world.items(world.school_http), await world.items(world.department_http)
    if here is None or above is None:
        return [Difference(Trouble.LOST, "items", "no answer")]
    told_up = {name: item for name, item in here.items() if item[-2] not in NOT_TOLD}
    differences = items_that_differ(told_up, above, world.lost_items)
    differences += _book_differences(world, here)
    differences += [
        Difference(Trouble.LOST, name, "no item") for name in sorted(devices - here.keys())
    ]
    return differences + _uses_that_differ(world)


def _uses_that_differ(world: World) -> list[Difference]:
    """Weeks of use that the school keeps; another history of it has told other ones."""
    if world.has_other_history:
        return []
    school, department = map(world.database, (world.school, world.department))
    lost = uses_in(school, SCHOOL) - uses_in(department, SCHOOL)
    return [Difference(Trouble.LOST, "use", str(use)) for use in sorted(lost)]


def _book_differences(world: World, here: dict[str, tuple[object, ...]]) -> list[Difference]:
    if world.book is None:
        return []
    wanted = {(tag, serial, room) for _, tag, _, serial, room, _ in world.book.rows()}
    found = [(item[0], item[4], item[2]) for item in here.values() if item[0]]
    wrong = [
        Difference(Trouble.LOST, row[0], "a line of the book")
        for row in sorted(wanted - set(found))
    ]
    wrong += [
        Difference(Trouble.WRONG, str(row[0]), "no line of the book")
        for row in found
        if row not in wanted
    ]
    return wrong + [
        Difference(Trouble.DOUBLED, str(row[0]), "a line of the book")
        for row, count in Counter(found).items()
        if count > 1
    ]
