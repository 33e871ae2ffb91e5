"""Options, addresses, settings and words of the screens that the pages name are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from starlette.routing import Match, Mount

from agent.config import AgentConfig
from controller.config import ControllerConfig
from controller.openapi import app
from controller.webhooks.hook import Hook
from protocol.settings import settings_of
from simulators.__main__ import PLAYS

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "hardware", "agent", "controller", "simulators")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "simulators/README.md"])
SHAPES = (AgentConfig, ControllerConfig, *{play.shape for play in PLAYS.values()})
# What the pages have typed that is another program's.
OF_OTHERS = {
    "an older version": {"--dry"},
    "systemctl enable": {"--now"},
    "git push": {"--follow-tags"},
    "pip install": {"--force-reinstall", "--no-deps", "--require-hashes"},
    "udevadm info": {"--export-db"},
    "pytest": {"--hypothesis-profile"},
    "curl": {"--dump-header", "--fail", "--output"},
    "vacuumdb": {"--analyze-only"},
    "createdb, pg_dump, pg_restore": {
        *("--dbname", "--encoding", "--exit-on-error", "--format", "--owner"),
        *("--single-transaction", "--template", "--file"),
    },
    "rtr": {"--remote-header-name", "--remote-name"},
}
HOOK = {*Hook.__struct_fields__}  # of webhooks.toml
OTHER_SETTINGS = {"verified", "alias"} | HOOK  # the former of life-table.toml and nginx
FOLDERS = ("/etc/", "/usr/", "/var/", "/opt/", "/run/", "/media/")
# Quoted, and no words of ours: what stands in files, and what GLPI's own page says.
NOT_OURS = {"10 a1", "device_id", "removed", "removed_at", "Update existing values"}
QUOTED = re.compile(r'"([^"\n]{2,60})"')
BOLD = re.compile(r"\*\*([^*\n]+)\*\*(?!:)")
COLOUR = re.compile(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def own_options() -> frozenset[str]:
    """Every option that a program of ours has, written out or made of a setting."""
    written = {
        option
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for option in re.findall(r'"(--[a-z][a-z-]*)"', path.read_text("utf-8"))
    }
    return frozenset(written | {each.option for shape in SHAPES for each in settings_of(shape)})


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_option_that_a_page_names_is_there(page: Path) -> None:
    """Ours, or one of a program that is named here."""
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*(?![\w-])", page.read_text("utf-8")))
    assert options - own_options() - set().union(*OF_OTHERS.values()) - {"--version"} == set()


def addresses(text: str) -> Iterator[str]:
    """The paths of the controller's that a text shows, without their queries."""
    for path in re.findall(r"`(?:GET |POST )?(/[a-z][^\s`?]*)", text):
        if not path.startswith(FOLDERS):
            yield path
    yield from re.findall(r"https?://(?!127)[\w.:<>{}-]+(/api/v1/[\w/.-]*)", text)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_address_that_a_page_names_answers(page: Path) -> None:
    """A screen or the API; MÃ stands for a code."""
    routes = [route for route in app().routes if not isinstance(route, Mount)]
    for path in addresses(page.read_text("utf-8")):
        scopes = [{"type": "http", "method": way, "path": path} for way in ("GET", "POST")]
        matches = {route.matches(scope)[0] for route in routes for scope in scopes}
        assert Match.FULL in matches, path


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_setting_that_a_page_has_set_is_there(page: Path) -> None:
    """In a line of a file or in the text."""
    settings = {each.path[-1] for shape in SHAPES for each in settings_of(shape)}
    text = page.read_text("utf-8")
    blocks = re.findall(r"```(?:toml|ini)\n(.*?)```", text, re.DOTALL)
    names = set(re.findall(r"`([a-z][a-z_]+) = ", text))
    names |= {
        name for block in blocks for name in re.findall(r"^([a-z]\w+) = ", block, re.MULTILINE)
    }
    assert names - settings - OTHER_SETTINGS == set()


@pytest.fixture(scope="module")
def screens() -> str:
    """All that the programs say, in both languages, without what is filled in."""
    with (ROOT / "protocol/locale/vi/LC_MESSAGES/lophoc.po").open("rb") as file:
        texts = [(str(each.id), str(each.string)) for each in read_po(file)]
    return plain("\n".join(text for both in texts for text in both))


def plain(text: str) -> str:
    return " ".join(re.sub(r"\{\w*\}", "", text).casefold().replace("\u2019", "'").split())


def says(screens: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(plain(words.strip(' .:?!')))}(?!\w)", screens) is not None


@pytest.mark.parametrize("page", ["giao-vien.md", "quan-tri-vien.md", "so-giao-duc.md"])
def test_what_a_page_quotes_is_said_on_a_screen(page: str, screens: str) -> None:
    """A person looks for the very words; code and files are left out."""
    text = re.sub(
        r"```.*?```|`[^`\n]*`", "", (ROOT / "docs" / page).read_text("utf-8"), flags=re.DOTALL
    )
    quoted = set(QUOTED.findall(text)) - NOT_OURS
    assert {words for words in quoted if not says(screens, words)} == set()


def test_the_teachers_buttons_and_colours_are_called_as_on_the_screen(screens: str) -> None:
    """What is bold is to be pressed; the table's first column stands on the dashboard."""
    text = (ROOT / "docs" / "giao-vien.md").read_text("utf-8")
    colours = {words for words in COLOUR.findall(text) if words.strip("-")}
    heads = {"chữ trên bảng theo dõi", "word on the dashboard"}
    bold = {words for words in BOLD.findall(text) if not words.endswith((":", '"'))}
    assert len(colours - heads) == 8
    assert len(bold) > 10
    assert {words for words in bold | (colours - heads) if not says(screens, words)} == set()
