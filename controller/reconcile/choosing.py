"""This file says which lines of the register are asked for, and in which order; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from controller.reconcile.reconcile import LineFinding, LineState
from controller.sheets.names import room_key, serial_key

_ORDER: Final = {state: place for place, state in enumerate(LineState)}


class LineFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of lines; what is empty chooses all.

    state: also one that holds beside the first. room: where it belongs. alone: what, put right,
    would make the line count (kpi.Raise.what). text: a part of tag, serial, maker or model.
    """

    state: str = ""
    type: str = ""
    room: str = ""
    condition: str = ""
    alone: str = ""
    text: str = ""

    def of(self, findings: Iterable[LineFinding]) -> list[LineFinding]:
        """Those that are asked for, in their order."""
        room, text = room_key(self.room), serial_key(self.text)
        return [
            finding
            for finding in findings
            if (not self.state or self.state in finding.states)
            and (not self.type or finding.line.data.type == self.type)
            and (not room or room_key(finding.home) == room)
            and (not self.condition or finding.condition == self.condition)
            and (not self.alone or finding.wants == (self.alone,))
            and (not text or text in _searched(finding))
        ]


def pressing_first(findings: Iterable[LineFinding]) -> list[LineFinding]:
    """The most pressing first, those alike in the book's order."""
    return sorted(findings, key=lambda finding: (_ORDER[finding.state], finding.line.data.row))


def _searched(finding: LineFinding) -> str:
    data = finding.line.data
    return "\n".join(map(serial_key, (data.asset_tag, data.serial, data.model, data.maker)))
