"""A person adds a passkey in a real browser, logs in by it with the keyboard, and removes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from controller.access.account import Account
from controller.access.passwords import hashed
from controller.access.store import keep_account
from controller.people.person import Role
from controller.web.site import create_web
from tests.axe import violations
from tests.browser import Page
from tests.controller.web_school import Served, a_live, a_program, a_store

PASSWORD = "bốn con voi xanh"  # noqa: S105 - a test's own
OF_COMPUTER = {  # as a laptop with a fingerprint reader
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
IS_OFFERED = "document.querySelector('#passkey-login')?.hidden === false"


class ServedToAll(Served):
    """A school's face to which nobody is logged in by being here."""

    def made(self) -> FastAPI:
        """The face to serve."""
        self.live = a_live(self._store, time.time, self._scope)
        return create_web(a_program(self._store, self.live), ("localhost", "127.0.0.1"))


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A school in which one teacher has a password."""
    with a_store(tmp_path) as store:
        an = Account(account="an", role=Role.TEACHER, name="Cô An", password=hashed(PASSWORD))
        store.write(keep_account, an)
        with ServedToAll(store) as served:
            yield served.port


def write(page: Page, selector: str, text: str) -> None:
    """Type into a field."""
    page.click(selector)
    page.call("Input.insertText", text=text)


def log_in(page: Page, url: str) -> None:
    """By the password, which is as it always was."""
    page.open(f"{url}/login?next=/sessions&lang=vi")
    page.see("document.querySelector('[name=account]').value = 'an'")
    write(page, "[name=password]", PASSWORD)
    page.press("Enter")
    page.wait("location.pathname === '/sessions'")


def focus_by_tab(page: Page, selector: str) -> None:
    """Reach an element by the keyboard alone."""
    for _ in range(40):
        if page.see(f"document.activeElement === document.querySelector('{selector}')"):
            return
        page.press("Tab")
    pytest.fail(f"{selector} is not reached by Tab")


def test_a_passkey_from_its_adding_to_its_removal(page: Page, port: int) -> None:
    """By keyboard, without an error of accessibility; a refusal is said beside the button."""
    url = f"http://localhost:{port}"
    page.call("WebAuthn.enable")
    made = page.call("WebAuthn.addVirtualAuthenticator", options=OF_COMPUTER)
    authenticator = {"authenticatorId": made["authenticatorId"]}
    log_in(page, url)
    write(page, "#passkeys [name=name]", "Máy của cô An")
    write(page, "#passkeys [name=password]", "nhầm rồi mà")
    page.press("Enter")
    page.wait("document.querySelector('#passkeys [role=alert]').innerText.length > 10")
    page.see("document.querySelector('#passkeys [name=password]').value = ''")
    write(page, "#passkeys [name=password]", PASSWORD)
    page.press("Enter")
    page.wait("document.querySelector('#passkeys tbody')?.innerText.includes('Máy của cô An')")
    assert violations(page) == []
    (kept,) = page.call("WebAuthn.getCredentials", **authenticator)["credentials"]
    assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)

    page.click("form[action='/logout'] button")
    page.wait("location.pathname === '/login'")
    page.open(f"{url}/login?next=/sessions")
    page.wait(IS_OFFERED)
    assert violations(page) == []
    page.call("WebAuthn.setUserVerified", **authenticator, isUserVerified=False)
    focus_by_tab(page, "#passkey-login button")
    page.press("Enter")
    page.wait("document.querySelector('#passkey-login [role=alert]').innerText.length > 10")
    page.call("WebAuthn.setUserVerified", **authenticator, isUserVerified=True)
    focus_by_tab(page, "#passkey-login button")
    page.press("Enter")
    page.wait("location.pathname === '/sessions'")
    assert "Cô An" in page.see("document.querySelector('main').innerText")

    page.click("form[action^='/passkeys/'] button")
    page.wait("!document.querySelector('#passkeys tbody')")
    page.open(f"{url}/login")
    assert not page.see("Boolean(document.querySelector('#passkey-login'))")
    refused = [error for error in page.errors if "403" not in error]  # the wrong password
    assert refused == []


def test_where_a_browser_knows_no_passkeys_nothing_is_shown(page: Page, port: int) -> None:
    """Neither of the two, and the password opens as ever; nor by an address."""
    url = f"http://localhost:{port}"
    bare = "delete window.PublicKeyCredential"
    page.call("Page.addScriptToEvaluateOnNewDocument", source=bare)
    log_in(page, url)
    assert page.see("document.querySelector('#passkeys').hidden")
    log_in(page, f"http://127.0.0.1:{port}")
    assert not page.see("Boolean(document.querySelector('#passkeys'))")
    assert page.errors == []
