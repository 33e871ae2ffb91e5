"""A pupil's data on the page: found, handed out as a file, erased with proof, pressed twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from controller.__main__ import main
from controller.database.store import Store
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import keep_lists
from controller.students.store import data_of_pupil, erasures_of
from protocol.plan import Pupil
from tests.axe import violations
from tests.browser import SIZES, Page
from tests.controller.people import READER
from tests.controller.web_school import SCHOOL, Served, a_store, agent, asked, mark
from tests.tiers import wide

PUPIL, NAME, OTHER = "1400000001", "Lò Thị Ánh", "1400000003"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a room that is away, a class of two, and marks of both."""
    marks = [mark("e1", student=PUPIL), mark("e2", student=OTHER)]
    with a_store(tmp_path, [agent("6A1", online=False), *marks]) as opened:
        pupils = (Pupil(number=1, student=PUPIL, name=NAME), Pupil(number=3, student=OTHER))
        lists = Lists(classes=(SchoolClass(code="6A1", pupils=pupils),))
        opened.write(keep_lists, SCHOOL, lists, day="2026-09-05")
        yield opened


def find(page: Page, student: str) -> None:
    """Type the id, and press."""
    page.see(f"document.querySelector('main [name=student]').value = '{student}'")
    page.click("form[action='/students'] button")
    page.wait("Boolean(document.querySelector('#pupil'))")


@pytest.mark.parametrize("size", [SIZES[0], *wide(*((one,) for one in SIZES[1:]))])
def test_a_pupil_is_found_handed_out_and_erased_once(
    store: Store, page: Page, size: tuple[int, int]
) -> None:
    """The address never holds the id; a second press is the same erasure; others stay."""
    with Served(store) as served:
        page.open(f"{served.url}students?lang=vi", *size)
        find(page, PUPIL)
        assert PUPIL not in page.see("location.href")
        assert NAME in page.see("document.querySelector('#pupil').textContent")
        assert violations(page) == []
        assert page.see(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        kind = page.see(
            "fetch('/students/export', {method: 'POST', body: new URLSearchParams({student: "
            f"'{PUPIL}'}})}}).then(answer => answer.headers.get('content-disposition'))"
        )
        assert "hoc-sinh-" in kind
        assert PUPIL not in kind
        page.click("form[action='/students/erase'] button")
        page.wait("document.querySelector('.trouble')?.textContent.includes('chưa xóa')")
        assert store.read(erasures_of, SCHOOL) == []
        for _ in range(2):
            find(page, PUPIL)
            page.click("form[action='/students/erase'] [name=sure]")
            page.click("form[action='/students/erase'] button")
            page.wait(
                "location.pathname === '/students/erase' && !document.querySelector('#pupil')"
            )
        (one,) = store.read(erasures_of, SCHOOL)
        assert [(proof.agent, proof.proved_ms) for proof in one.proofs] == [("may-6a1", None)]
        assert "may-6a1" in page.see("document.querySelector('ul.repairs').textContent")
        assert page.errors == []
    assert store.read(data_of_pupil, SCHOOL, PUPIL) == (PUPIL, [], [])
    assert len(store.read(data_of_pupil, SCHOOL, OTHER).marks) == 1


def test_nobody_but_administrators_finds_or_erases(store: Store) -> None:
    """By page, file or press."""
    for path in ("/students", "/students/export", "/students/erase"):
        form = {"student": PUPIL, "sure": "yes"}
        assert asked(store, path, method="POST", host=READER, data=form).status_code == 403
    assert len(store.read(data_of_pupil, SCHOOL, PUPIL).marks) == 1


def test_the_command_hands_out_what_is_held(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a workbook that a parent reads, and as JSON; each pupil's own alone."""
    assert store
    monkeypatch.chdir(tmp_path)
    Path("c.toml").write_text(f'school = "{SCHOOL.school}"\nprovince = "{SCHOOL.province}"\n')
    line = ["students", "export", PUPIL, "--config", "c.toml", "--data", str(tmp_path)]
    assert main([*line, "-o", "h.xlsx"]) == 0
    assert main([*line, "-o", "h.json"]) == 0
    rows = CalamineWorkbook.from_path("h.xlsx").get_sheet_by_index(0).to_python()
    cells = {str(cell) for row in rows for cell in row}
    assert {PUPIL, NAME, "6A1", "Có mặt"} <= cells
    assert OTHER not in cells
    told = json.loads(Path("h.json").read_text("utf-8"))
    assert (told["student"], len(told["marks"])) == (PUPIL, 1)
    assert PUPIL not in capsys.readouterr().err
