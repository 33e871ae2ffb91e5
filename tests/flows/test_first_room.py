"""From an empty folder to the first room that has joined: by clicks and one code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.commands.page import link_of
from controller.access.codes import FirstCode, setup_link
from controller.broker.knocks import BROKER_LOG, knocks_in
from tests.axe import violations
from tests.browser import Page
from tests.flows.programs import Program, get, key_of_open_door
from tests.ports import free_port
from tests.waiting import calm_s, until

PROMISED_S = 180  # from the server's start to the first room, its pages looked at on the way
SHOTS = os.environ.get("LOPHOC_SHOTS", "")


class FirstDay:
    """A school's server and a room's computer, as they are when nobody has set anything."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "controller"
        self.http, self.local, self.enrol = free_port(), free_port(), free_port()
        self.controller = Program(
            folder / "controller.log",
            *("lophoc-controller", "run", "--data", str(self.data)),
            *("--http-port", str(self.http), "--mqtt-port", str(free_port())),
            *("--mqtt-host", "0.0.0.0", "--enrol-port", str(self.enrol)),  # noqa: S104
            *("--school", "THCS-01", "--province", "14", "--mdns", "false", "--lang", "vi"),
            is_true=True,
        )
        self.agent = Program(
            folder / "agent.log",
            *("lophoc-agent", "run", "--data", str(folder / "agent")),
            *(
                "--local-port",
                str(self.local),
                "--tablets",
                "false",
                "--mdns",
                "false",
                "--lang",
                "vi",
            ),
            is_true=True,
        )

    def room_of_computer(self) -> str:
        """Where the computer says that it is; empty while it does not answer."""
        status = get(f"http://127.0.0.1:{self.local}/api/v1/status")
        return status["room"] if status and status["link"]["connected"] else ""


@contextmanager
def first_day(folder: Path) -> Iterator[FirstDay]:
    """Both started."""
    made = FirstDay(folder)
    made.controller.start()
    made.agent.start()
    try:
        yield made
    finally:
        made.agent.close()
        made.controller.stop()


def write(page: Page, selector: str, text: str) -> None:
    """Type into a field."""
    page.click(selector)
    page.call("Input.insertText", text=text)


def shoot(page: Page, name: str) -> None:
    """Look at it at each size, where pictures are asked for; nothing is wider than the window."""
    for width, _ in page.at_each_size():
        assert page.see("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        if SHOTS:
            page.shoot(Path(SHOTS) / f"{name}-{width}.png")


def unlooked(_page: Page, _name: str) -> None:
    """Where nobody looks."""


def first_account(page: Page, day: FirstDay) -> None:
    """The administrator logs in for the first time."""
    until(lambda: get(f"http://127.0.0.1:{day.http}/healthz"), "the server answers")
    page.open(setup_link(f"http://127.0.0.1:{day.http}", FirstCode(day.data).read()))
    write(page, "[name=account]", "hieu.truong")
    write(page, "[name=name]", "Lò Văn Hiệu")
    write(page, "[name=password]", "mua xuan ve ban")
    page.click("form.fields button")
    page.wait("location.pathname === '/'")


def first_room(page: Page, day: FirstDay, look: Callable[[Page, str], None] = unlooked) -> str:
    """Account, "add a room", the code on the room's page; the words that both show."""
    first_account(page, day)
    page.open(f"http://127.0.0.1:{day.http}/enrolment?lang=vi")
    write(page, "[name=room]", "6A1")
    page.click("form button")
    page.wait("document.querySelector('.digits') !== null")
    look(page, "code")
    code = page.see("document.querySelector('.digits').innerText")
    code_page = page.see("location.href")
    page.open(link_of(day.local, key_of_open_door(day.local)).url)
    page.wait("document.querySelector('#enrolment').open")
    page.wait("document.body.dataset.link === 'here'")  # until then it takes no press
    page.click_for("#fault", "document.querySelector('#parts button') !== null")
    page.click("#parts button")  # told before the school is known: nothing of it is lost
    page.wait("document.querySelector('#sent li') !== null")
    look(page, "not-enrolled")
    write(page, "#join-code", code.lower())
    joining = "document.querySelector('#enrolment').dataset.joining"
    page.click_for("#join", f"{joining} !== 'idle'")  # while the agent is away none is taken
    page.wait(f"{joining} === 'failed'")
    look(page, "failed")
    write(page, "#join-controller", f"127.0.0.1:{day.enrol}")
    page.click_for("#join", f"{joining} !== 'failed'")
    page.wait("document.querySelector('#join-words').innerText.includes('·')")
    words: str = page.see("document.querySelector('#join-words').innerText")
    until(lambda: day.room_of_computer() == "6A1", "the computer speaks as room 6A1")
    page.wait("document.querySelector('#room-name').innerText === '6A1'")
    page.wait("document.querySelector('#sent li').dataset.state === 'ok'")
    assert page.see("document.querySelector('#join-words').innerText") == words
    look(page, "joined")
    page.open(code_page)
    page.wait("document.querySelector('[data-state=used]') !== null")
    assert words in page.see("document.body.innerText")
    look(page, "used")
    return words


@pytest.mark.wide("tests/flows/test_three_clicks.py::test_a_lesson_reaches_the_schools_sheet")
def test_the_first_room_joins_by_clicks_and_one_code(page: Page, tmp_path: Path) -> None:
    """No file is edited, nothing is started again, nothing is refused on the way."""

    def look(tab: Page, name: str) -> None:
        assert violations(tab) == [], name
        shoot(tab, name)

    began_s = calm_s()
    with first_day(tmp_path) as day:
        first_room(page, day, look)
        assert calm_s() - began_s < PROMISED_S
        assert not [knock for knock in knocks_in(day.data / BROKER_LOG) if knock.name]
        assert page.errors == []


@pytest.mark.wide("tests/agent/test_joining.py::test_the_program_that_knocks_asks_a_person")
def test_the_first_room_joins_by_knocking(page: Page, tmp_path: Path) -> None:
    """No code is typed: six digits on two screens, a press on each."""

    def look(tab: Page, name: str) -> None:
        assert violations(tab) == [], name
        shoot(tab, name)

    with first_day(tmp_path) as day:
        first_account(page, day)
        office = f"http://127.0.0.1:{day.http}/enrolment/knocks?lang=vi"
        page.open(office)
        page.click("form[action='/enrolment/knocks'] button")
        page.wait("document.querySelector('[data-knocks=open]') !== null")
        room = link_of(day.local, key_of_open_door(day.local)).url
        page.open(room)
        page.wait("document.querySelector('#enrolment').open")
        page.click("#knock")  # nobody is found: its address is asked for
        page.wait("document.querySelector('#enrolment').dataset.joining === 'failed'")
        write(page, "#join-controller", f"127.0.0.1:{day.enrol}")
        page.click("#knock")
        page.wait("document.querySelector('#compare').hidden === false")
        look(page, "knocks")
        digits = page.see("document.querySelector('#join-words').innerText")
        page.click("#same")
        page.wait("document.querySelector('#compare').hidden")
        page.open(office)
        page.wait("document.querySelector('.digits') !== null")
        assert page.see("document.querySelector('.digits').innerText") == digits
        look(page, "knock")
        write(page, "[data-knock=waiting] [name=room]", "6A1")
        page.click("form[action$='/accept'] button")
        page.wait("document.querySelector('[data-knock=joined]') !== null")
        look(page, "knocked")
        until(lambda: day.room_of_computer() == "6A1", "the computer speaks as room 6A1")
        assert not [knock for knock in knocks_in(day.data / BROKER_LOG) if knock.name]
        assert page.errors == []
