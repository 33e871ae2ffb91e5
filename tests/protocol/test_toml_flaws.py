"""What is wrong in a file that a person wrote is said in whole sentences, with the cure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LopHocError, cause_of
from protocol.settings import SettingsError, settings_tree, shaped, tree_in
from protocol.words import Translate, translator

VI, EN = translator("vi"), translator("en")


def _refused(folder: Path, content: bytes) -> SettingsError:
    path = folder / "s.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as of_settings:
        settings_tree(path)
    with pytest.raises(SettingsError) as of_folder:
        tree_in(path)
    assert of_settings.value.text(VI) == of_folder.value.text(VI)
    return of_settings.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('lang = "vi"\nlang = "en"', "Line 2 … sets again"),
        ("[a]\n\n[a]\n", "Line 3 … sets again"),
        ("a = {b = 1, b = 2}", "Line 1 … sets again"),
        ('lang: "vi"', "Line 1 … no ="),
        ("// phòng\nlang = 1", "Line 1 … no ="),
        ("; phòng\nlang = 1", "Line 1 … no ="),
        ('{"lang": "vi"}', "Line 1 … no ="),
        ("loud = True", "Line 1 … true or false"),
        ("port = 048", "Line 1 … such as 48 or 0.5"),
        ("port = 0,5", "Line 1 … such as 48 or 0.5"),
        ("wait = 48h", "Line 1 … such as 48 or 0.5"),
        ("wait = 30 giây", "Line 1 … such as 48 or 0.5"),
        ('lang\N{NO-BREAK SPACE}= "vi"', "Line 1 … cannot be seen"),
        ('\N{ZERO WIDTH SPACE}lang = "vi"', "Line 1 … cannot be seen"),
        ('lang = "vi"\rroom = "a"', "Line 1 … cannot be seen"),
        ('a = 1\nlang = "vi', 'Line 2 … lang = "vi"'),
        ("lang = 'vi", 'Line 1 … lang = "vi"'),
        ('lang = "vi";', "Line 1 … goes on behind"),
        ('lang = "vi" "en"', "Line 1 … goes on behind"),
        ('lang = "vi", # x', "Line 1 … goes on behind"),
        ('ngôn_ngữ = "vi"', "Line 1 … sample file"),
        ('my name = "vi"', "Line 1 … sample file"),
        ("[limits\nx = 1", "Line 1 … [limits]"),
        ("[limits] x = 1", "Line 1 … [limits]"),
        ('lang = "vi"\0\0', "UTF-8"),
        ("\0\0\0", "power cut"),
        ('lang = """vi\n', "Line 1 … not valid"),
        ("n = " + "9" * 5000, "not valid"),
        ("n = " + "[" * 5000, "not valid"),
    ],
    ids=str,
)
def test_each_slip_is_named_with_its_cure(tmp_path: Path, text: str, words: str) -> None:
    """By the line that is meant; nothing of the parser's own English is in it."""
    error = _refused(tmp_path, text.encode())
    said = error.text(EN)
    line, _, cure = words.rpartition(" … ")
    assert line in said
    assert cure in said
    for part in error.parts(VI):
        assert part
        assert str(error.__cause__) not in part
    assert error.text(VI) != said
    _, is_written, written = said.partition(f": {error.values.get('name')} = ")
    assert not is_written or tomllib.loads(f"x = {written.removesuffix('.')}")


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_what_an_editor_wrote_otherwise_is_no_text(tmp_path: Path, coding: str) -> None:
    """Without a mark nobody guesses."""
    assert "UTF-8" in _refused(tmp_path, 'lang = "vi"\n'.encode(coding)).text(VI)


SAMPLE = 'lang = "vi"\nport = 8080 # số\n[limits]\ndisk = 90.5\nloud = true\n\n[[a]]\nb = [1, 2]\n'
SLIPS = st.text(st.sampled_from("\"'“”=[]{}#,;:.\\\n\r\t \0\N{NO-BREAK SPACE}ưa0T"), max_size=3)


