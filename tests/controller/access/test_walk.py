"""A new server in Chromium: the link, the first account, a teacher who sees one class only."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from controller.access.codes import FirstCode, setup_link
from controller.web.site import create_web
from tests.browser import Page
from tests.controller.web_school import Served, a_live, a_program, a_store, agent, mark

PASSWORD = "bốn con voi xanh"  # noqa: S105 - a test's own


class Strangers(Served):
    """A school's face that logs nobody in by itself."""

    def made(self) -> FastAPI:
        """The face as it is in a school."""
        self.live = a_live(self._store)
        return create_web(a_program(self._store, self.live), ("127.0.0.1", "localhost"))


def fill(page: Page, **fields: str) -> None:
    """Type into the form of the page, and press its button."""
    for name, value in fields.items():
        page.see(f"document.querySelector('main [name={name}]').value = {value!r}")
    page.see("[...document.querySelectorAll('main form.fields button')].at(-1).click()")


def test_from_the_first_link_to_a_teacher_of_one_class(page: Page, tmp_path: Path) -> None:
    """Every step by the pages; what another's class holds is not shown."""
    records = [agent("6A1"), agent("6A2"), mark("m1")]
    with a_store(tmp_path, records) as store, Strangers(store) as school:
        base = school.url.rstrip("/")
        page.open(school.url)
        page.wait("location.pathname === '/login' && document.querySelector('pre')")
        page.open(setup_link(base, FirstCode(tmp_path).renew()))
        page.wait("document.querySelector('[name=code]').value.length > 40 && !location.hash")
        fill(page, account="co.hoa", name="Hoa", password=PASSWORD)
        page.wait("location.pathname === '/' && document.querySelector('.who')")
        page.open(f"{base}/accounts")
        fill(page, account="thay.an", role="teacher", classes="6A1", rooms="6A1")
        page.wait("document.getElementById('thay.an')")
        page.see("document.querySelector('form[action=\"/accounts/thay.an/invite\"]').submit()")
        page.wait("document.getElementById('link')")
        link = page.see("document.getElementById('link').textContent")
        page.open(f"{base}/sessions")
        page.see("document.querySelector('form[action=\"/logout\"]').submit()")
        page.wait("location.pathname === '/login'")
        page.open(link)
        page.wait("document.querySelector('[name=code]').value.length > 40")
        fill(page, password=PASSWORD)
        page.wait("location.pathname === '/' && document.querySelector('.who')")
        page.wait("document.body.textContent.includes('6A1')")
        assert not page.see("document.body.textContent.includes('6A2')")
        page.open(f"{base}/attendance/6A1")
        assert page.see("Boolean(document.querySelector('.sheet'))")
        page.open(f"{base}/attendance/6A2")
        assert not page.see("Boolean(document.querySelector('.sheet'))")
        page.open(f"{base}/accounts")
        assert not page.see("document.body.textContent.includes('co.hoa')")
