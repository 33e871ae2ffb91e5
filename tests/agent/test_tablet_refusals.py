"""Each way in which the tablets' door turns somebody away comes about, and the sentence is true."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

from agent.tablets.cart import MAX_SLOTS
from agent.tablets.checkins import GOOD, CheckInOutcome
from agent.tablets.service import TabletService
from agent.tablets.tries import A_TABLET, ALL
from tests.agent.tablet_room import Room, lesson_of, result, served, tablet

WRONG = "99999"
SAID = {
    "not_yet": (409, "Chưa đến lúc: hãy đợi thầy/cô bắt đầu tiết học."),
    "no_list": (409, "Ở đây chưa có danh sách lớp: hãy báo thầy/cô."),
    "over": (409, "Tiết học đã kết thúc."),
    "no_code": (403, "Hãy nhập mã trên bảng trước, rồi chạm vào số của em."),
    "no_number": (403, "Bây giờ hãy chạm vào số của em."),
    "wrong_code": (403, "Mã không đúng: hãy xem lại mã trên bảng."),
    "old_code": (403, "Mã đã hết hạn: hãy nhập mã đang hiện trên bảng."),
    "two_pupils": (403, "Hai bạn có cùng số này: chạm vào số ở dưới tên lớp của em."),
    "not_on_roster": (403, "Số này không có trong danh sách lớp."),
    "too_many_tries": (429, "Nhập sai quá nhiều lần: hãy đợi một phút, hoặc báo thầy/cô."),
    "no_more_tries": (429, "Nhập sai quá nhiều lần trong tiết này: hãy báo thầy/cô."),
    "typing_off": (
        429,
        "Có quá nhiều lần đoán mã nên lúc này không gõ mã được: hãy quét mã trên bảng.",
    ),
    "tablet_full": (409, "Máy này đã có hai bạn điểm danh: hãy báo thầy/cô."),
    "no_place": (409, "Đã hết số máy tính bảng: em báo thầy cô nhé."),
    "not_kept": (507, "Chưa lưu được: hãy báo thầy/cô."),
}


@dataclass
class Play:
    """A room, its door, and what it said by the reason that it counted."""

    room: Room
    service: TabletService
    url: str
    said: dict[str, tuple[int, str]] = field(default_factory=dict)

    async def touch(
        self, browser: httpx.AsyncClient, number: str = "0.1", code: str | None = None
    ) -> str:
        """Send a number with a code, the right one unless another is given; what was refused."""
        before = self.service.checkins().refusals.copy()
        answer = await browser.post(
            "/", data={"c": self.digits if code is None else code} | {"n": number}
        )
        for reason in (told := self.service.checkins().refusals - before):
            self.said[reason] = answer.status_code, result(answer.text)
        return "".join(told)

    @property
    def digits(self) -> str:
        """The code on the board."""
        code = self.service.checkins().code
        return code.digits(self.room.now_s) if code else "1234"


async def stumble(play: Play) -> None:
    """What pupils do in a lesson without meaning harm."""
    room = play.room
    async with tablet(play.url) as one, tablet(play.url) as other:
        room.lesson = None
        assert await play.touch(one) == "not_yet"
        room.lesson = lesson_of("10A1", size=0)
        assert await play.touch(one) == "no_list"
        room.lesson = lesson_of("10A1", code="l2")
        old = play.digits
        room.now_s += 31
        assert await play.touch(one, code=old) == "old_code"
        assert await play.touch(one, code=WRONG) == "wrong_code"
        assert await play.touch(one, "0.43") == "not_on_roster"
        assert await play.touch(one, "") == "no_number"
        assert await play.touch(one, code="") == "no_code"
        room.lesson = lesson_of("10A1", "10A2", code="l2")
        assert await play.touch(one, "5") == "two_pupils"
        room.lesson = lesson_of("10A1", code="l2")
        for number in (1, 2):
            assert await play.touch(one, f"0.{number}") == ""
        assert await play.touch(one, "0.3") == "tablet_full"
        room.full = True
        assert await play.touch(other, "0.4") == "not_kept"
        room.full = False
        for room.late in (CheckInOutcome.OVER, CheckInOutcome.NOT_ON_ROSTER):
            assert await play.touch(other, "0.4") == room.late
            assert play.said[room.late] == SAID[room.late]
        room.late = None


async def guess(play: Play) -> None:
    """What comes of guessing; who scans the board's code is not held up by other people's."""
    room = play.room
    async with tablet(play.url) as one, tablet(play.url) as other:
        for _ in range(A_TABLET):
            await play.touch(one, code=WRONG)
        assert await play.touch(one) == "too_many_tries"
        room.now_s += 61
        assert await play.touch(one, "0.1") == ""  # the minute helps
        for _ in range(7):
            room.now_s += 61
            for _ in range(A_TABLET):
                await play.touch(other, code=WRONG)
        room.now_s += 3600
        assert await play.touch(other) == "no_more_tries"  # no minute helps
    room.lesson = lesson_of("10A1", code="l3")
    tries = play.service.checkins()._tries
    for number in range(ALL):
        tries.fail(f"guesser {number}", f"10.0.0.{number}", room.now_s)
    async with tablet(play.url) as honest:
        assert await play.touch(honest, "0.9") == "typing_off"
        code = play.service.checkins().code
        assert code is not None
        await honest.get(f"/c/{code.token(room.now_s)}")
        assert await play.touch(honest, "0.9", code="") == ""


async def come_late(play: Play) -> None:
    """Every number is a tablet's that is the room's own; then the lesson ends."""
    cart = play.service._cart
    cart._is_confirmed = lambda _key: True
    for number in range(len(cart.slots()), MAX_SLOTS):
        cart.seat(f"{number:016x}")
    play.room.lesson = lesson_of("10A1", code="l4")
    async with tablet(play.url) as stranger:
        assert await play.touch(stranger) == "no_place"
        play.room.lesson = None
        assert await play.touch(stranger) == "over"


def test_every_refusal_says_what_is_so() -> None:
    """Each outcome that is no good news comes about, with its own sentence and status."""

    async def story() -> None:
        room = Room()
        service = room.service()
        async with served(service) as url:
            play = Play(room, service, url)
            await stumble(play)
            await guess(play)
            await come_late(play)
        assert play.said == SAID
        assert set(play.said) - {"not_kept"} == set(CheckInOutcome) - GOOD
        assert len({sentence for _, sentence in play.said.values()}) == len(SAID)

    asyncio.run(story())
