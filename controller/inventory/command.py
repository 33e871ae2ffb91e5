"""This file is `lophoc-controller export`: the inventory as a file for other programs."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Final

from msgspec.structs import replace

from controller.cli.folder import add_place, data_folder, told_name, told_zone
from controller.cli.output import add_out, check_ending, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.inventory.asset import AssetState
from controller.register.vocabulary import Condition
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import DeviceKind, Place, Status, day_from
from protocol.words import N_, Translate

_FORMATS: Final = ("xlsx", "glpi", "snipeit", "csv", "ndjson", "json")
_ENDINGS: Final = {"glpi": ".zip", "snipeit": ".csv"}
_ALL: Final = 1 << 53  # more than any feed is long
_WHATEVER: Final = (
    ("--school", N_("only of this school, by its code")),
    ("--area", N_("only of this area and those inside it, by its code")),
    ("--room", N_("only of this room")),
    ("--type", N_("only of this type, such as board")),
    ("--q", N_("only what has these words; marks do not matter")),
)
_ONE_OF: Final = (
    ("--kind", DeviceKind, N_("only of this kind of device")),
    ("--status", Status, N_("only in this status")),
    ("--state", AssetState, N_("only in this state towards the book")),
    ("--condition", Condition, N_("only in this condition")),
)


_USED: Final = ("low", "used", "unknown")


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
    used = say(N_("only boards that are used so"))
    parser.add_argument("--use", default="", choices=_USED, metavar="WORD",
                        help=f"{used}: {', '.join(_USED)}")  # fmt: skip
    due = say(N_("only what reaches its end in this year, or: overdue, later, unknown"))
    parser.add_argument("--due", default="", type=_due_from, metavar="YEAR", help=due)
    warranty = say(N_("only whose warranty ends in this year, or: valid, over, unknown"))
    parser.add_argument(
        "--warranty", default="", type=_warranty_from, metavar="YEAR", help=warranty
    )
    labels = say(N_("for Snipe-IT: the language of its import screen"))
    parser.add_argument("--labels", default="en", choices=["en", "vi"], help=labels)
    new_from = say(N_("for Snipe-IT: hand out only what is here since this day (its last import)"))
    parser.add_argument("--new-from", type=day_from, metavar="YYYY-MM-DD", help=new_from)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _export(options, say))


def _export(options: argparse.Namespace, say: Translate) -> int:
    from controller.inventory.choosing import chosen_by  # noqa: PLC0415 - other commands need none of it
    from controller.inventory.exports.picture import ExportForm  # noqa: PLC0415 - likewise
    from controller.inventory.feed import Feed, Format, written  # noqa: PLC0415 - likewise

    check_ending(options.out, [_ENDINGS.get(options.format, f".{options.format}")])
    with opened(options) as (store, place):
        chosen = chosen_by(options, store, place)
        # A department's database holds what its schools relayed.
        scope = Place(place.province) if place.province else place
        feed = Feed(store, scope, place, told_zone(options), lambda: store.read(now_in))
        if options.format not in [choice.value for choice in ExportForm]:
            parts = feed.pour(feed.begin("", chosen), chosen, _ALL)
            with output(options.out) as file:
                file.writelines(written(parts, Format(options.format)))
            return 0
        form = ExportForm(options.format)
        snipe = form is ExportForm.SNIPEIT
        picture = replace(
            feed.picture(chosen, told_name(options)),
            vietnamese=options.labels == "vi",
            new_from=options.new_from,
            lives=options.life_years(data_folder(options)) if snipe else {},
        )
        with output(options.out) as file:
            file.writelines(picture.written(form))
        if form is ExportForm.GLPI:
            _tell_untold(picture.untold(), say)
    return 0


def _due_from(text: str) -> str:
    """Raises ValueError."""
    from controller.inventory.filters import DUE  # noqa: PLC0415 - --help needs no web server

    if not re.match(DUE, text):
        raise ValueError(text)
    return text


def _warranty_from(text: str) -> str:
    """Raises ValueError."""
    from controller.register.warranty import WARRANTY  # noqa: PLC0415 - --help needs none of it

    if not re.match(WARRANTY, text):
        raise ValueError(text)
    return text


def _tell_untold(count: int, say: Translate) -> None:
    if count:
        left = N_(
            "{count} {count:item is|items are} not for GLPI, such as furniture and what is"
            " disposed of."
        )
        tell(phrase(left, say, count=count), sys.stderr)
