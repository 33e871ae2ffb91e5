"""This file holds what people read of the keys of door cards."""

from __future__ import annotations

from typing import Final

from protocol.words import N_

KEYS_GIVEN: Final = N_("Computers that still get the school's keys of door cards: {count}.")
KEYS_KEPT: Final = N_("No room gets a key of door cards; each knows the cards of its classes.")
END_KEYS: Final = N_(
    "When all of them run this version of LopHoc: lophoc-controller cards keys --end"
)
