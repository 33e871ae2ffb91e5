"""This file is `lophoc-controller cards`: print markers and door cards, revoke one, end keys."""

from __future__ import annotations

import argparse
import secrets
from typing import Final

from controller.cards import store as doors
from controller.cards.words import END_KEYS, KEYS_GIVEN, KEYS_KEPT
from controller.cli.folder import add_place
from controller.cli.output import add_out, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.roster.plan import SchoolClass, class_spelling
from controller.roster.store import plan_of
from protocol.command_line import CommandParser
from protocol.doorcode import sign
from protocol.formats import phrase
from protocol.plan import Pupil
from protocol.settings import SettingsError
from protocol.words import N_, Translate

_TAIL: Final = 4  # digits of a serial that tell a class's cards apart

_MADE: Final = N_("{count} {count:card is|cards are} in {path}.")


def fill_cards(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    printing = deeds.add_parser("print", help=say(N_("draw a class's cards as PDF")))
    printing.add_argument(
        "--class", dest="code", required=True, metavar="CLASS", help=say(N_("such as 10A1"))
    )
    add_out(printing, say, ".pdf")
    door = say(N_("door cards; those that the pupils had are revoked"))
    printing.add_argument("--door", action="store_true", help=door)
    printing.add_argument("--student", metavar="ID", help=say(N_("for this pupil alone")))
    names = say(N_("with a page apart that tells whose door card is which"))
    printing.add_argument("--names", action="store_true", help=names)
    gone = deeds.add_parser("revoke", help=say(N_("let a door card open no door any more")))
    serial = say(N_("its serial, or the digits printed on it"))
    gone.add_argument("serial", nargs="?", metavar="SERIAL", help=serial)
    gone.add_argument("--student", metavar="ID", help=say(N_("all cards of this pupil")))
    keys = deeds.add_parser("keys", help=say(N_("whether rooms still get the keys of door cards")))
    end = say(N_("give rooms no key any more; the cards stay good"))
    keys.add_argument("--end", action="store_true", help=end)
    for deed, run in ((printing, _print), (gone, _revoke), (keys, _keys)):
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))


def _print(options: argparse.Namespace, say: Translate) -> int:
    (_door if options.door else _markers)(options, say)
    return 0


def _markers(options: argparse.Namespace, say: Translate) -> None:
    from controller.cards.drawing import draw_markers  # noqa: PLC0415 - heavy

    with opened(options) as (store, place):
        pupils = _pupils(store.read(plan_of, place).classes, options)
    numbers = [pupil.number for pupil in pupils]
    with output(options.out) as file:
        draw_markers(file, options.code, numbers)
    tell(phrase(_MADE, say, count=len(numbers), path=options.out))


def _door(options: argparse.Namespace, say: Translate) -> None:
    from controller.cards.drawing import DoorCardToPrint, draw_door_cards  # noqa: PLC0415 - likewise

    with opened(options) as (store, place):
        pupils = _pupils(store.read(plan_of, place).classes, options)
        with store.locked(place) as db:
            version, key = doors.newest_key(db, place, now_in(db), secrets.token_bytes)
            students = [pupil.student for pupil in pupils]
            serials = doors.issue(db, place, students, now_in(db), secrets.token_bytes)
            cards = [
                DoorCardToPrint(
                    text=sign(key, version, serials[pupil.student]),
                    label=f"{options.code} · {pupil.number}",
                    tail=serials[pupil.student].hex()[-_TAIL:],
                )
                for pupil in pupils
            ]
            tails = (card.tail for card in cards)
            names = [(tail, pupil.name) for tail, pupil in zip(tails, pupils, strict=True)]
            with output(options.out) as file:
                draw_door_cards(file, cards, names if options.names else ())
    tell(phrase(_MADE, say, count=len(cards), path=options.out))


def _pupils(classes: tuple[SchoolClass, ...], options: argparse.Namespace) -> tuple[Pupil, ...]:
    code = class_spelling(classes)(options.code)
    pupils = next(
        (school_class.pupils for school_class in classes if school_class.code == code), ()
    )
    if options.student:
        pupils = tuple(pupil for pupil in pupils if pupil.student == options.student)
    if not pupils:
        raise SettingsError(
            "class_unknown",
            N_("There is no such class, or it has no such pupil."),
            N_("See: lophoc-controller roster show"),
        )
    return pupils


def _revoke(options: argparse.Namespace, say: Translate) -> int:
    serial, student = options.serial or "", options.student or ""
    if not student and len(serial) < _TAIL:
        raise SettingsError("card_missing", N_("Which card?"), N_("Give its serial or --student."))
    with opened(options) as (store, place), store.locked(place) as db:
        count = doors.revoke(db, place, now_in(db), serial=serial, student=student)
    if not count:
        raise SettingsError("card_unknown", N_("No valid door card, or more than one, has this."))
    tell(phrase(N_("{count} door {count:card was|cards were} revoked."), say, count=count))
    return 0


def _keys(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place):
        if options.end:
            with store.locked(place) as db:
                doors.end_keys(db, place)
        count = store.read(doors.computers_with_keys, place)
    if count:
        tell(phrase(KEYS_GIVEN, say, count=count))
    tell(say(END_KEYS if count else KEYS_KEPT))
    return 0
