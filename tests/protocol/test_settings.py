"""Settings come from the file, the environment, the options, in that order; a typo speaks."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct

from protocol.command_line import CommandParser
from protocol.settings import (
    SettingsError,
    add_options,
    load,
    password_in,
    sample,
    settings_of,
    speaker,
)
from protocol.words import translator


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of settings."""

    disk_percent: Annotated[float, Meta(description="full", extra={"unit": "%"})] = 90.0


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program's settings."""

    room: Annotated[str, Meta(description="the room")]
    data: Annotated[Path, Meta(description="the folder")] = Path("data")
    port: Annotated[int, Meta(description="the port", ge=1, le=65535)] = 8000
    loud: Annotated[bool, Meta(description="say more")] = False
    limits: Limits = Limits()


def read(tmp_path: Path, toml: str = "", env: dict[str, str] | None = None, *options: str) -> Shape:
    parser = CommandParser()
    add_options(parser, Shape)
    arguments = list(options)
    if toml:
        (tmp_path / "s.toml").write_text(toml, "utf-8")
        arguments += ["--config", str(tmp_path / "s.toml")]
    return load(Shape, "X_", parser.parse_args(arguments), env or {})


def test_the_later_source_wins(tmp_path: Path) -> None:
    """File, then environment, then option; each setting by itself."""
    toml = 'room = "file"\nport = 1\n[limits]\ndisk_percent = 1.5\n'
    env = {"X_ROOM": "env", "X_PORT": "2"}
    read_settings = read(tmp_path, toml, env, "--room", "option")
    assert (read_settings.room, read_settings.port) == ("option", 2)
    assert read_settings.limits.disk_percent == 1.5
    assert read_settings.data == Path("data")


@pytest.mark.parametrize("left", ["", "\n", " \t\r\n\n", "\ufeff", "\ufeff \n"])
def test_a_settings_file_that_a_power_cut_emptied_is_damage(tmp_path: Path, left: str) -> None:
    """However full the environment and the options are; a file of comments sets nothing."""
    path = tmp_path / "s.toml"
    path.write_text(left, "utf-8")
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, "", {"X_CONFIG": str(path)}, "--room", "r")
    assert (refused.value.code, str(path) in str(refused.value)) == ("file_empty", True)
    path.write_bytes(b"# room = 1\n")
    assert read(tmp_path, "", {"X_CONFIG": str(path)}, "--room", "r").room == "r"


def test_every_setting_can_come_from_every_source(tmp_path: Path) -> None:
    """Tables too, with their name in front."""
    by_env = read(tmp_path, "", {"X_ROOM": "r", "X_LIMITS_DISK_PERCENT": "7", "X_LOUD": "true"})
    by_option = read(
        tmp_path, "", {}, "--room", "r", "--limits-disk-percent", "7", "--loud", "true"
    )
    assert by_env == by_option == Shape(room="r", loud=True, limits=Limits(disk_percent=7.0))


@pytest.mark.parametrize(
    ("toml", "env", "options", "names"),
    [
        ('romo = "x"', {}, [], ["romo", "room"]),
        ('room = "x"\n[limits]\ndisk_pecent = 1', {}, [], ["limits.disk_percent"]),
        ("", {"X_ROMO": "x"}, [], ["X_ROMO", "X_ROOM"]),
        ("", {}, ["--romo", "x"], ["--romo", "--room"]),
        ("", {}, ["--romo=x"], ["--room"]),
        ("", {"X_ROOM": "x", "X_PORT": "many"}, [], ["port", "many"]),
        ("", {}, ["--room", "x", "--port", "70000"], ["port", "70000"]),
        ("", {}, [], ["--room"]),
        ("room = ", {}, [], ["TOML"]),
        ("room = 3", {}, [], ["room"]),
        ("limits = 3", {}, [], ["limits"]),
        ('room = "x"\ndata = ""', {}, [], ["data", "is empty"]),
        ('room = "x"', {"X_DATA": ""}, [], ["data", "is empty"]),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, toml: str, env: dict[str, str], options: list[str], names: list[str]
) -> None:
    """With the nearest valid name for a typo."""
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, toml, env, *options)
    assert all(name in str(refused.value) for name in names), str(refused.value)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """Not taken for an empty one."""
    with pytest.raises(SettingsError, match=r"none\.toml"):
        read(tmp_path, "", {}, "--config", str(tmp_path / "none.toml"))


