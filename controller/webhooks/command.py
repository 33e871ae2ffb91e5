"""This file is `lophoc-controller webhooks`: how far each webhook is, and why one takes nothing."""

from __future__ import annotations

import argparse
import json
from typing import Final

from controller.cli.folder import add_place, told_zone
from controller.cli.output import add_json, tell
from controller.cli.school import opened
from controller.inventory.choosing import program_beside
from controller.webhooks.standing import HookStanding, Waiting, hooks_standing, waiting_for
from controller.webhooks.words import TROUBLES
from protocol.command_line import CommandParser
from protocol.formats import moment, phrase
from protocol.model import iso
from protocol.words import N_, Translate

EXIT_STOPPED: Final = 1


def fill_webhooks(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    add_json(parser, say)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _tell_all(options, say))


def _tell_all(options: argparse.Namespace, say: Translate) -> int:
    """The exit code is 1 where one has taken nothing for more than a day."""
    with opened(options) as (store, place):
        program = program_beside(options, store, place)
        told = [(each, waiting_for(program, each)) for each in hooks_standing(program)]
        now_ms = program.now_ms()
    if options.json:
        tell(json.dumps([_fields(*pair) for pair in told], ensure_ascii=False, indent=1))
    elif not told:
        tell(say(N_("None is set up.")))
    else:
        for standing, waiting in told:
            _tell(standing, waiting, options, say)
    return EXIT_STOPPED if any(each.place.has_stopped(now_ms) for each, _ in told) else 0


def _tell(
    standing: HookStanding, waiting: Waiting, options: argparse.Namespace, say: Translate
) -> None:
    place, zone = standing.place, told_zone(options)
    unknown = say(N_("not known"))
    taken = moment(place.taken_ms, zone, say) if place.taken_ms else unknown
    more = N_("Changes that wait: {n} or more.") if waiting.more else N_("Changes that wait: {n}.")
    parts = [
        standing.name,
        standing.hook.host,
        phrase(N_("Taken last: {when}."), say, when=taken),
        phrase(more, say, n=str(waiting.changes)),
    ]
    if place.since_ms:
        since = moment(place.since_ms, zone, say)
        parts.append(phrase(N_("It has taken nothing since {when}."), say, when=since))
        parts.append(phrase(TROUBLES.get(place.trouble, ""), say, status=place.status))
    tell("\t".join(parts))


def _fields(standing: HookStanding, waiting: Waiting) -> dict[str, object]:
    place = standing.place
    return {
        "name": standing.name,
        "host": standing.hook.host,
        "taken": iso(place.taken_ms) if place.taken_ms else None,
        "failing_since": iso(place.since_ms) if place.since_ms else None,
        "trouble": place.trouble if place.since_ms else "",
        "status": place.status,
        "waiting": waiting.changes,
        "more": waiting.more,
    }
