"""This file lists what the server finds wrong with itself: its line, its disk, its parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.feature import Program
from controller.incidents.causes import Signal
from controller.incidents.incident import DEAF
from controller.live.words import TROUBLES
from protocol import probing
from protocol.doctor import Diagnosis
from protocol.model import Status

EVERY_MS: Final = 60_000  # files and the disk are looked at this often


class OwnFindings:
    """What is wrong with the server now, and since when this start has seen it."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._since_ms: dict[str, int] = {}
        self._slow: tuple[Diagnosis, ...] = ()
        self._slow_ms: int | None = None

    def signals(self, now_ms: int) -> list[Signal]:
        """A signal for each thing; it may read files."""
        if self._slow_ms is None or not 0 <= now_ms - self._slow_ms < EVERY_MS:
            self._slow, self._slow_ms = tuple(self._diagnoses()), now_ms
        signals = [_judged(found) for found in self._slow if found.status is not Status.OK]
        if trouble := self._program.trouble():
            status = Status.CRITICAL if trouble in DEAF else Status.WARNING
            signals.append(Signal(key="", code=trouble, status=status, since_ms=0))
        by_code = {signal.code: signal for signal in signals}
        self._since_ms = {code: self._since_ms.get(code, now_ms) for code in by_code}
        return [
            Signal(
                key=f"server/{code}",
                code=code,
                status=one.status,
                since_ms=self._since_ms[code],
                text=one.text or TROUBLES.get(code, code),
                hint=one.hint,
                values=one.values,
            )
            for code, one in by_code.items()
        ]

    def _diagnoses(self) -> Iterator[Diagnosis]:
        yield probing.disk(self._program.config.data).judge()
        for feature in self._program.features:
            if feature.findings:
                yield from feature.findings(self._program)


def _judged(found: Diagnosis) -> Signal:
    return Signal(
        key="",
        code=found.code,
        status=found.status,
        since_ms=0,
        text=found.message,
        hint=found.hint,
        values={name: _plain(value) for name, value in found.values.items()},
    )


def _plain(value: object) -> int | float | str | None:
    """A value as it can be stored."""
    return value if value is None or isinstance(value, int | float | str) else str(value)
