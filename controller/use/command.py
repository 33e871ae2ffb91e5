"""This file is `lophoc-controller use`: how many hours a week each board was used."""

from __future__ import annotations

import argparse
import json
from datetime import date
from typing import Final

from controller.cli.folder import add_place, told_zone
from controller.cli.output import add_json, tell
from controller.cli.school import opened_wide, own
from controller.database.clock import now_in
from controller.register.vocabulary import TYPE_WORDS
from controller.use.report import VERDICTS, BoardUse, UseReport, UseVerdict, whole_weeks
from controller.use.store import bring_up_use, use_report
from protocol import formats
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import instant
from protocol.settings import SettingsError
from protocol.words import N_, Translate

MAX_WEEKS: Final = 104


def fill_use(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    weeks = say(N_("how many of the last whole weeks"))
    parser.add_argument("--weeks", type=int, default=4, metavar="N", help=weeks)
    add_json(parser, say)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _use(options, say))


def _use(options: argparse.Namespace, say: Translate) -> int:
    if not 1 <= options.weeks <= MAX_WEEKS:
        raise SettingsError(
            "weeks_invalid", N_("Give 1 to {most} weeks by --weeks."), most=MAX_WEEKS
        )
    zone = told_zone(options)
    with opened_wide(options) as (store, scope):
        now_ms = store.read(now_in)
        today = instant(now_ms).astimezone(zone).date()
        since, until = whole_weeks(today, options.weeks)
        for place in own(store, options):
            bring_up_use(store, place, zone, now_ms)
        with store.view() as db:
            report = use_report(db, scope, since, until, today.isoformat())
    if options.json:
        tell(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
        return 0
    _tell(report, say)
    return 0


def _tell(report: UseReport, say: Translate) -> None:
    many = len(report.schools) > 1
    for board in report.boards:
        tell("\t".join([*([board.school] if many else []), *_row(board, say)]))
    verdicts = [board.verdict for board in report.boards]
    summed = N_(
        "{since} to {until}: {boards} {boards:board|boards}, {low} hardly used, {unknown} not"
        " known."
    )
    tell(
        phrase(
            summed,
            say,
            since=date.fromisoformat(report.since_week),
            until=date.fromisoformat(report.until_day),
            boards=len(verdicts),
            low=verdicts.count(UseVerdict.LOW),
            unknown=verdicts.count(UseVerdict.UNKNOWN),
        )
    )


def _row(board: BoardUse, say: Translate) -> tuple[str, ...]:
    used = board.used_week_min
    hours = phrase(N_("{hours} h a week"), say, hours=formats.hours(used, say))
    kind = say(TYPE_WORDS[board.kind]) if board.kind in TYPE_WORDS else board.kind
    tag = board.asset_tag or board.device_id
    return board.room, kind, tag, hours, say(VERDICTS[board.verdict][0])
