from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.health.machine import agent_id_from
from protocol.model import MAX_CODE
from protocol.topics import CONTROLLER, level_of


@pytest.mark.parametrize(
    ("hostname", "agent_id"),
    [
        ("Laptop-6A1", "laptop-6a1-0123abcd"),
        ("máy tính cô Lan", "m-y-t-nh-c-lan-0123abcd"),
        ("", "agent-0123abcd"),
        ("...", "agent-0123abcd"),
    ],
)
def test_an_agent_is_called_after_its_computer(hostname: str, agent_id: str) -> None:
    """Two computers of the same name differ by their hash."""
    assert agent_id_from(hostname, "0123abcd" * 4) == agent_id


@given(st.text(max_size=300))
def test_every_computer_gives_a_name_that_is_its_own_topic_level(hostname: str) -> None:
    """Whatever a computer is called, its agent's name needs no escape in a topic."""
    name = agent_id_from(hostname, "0123abcd" * 4)
    assert len(name) <= MAX_CODE
    assert name != CONTROLLER
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(level_of(name)) >= len(name)