@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 3), SLIPS), max_size=3))
def test_whatever_slips_in_is_said(
    tmp_path_factory: pytest.TempPathFactory, slips: list[tuple[int, int, str]]
) -> None:
    """In a sentence and a cure, or it is read; nothing else comes out of it."""
    text = SAMPLE
    for at, length, slip in slips:
        text = text[:at] + slip + text[at + length :]
    path = tmp_path_factory.getbasetemp() / "slips.toml"
    path.write_bytes(text.encode())
    assert all(_parts_of(path, VI) + _parts_of(path, EN))


def _parts_of(path: Path, say: Translate) -> tuple[str, ...]:
    try:
        settings_tree(path)
    except SettingsError as error:
        return error.parts(say)
    return ()


class _Way(StrEnum):
    MAIL = "mail"
    CHAT = "chat"


class _One(msgspec.Struct, forbid_unknown_fields=True):
    way: _Way
    url: Annotated[str, msgspec.Meta(max_length=10)] = ""
    lang: Literal["vi", "en"] = "vi"
    is_loud: bool = False
    wait_s: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0


class _All(msgspec.Struct, forbid_unknown_fields=True):
    people: Mapping[Annotated[str, msgspec.Meta(pattern="^[a-z-]+$")], _One] = {}
    rows: tuple[_One, ...] = ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("peple = 1", ["peple", "people"]),
        ("people = 3", ["people"]),
        ("[people.minh]\nway = 'sms'", ["people.minh.way", '"mail", "chat"']),
        ("[people.minh]\nwya = 'mail'", ["people.minh.wya", "people.minh.way"]),
        ("[people.minh]\nurl = 'x'", ["people.minh.way"]),
        ("[people.minh]\nway = 'mail'\nurl = 'xxxxxxxxxxxx'", ["people.minh.url"]),
        ("[people.minh]\nway = 'mail'\nurl = 5", ["people.minh.url", '= "…"']),
        ("[people.minh]\nway = 'mail'\nlang = 'fr'", ["people.minh.lang", '"vi", "en"']),
        ("[people.minh]\nway = 'mail'\nis_loud = 1", ["people.minh.is_loud", "true"]),
        ("[people.minh]\nway = 'mail'\nwait_s = 61", ["people.minh.wait_s", "60"]),
        ("[people.Minh]\nway = 'mail'", ["Minh", "thay-minh"]),
        ("[people]\nminh = 3", ["people.minh"]),
        ("[[rows]]\nway = 'mail'\n[[rows]]\nway = 1", ["rows[2].way"]),
        ("rows = 1", ["rows"]),
    ],
)
def test_a_setting_that_does_not_fit_is_named_by_its_tables(text: str, names: list[str]) -> None:
    """With what can be written; nothing of the library's own English is in it."""
    with pytest.raises(SettingsError) as refused:
        shaped(tomllib.loads(text), _All, Path("s.toml"))
    said = refused.value.text(VI)
    assert all(name in said for name in names), said
    assert not any(word in said for word in ("Expected", "Object", "`", "Invalid", "{"))
    assert refused.value.text(EN) != said


def test_why_a_file_cannot_be_read_is_said_in_the_language(tmp_path: Path) -> None:
    """A cause of the system's, and one that is an error of ours."""
    with pytest.raises(SettingsError) as refused:
        settings_tree(tmp_path / "none.toml")
    assert "No such file" in refused.value.text(EN)
    assert "No such file" not in refused.value.text(VI)
    outer = LopHocError("x", "{path} cannot be used: {cause}.", path="p", cause=refused.value)
    assert refused.value.text(VI).removesuffix(".") in outer.text(VI)
    assert outer.text(EN).count("..") == 0
    assert cause_of(ValueError("odd")) == "odd"
    assert cause_of(OSError(13, "Permission denied")) == "Permission denied"
