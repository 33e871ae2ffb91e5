"""This file says which lines of the register are asked for, and in which order; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from controller.reconcile.reconcile import LineFinding, LineState
from controller.register.vocabulary import Condition, type_word
from controller.register.warranted import end_of_line
from controller.register.warranty import WarrantyChoice, choice_of
from controller.sheets.names import room_key, serial_key
from controller.sheets.text import searchable
from protocol.language import translator

_ORDER: Final = {state: place for place, state in enumerate(LineState)}


class LineFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of lines; what is empty chooses all.

    state: also one that holds beside the first. room: where it belongs. alone: what, put right,
    would make the line count (kpi.Raise.what). warranty: the year in which it ends, or a word of
    WarrantyWord, of what is neither disposed of nor lost. text: words of tag, serial, type, name,
    maker, model or room, without marks; or a part of tag or serial as these are compared.
    """

    state: str = ""
    type: str = ""
    room: str = ""
    condition: str = ""
    alone: str = ""
    warranty: str = ""
    text: str = ""

    def of(self, findings: Iterable[LineFinding], day: str) -> list[LineFinding]:
        """Those that are asked for, in their order. day: today's (ISO)."""
        warranty = choice_of(self.warranty, day)
        room, code, words = (
            room_key(self.room),
            serial_key(self.text),
            searchable(self.text).split(),
        )
        return [
            finding
            for finding in findings
            if (not self.state or self.state in finding.states)
            and (not self.type or finding.line.data.type == self.type)
            and (not room or room_key(finding.home) == room)
            and (not self.condition or finding.condition == self.condition)
            and (not self.alone or finding.wants == (self.alone,))
            and (warranty is None or _is_under(finding, warranty))
            and (not self.text or _has(finding, code, words))
        ]


def pressing_first(findings: Iterable[LineFinding]) -> list[LineFinding]:
    """The most pressing first, those alike in the book's order."""
    return sorted(findings, key=lambda finding: (_ORDER[finding.state], finding.line.data.row))


def _is_under(finding: LineFinding, warranty: WarrantyChoice) -> bool:
    lasting = finding.condition not in {Condition.DISPOSED, Condition.LOST}
    return lasting and warranty.fits(end_of_line(finding.line.data))


def _has(finding: LineFinding, code: str, words: Sequence[str]) -> bool:
    """Whether a line has all words, or its codes this part. A search for nothing finds nothing."""
    data = finding.line.data
    if code and any(code in serial_key(own) for own in (data.asset_tag, data.serial)):
        return True
    text = _text_of(
        data.asset_tag, data.serial, data.type, data.name, data.maker, data.model, finding.home
    )
    return bool(words) and all(word in text for word in words)


@lru_cache(maxsize=32_768)  # a large school's lines, told anew at each search
def _text_of(tag: str, serial: str, kind: str, *more: str) -> str:
    word = type_word(kind, translator("vi"))
    return searchable(" ".join((tag, serial, kind, word, type_word(kind, str), *more)))
