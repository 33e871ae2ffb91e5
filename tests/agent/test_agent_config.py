from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import pytest

from agent.config import PREFIX, TITLE, AgentConfig
from agent.school.credential import settings_with
from protocol.model import NOWHERE
from protocol.settings import SettingsError, load, sample, settings_of

SAMPLE = Path(__file__).parents[2] / "systemd" / "agent.toml"
PLACE = {
    "LOPHOC_AGENT_PROVINCE": "79",
    "LOPHOC_AGENT_SCHOOL": "THCS-01",
    "LOPHOC_AGENT_ROOM": "6A1",
}


def loaded(**environ: str) -> AgentConfig:
    """The settings from an environment that says where the room is."""
    return load(AgentConfig, PREFIX, argparse.Namespace(), PLACE | environ)


def test_the_sample_file_is_the_settings_themselves() -> None:
    """Made anew by: lophoc-agent sample-config > systemd/agent.toml."""
    assert SAMPLE.read_text("utf-8") == sample(AgentConfig, TITLE, PREFIX)


def test_every_setting_of_the_agent_says_what_it_means() -> None:
    """Help texts and the sample file come from these descriptions."""
    own = [each for each in settings_of(AgentConfig) if each.path[0] != "limits"]
    assert all(each.description.endswith(".") for each in own)


def test_defaults_are_a_working_agent() -> None:
    """Only the place has to be given."""
    config = loaded()
    assert (config.broker, config.beat_s, config.local_port) == ("", 10.0, 8765)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AGENT_ID", "controller"),
        ("AGENT_ID", "Máy 1"),
        ("LOCAL_HOST", "0.0.0.0"),  # noqa: S104 - what must be refused
        ("LOCAL_PORT", "0"),
        ("BEAT_S", "0"),
        ("SCHOOL", "x" * 65),
        ("LANG", "fr"),
        ("OUTBOX_MAX_MB", "0"),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: str) -> None:
    """The error names the setting."""
    with pytest.raises(SettingsError, match=name.lower()):
        loaded(**{PREFIX + name: value})


def test_who_was_told_no_place_is_nobodys_until_it_joins(tmp_path: Path) -> None:
    """It runs, carried about or in its room; half of a school is a mistake, and stays one."""
    complete = partial(settings_with, default_data=tmp_path)
    config = load(AgentConfig, PREFIX, argparse.Namespace(), {}, complete)
    assert (config.province, config.school, config.roaming) == (NOWHERE, NOWHERE, True)
    with pytest.raises(SettingsError, match="--province"):
        load(AgentConfig, PREFIX, argparse.Namespace(), {PREFIX + "SCHOOL": "S1"}, complete)
    config = load(AgentConfig, PREFIX, argparse.Namespace(room="6A1"), {}, complete)
    assert (config.school, config.room, config.roaming) == (NOWHERE, "6A1", False)


def test_without_a_place_the_error_names_the_options() -> None:
    """Nobody has to guess what is missing."""
    with pytest.raises(SettingsError, match="--school"):
        load(AgentConfig, PREFIX, argparse.Namespace(), {})
