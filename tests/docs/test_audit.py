"""The look-up of known holes says what it saw, and never takes silence for all well."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.audit import EXIT_HOLES, EXIT_UNSEEN, EXIT_WELL, verdict_of

WELL: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
HOLED = {"name": "b", "version": "2", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found"}
KINDS = st.sampled_from([WELL, HOLED, SKIPPED])


@given(st.lists(KINDS, max_size=5))
def test_well_is_said_only_where_all_were_looked_up(libraries: list[dict[str, Any]]) -> None:
    """A hole is worse than what was not seen."""
    verdict = verdict_of(json.dumps({"dependencies": libraries, "fixes": []}))
    if HOLED in libraries:
        assert verdict.code == EXIT_HOLES
        assert any("CVE-2026-1, mended in 3" in line for line in verdict.lines)
    elif SKIPPED in libraries or not libraries:
        assert verdict.code == EXIT_UNSEEN
    else:
        assert verdict.code == EXIT_WELL
    assert ("Not looked up" in verdict.lines[-1]) == (SKIPPED in libraries)


@pytest.mark.parametrize("text", ["", "Connection refused", "{}", '{"dependencies": 3}'])
def test_what_is_no_report_is_nothing_looked_up(text: str) -> None:
    """And says so."""
    verdict = verdict_of(text)
    assert (verdict.code, "nothing was looked up" in verdict.lines[0]) == (EXIT_UNSEEN, True)
