"""This file is `lophoc-controller export`: the inventory as a file for other programs."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from controller.cli.folder import add_place, told_name, told_zone
from controller.cli.output import add_out, check_ending, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.inventory.asset import AssetState
from controller.inventory.chosen import Chosen
from controller.register.vocabulary import Condition
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import DeviceKind, Place, Status
from protocol.words import N_, Translate

_FORMATS: Final = ("xlsx", "glpi", "snipeit", "csv", "ndjson", "json")
_ENDINGS: Final = {"glpi": ".zip", "snipeit": ".csv"}
_ALL: Final = 1 << 53  # more than any feed is long
_WHATEVER: Final = (
    ("--school", N_("only of this school, by its code")),
    ("--room", N_("only of this room")),
    ("--type", N_("only of this type, such as board")),
)
_ONE_OF: Final = (
    ("--kind", DeviceKind, N_("only of this kind of device")),
    ("--status", Status, N_("only in this status")),
    ("--state", AssetState, N_("only in this state towards the book")),
    ("--condition", Condition, N_("only in this condition")),
)


def fill_export(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    formats = phrase(N_("one of: {formats}"), say, formats=", ".join(_FORMATS))
    parser.add_argument("format", choices=_FORMATS, metavar="FORMAT", help=formats)
    add_out(parser, say)
    for flag, meaning in _WHATEVER:
        parser.add_argument(flag, default="", metavar="TEXT", help=say(meaning))
    for flag, words, meaning in _ONE_OF:
        values = [word.value for word in words]
        parser.add_argument(
            flag, default="", choices=values, metavar="WORD",
            help=f"{say(meaning)}: {', '.join(values)}",
        )  # fmt: skip
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _export(options, say))


def _export(options: argparse.Namespace, say: Translate) -> int:
    from controller.inventory.exports.picture import ExportForm  # noqa: PLC0415 - other commands need none of it
    from controller.inventory.feed import Feed, Format, written  # noqa: PLC0415 - likewise

    check_ending(options.out, [_ENDINGS.get(options.format, f".{options.format}")])
    names = [flag.removeprefix("--") for flag, *_ in (*_WHATEVER, *_ONE_OF)]
    chosen = Chosen(**{name: getattr(options, name) for name in names})
    with opened(options) as (store, place):
        # A department's database holds what its schools relayed.
        scope = Place(place.province) if place.province else place
        feed = Feed(store, scope, place, told_zone(options), lambda: store.read(now_in))
        if options.format not in [choice.value for choice in ExportForm]:
            parts = feed.pour(feed.begin(""), chosen, _ALL)
            with output(options.out) as file:
                file.writelines(written(parts, Format(options.format)))
            return 0
        form = ExportForm(options.format)
        picture = feed.picture(chosen, told_name(options))
        with output(options.out) as file:
            file.writelines(picture.written(form))
        if form is ExportForm.GLPI:
            _tell_untold(picture.untold(), say)
    return 0


def _tell_untold(count: int, say: Translate) -> None:
    if count:
        left = N_(
            "{count} {count:item is|items are} not for GLPI, such as furniture and what is"
            " disposed of."
        )
        tell(phrase(left, say, count=count), sys.stderr)
