"""The class's cards become suggestions, and the camera is open only while they are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.cards.scanner import CardScanner
from agent.config import NO_PASSWORDS
from agent.equipment.logins import DeviceLogins
from hardware.camera.shutter import Shutter
from hardware.cards import scan as cards
from hardware.cards.acceptance import CardFlag, FoundCard
from hardware.cards.words import Over
from hardware.readings import SenseMissing
from protocol.words import translator
from tests.agent.classrooms import sighting
from tests.agent.test_lesson_door import Desk, at_desk, shutter_of
from tests.waiting import eventually

CAMERA = sighting("usb:1", nodes=("/dev/video0",))


class Eyes:
    """A scan that finds what it is told, then waits until it is no longer wanted."""

    def __init__(self, *found: FoundCard, reason: str = "") -> None:
        self.found = found
        self.reason = reason
        self.allowed: frozenset[int] = frozenset()
        self.open = False

    async def __call__(
        self,
        _target: object,
        allowed: frozenset[int],
        report: Callable[[FoundCard], None],
        _shutter: Shutter,
        *,
        is_wanted: Callable[[], bool],
    ) -> Over:
        """Find, and look until nobody wants it."""
        self.allowed, self.open = allowed, True
        if self.reason == "no_vision":
            raise SenseMissing("no_vision", {}, "")
        for card in self.found:
            report(card)
        while is_wanted() and not self.reason:
            await asyncio.sleep(0.005)
        self.open = False
        return Over(self.reason)


def scanning(
    folder: Path,
    eyes: Eyes,
    monkeypatch: pytest.MonkeyPatch,
    story: Callable[[Desk, CardScanner], Awaitable[None]],
) -> None:
    """Play a story in a lesson with a camera."""
    monkeypatch.setattr(cards, "scan", eyes)

    async def play(here: Desk) -> None:
        await here.store.see([CAMERA])
        await here.post("lesson/start")
        scanner = CardScanner(here.store, DeviceLogins(NO_PASSWORDS, tuple), shutter_of(here))
        running = asyncio.create_task(scanner.run())
        try:
            await story(here, scanner)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    at_desk(folder, play)


def test_cards_are_suggested_and_the_teacher_stops_the_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only numbers of this class are looked for; nothing is recorded."""
    eyes = Eyes(FoundCard(1), FoundCard(3, CardFlag.CHECK))

    async def story(here: Desk, scanner: CardScanner) -> None:
        assert scanner.possible
        scanner.switch(on=True)
        sheet = lambda: here.store.classroom.lesson.sheet  # noqa: E731
        await eventually(lambda: len(sheet().suggestions) == 2)  # type: ignore[union-attr]
        assert eyes.allowed == {1, 2, 3}
        flags = {each: one.flags for each, one in sheet().suggestions.items()}  # type: ignore[union-attr]
        assert flags == {"1400000001": (), "1400000003": ("check_card",)}
        assert scanner.words(translator("vi")) == "Thầy/cô cho cả lớp giơ thẻ: đã thấy 2/3."
        scanner.switch(on=False)
        await eventually(lambda: not eyes.open and not scanner.running)
        assert len(here.outbox.waiting_events(0, 9)) == 2

    scanning(tmp_path, eyes, monkeypatch, story)


@pytest.mark.parametrize("how", ["camera", "lesson"])
def test_the_camera_is_let_go_when_it_is_switched_off_or_the_lesson_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whoever switches it off need not think of the scan."""
    eyes = Eyes()

    async def story(here: Desk, scanner: CardScanner) -> None:
        scanner.switch(on=True)
        await eventually(lambda: eyes.open)
        if how == "camera":
            await here.store.do(lambda room, at_ms: room.switch_camera(off=True, at_ms=at_ms))
        else:
            await here.post("lesson/end")
        await eventually(lambda: not eyes.open and not scanner.running)
        assert not scanner.possible

    scanning(tmp_path, eyes, monkeypatch, story)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("no_answer", "Camera không cho hình"), ("no_vision", "không xem được")],
)
def test_a_scan_that_cannot_be_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, words: str
) -> None:
    """The names can always be tapped."""
    eyes = Eyes(reason=reason)

    async def story(_: Desk, scanner: CardScanner) -> None:
        scanner.switch(on=True)
        await eventually(lambda: scanner.words(str) and not scanner.running)
        assert words in scanner.words(translator("vi"))

    scanning(tmp_path, eyes, monkeypatch, story)


def test_a_copied_card_is_named_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And counts for nobody."""
    eyes = Eyes(FoundCard(2, CardFlag.COPIED))

    async def story(here: Desk, scanner: CardScanner) -> None:
        scanner.switch(on=True)
        await eventually(lambda: "2" in scanner.words(translator("vi")) and eyes.open)
        assert here.store.classroom.lesson.sheet
        assert here.store.classroom.lesson.sheet.suggestions == {}

    scanning(tmp_path, eyes, monkeypatch, story)
