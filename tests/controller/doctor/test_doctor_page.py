"""The doctor's page: who may see it, what stands first, a press that looks again, a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.access.account import Account
from controller.access.store import keep_account
from controller.database.store import Store
from controller.doctor.probes import people_facts
from controller.people.person import Role
from protocol.doctor import diagnose
from protocol.model import Status
from tests.axe import violations
from tests.browser import SIZES, Page
from tests.controller.people import READER
from tests.controller.web_school import NOW_MS, Served, a_store, agent, asked
from tests.tiers import wide

ACCOUNTS = st.builds(
    Account,
    account=st.just("an"),
    role=st.sampled_from(Role),
    password=st.sampled_from(["", "hash"]),
    setup=st.sampled_from(["", "digest"]),
    setup_until_ms=st.sampled_from([None, NOW_MS - 1, NOW_MS + 1]),
    ended_ms=st.sampled_from([None, 1]),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a room."""
    with a_store(tmp_path, [agent("6A1")]) as opened:
        yield opened


def test_the_page_is_the_administrators(store: Store) -> None:
    """It names files and addresses of the server."""
    for method, path in (("GET", "/doctor"), ("POST", "/doctor"), ("GET", "/doctor/bundle.json")):
        assert asked(store, path, method=method, host=READER).status_code == 403


@pytest.mark.parametrize("size", [SIZES[0], *wide(*((one,) for one in SIZES[1:]))])
def test_findings_are_read_on_any_screen_and_looked_at_anew(
    store: Store, page: Page, size: tuple[int, int]
) -> None:
    """The worst first, each with what to do; nobody here has a password."""
    with Served(store) as served:
        page.open(f"{served.url}doctor?lang=vi", *size)
        groups = page.see(
            "[...document.querySelectorAll('[data-group]')].map(e => e.dataset.group)"
        )
        order = ["critical", "warning", "unknown", "ok"]
        assert groups == [each for each in order if each in groups]
        codes = "[...document.querySelectorAll('[data-code]')].map(e => e.dataset.code)"
        assert {"copies_unset", "administrator_absent"} <= {*page.see(codes)}
        assert violations(page) == []
        assert page.see(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        account = Account(account="moi", role=Role.TEACHER, setup="x", setup_until_ms=1)
        store.write(keep_account, account)
        assert "links_over" not in page.see(codes)
        page.click("form[action='/doctor'] button")
        page.wait(f"{codes}.includes('links_over')")
        sent = page.see("fetch('/doctor/bundle.json').then(answer => answer.json())")
        assert sent["form"] == "lophoc-doctor-1"
        assert page.errors == []


@given(st.lists(ACCOUNTS, max_size=6))
def test_somebody_who_can_log_in_and_may_do_all_is_found(accounts: list[Account]) -> None:
    """Held against a plain count."""
    told = {each.code: each for each in diagnose(people_facts(accounts, [], NOW_MS))}
    alive = [each for each in accounts if each.ended_ms is None]
    can = sum(1 for each in alive if each.role is Role.ADMIN and each.password)
    assert ("administrator_there" in told) == bool(can)
    late = sum(
        1
        for each in alive
        if not each.password and each.setup and (each.setup_until_ms or 0) <= NOW_MS
    )
    assert ("links_over" in told) == bool(late)


def test_an_account_that_ended_is_no_administrator() -> None:
    """Nor is one that never came."""
    ended = Account(account="an", role=Role.ADMIN, password="x", ended_ms=5)  # noqa: S106 - no hash
    facts: list[Any] = [*people_facts([ended, replace(ended, password="", ended_ms=None)], [], 9)]
    assert diagnose(facts)[0].status is Status.CRITICAL
