"""The words: every text for people has its Vietnamese."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from agent.config import AgentConfig
from controller.config import ControllerConfig
from protocol.formats import phrase
from protocol.health import ReasonCode
from protocol.language import _Catalogue
from protocol.locale.build import CatalogueHook
from protocol.model import DeviceKind, Reason, Status
from protocol.settings import settings_of
from protocol.words import kind_word, sentence, status_word, translator
from simulators.config import (
    CameraConfig,
    DemoConfig,
    FleetConfig,
    HostConfig,
    LedgerConfig,
    ProjectorConfig,
    ProvinceConfig,
    SimConfig,
    UdevConfig,
)

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "protocol/locale/vi/LC_MESSAGES/lophoc.po"
PACKAGES = ("protocol", "agent", "controller", "simulators")
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.svg", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "gettext": None}
ALONE = (
    CameraConfig,
    ProjectorConfig,
    FleetConfig,
    UdevConfig,
    HostConfig,
    ProvinceConfig,
    LedgerConfig,
)
SETTINGS = (AgentConfig, ControllerConfig, SimConfig, DemoConfig, *ALONE)
NAMES = re.compile(r"\{[a-z_]+\}")
CHOICE = re.compile(r"\{(\w+):([^{}|]*)\|([^{}|]*)\}")
COUNTED = re.compile(r"\{(\w+)\} ((?:[a-z-]+ )?)([a-z]+s)\b")
# Behind a value that is no number, or no noun at all.
NOT_NOUNS = frozenset({"is", "has", "was", "as", "its", "class", "names", "this"})


def said_in_code() -> Iterator[str]:
    """Every message id that the code marks."""
    for package in PACKAGES:
        found = extract_from_dir(ROOT / package, METHODS, keywords=KEYWORDS)
        for _, _, text, _, _ in found:
            yield from (text,) if isinstance(text, str) else text


def said_of_settings() -> Iterator[str]:
    """Every text that explains a setting: what it means, and its unit."""
    for shape in SETTINGS:
        for setting in settings_of(shape):
            yield from filter(None, (setting.description, setting.unit))


@lru_cache
def catalogue() -> Catalog:
    """The Vietnamese catalogue as it is written."""
    with CATALOGUE.open("rb") as text:
        return read_po(text, locale="vi")


def translations() -> dict[str, str]:
    """The Vietnamese by message id, without the head."""
    return {str(each.id): str(each.string) for each in catalogue() if each.id}


def test_every_text_for_people_has_its_vietnamese_and_no_more() -> None:
    """A text that is added, changed or dropped is added, changed or dropped here as well."""
    said = {*said_in_code(), *said_of_settings()}
    known = set(translations())
    assert sorted(said - known) == []
    assert sorted(known - said) == []


@pytest.mark.parametrize(
    ("program", "command", "shape", "english"),
    [
        ("agent", "run", AgentConfig, {"LOPHOC_AGENT_LANG": "en"}),
        ("controller", "run", ControllerConfig, {"LOPHOC_CONTROLLER_LANG": "en"}),
        ("simulators", "school", SimConfig, {"LANG": "en_US.UTF-8"}),
        ("simulators", "demo", DemoConfig, {"LOPHOC_DEMO_LANG": "en"}),
        ("simulators", "camera", CameraConfig, {"LOPHOC_CAMERA_LANG": "en"}),
        ("simulators", "host", HostConfig, {"LOPHOC_HOST_LANG": "en"}),
    ],
)
def test_help_is_in_vietnamese_unless_english_is_asked_for(
    program: str, command: str, shape: type[msgspec.Struct], english: dict[str, str]
) -> None:
    """Every setting of it, on a machine that is set to nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    kept |= {"COLUMNS": "1000", "PYTHONUTF8": "1", "LANG": "C.UTF-8"}
    for language, asked in (("vi", {}), ("en", english)):
        told = subprocess.run(
            [sys.executable, "-m", program, command, "--help"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            encoding="utf-8",
            env={**kept, **asked},
        ).stdout
        say = translator(language)
        missing = [each for each in settings_of(shape) if say(each.description) not in told]
        assert missing == [], language


def test_no_translation_is_empty_doubtful_or_put_aside() -> None:
    """What a person has not finished is not shown to a teacher."""
    assert [name for name, text in translations().items() if not text.strip()] == []
    assert [each.id for each in catalogue() if each.id and each.fuzzy] == []
    assert list(catalogue().obsolete) == []


def test_a_translation_names_the_same_values_and_ends_alike() -> None:
    """A {name} that is lost in translation is a value that nobody sees."""
    for name, text in translations().items():
        assert sorted(NAMES.findall(text)) == sorted(NAMES.findall(name)), name
        assert text.endswith(".") == name.endswith("."), name


@lru_cache
def counted() -> dict[str, set[str]]:
    """What each sentence that counts something counts, by its message id."""
    return {text: {found[1] for found in CHOICE.finditer(text)} for text in translations()}


@lru_cache
def plurals() -> set[str]:
    """The words that some sentence has for many, and none for one."""
    found = [choice for text in translations() for choice in CHOICE.finditer(text)]
    return {word for each in found for word in each[3].split()} - {
        word for each in found for word in each[2].split()
    }


def test_what_is_counted_may_be_one() -> None:
    """A noun behind a number is written {n:line|lines}; limits that are never 1 are not."""
    counts = {"n", "count"}.union(*counted().values())
    missing = [
        text
        for text in translations()
        for name, between, noun in COUNTED.findall(CHOICE.sub("#", text))
        if (name in counts and noun not in NOT_NOUNS) or noun in {name, *plurals()}
        if name not in {"most", "least"} and between not in {"of ", "are ", "had "}
    ]
    assert missing == []


@pytest.mark.parametrize("text", sorted(text for text, counts in counted().items() if counts))
def test_none_one_and_two_read_right(text: str) -> None:
    """In English each count chooses for itself; in Vietnamese nothing is left to choose."""
    for language in ("en", "vi"):
        said = {n: _counted_as(text, language, n) for n in (0, 1, 2)}
        assert not any(re.search("[{}|]", each) for each in said.values())
        assert said[0].replace("0", "2") == said[2].replace("0", "2")
        assert (said[1] != said[2].replace("2", "1")) == (language == "en")
        assert not set(re.findall(r"\b1 (\w+)", said[1])) & plurals()


def _counted_as(text: str, language: str, value: int) -> str:
    others = dict.fromkeys((name[1:-1] for name in NAMES.findall(text)), "x")
    counts = dict.fromkeys(counted()[text], value)
    return phrase(text, translator(language), **others | counts)


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_a_sentence_in_vietnamese(code: ReasonCode) -> None:
    """Said as the screens say it, from the compiled catalogue."""
    reason = Reason(code, 7.0)
    said = sentence(reason, translator("vi"))
    assert said.endswith(".")
    assert "{" not in said
    assert said != sentence(reason, translator("en"))


def test_every_status_and_kind_has_a_word_of_its_own() -> None:
    """Two kinds with one name could not be told apart on the screen."""
    vi = translator("vi")
    statuses = {status_word(each, vi) for each in Status}
    kinds = {kind_word(each, vi) for each in DeviceKind}
    assert (len(statuses), len(kinds)) == (len(Status), len(DeviceKind))


def test_who_runs_keeps_its_words_while_they_are_compiled_anew(tmp_path: Path) -> None:
    """They are read where they lie: another file takes the place, none is written over."""
    words = tmp_path / "protocol/locale/vi/LC_MESSAGES/lophoc.po"
    words.parent.mkdir(parents=True)
    hook = CatalogueHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")  # type: ignore[arg-type]
    words.write_text('msgid "one"\nmsgstr "một"\n', "utf-8")
    hook.initialize("standard", {})
    running = _Catalogue(words.with_suffix(".mo"))
    words.write_text('msgid "a"\nmsgstr "b"\n\nmsgid "one"\nmsgstr "hai"\n', "utf-8")
    hook.initialize("standard", {})
    assert running.text_of("one") == "một"
    assert _Catalogue(words.with_suffix(".mo")).text_of("one") == "hai"
    assert {path.suffix for path in words.parent.iterdir()} == {".po", ".mo"}
