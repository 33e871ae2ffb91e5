"""A trouble that lasts is logged as it begins, as it becomes another, and as it ends."""

from __future__ import annotations

import itertools
import logging
from random import Random

import pytest

from protocol.errors import LopHocError
from protocol.state_log import StateLog

LOGGER = logging.getLogger("tests.state_log")
TROUBLES = [
    None,
    LopHocError("gone", "a"),
    LopHocError("gone", "b"),
    OSError(28, "x"),
    ValueError(),
]
SAME = {1: "gone", 2: "gone", 3: "28", 4: "value", 0: ""}


@pytest.mark.parametrize("seed", range(20))
def test_each_change_is_one_line(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """However often it is seen."""
    caplog.set_level(logging.INFO, LOGGER.name)
    trouble, rng = StateLog(LOGGER, "kept later"), Random(seed)
    seen = [""]
    for _ in range(60):
        which = rng.choice([0, 0, 1, 1, 1, 2, 3, 4])
        error = TROUBLES[which]
        if error is None:
            trouble.went_well()
        else:
            trouble.failed(error)
        seen.append(SAME[which])
    changes = [now for before, now in itertools.pairwise(seen) if now != before]
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.WARNING if now else logging.INFO for now in changes]
