"""This file says what a person changes of lines of the book by hand; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from controller.register.book import Line
from controller.register.fields import JUDGES, MESSAGES
from controller.register.life import LineLife, Said, Step, Why, life_of
from controller.register.merging import Kept
from controller.register.prices import priced
from controller.register.vocabulary import TYPE_WORDS, Condition
from controller.register.warranted import warranted
from controller.sheets.names import tag_key
from controller.sheets.text import RefusedError
from protocol.errors import ActionError
from protocol.words import N_

# What a person writes of a line, in the order of the form.
WRITTEN: Final = (
    *("asset_tag", "type", "name", "maker", "model", "serial", "room"),
    *("year", "quantity", "cost_vnd", "funding", "warranty_months", "warranty_until"),
)
MAX_WRITTEN: Final = 200  # characters of a field


class HandChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to keep of a change. writes: lines as they become, also those of which only steps are.

    steps: of condition, in their order. new, changed, removed: how many lines are.
    """

    writes: tuple[Kept, ...] = ()
    steps: tuple[Step, ...] = ()
    new: int = 0
    changed: int = 0
    removed: int = 0


class Refused(msgspec.Struct, frozen=True):
    """What of a form cannot be kept: messages by field."""

    faults: Mapping[str, str]


def written_line(line: Line, form: Mapping[str, str]) -> Line | Refused:
    """The line with what a form says; what the form lacks stays, what is empty in it goes."""
    told: dict[str, object] = {}
    faults: dict[str, str] = {}
    for name in WRITTEN:
        if name not in form:
            continue
        text = form[name].strip()
        is_word = name == "type" and text in TYPE_WORDS
        try:
            told[name] = text if is_word else JUDGES[name](text[: MAX_WRITTEN + 1])
        except RefusedError as error:
            faults[name] = MESSAGES[str(error)]
    if faults:
        return Refused(faults)
    changed = {name for name, value in told.items() if value != getattr(line, name)}
    after = replace(line, **{name: told[name] for name in changed})
    errors = tuple(fault for fault in line.errors if fault.field not in changed)
    return warranted(priced(replace(after, errors=errors), line, changed), line, changed)


def corrected(register: Sequence[Kept], before: Kept, line: Line, now_ms: int) -> HandChange:
    """A line that counts becomes so. Raises ActionError where it has another line's tag."""
    if line == before.data:
        return HandChange()
    _judge_tag(register, line, before.no)
    return HandChange(writes=(replace(before, data=line, changed_ms=now_ms),), changed=1)


def added(register: Sequence[Kept], line: Line, now_ms: int) -> HandChange:
    """A new line behind the last. Raises ActionError where it says nothing, or has a tag twice."""
    if not (line.type or line.name):
        raise ActionError("line_empty", N_("Say what it is: its type or its name."))
    _judge_tag(register, line, 0)
    row = max((entry.data.row for entry in register if entry.removed_ms is None), default=0) + 1
    no = max((entry.no for entry in register), default=0) + 1
    made = Kept(no=no, data=replace(line, row=row), added_ms=now_ms, changed_ms=now_ms)
    return HandChange(writes=(made,), new=1)


def moved(lines: Iterable[Kept], room: str, now_ms: int) -> HandChange:
    """These lines belong in a room, as rooms are written. Raises RefusedError."""
    becomes = str(JUDGES["room"](room))
    writes = tuple(
        replace(line, data=replace(line.data, room=becomes), changed_ms=now_ms)
        for line in lines
        if line.data.room != becomes
    )
    return HandChange(writes=writes, changed=len(writes))


def retired(lines: Iterable[Kept], now_ms: int) -> HandChange:
    """These lines leave the book."""
    writes = tuple(replace(line, removed_ms=now_ms, changed_ms=now_ms) for line in lines)
    return HandChange(writes=writes, removed=len(writes))


def fared(
    lines: Iterable[Kept],
    steps: Mapping[int, Sequence[Step]],
    condition: Condition,
    stamp: Said,
    note: str = "",
) -> HandChange:
    """These lines fare so from now on; those that do, or cannot, stay as they are.

    steps: of lines, by Kept.no. Raises ActionError where that is so of the only one.
    """
    every = [*lines]
    writes: list[Kept] = []
    taken: list[Step] = []
    for line in every:
        life: LineLife = life_of(line, steps.get(line.no, ()))
        try:
            fresh = life.taken(condition, Why.PERSON, who=stamp.who, at_ms=stamp.at_ms, note=note)
        except ActionError:
            if len(every) == 1:
                raise
            continue
        writes.append(line)
        taken += fresh
    return HandChange(writes=tuple(writes), steps=tuple(taken), changed=len(writes))


def _judge_tag(register: Sequence[Kept], line: Line, no: int) -> None:
    """Raise ActionError if another line that counts has the tag."""
    key = tag_key(line.asset_tag)
    others = (entry for entry in register if entry.no != no and entry.removed_ms is None)
    if key and any(tag_key(entry.data.asset_tag) == key for entry in others):
        raise ActionError("tag_twice", MESSAGES["tag_twice"])
