"""This file tells how lines fared, in words and as JSON; pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from controller.register.life import WHY_WORDS, Step
from controller.register.vocabulary import CONDITION_WORDS
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
        "at": local_iso(step.at_ms, zone),
        "who": step.who,
        "why": step.why.value,
        "condition": step.condition,
        "note": step.note,
        "quality_pct": step.quality_pct,
        "repair": step.repair,
        "undoes": step.undoes,
    }
    return {name: value for name, value in told.items() if value not in ("", None)}


def local_iso(at_ms: int, zone: tzinfo) -> str:
    """The moment as ISO 8601 text, by the clock of a zone."""
    return datetime.fromtimestamp(at_ms / 1000, zone).isoformat()
