"""This file plays the first day as its person does: by clicks and keys, each counted.

Whoever installs the packages may play it on what they installed: give `FirstDay` the address of a
controller that has just begun, its set-up link, and the link of the room's page.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.axe import violations
from tests.browser import Page

PICTURES: Final = os.environ.get("LOPHOC_PICTURES", "")
# What is looked at on the way; the handbook's pictures are some of these.
LOOKS: Final = frozenset(
    {
        *("account", "start", "start-school", "start-time", "start-network", "start-begin"),
        *("start-department", "start-book", "start-lists", "start-rooms", "start-done"),
        *("start-move", "book-kept", "start-rooms-codes", "room-joined"),
    }
)
Look = Callable[[Page, str], None]


def unlooked(_page: Page, _name: str) -> None:
    """Where nobody looks."""


def look_whole(page: Page, name: str) -> None:
    """Nothing is wrong for anybody, at any size; a picture of each where pictures are asked for."""
    for width, _ in page.at_each_size():
        found = violations(page)
        assert not found, (name, width, found)
        assert page.see("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        if PICTURES:
            page.shoot(Path(PICTURES) / f"{name}-{width}.png")
    page.size(1366, 768)


@dataclass
class FirstDay:
    """The person at the server. base: its address; clicks: what was pressed so far."""

    page: Page
    base: str
    look: Look = unlooked
    clicks: list[str] = field(default_factory=list)

    def click(self, selector: str) -> None:
        """Press something; it counts."""
        self.clicks.append(selector)
        self.page.click(selector)

    def press(self, selector: str, until: str) -> None:
        """Press something and see that it took: a page that grows meanwhile moved it away."""
        self.clicks.append(selector)
        self.page.click_for(selector, until)

    def type(self, text: str) -> None:
        """Type into the field that has the focus, as keys do; the next one by Tab."""
        self.page.call("Input.insertText", text=text)

    def choose(self, first_letter: str) -> None:
        """Choose in a list by its entry's first letter, as keys do."""
        for kind in ("keyDown", "keyUp"):
            self.page.call("Input.dispatchKeyEvent", type=kind, key=first_letter, text=first_letter)

    def tab(self) -> None:
        """On to the next field."""
        self.page.press("Tab")

    def at(self, step: str) -> None:
        """Wait for a step, and look at it."""
        self.page.wait(f"location.pathname === '/start{step}'")
        self.look(self.page, f"start{step.replace('/', '-')}")

    def make_account(self, link: str) -> None:
        """By the set-up link, which fills its code in."""
        self.page.open(link)
        self.page.wait("document.activeElement?.name === 'account'")
        self.look(self.page, "account")
        self.type("hieu.truong")
        self.tab()
        self.type("Lò Văn Hiệu")
        self.tab()
        self.type("mua xuan ve ban")
        self.click("form.fields button")

    def set_up(self) -> None:
        """From the welcome to a server that knows its school."""
        self.at("")
        self.click("a.first")
        self.at("/school")
        self.type("Trường THCS Nguyễn Du")
        self.tab()
        self.type("00123")
        self.tab()
        self.choose("S")
        self.click("form button")
        self.at("/time")
        self.click("form button")
        self.at("/network")
        self.click("form button")
        self.at("/begin")
        self.click("form button")
        self.at("/department")

    def move_here(self, copies: Path, passphrase: str) -> None:
        """Everything from the old server's copies, in the place of answers.

        copies: a folder at the server, or a file that this browser sends.
        """
        self.at("")
        self.click("a.button:not(.first)")
        if copies.is_file():
            self.at("/move")
            self.choose_file(copies)
            self.click("form[action*='/start/copy'] button")
            self.page.wait("document.querySelector('[name=source]:checked') !== null")
        for typed in ("not the passphrase", passphrase):
            self.at("/move")
            if copies.is_dir():
                self.click("[name=source]")
                self.page.see("document.querySelector('[name=source]').select?.()")
                self.type(str(copies))
            self.click("[name=passphrase]")
            self.type(typed)
            self.click("form[action$=move] button")
            self.page.wait("document.querySelector('[role=alert], [data-moved]') !== null")
        self.page.wait("location.pathname === '/login'")

    def answer(self, step: str) -> None:
        """Go on from a step without more."""
        self.at(f"/{step}")
        self.click(f"form[action='/start/{step}'] button")

    def bring_book_in(self, book: Path) -> None:
        """By the page that every book goes through, and back by the line at its top."""
        self.at("/book")
        self.click("a.first")
        self.page.wait("document.querySelector('form.upload') !== null")
        self.choose_file(book)
        self.click("form.upload button")
        self.page.wait("document.querySelector('form.keep') !== null")
        self.page.wait("document.querySelector('[data-follow=reading]') === null")
        self.click("form.keep button")
        self.page.wait("document.querySelector('a.button[href=\"/register\"]') !== null")
        self.look(self.page, "book-kept")
        self.click(".setup a")
        self.answer("book")

    def choose_file(self, path: Path) -> None:
        """Choose a file in the page's form, as in the browser's dialogue: two presses."""
        self.clicks += ["a file's dialogue", "its file"]
        root = self.page.call("DOM.getDocument")["root"]["nodeId"]
        asked = {"nodeId": root, "selector": "input[type=file]"}
        node = self.page.call("DOM.querySelector", **asked)["nodeId"]
        self.page.call("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def make_codes(self) -> str:
        """For the rooms of the book, which stand there already; the first one's code."""
        self.at("/rooms")
        self.click("form.fields button")
        self.page.wait("document.querySelector('b.code') !== null")
        self.look(self.page, "start-rooms-codes")
        code: str = self.page.see("document.querySelector('b.code').innerText")
        return code

    def join_room(self, link: str, code: str, controller: str, room: str) -> None:
        """On the room's computer: type the code; where nobody is found, the address too."""
        self.page.open(link)
        self.page.wait("document.querySelector('#enrolment').open")
        self.press("#join-code", "document.activeElement.id === 'join-code'")
        self.type(code)
        state = "document.querySelector('#enrolment').dataset.joining"
        self.press("#join", f"{state} !== 'idle'")
        self.page.wait(f"{state} === 'failed' || {state} === 'joined'")
        if controller:
            self.press("#join-controller", "document.activeElement.id === 'join-controller'")
            self.type(controller)
            self.press("#join", f"{state} !== 'failed'")
        self.page.wait(f"document.querySelector('#room-name').innerText === {room!r}")
        self.look(self.page, "room-joined")

    def hold_lesson(self) -> None:
        """On the room's page: begin it."""
        self.page.wait("document.querySelector('#big') && !document.querySelector('#big').disabled")
        self.click("#big")
