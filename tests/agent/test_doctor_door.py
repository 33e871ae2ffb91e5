"""The doctor's page on a room's computer: findings with what to do, and a file that may be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from starlette.requests import Request

from agent.local.doctor import DoctorDoor
from protocol.doctor import Check, Diagnosis, Fact
from protocol.model import Status
from tests.agent.teacher_school import TeacherSchool
from tests.axe import violations
from tests.browser import SIZES, Page, Profile, opened_tab
from tests.tiers import wide
from tests.web import http_request


class Found(Diagnosis):
    """A fact that judges itself."""

    def judge(self) -> Diagnosis:
        """As it is."""
        return self


class Machine:
    """What is wrong now, and how often somebody looked."""

    def __init__(self) -> None:
        self.facts = [
            Found(Check.CLOCK, Status.OK, "clock_kept", "The clock is kept by a time service."),
            Found(Check.DISK, Status.CRITICAL, "disk_full", "Broken", "Look again"),
        ]
        self.looks = 0

    def examine(self) -> Sequence[Fact]:
        """Look."""
        self.looks += 1
        return self.facts


@pytest.fixture
def page(browser: Profile) -> Iterator[Page]:
    """A fresh tab."""
    with opened_tab(browser, Page) as tab:
        yield tab


def language(request: Request) -> str:
    """As the page asks."""
    return request.query_params.get("lang", "vi")


@pytest.mark.parametrize("size", [SIZES[0], *wide(*((one,) for one in SIZES[1:]))])
def test_findings_are_shown_the_worst_first_and_again_at_a_press(
    page: Page, size: tuple[int, int]
) -> None:
    """In Vietnamese, on any screen."""
    machine = Machine()
    with TeacherSchool(more=DoctorDoor(machine.examine, language).routes()) as school:
        page.open(f"{school.url}doctor", *size)
        codes = "[...document.querySelectorAll('[data-code]')].map(e => e.dataset.code).join()"
        page.wait(f"{codes} === 'disk_full,clock_kept'")
        assert page.see("document.querySelector('[data-code] + p, li p + p').textContent") == (
            "→ Xem lại"
        )
        assert violations(page) == []
        floating = "[...document.querySelectorAll('main *')].filter(FLOATS).map(e => e.textContent)"
        floats = "e => getComputedStyle(e).position === 'fixed'"
        assert page.see(floating.replace("FLOATS", floats)) == [], "nothing lies on what is read"
        assert page.see(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        del machine.facts[1]
        page.click("#again")
        page.wait(f"{codes} === 'clock_kept'")
        assert machine.looks == 2
        assert page.errors == []


def test_what_may_be_sent_is_a_file_of_codes() -> None:
    """No sentence is in it."""
    machine = Machine()
    with TeacherSchool(more=DoctorDoor(machine.examine, language).routes()) as school:
        answer = http_request("GET", f"{school.url}api/v1/doctor/bundle")
    assert answer.headers["content-disposition"] == 'attachment; filename="lophoc-doctor.json"'
    assert [each["code"] for each in answer.json()["checks"]] == ["clock_kept", "disk_full"]
    assert "time service" not in answer.text
