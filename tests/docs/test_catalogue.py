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
from protocol.health import ReasonCode
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
