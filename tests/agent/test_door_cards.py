"""Door cards become suggestions, and the camera at the door is open only while a roll is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from agent.cards.door import DoorCardReader
from agent.config import NO_PASSWORDS
from agent.equipment.logins import DeviceLogins
from hardware.camera.shutter import Shutter
from hardware.cards import scan as cards
from hardware.cards.words import Over
from protocol.doorcode import fingerprint, sign
from protocol.model import Method
from protocol.plan import DoorCard, Plan
from tests.agent.classrooms import sighting
from tests.agent.test_lesson_door import PLAN, Desk, at_desk, shutter_of
from tests.waiting import eventually

CAMERA = sighting("usb:1", nodes=("/dev/video0",))
KEY, SERIAL = b"0123456789abcdef", b"serial"
OWNER = "1400000002"
CARDS_PLAN = msgspec.structs.replace(
    PLAN,
    door_keys={"1": KEY.hex()},
    door_cards=(DoorCard(serial=SERIAL.hex(), student=OWNER),),
)


KEYLESS_PLAN = msgspec.structs.replace(
    PLAN, door_cards=(DoorCard(serial=fingerprint(sign(KEY, 1, SERIAL)), student=OWNER),)
)


class Door:
    """A camera that sees some codes, and then the last again and again until nobody wants it."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.open = False

    async def __call__(
        self,
        _target: object,
        report: Callable[[str], None],
        _shutter: Shutter,
        *,
        is_wanted: Callable[[], bool],
    ) -> Over:
        """See, and look on."""
        self.open = True
        for text in self.texts:
            report(text)
        while is_wanted():
            await asyncio.sleep(0.005)
            for text in self.texts[-1:]:
                report(text)
        self.open = False
        return Over()


def at_the_door(
    folder: Path,
    door: Door,
    monkeypatch: pytest.MonkeyPatch,
    story: Callable[[Desk], Awaitable[None]],
    plan: Plan = CARDS_PLAN,
) -> None:
    """Play a story with a camera at the door."""
    monkeypatch.setattr(cards, "watch_door", door)

    async def play(desk: Desk) -> None:
        await desk.store.see([CAMERA])
        reader = DoorCardReader(
            desk.store, DeviceLogins(NO_PASSWORDS, tuple), shutter_of(desk), "usb:1"
        )
        running = asyncio.create_task(reader.run())
        try:
            await story(desk)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    at_desk(folder, play, plan)


@pytest.mark.parametrize("plan", [CARDS_PLAN, KEYLESS_PLAN], ids=["keys", "fingerprints"])
def test_a_card_at_the_door_is_a_suggestion_and_a_forged_one_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan
) -> None:
    """Whatever a camera reads at a door, one pupil is suggested."""
    door = Door("http://example.org", sign(b"theirs", 1, SERIAL), sign(KEY, 1, SERIAL))

    async def story(desk: Desk) -> None:
        await desk.post("lesson/start")
        sheet = lambda: desk.store.classroom.lesson.sheet  # noqa: E731
        await eventually(lambda: sheet() and sheet().suggestions)  # type: ignore[union-attr]
        methods = {student: one.method for student, one in sheet().suggestions.items()}  # type: ignore[union-attr]
        assert methods == {OWNER: Method.DOOR}

    at_the_door(tmp_path, door, monkeypatch, story, plan)


def test_the_camera_at_the_door_is_closed_with_the_roll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not open before the lesson, and let go when the teacher confirms."""
    door = Door()

    async def story(desk: Desk) -> None:
        assert not door.open
        await desk.post("lesson/start")
        await eventually(lambda: door.open)
        await desk.post("roll/confirm")
        await eventually(lambda: not door.open)

    at_the_door(tmp_path, door, monkeypatch, story)


def test_a_wall_of_codes_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too much is passed over, and what comes later is read."""
    wall = [f"http://example.org/{number}" for number in range(1000)]
    door = Door(*wall, sign(KEY, 1, SERIAL))

    async def story(desk: Desk) -> None:
        await desk.post("lesson/start")
        sheet = lambda: desk.store.classroom.lesson.sheet  # noqa: E731
        await eventually(lambda: sheet() and sheet().suggestions)  # type: ignore[union-attr]

    at_the_door(tmp_path, door, monkeypatch, story)
