"""Settings and folder of a command are those that a plain list of rules finds, in both programs."""

from __future__ import annotations

import argparse
from itertools import product, starmap
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.config import INSTALLED as AGENT
from controller.cli.folder import INSTALLED as CONTROLLER
from protocol.folder import lock_folder
from protocol.installed import Installed
from protocol.settings import SettingsError

NAMED = ("", "other", "service", "own")
SETTINGS = ("none", "plain", "names data")


class Case(NamedTuple):
    """How a folder is named. option, variable: it, by each. etc: what is installed."""

    option: str
    variable: str
    config: str
    here: str
    etc: str


CASES = list(
    starmap(Case, product(NAMED, NAMED, ("", "option", "variable"), ("", "here"), SETTINGS))
)


def rules(root: Path, case: Case) -> tuple[Path, Path | None]:
    """The folder, and the settings file."""
    system = None if case.etc == "none" else root / "etc.toml"
    named = case.option or case.variable
    if case.config:
        return (root / named if named else root / "told"), root / "c.toml"
    if named:
        is_service = named == "service" or (named == "own" and case.etc == "names data")
        return root / named, (system if is_service else None)
    if case.here or system is None:
        return root / "here", None
    return root / ("own" if case.etc == "names data" else "service"), system


@pytest.mark.parametrize("program", [AGENT, CONTROLLER], ids=["agent", "controller"])
def test_every_way_of_naming_it_finds_what_the_rules_find(
    program: Installed, tmp_path: Path
) -> None:
    """By option, environment, settings file, a folder here, or as it is installed."""
    lies = program._replace(
        settings=tmp_path / "etc.toml", data=tmp_path / "service", here=tmp_path / "here"
    )
    (tmp_path / "c.toml").write_text(f'data = "{tmp_path / "told"}"\n')
    for case in CASES:
        lies.settings.unlink(missing_ok=True)
        if case.etc != "none":
            is_named = case.etc == "names data"
            lies.settings.write_text(f'data = "{tmp_path}/./own"' if is_named else "mdns = true")
        if lies.here.exists():
            lies.here.rmdir()
        if case.here:
            lies.here.mkdir()
        told, environ = argparse.Namespace(data=None, config=None), {}
        if case.option:
            told.data = tmp_path / case.option
        if case.variable:
            environ[f"{program.prefix}DATA"] = str(tmp_path / case.variable)
        if case.config == "option":
            told.config = tmp_path / "c.toml"
        elif case.config:
            environ[f"{program.prefix}CONFIG"] = str(tmp_path / "c.toml")
        found = (lies.folder(told, environ).resolve(), lies.settings_file(told, environ))
        assert found == rules(tmp_path, case), case


@pytest.mark.parametrize("program", [AGENT, CONTROLLER], ids=["agent", "controller"])
def test_a_start_by_the_services_settings_means_its_folder(
    program: Installed, tmp_path: Path
) -> None:
    """As the commands after it do; one that names neither is only tried, and means one here."""
    lies = program._replace(settings=tmp_path / "etc.toml", data=tmp_path / "service")
    lies.settings.write_text("mdns = true\n")
    by_settings = argparse.Namespace(config=lies.settings)
    assert lies.for_start(by_settings, {}).data == lies.data
    bare = argparse.Namespace(config=None)
    assert lies.for_start(bare, {}) is bare


@pytest.mark.parametrize("program", [AGENT, CONTROLLER], ids=["agent", "controller"])
def test_a_folder_that_the_settings_name_is_not_begun_beside_the_data(
    program: Installed, tmp_path: Path
) -> None:
    """Units of before named the folder, whatever the settings said: nobody begins empty for it."""
    lies = program._replace(settings=tmp_path / "etc.toml", data=tmp_path / "service")
    moved = tmp_path / "srv" / "moved"
    lies.settings.write_text(f'data = "{moved}"\n')
    told = argparse.Namespace(config=lies.settings)
    assert lies.for_start(told, {}).data == moved  # nothing lies anywhere yet
    with lock_folder(lies.data):
        pass
    with pytest.raises(SettingsError) as refused:
        lies.for_start(told, {})
    assert refused.value.code == "data_left"
    moved.parent.mkdir()
    lies.data.rename(moved)
    lies.data.mkdir()  # as systemd does
    assert lies.for_start(told, {}).data == moved


def test_a_folder_that_nobody_named_may_be_anothers(tmp_path: Path) -> None:
    """A command that does without one goes on; whoever named it hears that it is not read."""
    lies = AGENT._replace(settings=tmp_path / "etc.toml", data=tmp_path / "loop")
    lies.settings.write_text("mdns = true\n")
    lies.data.symlink_to(lies.data)
    assert lies.readable_folder(argparse.Namespace(), {}) is None
    with pytest.raises(SettingsError):
        lies.readable_folder(argparse.Namespace(data=lies.data), {})
