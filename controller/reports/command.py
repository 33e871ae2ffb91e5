"""This file is `lophoc-controller report`: report packs, made and written without a browser."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from controller.cli.folder import add_place
from controller.cli.output import add_json, add_out, output, tell
from controller.cli.school import opened
from controller.inventory.choosing import operating_person, program_beside, refusing
from controller.reports.report import PERIOD_WORDS, PeriodKind, differences
from controller.reports.service import Packs
from controller.web.forms import Upload
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.settings import SettingsError
from protocol.words import N_, Translate

_NUMBER: Final = N_("its number")


def fill_report(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    listed = deeds.add_parser("list", help=say(N_("tell the packs")))
    make = deeds.add_parser("make", help=say(N_("make a pack of now; tells its number")))
    kinds = ", ".join(kind.value for kind in PeriodKind)
    make.add_argument("kind", type=PeriodKind, choices=[*PeriodKind], metavar="PERIOD",
                      help=phrase(N_("one of: {formats}"), say, formats=kinds))  # fmt: skip
    show = deeds.add_parser("show", help=say(N_("tell a pack's figures, or how they changed")))
    wrote = deeds.add_parser("write", help=say(N_("write a pack's workbook, in the template")))
    for deed in (show, wrote):
        deed.add_argument("number", type=int, metavar="NO", help=say(_NUMBER))
    before = say(N_("beside the figures of this earlier pack"))
    show.add_argument("--before", type=int, default=0, metavar="NO", help=before)
    plain = say(N_("in our own layout, not in the department's template"))
    wrote.add_argument("--plain", action="store_true", help=plain)
    add_out(wrote, say, ".xlsx")
    template = deeds.add_parser("template", help=say(N_("use a workbook as the template")))
    template.add_argument("file", type=Path, metavar="FILE", help=say(N_("the workbook (.xlsx)")))
    for deed in (listed, show):
        add_json(deed, say)
    for deed, run in (
        (listed, _list), (make, _make), (show, _show), (wrote, _write), (template, _template),
    ):  # fmt: skip
        add_place(deed, say)
        deed.set_defaults(command=lambda options, run=run: run(options, say))


@contextmanager
def _packs(options: argparse.Namespace) -> Iterator[Packs]:
    with opened(options) as (store, place), refusing():
        yield Packs(program_beside(options, store, place))


def _list(options: argparse.Namespace, say: Translate) -> int:
    with _packs(options) as packs:
        heads, _ = packs.all()
    if options.json:
        tell(json.dumps([head._asdict() for head in heads], ensure_ascii=False, indent=1))
        return 0
    for head in heads:
        kind = say(PERIOD_WORDS[PeriodKind(head.kind)])
        tell("\t".join((str(head.no), head.day, kind, head.who, head.digest)))
    return 0


def _make(options: argparse.Namespace, say: Translate) -> int:
    with _packs(options) as packs:
        no = packs.make(options.kind, operating_person())
    tell(phrase(N_("Pack {no} is made."), say, no=str(no)))
    return 0


def _show(options: argparse.Namespace, say: Translate) -> int:
    from controller.reports.items import pack_item  # noqa: PLC0415 - the others tell no JSON

    with _packs(options) as packs:
        pack = packs.look(options.number)
        earlier = packs.look(options.before) if options.before else None
    if options.json:
        item = pack_item(options.number, pack, earlier)
        tell(json.dumps(item.model_dump(mode="json"), ensure_ascii=False, indent=1))
        return 0
    for one in differences(earlier or pack, pack):
        before = [_said(one.before, say)] if earlier else []
        tell("\t".join((one.code, one.head, *before, _said(one.now, say))))
    return 0


def _write(options: argparse.Namespace, say: Translate) -> int:
    with _packs(options) as packs:
        raw = packs.workbook(options.number, is_plain=options.plain)
    with output(options.out) as file:
        file.write(raw)
    tell(phrase(N_("The workbook is in {path}."), say, path=options.out))
    return 0


def _template(options: argparse.Namespace, say: Translate) -> int:
    with _packs(options) as packs:
        names = packs.take_template(_upload(options.file), operating_person())
    filled = N_("Packs are filled into {name}, by {n} {n:name|names}.")
    tell(phrase(filled, say, name=options.file.name, n=len(names)))
    return 0


def _upload(path: Path) -> Upload:
    try:
        return Upload(path.name, path.read_bytes())
    except OSError as error:
        raise SettingsError(
            "template_unreadable",
            N_("The workbook {path} cannot be read ({cause})."),
            path=path,
            cause=error.strerror,
        ) from error


def _said(figure: object, say: Translate) -> str:
    return say(N_("not known")) if figure is None else str(figure)
