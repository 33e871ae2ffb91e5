"""This file is `lophoc-controller labels`: print the labels of the equipment book."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from controller.cli.folder import add_place, told_name
from controller.cli.output import add_out, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.register import store as register
from controller.register.decisions import Rulings
from controller.register.vocabulary import type_of, type_word
from controller.sheets.names import natural, room_key, tag_key
from controller.stocktake import store as stocktake
from controller.stocktake.count import Expected, book_of
from controller.stocktake.label_sheets import SHEETS
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.words import N_, Translate, translator


def fill_labels(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    add_out(parser, say, ".pdf")
    room = say(N_("only this room's; it may be given several times"))
    parser.add_argument("--room", action="append", default=[], metavar="P203", help=room)
    kind = say(N_("only this type's, such as board or máy chiếu"))
    parser.add_argument("--type", default="", metavar="TYPE", help=kind)
    fresh = say(N_("only those of which none was printed yet"))
    parser.add_argument("--only-new", action="store_true", help=fresh)
    paper = say(N_("the label paper, labels across x down on A4"))
    parser.add_argument("--sheet", choices=[*SHEETS], default="3x8", help=paper)
    skip = say(N_("labels of the first sheet that are used up"))
    parser.add_argument("--skip", type=int, default=0, metavar="N", help=skip)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _labels(options, say))


def _labels(options: argparse.Namespace, say: Translate) -> int:
    from controller.stocktake.labels import Label, draw_labels  # noqa: PLC0415 - heavy

    vietnamese = translator("vi")  # as all that is printed
    with opened(options) as (store, place):
        with store.view() as db:
            rulings = Rulings(register.decisions_of(db, place))
            book = book_of(register.lines_of(db, place), rulings)
            printed = stocktake.labelled(db, place)
        lines = _wanted(book, options.room, options.type)
        tagged = [line for line in lines if line.asset_tag]
        chosen = [
            line for line in tagged if not (options.only_new and tag_key(line.asset_tag) in printed)
        ]
        if chosen:
            labels = [
                Label(line.asset_tag, type_word(line.type, vietnamese), line.room)
                for line in chosen
            ]
            sheet = SHEETS[options.sheet]
            skip = max(0, options.skip) % sheet.count
            school = told_name(options) or place.school
            with output(options.out) as file:
                draw_labels(file, labels, sheet, school=school, skip=skip)
            with store.locked(place) as db:
                stocktake.note_labels(db, place, (line.asset_tag for line in chosen), now_in(db))
    _tell(options, chosen, [line for line in lines if not line.asset_tag], say)
    return 0


def _wanted(book: Iterable[Expected], rooms: Sequence[str], kind: str) -> list[Expected]:
    keys = {room_key(room) for room in rooms}
    fitting = [
        line
        for line in book
        if (not keys or room_key(line.room) in keys) and (not kind or line.type == type_of(kind))
    ]
    return sorted(fitting, key=lambda line: (natural(line.room), line.row))


def _tell(
    options: argparse.Namespace,
    chosen: Sequence[Expected],
    untagged: Sequence[Expected],
    say: Translate,
) -> None:
    if chosen:
        sentence = N_(
            "{count} {count:label is|labels are} in {path}; print {count:it|them} at 100 %."
        )
        tell(phrase(sentence, say, count=len(chosen), path=options.out))
    else:
        tell(say(N_("There is no label to print.")))
    for line in untagged:
        tell("\t".join((str(line.row), type_word(line.type, say) or "-", line.room or "-")))
    if untagged:
        left = N_(
            "{count} {count:line has no asset tag and gets|lines have no asset tag and get} no"
            " label: give {count:it|them} one first."
        )
        tell(phrase(left, say, count=len(untagged)))
