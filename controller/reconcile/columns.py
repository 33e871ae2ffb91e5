"""This file says what stands in the list of the book's lines, column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from controller.reconcile.reconcile import LineFinding, LineState
from controller.reconcile.words import STATE_WORDS, BookWords
from controller.register.warranted import end_of_line
from controller.register.warranty import shown_end
from controller.sheets.names import natural
from controller.web.listing import Column
from controller.web.words import Words
from protocol.words import N_


def line_columns(talk: BookWords) -> Sequence[Column[LineFinding]]:
    """A line a row; the screen's own table shows the same."""
    order = {state: place for place, state in enumerate(LineState)}
    return (
        Column(
            key="row",
            head=N_("No."),
            cell=lambda one, _: one.line.data.row,
            is_number=True,
        ),
        Column(key="tag", head=N_("Asset tag"), cell=lambda one, _: one.line.data.asset_tag),
        Column(
            key="device",
            head=N_("Device"),
            cell=lambda one, words: talk.type(one.line.data.type, words.say),
        ),
        Column(
            key="state",
            head=N_("How it stands"),
            cell=lambda one, words: words.say(STATE_WORDS[one.state]),
            order=lambda one: order[one.state],
        ),
        Column(key="serial", head=N_("Serial number"), cell=lambda one, _: one.line.data.serial),
        Column(
            key="room",
            head=N_("Room"),
            cell=lambda one, _: one.home,
            order=lambda one: natural(one.home) if one.home else None,
        ),
        Column(
            key="year",
            head=N_("Year"),
            cell=lambda one, _: one.line.data.year,
            is_number=True,
        ),
        Column(
            key="condition",
            head=N_("Condition"),
            cell=lambda one, words: talk.condition(one.condition, words.say),
        ),
        Column(
            key="seen",
            head=N_("Last seen"),
            cell=lambda one, words: words.when(one.seen_ms) if one.seen_ms else "",
            order=lambda one: one.seen_ms,
        ),
        _text("maker", N_("Maker"), lambda one, _: one.line.data.maker),
        _text("model", N_("Model"), lambda one, _: one.line.data.model),
        _text("name", N_("Name"), lambda one, _: one.line.data.name),
        Column(
            key="quantity",
            head=N_("Quantity"),
            cell=lambda one, _: one.line.data.count,
            is_number=True,
            on_screen=False,
        ),
        Column(
            key="cost",
            head=N_("Cost (đồng)"),
            cell=lambda one, _: one.line.data.cost_vnd,
            is_number=True,
            on_screen=False,
        ),
        Column(
            key="warranty",
            head=N_("Warranty until"),
            cell=_warranty_day,
            order=lambda one: end_of_line(one.line.data) or None,
            on_screen=False,
        ),
        _text("funding", N_("Funding"), lambda one, _: one.line.data.funding),
        _text("why", N_("Why"), lambda one, words: talk.why(one, words.say)),
    )


def _warranty_day(one: LineFinding, words: Words) -> str:
    end = shown_end(end_of_line(one.line.data))
    return words.day(end) if end else ""


def _text(key: str, head: str, cell: Callable[[LineFinding, Words], str]) -> Column[LineFinding]:
    return Column(key=key, head=head, cell=cell, on_screen=False)
