"""Settings on a page: kept, refused in a sentence, undone; what the file sets no page changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from controller.cli.own_settings import (
    FILE,
    change_own_settings,
    keep_own_settings,
    own_settings_before,
    own_settings_in,
    undo_own_settings,
)
from controller.setup.settings import CHOICES, ON_PAGES, SETTINGS, shown_value, value_of
from protocol.errors import LopHocError
from protocol.settings import SettingsError


@pytest.mark.parametrize("name", ON_PAGES)
def test_a_setting_takes_its_own_default(name: str) -> None:
    """As a form holds it; so whoever saves what stands there changes nothing."""
    default = SETTINGS[name].default
    if name == "http_host":
        assert default in CHOICES[name]
    assert value_of(name, shown_value(default)) == default


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("keep_days", "0"),
        ("keep_days", "many"),
        ("keep_days", ""),
        ("device_silent_s", "-1"),
        ("device_silent_s", "nan"),
        ("timezone", "Mars"),
        ("http_host", "192.168.1.77"),
        ("open_screens", "perhaps"),
        ("log_level", "loud"),
        ("lang", "fr"),
        ("school", "00124"),
        ("database", "postgresql://elsewhere"),
        ("data", "elsewhere"),
        ("no_such", "1"),
    ],
)
def test_what_would_shut_everybody_out_is_refused(name: str, typed: str) -> None:
    """In words; the server would not begin with it, or would be another's."""
    with pytest.raises(LopHocError):
        value_of(name, typed)


def test_the_same_again_takes_no_undo_away(tmp_path: Path) -> None:
    """Whoever keeps a setting twice still comes back to what it was."""
    keep_own_settings(tmp_path, {"name": "A"})
    for _ in range(3):
        keep_own_settings(tmp_path, {"name": "B"})
    assert own_settings_before(tmp_path) == {"name": "A"}


def test_the_last_change_is_undone_and_done_again(tmp_path: Path) -> None:
    """What stood before stays beside."""
    assert own_settings_before(tmp_path) is None
    keep_own_settings(tmp_path, {"name": "A"})
    assert own_settings_before(tmp_path) is None
    keep_own_settings(tmp_path, {"name": "B", "keep_days": 5})
    for own in ({"name": "A"}, {"name": "B", "keep_days": 5}):
        before = own_settings_before(tmp_path)
        assert before == own
        keep_own_settings(tmp_path, before)
        assert own_settings_in(tmp_path) == own


def test_settings_of_one_moment_are_all_kept(tmp_path: Path) -> None:
    """Each is put beside those that stand there then, whoever set them."""
    wanted = {"name": "A", "keep_days": 9, "lang": "en", "log_level": "info", "http_port": 8000}
    begin = Barrier(len(wanted))

    def keep(name: str) -> None:
        begin.wait()
        change_own_settings(tmp_path, {name: wanted[name]})

    with ThreadPoolExecutor(len(wanted)) as threads:
        assert len([*threads.map(keep, wanted)]) == len(wanted)
    assert own_settings_in(tmp_path) == wanted


def test_what_is_damaged_is_undone(tmp_path: Path) -> None:
    """What stood before is put back; the damage stays beside."""
    change_own_settings(tmp_path, {"name": "A"})
    change_own_settings(tmp_path, {"name": "B"})
    (tmp_path / FILE).write_bytes(b'{"name": ')
    with pytest.raises(SettingsError):
        change_own_settings(tmp_path, {"keep_days": 5})
    undo_own_settings(tmp_path)
    assert own_settings_in(tmp_path) == {"name": "A"}
