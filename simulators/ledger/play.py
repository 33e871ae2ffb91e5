"""This file plays seed after seed: faults, then quiet, then the list against what is stored."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from protocol.words import Translate
from simulators.config import LedgerConfig
from simulators.ledger.blows import Striker
from simulators.ledger.clocks import clock_library
from simulators.ledger.deeds import DEVICE, Outcome
from simulators.ledger.disk import APART, go_apart
from simulators.ledger.plan import LIGHT, WEIGHTS, Fault, blows_of
from simulators.ledger.stored import devices_in, dropped_in, rows_in, uses_in
from simulators.ledger.verdict import (
    Difference,
    Trouble,
    Verdict,
    items_that_differ,
    judge,
    states_that_differ,
)
from simulators.ledger.world import LOOK_S, SCHOOL, World
from simulators.running import show_line, until_stopped

_LOGGER = logging.getLogger(__name__)

PATIENCE_S: Final = 100.0  # without any change of what differs
LIMIT_S: Final = 1500.0
RESULTS: Final = "results.jsonl"
NOT_TOLD: Final = frozenset({"visitor"})  # what comes and goes stays in the school
_SHOWN: Final = 12
_FULL: Final = {Fault.FULL_SCHOOL, Fault.FULL_DEPARTMENT, Fault.FULL_AGENTS}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a seed brought."""

    seed: int
    events: int
    faults: dict[str, int]
    skipped: dict[str, int]
    excused: dict[str, int]
    lost: int
    doubled: int
    wrong: int
    flaws: list[str]
    differences: list[str]
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Whether all is as the list has it."""
        return not (self.lost or self.doubled or self.wrong or self.flaws)


async def play_ledger(config: LedgerConfig, _say: Translate, stop: asyncio.Event) -> int:
    """Play the seeds that are not played yet; returns 1 if any was not clean."""
    go_apart(_arguments(config))
    folder = Path(config.data).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    results = {result.seed: result for result in _results_in(folder / RESULTS)}
    for seed in range(config.seed, config.seed + config.seeds):
        if seed in results:
            continue
        result = await until_stopped(stop, play_seed(seed, config, folder))
        if result is None:
            break
        results[seed] = result
        with (folder / RESULTS).open("ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")
        _show(result)
    played = [results[seed] for seed in results if config.seed <= seed < config.seed + config.seeds]
    _show_sum(played)
    return int(not all(result.is_clean for result in played))


async def play_seed(seed: int, config: LedgerConfig, folder: Path) -> Result:
    """Play one seed in a fresh world; its files are kept if it was not clean."""
    began_s = time.monotonic()
    blows = blows_of(seed, config.faults, possible_faults(config))
    steps = config.events // config.agents
    clocks = any(blow.fault is Fault.CLOCK or blow.fault is Fault.RESTORE_SCHOOL for blow in blows)
    world = World(folder / f"seed-{seed}", seed, config.agents, steps, config.pace, clocks=clocks)
    played: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    try:
        await world.begin()
        striker = Striker(world)
        for blow in blows:
            await asyncio.sleep(blow.after_s * config.gap)
            _LOGGER.info("seed %d: %s", seed, blow.fault)
            done = await striker.strike(blow.fault)
            (played if done else skipped)[blow.fault] += 1
        verdict = await _quiet(world)
    finally:
        await world.end()
    flaws = _flaws(world)
    result = _result(seed, world, verdict, flaws, played, skipped, time.monotonic() - began_s)
    world.close(None if result.is_clean else folder / f"kept-{seed}")
    return result


def possible_faults(config: LedgerConfig) -> set[Fault]:
    """What can be played on this computer, and is wanted."""
    faults = set(WEIGHTS) & (LIGHT if config.light else set(WEIGHTS))
    if clock_library() is None:
        faults -= {Fault.CLOCK}
    import os

    return faults if APART in os.environ else faults - _FULL


async def _quiet(world: World) -> Verdict:
    """Let all heal, and look until nothing differs, or nothing changes any more."""
    world.heal()
    if world.clocks["department"].environ and Fault.RESTORE_SCHOOL.partition("_")[2] in world.copies:
        clock = world.clocks["department"]
        clock.set(clock.offset_s + 660)
    began_s = changed_s = time.monotonic()
    before = None
    while True:
        verdict = await _look(world)
        now_s = time.monotonic()
        if not verdict.differences or now_s - began_s > LIMIT_S:
            return verdict
        if verdict != before:
            before, changed_s = verdict, now_s
            _LOGGER.info("seed %d: %d differ: %s", world.seed, len(verdict.differences), verdict.differences[:3])
        if now_s - changed_s > PATIENCE_S:
            return verdict
        await asyncio.sleep(min(2.0, LOOK_S + (now_s - changed_s) / 10))


async def _look(world: World) -> Verdict:
    """What differs now."""
    try:
        return await _compare(world)
    except sqlite3.Error as error:
        return Verdict([Difference(Trouble.WRONG, "database", str(error))], Counter())


async def _compare(world: World) -> Verdict:
    waiting = await asyncio.to_thread(world.waiting)
    if waiting or not world.have_said_all():
        detail = f"{len(waiting)} wait, {len(world.listed())} said"
        return Verdict([Difference(Trouble.LOST, "outboxes", detail)], Counter())
    school = world.database(world.school)
    listed = world.listed()
    verdict = await asyncio.to_thread(lambda: judge(listed, rows_in(school), world.excuses))
    differences = verdict.differences
    differences += states_that_differ(listed, devices_in(school))
    here, above = await world.items(world.school_http), await world.items(world.department_http)
    if here is None or above is None:
        return Verdict([*differences, Difference(Trouble.LOST, "items", "no answer")], Counter())
    told_up = {name: item for name, item in here.items() if item[-2] not in NOT_TOLD}
    differences += items_that_differ(told_up, above, world.lost_items)
    differences += _book_differences(world, here)
    told = {one.deed.id for one in listed if one.deed.kind == DEVICE and one.outcome is Outcome.KEPT}
    differences += [Difference(Trouble.LOST, name, "no item") for name in sorted(told - here.keys())]
    if "school" not in world.copies:
        uses = uses_in(school, SCHOOL) - uses_in(world.database(world.department), SCHOOL)
        differences += [Difference(Trouble.LOST, "use", str(use)) for use in sorted(uses)]
    return Verdict(differences, verdict.excused)


def _book_differences(world: World, here: dict[str, tuple[object, ...]]) -> list[Difference]:
    if world.book is None:
        return []
    wanted = {(tag, serial, room) for _, tag, _, serial, room, _ in world.book.rows()}
    found = [(item[0], item[4], item[2]) for item in here.values() if item[0]]
    wrong = [Difference(Trouble.LOST, row[0], "a line of the book") for row in sorted(wanted - set(found))]
    wrong += [Difference(Trouble.WRONG, str(row[0]), "no line of the book") for row in found if row not in wanted]
    return wrong + [
        Difference(Trouble.DOUBLED, str(row[0]), "a line of the book")
        for row, count in Counter(found).items()
        if count > 1
    ]


def _flaws(world: World) -> list[str]:
    """What must never be, whatever is stored."""
    flaws = [*world.flaws]
    for station in world.stations:
        flaws += [f"{station.name} ended by itself with {code}" for code in station.deaths]
        if station.log.exists() and "Traceback" in station.log.read_text("utf-8", "replace"):
            flaws.append(f"a traceback in {station.log.name}")
    for agent in world.agents:
        if dropped := dropped_in(world.outbox(agent)):
            flaws.append(f"{agent.name} dropped {dropped}")
    return flaws


def _result(
    seed: int,
    world: World,
    verdict: Verdict,
    flaws: list[str],
    played: Counter[str],
    skipped: Counter[str],
    seconds: float,
) -> Result:
    troubles = Counter(one.trouble for one in verdict.differences)
    excused = verdict.excused + Counter({"department_damaged": len(world.lost_items)})
    return Result(
        seed=seed,
        events=sum(one.deed.kind != DEVICE for one in world.listed()),
        faults=dict(played),
        skipped=dict(skipped),
        excused={name: count for name, count in excused.items() if count},
        lost=troubles[Trouble.LOST],
        doubled=troubles[Trouble.DOUBLED],
        wrong=troubles[Trouble.WRONG],
        flaws=flaws,
        differences=[f"{one.trouble} {one.id}: {one.detail}"[:300] for one in verdict.differences[:_SHOWN]],
        seconds=round(seconds, 1),
    )


def _results_in(path: Path) -> list[Result]:
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    return [msgspec.json.decode(line, type=Result) for line in lines if line.endswith(b"\n")]


def _show(result: Result) -> None:
    faults = " ".join(f"{name}={count}" for name, count in sorted(result.faults.items()))
    excused = " ".join(f"{name}={count}" for name, count in sorted(result.excused.items()))
    show_line(
        f"seed {result.seed}: {result.events} events, lost {result.lost}, doubled {result.doubled},"
        f" wrong {result.wrong}, {result.seconds:g} s; {faults}; excused: {excused or 'nothing'}"
    )
    for line in (*result.flaws, *result.differences):
        show_line(f"  {line}")


def _show_sum(results: list[Result]) -> None:
    faults = sum((Counter(result.faults) for result in results), Counter[str]())
    excused = sum((Counter(result.excused) for result in results), Counter[str]())
    show_line(
        f"{len(results)} seeds, {sum(r.events for r in results)} events,"
        f" {sum(faults.values())} faults: lost {sum(r.lost for r in results)},"
        f" doubled {sum(r.doubled for r in results)}, wrong {sum(r.wrong for r in results)},"
        f" seeds not clean {sum(not r.is_clean for r in results)}"
    )
    show_line(f"faults: {dict(faults.most_common())}")
    show_line(f"excused: {dict(excused.most_common())}")


def _arguments(config: LedgerConfig) -> list[str]:
    """The command line that plays this again."""
    values = {name: getattr(config, name) for name in config.__struct_fields__}
    return [
        "ledger",
        *(
            part
            for name, value in values.items()
            for part in (f"--{name.replace('_', '-')}", str(value).lower() if isinstance(value, bool) else str(value))
        ),
    ]
