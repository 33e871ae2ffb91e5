"""What pages have set holds, below what the administrator's file, environment and options say."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path

import pytest

from controller.access.codes import FIRST_CODE, FIRST_S, FirstCode
from controller.app import run_first
from controller.cli.own_settings import FILE, keep_own_settings, own_settings_in, start_settings
from controller.config import ENVIRONMENT, ControllerConfig
from controller.database.starts import Start, note_start
from controller.database.store import Store
from controller.setup.steps import AFTER, BEFORE, FirstStart
from controller.setup.store import change_first_start
from protocol.settings import SettingsError
from tests.controller.fresh import fresh_folder
from tests.ports import free_port

OWN = {"school": "00123", "province": "14", "name": "Nguyễn Du", "http_port": 8123}


def options(folder: Path, file: str = "") -> argparse.Namespace:
    """The command line of a start in this folder."""
    config = folder / "controller.toml"
    config.write_text(f'data = "{folder}"\n{file}', "utf-8")
    return argparse.Namespace(config=config)


def test_a_server_that_nobody_named_begins_its_first_start(tmp_path: Path) -> None:
    """Without a refusal; with one code of two it is not named yet either."""
    assert start_settings(options(tmp_path), {}).is_first
    start = start_settings(options(tmp_path, 'school = "7"'), {})
    assert start.is_first
    assert (start.config.school, start.config.province) == ("7", "")
    assert "school" in start.fixed


def test_what_pages_set_is_below_file_environment_and_options(tmp_path: Path) -> None:
    """And which of them no page can change is known."""
    keep_own_settings(tmp_path, OWN)
    start = start_settings(options(tmp_path), {})
    assert not start.is_first
    assert (start.config.name, start.config.http_port) == ("Nguyễn Du", 8123)
    assert start.fixed == {"data"}
    told = options(tmp_path, 'name = "Lê Lợi"')
    told.http_port = "8200"
    start = start_settings(told, {f"{ENVIRONMENT}PROVINCE": "79"})
    config = start.config
    assert (config.school, config.province, config.name, config.http_port) == (
        *("00123", "79", "Lê Lợi"),
        8200,
    )
    assert start.fixed == {"data", "name", "province", "http_port"}


def test_a_later_versions_setting_is_passed_over_and_damage_is_told(tmp_path: Path) -> None:
    """A downgrade begins; a broken file does not silently name nobody."""
    (tmp_path / FILE).write_text('{"school": "1", "from_the_future": true}', "utf-8")
    assert own_settings_in(tmp_path) == {"school": "1"}
    for broken in ("{", '{"school": [1]}', "\udcff"):
        (tmp_path / FILE).write_bytes(broken.encode("utf-8", "surrogateescape"))
        with pytest.raises(SettingsError) as refused:
            own_settings_in(tmp_path)
        assert refused.value.code == "own_settings_unreadable"


def test_the_first_link_works_for_a_week_and_no_copy_of_it_after(tmp_path: Path) -> None:
    """Once used, or a week old, it opens nothing; a start then makes another one."""
    first = FirstCode(tmp_path)
    code = first.renew()
    assert first.fits(code)
    old_s = time.time() - FIRST_S - 1
    os.utime(tmp_path / FIRST_CODE, (old_s, old_s))
    assert first.read() == ""
    assert not first.fits(code)
    again = first.renew()
    assert first.fits(again)
    assert not first.fits(code)
    first.drop()
    assert not first.fits(again)


@pytest.mark.parametrize("began", ["by a file", "by pages"])
def test_a_school_whose_settings_are_lost_is_not_asked_who_it_is(
    tmp_path: Path, began: str
) -> None:
    """Its data would be mixed with another's: what named it is to be put back."""
    data = fresh_folder(tmp_path)
    with Store(f"sqlite:///{data / 'lophoc.db'}") as store:
        if began == "by pages":
            passed = FirstStart(passed=(*BEFORE, AFTER[0]))
            store.write(change_first_start, lambda _known: passed)
        else:
            store.write(note_start, Start("a", 0, 0))
    for lost in ({}, {"name": "THCS"}, {"school": "00123"}, {"province": "14"}):
        config = ControllerConfig(
            **{"school": "", "province": "", **lost}, data=data, http_port=free_port()
        )
        with pytest.raises(SettingsError) as refused:
            asyncio.run(run_first(config, asyncio.Event(), {}))
        assert (refused.value.code, str(data) in str(refused.value)) == ("school_unnamed", True)
