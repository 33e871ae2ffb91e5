"""This file says how lines fared and how repairs stand: in words, and as JSON tells it; pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from controller.register.life import WHY_WORDS, Step
from controller.register.merging import Kept
from controller.register.vocabulary import CONDITION_WORDS
from controller.repairs.repair import Move, Repair
from protocol.words import N_, Translate


def condition_word(condition: str, say: Translate) -> str:
    """The condition as people call it; of none that nothing was said."""
    return say(CONDITION_WORDS[condition]) if condition in CONDITION_WORDS else say(N_("not told"))


def step_words(step: Step, say: Translate) -> str:
    """A step in a few words: in good repair, 80 % (stocktake)."""
    quality = "" if step.quality_pct is None else f", {step.quality_pct} %"
    return f"{condition_word(step.condition, say)}{quality} ({say(WHY_WORDS[step.why])})"


def told_step(step: Step, zone: tzinfo) -> dict[str, Any]:
    """A step as JSON tells it; what is not there is left out."""
    told = {
        "no": step.no,
        "at": _at(step.at_ms, zone),
        "who": step.who,
        "why": step.why.value,
        "condition": step.condition,
        "note": step.note,
        "quality_pct": step.quality_pct,
        "repair": step.repair,
        "undoes": step.undoes,
    }
    return {name: value for name, value in told.items() if value not in ("", None)}


def told_repair(
    repair: Repair, zone: tzinfo, kept: Kept | None, maybe: tuple[Kept, ...] = ()
) -> dict[str, Any]:
    """A repair as JSON tells it. kept: the line that it is about; maybe: those that it may be."""
    done = repair.done
    return {
        "no": repair.no,
        "state": repair.state.value,
        "room": repair.room,
        "part": repair.part,
        "reported_at": _at(repair.reported_ms, zone),
        "reported_by": repair.who,
        "by_fault": repair.event_id,
        "note": repair.note,
        "line": _told_line(kept) if kept else None,
        "candidates": [_told_line(each) for each in maybe],
        "outcome": done.outcome if done else "",
        "done_at": _at(done.at_ms, zone) if done else "",
        "moves": [_told_move(move, zone) for move in repair.moves],
    }


def _told_line(kept: Kept) -> dict[str, Any]:
    data = kept.data
    return {
        "row": data.row,
        "asset_tag": data.asset_tag,
        "type": data.type,
        "maker": data.maker,
        "model": data.model,
        "room": data.room,
    }


def _told_move(move: Move, zone: tzinfo) -> dict[str, Any]:
    told = {
        "no": move.no,
        "at": _at(move.at_ms, zone),
        "who": move.who,
        "deed": move.deed.value,
        "outcome": move.outcome,
        "note": move.note,
        "undoes": move.undoes,
    }
    return {name: value for name, value in told.items() if value not in ("", None)}


def _at(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).isoformat()
