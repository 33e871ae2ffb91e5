"""The pages by day: their buttons, addresses, commands and pictures are those of the programs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.__main__ import _parser
from controller.database.store import Store
from protocol.words import translator
from tests.controller.web_school import a_store, agent, asked
from tests.docs.test_named import BOLD, says, screens
from tests.flows.first_day import LOOKS

__all__ = ["screens"]  # a fixture

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["ngay-dau-tien.md", "gio-den-do.md", "hang-thang.md", "the-phong.md"]
ADDRESS = re.compile(r"`(/[a-z/-]*)`")
PICTURE = re.compile(r"\]\(pictures/([\w-]+)-(\d+)\.png\)")
AGENT = re.compile(r"^ *(?:sudo )?lophoc-agent (.+)$", re.MULTILINE)
# What a school writes on the card, and the name on the door.
NOT_PRESSED = {"Phòng:", "Mã máy:", "Báo cho:", "LopHoc"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A school with a room."""
    with a_store(tmp_path_factory.mktemp("school"), [agent("6A1")]) as opened:
        yield opened


def text_of(page: str) -> str:
    """A page's text."""
    return (DOCS / page).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_what_is_bold_is_on_a_screen(page: str, screens: str) -> None:
    """A person looks for the very words."""
    bold = set(BOLD.findall(text_of(page))) - NOT_PRESSED
    assert bold
    assert {words for words in bold if not says(screens, words)} == set()


@pytest.mark.parametrize(
    ("page", "address"),
    [(page, address) for page in PAGES for address in sorted({*ADDRESS.findall(text_of(page))})],
)
def test_an_address_is_a_page(page: str, address: str, store: Store) -> None:
    """Of a school's server, for who runs it."""
    assert asked(store, address).status_code == 200, page


@pytest.mark.parametrize("line", [line for page in PAGES for line in AGENT.findall(text_of(page))])
def test_a_line_for_a_room_is_a_command(line: str) -> None:
    """With options that it has."""
    assert _parser(translator("en")).parse_args(shlex.split(line, comments=True))


def test_every_picture_is_one_that_the_first_day_makes() -> None:
    """LOPHOC_PICTURES=docs/pictures .venv/bin/pytest tests/flows/test_first_day.py makes them."""
    named = {found for page in PAGES for found in PICTURE.findall(text_of(page))}
    assert {name for name, _ in named} <= LOOKS
    kept = {f"{name}-{width}.png" for name, width in named}
    assert kept == {path.name for path in (DOCS / "pictures").glob("*.png")}
