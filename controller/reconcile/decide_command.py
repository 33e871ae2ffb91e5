"""This file is `lophoc-controller register`: all that is done with the book, and `decide` of it."""

from __future__ import annotations

import argparse
from typing import Any

from controller.cli.folder import add_place, operator
from controller.cli.output import tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.reconcile.command import add_evidence, reconciled_in
from controller.reconcile.deciding import decision_on
from controller.register import store as register
from controller.register.command import add_register
from controller.register.decisions import Deed
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.words import N_, Translate


def fill_register(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    _add_decide(add_register(parser, say), say)


def _add_decide(deeds: Any, say: Translate) -> None:
    decide = deeds.add_parser("decide", help=say(N_("accept, match or ignore what was seen")))
    subject = say(N_("its subject as reconcile tells it; of a moved line its row"))
    decide.add_argument("subject", help=subject)
    decide.add_argument("deed", choices=[deed.value for deed in Deed])
    decide.add_argument("--line", type=int, metavar="ROW", help=say(N_("the line that it is")))
    add_evidence(decide, say)
    add_place(decide, say)
    decide.set_defaults(command=lambda options: _decide(options, say))


def _decide(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place):
        reconciled = reconciled_in(store, place, options)
        with store.locked(place) as db:
            decision, made = decision_on(
                reconciled,
                register.lines_of(db, place),
                options.subject,
                Deed(options.deed),
                row=options.line,
                who=operator(),
                now_ms=now_in(db),
            )
            numbered = register.keep_decision(db, place, decision, made)
    done = N_("Decided; to undo it: lophoc-controller register undo {number}")
    tell(phrase(done, say, number=str(numbered.no)))
    return 0
