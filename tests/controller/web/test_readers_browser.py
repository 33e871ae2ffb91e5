"""A page that tells how far a file is read goes on by itself, in a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.sheets.apart import Progress, read_apart
from tests.axe import violations
from tests.browser import Page
from tests.controller.reconcile.test_book_browser import choose_file
from tests.controller.web_school import Served, a_store

BOOK = "STT;Mã tài sản;Tên thiết bị;Phòng\n1;TS-001;Máy chiếu;P203\n"
FAR = "document.getElementById('reading-far')?.innerText"
BAR = "document.getElementById('reading-bar')?.value"


def test_the_bar_moves_and_the_trial_follows(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told in Vietnamese, without an error of accessibility; nobody presses anything."""
    notes: list[Callable[[Progress], None]] = []
    goes_on = [True]

    async def read(*order: Any) -> Any:
        notes.append(order[-1])
        while goes_on[0]:
            await asyncio.sleep(0.02)
        return await read_apart(*order)

    monkeypatch.setattr("controller.web.readers.read_apart", read)
    monkeypatch.setattr("controller.web.intake.SOON_S", 0)
    path = tmp_path / "sổ.csv"
    path.write_text(BOOK, "utf-8")
    with a_store(tmp_path) as store, Served(store) as served:
        page.open(f"{served.url}register/import?lang=vi")
        choose_file(page, path)
        page.click("form.upload button")
        page.wait(FAR)
        assert "đang được mở" in page.see(FAR)
        notes[0](Progress(20_000, 50_000))
        page.wait(f"{FAR}.includes('20.000')")
        assert page.see(FAR) == "Đã đọc 20.000 trong 50.000 dòng"
        assert page.see(BAR) == 20_000
        assert violations(page) == []
        goes_on[0] = False
        page.wait("document.querySelector('form.keep')")
        assert "TS-001" in page.see("document.body.innerText")
