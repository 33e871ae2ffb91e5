"""This file is `lophoc-controller inspection`: list them, draw a sample again, write minutes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.areas.store import facts_of
from controller.cli.folder import add_place, told_name, told_zone
from controller.cli.output import add_json, add_out, output, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.inspection import store
from controller.inspection.inspection import DEFAULT_HOURS, MAX_SIZE, Inspection
from controller.inspection.sample import DrawnUnit, SampleUnit, digest_of, drawn
from controller.inventory.choosing import operating_person, program_beside, refusing
from protocol.command_line import CommandParser
from protocol.formats import moment, phrase
from protocol.settings import SettingsError
from protocol.unreadable import UNREADABLE
from protocol.words import N_, Translate

if TYPE_CHECKING:
    from controller.inspection.service import Inspections

EXIT_DIFFERS: Final = 1
PAPERS: Final = (".xlsx", ".docx")


def fill_inspection(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    listed = deeds.add_parser("list", help=say(N_("tell the inspections and how far they are")))
    draw = deeds.add_parser(
        "draw", help=say(N_("draw a sample again and compare it with what was asked"))
    )
    minutes = deeds.add_parser("minutes", help=say(N_("write the minutes as XLSX or DOCX")))
    for deed in (draw, minutes):
        deed.add_argument("number", type=int, metavar="NO", help=say(N_("its number")))
    add_out(minutes, say, *PAPERS)
    begin, withdraw = _add_asking(deeds, say)
    for deed in (listed, begin):
        add_json(deed, say)
    for deed, run in (
        (listed, _list), (draw, _draw), (minutes, _minutes), (begin, _begin), (withdraw, _withdraw),
    ):  # fmt: skip
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))
    _add_verify(deeds, say)


def _add_asking(
    deeds: argparse._SubParsersAction[CommandParser], say: Translate
) -> tuple[CommandParser, CommandParser]:
    begin = deeds.add_parser("begin", help=say(N_("draw a sample and ask the schools for it")))
    for name, meaning in (
        ("--title", N_("what it is called")),
        ("--of-school", N_("only of this school, by its code")),
        ("--of-area", N_("only of this area and those inside it, by its code")),
        ("--type", N_("only of this type, such as board")),
        ("--seed", N_("the seed; one is made and recorded if none is given")),
    ):
        begin.add_argument(name, default="", metavar="TEXT", help=say(meaning))
    units = ", ".join(unit.value for unit in SampleUnit)
    unit = phrase(N_("what is drawn: {units}"), say, units=units)
    begin.add_argument("--unit", choices=[*SampleUnit], default=SampleUnit.ITEMS, type=SampleUnit,
                       metavar="WORD", help=unit)  # fmt: skip
    size, hours = say(N_("how many units are drawn")), say(N_("until when, in hours"))
    begin.add_argument("--size", default="10", metavar="N", help=size)
    begin.add_argument("--hours", default=str(DEFAULT_HOURS), metavar="N", help=hours)
    withdraw = deeds.add_parser("withdraw", help=say(N_("take one back; it stays in the list")))
    withdraw.add_argument("number", type=int, metavar="NO", help=say(N_("its number")))
    return begin, withdraw


def _add_verify(deeds: argparse._SubParsersAction[CommandParser], say: Translate) -> None:
    verify = deeds.add_parser(
        "verify", help=say(N_("draw from a frame that was handed out; needs no database"))
    )
    verify.add_argument("frame", type=Path, metavar="FILE", help=say(N_("a unit a line")))
    verify.add_argument("--seed", required=True, help=say(N_("the seed that was recorded")))
    size = say(N_("how many units were drawn"))
    verify.add_argument("--size", type=int, required=True, metavar="N", help=size)
    verify.set_defaults(command=lambda options: _verify(options, say))


def _list(options: argparse.Namespace, say: Translate) -> int:
    from controller.inspection.items import inspection_item  # noqa: PLC0415 - for JSON alone

    with opened(options) as (kept, place), kept.view() as db:
        now_ms = now_in(db)
        told = [
            store.inspected_of(db, place.province, inspection, now_ms)
            for inspection in store.inspections_of(db, place.province)
        ]
    if options.json:
        items = [inspection_item(one).model_dump(mode="json") for one in told]
        tell(json.dumps(items, ensure_ascii=False, indent=1))
        return 0
    for one in told:
        due = moment(one.inspection.due_ms, told_zone(options), say)
        done = f"{one.answered}/{len(one.items)}"
        tell("\t".join((str(one.inspection.no), one.inspection.title, due, done)))
    return 0


@contextmanager
def _asking(options: argparse.Namespace) -> Iterator[Inspections]:
    from controller.inspection.service import Inspections  # noqa: PLC0415 - for who asks alone

    with opened(options) as (kept, place), refusing():
        yield Inspections(program_beside(options, kept, place))


def _begin(options: argparse.Namespace, say: Translate) -> int:
    from controller.inspection.items import inspection_detail  # noqa: PLC0415 - for who asks alone
    from controller.inspection.service import DrawOrder, order_of  # noqa: PLC0415 - likewise

    form = {name: str(getattr(options, name)) for name in DrawOrder.__struct_fields__}
    person = operating_person()
    with _asking(options) as inspections:
        inspection = inspections.begin(order_of(form), person)
        told = inspections.look(inspection.no, person)
    if options.json:
        item = inspection_detail(told).model_dump(mode="json")
        tell(json.dumps(item, ensure_ascii=False, indent=1))
        return 0
    drawn_up = N_(
        "Inspection {no}: {n} {n:item|items} of {schools} {schools:school|schools}, seed {seed},"
        " by {when}."
    )
    values = {
        "no": str(inspection.no),
        "n": len(told.items),
        "schools": len(told.schools),
        "seed": inspection.seed,
        "when": moment(inspection.due_ms, told_zone(options), say),
    }
    tell(phrase(drawn_up, say, **values))
    return 0


def _withdraw(options: argparse.Namespace, say: Translate) -> int:
    with _asking(options) as inspections:
        inspections.withdraw(options.number, operating_person())
    tell(phrase(N_("Inspection {no} is withdrawn."), say, no=str(options.number)))
    return 0


def _draw(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (kept, place), kept.view() as db:
        inspection = _named(store.inspection_of(db, place.province, options.number), options)
        check = store.draw_again(db, place.province, inspection)
    _tell_units(check.drawn)
    for key in (*check.only_before, *check.only_again):
        tell(phrase(N_("in one of the draws alone: {key}"), say, key=key))
    same = N_("It is the same sample of the same frame.")
    other = N_("It is NOT the same: somebody changed the frame or the sample that were kept.")
    tell(say(same if check.agrees else other))
    return 0 if check.agrees else EXIT_DIFFERS


def _minutes(options: argparse.Namespace, say: Translate) -> int:
    from controller.inspection.minutes import minutes_of  # noqa: PLC0415 - others write no paper
    from controller.stocktake.papers import as_docx, as_xlsx  # noqa: PLC0415 - likewise

    with opened(options) as (kept, place), kept.view() as db:
        inspection = _named(store.inspection_of(db, place.province, options.number), options)
        told = store.inspected_of(db, place.province, inspection, now_in(db))
        check = store.draw_again(db, place.province, inspection)
        names = {code: facts.name for code, facts in facts_of(db, place.province).items()}
    drawn_up = minutes_of(
        told,
        check,
        department=told_name(options) or place.school,
        name_of=lambda code: names.get(code) or code,
        zone=told_zone(options),
    )
    is_workbook = options.out.suffix.lower() == ".xlsx"
    with output(options.out) as file:
        file.write((as_xlsx if is_workbook else as_docx)(drawn_up))
    tell(phrase(N_("The minutes are in {path}."), say, path=options.out))
    return 0


def _verify(options: argparse.Namespace, say: Translate) -> int:
    if not 1 <= options.size <= MAX_SIZE:
        raise SettingsError("size_invalid", N_("Give 1 to {most} units by --size."), most=MAX_SIZE)
    try:
        keys = options.frame.read_text("utf-8").splitlines()
    except (OSError, *UNREADABLE) as error:
        raise SettingsError(
            "frame_unreadable",
            N_("The frame {path} cannot be read ({cause})."),
            path=options.frame,
            cause=error,
        ) from error
    _tell_units(drawn(options.seed, keys, options.size))
    tell(phrase(N_("SHA-256 of the frame: {digest}"), say, digest=digest_of(keys)))
    return 0


def _tell_units(units: tuple[DrawnUnit, ...]) -> None:
    for number, unit in enumerate(units, start=1):
        tell(f"{number}\t{unit.key}\t{unit.rank}")


def _named(inspection: Inspection | None, options: argparse.Namespace) -> Inspection:
    if inspection is None:
        raise SettingsError(
            "inspection_unknown", N_("There is no inspection {no}."), no=options.number
        )
    return inspection
