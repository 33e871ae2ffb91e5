"""This file holds the one error that every sense raises when the machine lacks it."""

from __future__ import annotations

from collections.abc import Mapping


class SenseMissing(Exception):  # noqa: N818 - a sense that is missing is a state, not a fault
    """A sense that this machine cannot offer now, in a form that can be shown and translated.

    code: a stable word ("no_udev", "no_network"). values: facts for the sentence.
    hint: one plain English sentence that says what to do.
    """

    def __init__(self, code: str, values: Mapping[str, str] | None = None, hint: str = "") -> None:
        super().__init__(f"{code}: {hint}" if hint else code)
        self.code = code
        self.values = dict(values or {})
        self.hint = hint
