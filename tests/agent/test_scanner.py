"""The class's cards become suggestions, and the camera is open only while they are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.cards.matching import scan_result
from agent.cards.scanner import CardScanner
from agent.config import NO_PASSWORDS
from agent.equipment.logins import DeviceLogins
from hardware.camera.shutter import Shutter
from hardware.cards import scan as cards
from hardware.cards.acceptance import CardFlag, FoundCard
from hardware.cards.words import Over
from hardware.readings import SenseMissing
from protocol.plan import Booking, ClassList, Plan, Pupil
from protocol.words import translator
from tests.agent.classrooms import sighting
from tests.agent.test_lesson_door import PLAN, Desk, at_desk, shutter_of
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
    plan: Plan = PLAN,
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

    at_desk(folder, play, plan)


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


JOINT = replace(
    PLAN,
    timetable=(Booking(weekday=1, period=1, room="6A1", classes=("10A1", "10A2")),),
    lists=(
        *PLAN.lists,
        ClassList(
            code="10A2",
            pupils=(
                Pupil(number=2, student="1400000012", name="Lò Thị Ánh"),
                Pupil(number=3, student="1400000013", name="Đỗ Hà"),
                Pupil(number=4, student="1400000014", name="Vũ Nam"),
            ),
        ),
    ),
)


def test_cards_that_may_be_two_pupils_are_asked_about_before_confirming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given to neither and not dropped: the teacher says whose, for one card or a whole class."""
    eyes = Eyes(FoundCard(1), FoundCard(2), FoundCard(3), FoundCard(3, CardFlag.COPIED))

    async def story(here: Desk, scanner: CardScanner) -> None:
        scanner.switch(on=True)
        sheet = lambda: here.store.classroom.lesson.sheet  # noqa: E731
        await eventually(lambda: len(sheet().all_doubts) == 2 and sheet().all_doubts[1].repeated)  # type: ignore[union-attr]
        assert set(sheet().suggestions) == {"1400000001"}  # type: ignore[union-attr]
        words = "đã thấy 1/6; còn 2 thẻ có thể của hai học sinh"
        assert words in scanner.words(translator("vi")).lower()
        checks = {each["code"]: each for each in (await here.see())["roll"]["checks"]}
        assert checks["doubted"]["sentence"] == (
            "Thẻ có thể của hai học sinh: 2 (Lò Thị Ánh (10A1) hoặc Lò Thị Ánh (10A2)),"
            " 3 (Trần Bình hoặc Đỗ Hà)."
        )
        assert checks["unseen"]["students"] == ["1400000014"]
        both = {"number": 3, "students": ["1400000003", "1400000013"]}
        seen = await here.post(
            "roll/settle", {"answers": [both], "meant": (await here.see())["meant"]}
        )
        assert [each["chosen"] for each in seen["roll"]["doubts"]] == [None, both["students"]]
        await here.post("roll/settle", {"answers": [{"number": 2, "students": ["1400000012"]}]})
        seen = await here.post(
            "roll/settle", {"answers": [{"number": 2, "students": ["1400000002"]}]}
        )
        by = {line["student"]: (line["by"], line["suggested"]) for line in seen["roll"]["lines"]}
        assert by["1400000002"] == by["1400000013"] == ("card", "seen")
        assert by["1400000012"] == ("default", "unseen")
        wrong = {"answers": [{"number": 2, "students": ["1400000013"]}]}
        assert (await here.client.post("/api/v1/roll/settle", json=wrong)).is_client_error
        (await here.post("roll/confirm"))
        assert (await here.see())["roll"]["doubts"] == []

    scanning(tmp_path, eyes, monkeypatch, story, JOINT)


@given(st.data())
def test_no_card_is_given_to_one_of_two_or_dropped(data: st.DataObject) -> None:
    """Whatever the classes and the cards: each number is its pupil's, or asked with all who may."""
    numbers = st.lists(st.integers(1, 6), unique=True, max_size=6)
    lists = [
        ClassList(
            code=code, pupils=tuple(Pupil(number=n, student=f"{code}{n}") for n in sorted(of))
        )
        for code, of in data.draw(
            st.dictionaries(st.sampled_from("ABC"), numbers, min_size=1)
        ).items()
    ]
    found = data.draw(
        st.lists(st.builds(FoundCard, st.integers(1, 7), st.sampled_from([None, CardFlag.COPIED])))
    )
    result = scan_result(found, lists)
    holders = {
        number: {one.student for of in lists for one in of.pupils if one.number == number}
        for number in {card.id for card in found}
    }
    sole = {next(iter(who)) for who in holders.values() if len(who) == 1}
    assert {mark.student for mark in result.marks} | set(result.copied) == sole
    assert set(result.ambiguous) == {number for number, who in holders.items() if len(who) > 1}
    repeated = {card.id for card in found if card.flag}
    assert set(result.repeated) == repeated & set(result.ambiguous)
