"""This file is `lophoc-controller register condition` and `history`: how lines fare and fared."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from sqlalchemy import Connection

from controller.cli.folder import add_place, operator, told_zone
from controller.cli.output import add_json, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.life import (
    LineLife,
    Said,
    Step,
    Why,
    condition_word,
    step_words,
    told_step,
)
from controller.register.merging import Kept
from controller.register.vocabulary import Condition, condition_of
from protocol.errors import ActionError
from protocol.formats import moment, phrase
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate

UNDO: Final = "undo"


def add_condition(deeds: Any, say: Translate) -> None:
    """Add the deeds to the command of the register."""
    row = say(N_("the line's number in the book"))
    parser = deeds.add_parser("condition", help=say(N_("say how a line fares")))
    parser.add_argument("row", type=int, help=row)
    codes = ", ".join(Condition)
    word = phrase(N_("how it is now ({codes}), or undo"), say, codes=codes)
    parser.add_argument("condition", help=word)
    parser.add_argument("--note", default="", help=say(N_("why, or what is the matter")))
    quality = say(N_("what it is still worth, 0 to 100"))
    parser.add_argument("--quality", type=int, metavar="PCT", help=quality)
    history = deeds.add_parser("history", help=say(N_("tell how a line fared")))
    history.add_argument("row", type=int, help=row)
    for deed, run in ((parser, _condition), (history, _history)):
        add_json(deed, say)
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))


def line_at(db: Connection, place: Place, row: int) -> Kept:
    """The line that counts with this number. Raises SettingsError."""
    line = register.line_by_row(db, place, row)
    if line is None:
        raise SettingsError("line_unknown", N_("The book has no line {row}."), row=row)
    return line


def _condition(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place), store.locked(place) as db:
        line = line_at(db, place, options.row)
        if options.condition == UNDO:
            lives.take_back(db, place, line, Said(operator(), now_in(db)))
        else:
            life = lives.life_in(db, place, line)
            lives.keep_steps(db, place, _taken(life, options, now_in(db), say))
        now = lives.life_in(db, place, line)
    if options.json:
        report = {"row": options.row, "condition": now.condition}
        tell(json.dumps(report, ensure_ascii=False))
    else:
        done = N_("Line {row}: {condition}.")
        tell(phrase(done, say, row=str(options.row), condition=condition_word(now.condition, say)))
    return 0


def _taken(
    life: LineLife, options: argparse.Namespace, at_ms: int, say: Translate
) -> tuple[Step, ...]:
    """The steps to keep. Raises SettingsError, which names the conditions in words."""
    becomes = _named(options.condition)
    try:
        return life.taken(
            becomes,
            Why.PERSON,
            who=operator(),
            at_ms=at_ms,
            note=options.note,
            quality_pct=options.quality,
        )
    except ActionError as error:
        words = {"now": condition_word(life.condition, say), "next": condition_word(becomes, say)}
        raise SettingsError(error.code, error.message, error.hint, **words) from error


def _named(word: str) -> Condition:
    """A condition by its code or in the words of a book. Raises SettingsError."""
    condition = Condition(word) if word in set(Condition) else condition_of(word)
    if condition is None:
        raise SettingsError(
            "condition_unknown",
            N_("There is no condition {word}."),
            N_("Give one of {codes}."),
            word=word,
            codes=", ".join(Condition),
        )
    return condition


def _history(options: argparse.Namespace, say: Translate) -> int:
    zone = told_zone(options)
    with opened(options) as (store, place), store.view() as db:
        life = lives.life_in(db, place, line_at(db, place, options.row))
    if options.json:
        report = {
            "row": options.row,
            "condition": life.condition,
            "history": [told_step(step, zone) for step in life.history],
        }
        tell(json.dumps(report, ensure_ascii=False, indent=1))
        return 0
    for step in life.history:
        at = moment(step.at_ms, zone, say)
        tell("\t".join((at, step.who or "-", step_words(step, say), step.note)))
    now = N_("Now: {condition}.")
    tell(phrase(now, say, condition=condition_word(life.condition, say)))
    return 0
