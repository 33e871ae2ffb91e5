"""From a server that nobody has told anything to a lesson in its first room: by clicks alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.commands.page import link_of
from controller.access.codes import FirstCode, setup_link
from tests.browser import Page
from tests.flows.first_day import FirstDay, look_whole
from tests.flows.programs import Program, get, key_of_open_door
from tests.ports import free_port
from tests.waiting import until

MOST_CLICKS = 25
BOOK = """STT;Mã tài sản;Tên tài sản;Số sê-ri;Phòng;Năm sử dụng
1;TS-01;Bảng tương tác;X9-0001;P101;2021
2;TS-02;Bảng tương tác;X9-0002;P102;2021
3;TS-03;Máy chiếu;Y1-0003;P103;2022
"""


class Machines:
    """A server and a room's computer, as they are when nobody has set anything."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "controller"
        self.http, self.local, self.enrol = free_port(), free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.http}"
        self.controller = Program(
            folder / "controller.log",
            *("lophoc-controller", "run", "--data", str(self.data)),
            *("--http-port", str(self.http), "--mqtt-port", str(free_port())),
            *("--enrol-port", str(self.enrol), "--mdns", "false", "--lang", "vi"),
        )
        self.agent = Program(
            folder / "agent.log",
            *("lophoc-agent", "run", "--data", str(folder / "agent")),
            *("--local-port", str(self.local), "--tablets", "false"),
            *("--mdns", "false", "--lang", "vi"),
        )

    @property
    def setup_link(self) -> str:
        """As the server's own screen shows it."""
        return setup_link(self.base, FirstCode(self.data).read())

    @property
    def room_page(self) -> str:
        """As the icon on the room's computer opens it."""
        return link_of(self.local, key_of_open_door(self.local)).url


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """Both started."""
    made = Machines(tmp_path)
    made.controller.start()
    made.agent.start()
    try:
        until(lambda: get(f"{made.base}/livez"), "the server answers")
        yield made
    finally:
        made.agent.close()
        made.controller.stop()


def change_setting(page: Page, base: str) -> None:
    """On the page of settings: kept, in force after a start by its button, and undone."""
    form = "[data-setting=keep_days] form"
    page.open(f"{base}/settings?lang=vi")
    look_whole(page, "settings")
    page.click(f"{form} [name=value]")
    page.see(f"document.querySelector('{form} [name=value]').select()")
    page.call("Input.insertText", text="90")
    page.click(f"{form} button")
    page.click("form[action='/settings/restart'] button")
    page.wait("location.pathname === '/settings/restart'")
    page.wait("location.pathname === '/settings'")
    assert page.see(f"document.querySelector('{form} [name=value]').value") == "90"
    assert page.see("document.querySelector('form[action$=restart]') === null")
    page.click("form[action='/settings/undo'] button")
    page.wait(f"document.querySelector('{form} [name=value]').value === '400'")


@pytest.mark.wide("tests/flows/test_three_clicks.py::test_a_lesson_reaches_the_schools_sheet")
def test_a_first_lesson_is_held_after_few_clicks(
    page: Page, machines: Machines, tmp_path: Path
) -> None:
    """Account, school, time, network, book, codes, the first room, a lesson there."""
    (tmp_path / "so.csv").write_text(BOOK, "utf-8")
    day = FirstDay(page, machines.base, look_whole)
    day.make_account(machines.setup_link)
    day.set_up()
    day.answer("department")
    day.bring_book_in(tmp_path / "so.csv")
    day.answer("lists")
    code = day.make_codes()
    day.answer("rooms")
    day.answer("done")
    page.wait("location.pathname === '/'")
    assert "Trường THCS Nguyễn Du" in page.see("document.body.innerText")
    assert page.see("document.querySelector('.setup') === null")
    day.join_room(machines.room_page, code, f"127.0.0.1:{machines.enrol}", "P101")
    day.hold_lesson()
    page.open(f"{machines.base}/enrolment/codes?lang=vi")
    page.wait("document.querySelector('[data-room=P101][data-state=used]') !== null")
    page.open(f"{machines.base}/?lang=vi")
    page.wait("document.querySelector('.lesson') !== null")
    assert len(day.clicks) <= MOST_CLICKS, day.clicks
    change_setting(page, machines.base)
    assert not [error for error in page.errors if "CONNECTION_REFUSED" not in error]