CURE = 'room = "9A1"'


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        ("room = “9A1”".encode(), CURE),
        (b"port = 1\nroom = 9A1", CURE),
        (b'data = "C:\\lop\\hoc"', 'data = "C:/lop/hoc"'),
        (b"room =", "nothing follows"),
        (b"[room", "line 1"),
        ("# phòng học".encode("cp1258", "replace") + b"\xff", "UTF-8"),
        (b'room = "9A1"\nport = "many"', "from 1 to 65535"),
        (b'room = "9A1"\nloud = "yes!"', "true or false"),
        (b"room = 3", "quotation marks"),
    ],
    ids=["curly", "bare", "backslash", "empty", "table", "coding", "number", "bool", "text"],
)
def test_what_is_wrong_in_a_file_comes_with_its_cure(
    tmp_path: Path, content: bytes, cure: str
) -> None:
    """In whole sentences, of the line that is meant, with what to write instead."""
    (tmp_path / "s.toml").write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, "", {}, "--config", str(tmp_path / "s.toml"))
    for language in ("vi", "en"):
        said = refused.value.text(translator(language))
        assert "{" not in said
        assert "Expected" not in said or cure == "quotation marks" or "line 1" in cure
    assert cure.lower() in refused.value.text(str).lower()


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16"])
def test_a_file_is_read_however_an_editor_kept_it(tmp_path: Path, coding: str) -> None:
    """With a mark of UTF-8, or in UTF-16, as Windows' own editor does."""
    (tmp_path / "s.toml").write_bytes('room = "Phòng 9A1"\r\n'.encode(coding))
    assert read(tmp_path, "", {}, "--config", str(tmp_path / "s.toml")).room == "Phòng 9A1"


@pytest.mark.parametrize("value", ['"9A1"', "“9A1”", "'9A1'"])
def test_quotation_marks_of_an_env_file_are_no_part_of_a_value(tmp_path: Path, value: str) -> None:
    """Some programs hand them on: it is said, not guessed."""
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, "", {"X_ROOM": value})
    assert "X_ROOM=9A1" in refused.value.text(str)


def test_help_is_said_by_the_translator() -> None:
    """The meaning, the unit and our own words; a text without a meaning stays empty."""

    class Odd(Struct, frozen=True, kw_only=True):
        bare: int = 1
        full: Annotated[float, Meta(description="full", extra={"unit": "%"})] = 90.0

    parser = argparse.ArgumentParser()
    add_options(parser, Odd, lambda text: f"<{text}>")
    told = parser.format_help()
    for words in ("<settings file (TOML)>", "<full> [<%>] (<default>: 90.0)", " (<default>: 1)"):
        assert words in told
    assert "<>" not in told


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({}, "mặc định"),
        ({"LANG": "en_US.UTF-8"}, "default"),
        ({"LANG": "en_US.UTF-8", "X_LANG": "vi"}, "mặc định"),
        ({"LANG": "vi_VN.UTF-8", "X_LANG": "en"}, "default"),
        ({"X_LANG": "fr"}, "mặc định"),
        ({"X_LANG": ""}, "mặc định"),
    ],
)
def test_the_programs_own_language_comes_before_the_machines(
    environ: dict[str, str], word: str
) -> None:
    """Vietnamese where neither is known."""
    assert speaker("X_", environ)("default") == word


def test_the_sample_says_all_in_both_languages_and_the_same_words_once() -> None:
    """Vietnamese stands above English."""
    lines = sample(Limits, "days", "X_").splitlines()
    assert lines[:2] == ["# ngày", "# days"]
    assert "(X_...)" in lines[2]
    assert "(X_...)" in lines[3]
    assert lines[4:] == ["", "# full [%]", "# disk_percent = 90.0"]


def test_the_sample_names_every_setting_and_can_be_used_as_it_is(tmp_path: Path) -> None:
    """Uncommented, it says the defaults."""
    text = sample(Shape, "A title", "X_")
    for setting in settings_of(Shape):
        assert f"# {setting.path[-1]} = " in text
        assert setting.description in text
    lines = [
        line.removeprefix("# ")
        for line in text.splitlines()
        if " = " in line or line.startswith("[")
    ]
    tree = tomllib.loads("\n".join(lines))
    assert tree["port"] == 8000
    assert read(tmp_path, "\n".join(lines).replace('room = ""', 'room = "r"')) == Shape(room="r")


def test_a_password_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    """Without the line's end; no file, no password."""
    (tmp_path / "word").write_text(" mật khẩu \n", "utf-8")
    assert password_in(str(tmp_path / "word")) == "mật khẩu"
    assert password_in("") == ""


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "password_empty"),
        (b" \r\n", "password_empty"),
        (b"\xff", "password_unreadable"),
        (None, "password_unreadable"),
    ],
    ids=["empty", "blank", "no text", "gone"],
)
def test_what_a_power_cut_leaves_of_a_password_is_not_no_password(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    """The file is named, and what to do."""
    path = tmp_path / "word"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        password_in(str(path))
    assert (caught.value.code, str(path) in str(caught.value)) == (code, True)
    assert caught.value.hint
