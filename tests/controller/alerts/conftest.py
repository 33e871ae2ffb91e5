"""What the tests of alerts share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data folder."""
    data = tmp_path / "data"
    data.mkdir()
    return data
