"""This file is `lophoc-controller reconcile`: the equipment book against what was seen."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from controller.cli.folder import add_place, told_zone
from controller.cli.output import add_json, tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.database.store import Store
from controller.reconcile.evidence import moment_in, observations_in
from controller.reconcile.kpi import Kpi, kpi_of, raises
from controller.reconcile.reconcile import LineState, Reconciled
from controller.reconcile.store import figure_until, note_figure, reconciled
from controller.reconcile.words import (
    RAISE_WORDS,
    STATE_WORDS,
    percent_words,
    report_of,
    sentence_of,
)
from controller.register.vocabulary import type_word
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import Place, millis
from protocol.settings import SettingsError
from protocol.words import N_, Translate

MONTH: Final = timedelta(days=30)
_MAX_RAISES: Final = 3


def fill_reconcile(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    add_evidence(parser, say)
    add_json(parser, say)
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _reconcile(options, say))


def add_evidence(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the options that name what is looked at."""
    as_of = say(N_("the moment that it is about, ISO 8601; otherwise now"))
    parser.add_argument("--as-of", metavar="TIME", help=as_of)
    observations = say(N_("a JSON file of observations, beside what the agents saw"))
    parser.add_argument("--observations", type=Path, metavar="FILE", help=observations)


def reconciled_in(store: Store, place: Place, options: argparse.Namespace) -> Reconciled:
    """The school's register against what agents saw and the file tells."""
    zone = told_zone(options)
    now_ms = store.read(now_in)
    try:
        as_of_ms = millis(moment_in(options.as_of, zone)) if options.as_of else now_ms
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            "time_invalid",
            N_("{time} is not a time."),
            N_("Write 2026-11-02T07:00:00+07:00."),
            time=options.as_of,
        ) from error
    observations = observations_in(options.observations, zone) if options.observations else ()
    with store.view() as db:
        return reconciled(db, place, as_of_ms, observations, now_ms)


def _reconcile(options: argparse.Namespace, say: Translate) -> int:
    zone = told_zone(options)
    with opened(options) as (store, place):
        reconciled = reconciled_in(store, place, options)
        kpi = kpi_of(reconciled.findings)
        at = datetime.fromtimestamp(reconciled.as_of_ms / 1000, zone)
        with store.view() as db:
            before = figure_until(db, place, f"{at - MONTH:%Y-%m-%d}")
        if reconciled.findings and not (options.as_of or options.observations):
            with store.locked(place) as db:
                note_figure(db, place, f"{at:%Y-%m-%d}", kpi)
    if options.json:
        tell(json.dumps(report_of(reconciled, kpi, say, zone), ensure_ascii=False, indent=1))
        return 0
    _tell_lines(reconciled, options, say)
    _tell_kpi(reconciled, kpi, before, say)
    return 0


def _tell_lines(reconciled: Reconciled, options: argparse.Namespace, say: Translate) -> None:
    zone = told_zone(options)
    for finding in reconciled.findings:
        if finding.state is not LineState.OK:
            data = finding.line.data
            item = (str(data.row), data.asset_tag or "-", type_word(data.type, say), data.room)
            why = sentence_of(finding, reconciled.as_of_ms, say, zone)
            tell("\t".join((*item, say(STATE_WORDS[finding.state]), why)))
    for one in reconciled.strangers:
        rows = ", ".join(map(str, one.candidates))
        maybe = phrase(N_("maybe line {rows}"), say, rows=rows) if rows else ""
        cells = (one.observation.key, type_word(one.observation.type, say), one.observation.room)
        tell("\t".join((say(N_("not in the book")), *cells, maybe)))


def _tell_raises(reconciled: Reconciled, say: Translate) -> None:
    for step in raises(reconciled.findings)[:_MAX_RAISES]:
        more = N_("To raise it: {what}, {lines} {lines:item|items}, then {pct}.")
        what = say(RAISE_WORDS[step.what])
        tell(phrase(more, say, what=what, lines=step.lines, pct=percent_words(step.pct, say)))


def _tell_kpi(
    reconciled: Reconciled, kpi: Kpi, before: tuple[str, Kpi] | None, say: Translate
) -> None:
    parts = N_(
        "{declared} {declared:item|items}: {complete} complete, {verified} verified, {both} both."
    )
    tell(
        phrase(
            parts,
            say,
            declared=kpi.declared,
            complete=kpi.complete_digital_record,
            verified=kpi.verified_within_365d,
            both=kpi.complete_and_verified,
        )
    )
    figure = N_("Managed by digital record: {pct} (target {target} %).")
    pct = percent_words(kpi.digital_managed_pct, say)
    tell(phrase(figure, say, pct=pct, target=kpi.target_pct))
    _tell_raises(reconciled, say)
    if before:
        day, then = before
        since = N_("On {day} it was {pct} of {lines} {lines:item|items}.")
        pct = percent_words(then.digital_managed_pct, say)
        tell(phrase(since, say, day=date.fromisoformat(day), pct=pct, lines=then.declared))
