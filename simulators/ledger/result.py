"""This file is what a seed brought: counted, written down, told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from protocol.shapes import from_json
from simulators.config import LedgerConfig
from simulators.ledger.deeds import DEVICE
from simulators.ledger.plan import Fault
from simulators.ledger.stored import dropped_in
from simulators.ledger.verdict import Trouble, Verdict
from simulators.ledger.world import World

_RESULTS: Final = "results.jsonl"
_SHOWN: Final = 12
_WIDTH: Final = 300


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a seed brought. skipped: faults for which there was nothing to strike."""

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


class Struck:
    """How often which fault was played, and how often there was nothing to strike."""

    def __init__(self) -> None:
        self.played: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def note(self, fault: Fault, *, is_done: bool) -> None:
        """Count one."""
        (self.played if is_done else self.skipped)[str(fault)] += 1


def result_of(world: World, verdict: Verdict, struck: Struck, seconds: float) -> Result:
    """Count what a world has come to, after its programs have ended."""
    troubles = Counter(one.trouble for one in verdict.differences)
    excused = verdict.excused + Counter({"department_damaged": len(world.lost_items)})
    shown = verdict.differences[:_SHOWN]
    return Result(
        seed=world.seed,
        events=sum(one.deed.kind != DEVICE for one in world.listed()),
        faults=dict(struck.played),
        skipped=dict(struck.skipped),
        excused=dict(+excused),
        lost=troubles[Trouble.LOST],
        doubled=troubles[Trouble.DOUBLED],
        wrong=troubles[Trouble.WRONG],
        flaws=[*_flaws(world)],
        differences=[f"{one.trouble} {one.id}: {one.detail}"[:_WIDTH] for one in shown],
        seconds=round(seconds, 1),
    )


def _flaws(world: World) -> Iterator[str]:
    """What must never be, whatever is stored."""
    yield from world.flaws
    for station in world.stations:
        yield from (f"{station.name} ended by itself with {code}" for code in station.deaths)
        if station.log.exists() and "Traceback" in station.log.read_text("utf-8", "replace"):
            yield f"a traceback in {station.log.name}"
    for agent in world.agents:
        if dropped := dropped_in(world.outbox(agent)):
            yield f"{agent.name} dropped {dropped}"


def results_in(folder: Path) -> list[Result]:
    """What was played before."""
    path = folder / _RESULTS
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [from_json(line, Result) for line in lines if line.endswith(b"\n")]


def note_result(folder: Path, result: Result) -> None:
    """Write a result down, so that its seed is not played again."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _RESULTS).open("ab") as file:
        file.write(msgspec.json.encode(result) + b"\n")


def lines_for(result: Result) -> Iterator[str]:
    """One line, and one more for each thing that is amiss."""
    yield (
        f"seed {result.seed}: {result.events} events, lost {result.lost},"
        f" doubled {result.doubled}, wrong {result.wrong}, {result.seconds:g} s;"
        f" {_counts(result.faults)}; excused: {_counts(result.excused) or 'nothing'}"
    )
    yield from (f"  {line}" for line in (*result.flaws, *result.differences))


def sum_of(results: Sequence[Result]) -> Iterator[str]:
    """What all seeds together brought."""
    faults = _sum(result.faults for result in results)
    yield (
        f"{len(results)} seeds, {sum(one.events for one in results)} events,"
        f" {sum(faults.values())} faults: lost {sum(one.lost for one in results)},"
        f" doubled {sum(one.doubled for one in results)},"
        f" wrong {sum(one.wrong for one in results)};"
        f" not clean: {[one.seed for one in results if not one.is_clean] or 'none'}"
    )
    yield f"faults: {_counts(faults)}"
    yield f"excused: {_counts(_sum(result.excused for result in results)) or 'nothing'}"


def _sum(counts: Iterable[dict[str, int]]) -> Counter[str]:
    return sum(map(Counter, counts), Counter[str]())


def _counts(counts: dict[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in sorted(counts.items()))


def options_of(config: LedgerConfig) -> list[str]:
    """The command line's options that play the same."""
    return [
        part
        for name in config.__struct_fields__
        for part in (f"--{name.replace('_', '-')}", _written(getattr(config, name)))
    ]


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
