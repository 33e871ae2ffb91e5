"""Rooms of things that tell what others tell, against a model that knows the things themselves."""

from __future__ import annotations

import pytest

from tests.agent.fleets import ghosts_of, growing_of, wrongs_of


@pytest.mark.parametrize("seed", range(12))
def test_each_thing_is_one_device_with_one_id_in_any_order(seed: int) -> None:
    """Constant serials, shared MACs, twins that come and go, VPNs, restarts: none merged."""
    assert wrongs_of(seed) == []


@pytest.mark.parametrize("seed", range(24))
def test_a_stricter_version_leaves_no_ghost(seed: int) -> None:
    """Marks that named a thing up to now: its id is as it was, or goes on as an alias."""
    assert ghosts_of(seed) == []


@pytest.mark.parametrize("seed", range(24))
def test_a_camera_that_tells_more_with_each_firmware_stays_one_device(seed: int) -> None:
    """First its name, then an endpoint, a serial, a card: with or without the agent meanwhile."""
    assert growing_of(seed) == []
