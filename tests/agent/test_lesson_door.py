"""The teacher's three clicks, over the door that tray and page use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from msgspec.structs import replace as replace_struct
from starlette.types import ASGIApp

from agent.cards.suggesting import suggest_doubt
from agent.classroom import ClassroomStep
from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.lessons import memos
from agent.lessons.meant import SETTLE_S
from agent.lessons.sheet import NotOnRoll
from agent.lessons.teaching import UNDO_S, NoLesson
from agent.local.api import application
from agent.local.keys import DoorKeys
from agent.local.surroundings import DeviceActions, Surroundings
from agent.room import Moment
from agent.school.connection import ConnectionState
from agent.store import ClassroomStore
from hardware.camera.shutter import Shutter
from protocol.door_key import bearer
from protocol.kit import KitTemplate
from protocol.messages import (
    LessonEnded,
    LessonStarted,
    ListsRefused,
    RollConfirmed,
    up_from,
)
from protocol.model import Method
from protocol.outbox import Outbox, OutboxError
from protocol.plan import Bell, Booking, ClassList, Plan, Pupil
from tests.agent.classrooms import PLACE, classroom, moment, room
from tests.waiting import LIMIT_S

KEYS = DoorKeys()
NOTHING = KitTemplate(computers=0, boards=0, cameras=0, access_points=0)
NAMES = ("Nguyễn Văn An", "Lò Thị Ánh", "Trần Bình")
PLAN = Plan(
    bells=(Bell(period=1, begins="07:15", ends="08:00"),),
    timetable=(Booking(weekday=1, period=1, room="6A1", classes=("10A1",), subject="Toán"),),
    classes=("10A1", "10A2"),
    lists=(
        ClassList(
            code="10A1",
            pupils=tuple(
                Pupil(number=number, student=f"140000000{number}", name=name)
                for number, name in enumerate(NAMES, 1)
            ),
        ),
    ),
)


class Desk(NamedTuple):
    """A door, its store, its outbox, and clocks to turn."""

    client: httpx.AsyncClient
    store: ClassroomStore
    outbox: Outbox
    clocks: list[Moment]

    async def post(self, path: str, body: object = None) -> Any:
        """What the teacher sees after a press, which is no sooner than eyes follow."""
        self.pass_s(SETTLE_S)
        answer = await self.client.post(f"/api/v1/{path}", json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        now = self.clocks[-1]
        later_ms, later_s = now.at_ms + int(seconds * 1000), now.steady_s + seconds
        self.clocks.append(now._replace(at_ms=later_ms, steady_s=later_s))

    async def see(self, after: object = "") -> Any:
        """What the teacher sees."""
        return (await self.client.get("/api/v1/teacher", params={"after": str(after)})).json()


def shutter_of(here: Desk) -> Shutter:
    """The one that the desk's switch closes."""
    return Shutter(lambda: here.store.classroom.camera_off)


async def nothing(*_: object) -> bool:
    """Reach nowhere."""
    return False


@asynccontextmanager
async def desk(
    folder: Path, plan: Plan = PLAN, refused: ListsRefused | None = None
) -> AsyncIterator[Desk]:
    """A door at 07:16 on a Monday, with what the outbox remembers."""
    documents = Documents(folder / DOCUMENTS)
    documents.load()
    clocks = [moment()._replace(minute=7 * 60 + 16)]
    with Outbox(folder / OUTBOX, PLACE, "b1") as outbox:
        taught = memos.restore_teaching(room(), outbox.memos(), plan, clocks[-1])
        store = ClassroomStore(
            replace(classroom(), teaching=taught, template=NOTHING),
            outbox,
            documents,
            now=lambda: clocks[-1],
            stirred=lambda: None,
        )
        hands = DeviceActions(typed=lambda _: None, switch=nothing, wake=nothing, login=nothing)  # type: ignore[arg-type, return-value]
        away = ConnectionState("", connected=False, controller_listening=False, refused=refused)
        around = Surroundings(PLACE, lambda: away, "vi", hands)
        app: ASGIApp = application(store, around, KEYS)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://127.0.0.1:8765",
            headers=bearer(KEYS.key),
        ) as client:
            yield Desk(client, store, outbox, clocks)
        await asyncio.get_running_loop().shutdown_default_executor()


def at_desk(
    folder: Path,
    story: Callable[[Desk], Awaitable[None]],
    plan: Plan = PLAN,
    refused: ListsRefused | None = None,
) -> None:
    """Play a story at a door."""

    async def play() -> None:
        async with desk(folder, plan, refused) as here:
            await story(here)

    asyncio.run(play())


def test_a_whole_lesson_is_three_presses(tmp_path: Path) -> None:
    """In Vietnamese, with the class from the timetable, and nothing typed."""

    async def story(here: Desk) -> None:
        idle = await here.see()
        assert (idle["phase"], idle["button"]["label"]) == ("idle", "Bắt đầu tiết học")
        assert idle["subline"] == "10A1 · Toán · Tiết 1 · 07:15 - 08:00"
        started = await here.post("lesson/start")
        assert (started["headline"], started["phase"]) == ("Đang học", "ready")
        assert started["roll"]["text"] == "3/3/0"
        tapped = await here.post(
            "roll/mark", {"student": "1400000002", "status": "absent_unexcused"}
        )
        assert tapped["roll"]["text"] == "3/2/1"
        assert [each["name"] for each in tapped["roll"]["lines"]] == list(NAMES)
        confirmed = await here.post("roll/confirm")
        assert (confirmed["phase"], confirmed["button"]["action"]) == ("running", "end")
        ended = await here.post("lesson/end")
        assert ended["phase"] == "ended"
        assert ended["logbook"] == "10A1 · Toán · Tiết 1 · điểm danh 3/2/1 · Lò Thị Ánh (K)"
        said = [up_from(each.payload) for each in here.outbox.waiting_events(0, 9)]
        assert [type(each).__name__ for each in said] == [
            "LessonStarted",
            "RollConfirmed",
            "LessonEnded",
        ]
        assert isinstance(said[0], LessonStarted)
        assert (said[0].classes, said[0].period) == (("10A1",), 1)

    at_desk(tmp_path, story)


def test_the_lesson_goes_on_after_a_power_cut(tmp_path: Path) -> None:
    """Taps before the confirmation are there again too."""

    async def before(here: Desk) -> None:
        await here.post("lesson/start")
        await here.post("roll/mark", {"student": "1400000002", "status": "late"})

    async def after(here: Desk) -> None:
        seen = await here.see()
        assert (seen["phase"], seen["headline"]) == ("ready", "Đang học")
        assert seen["roll"]["lines"][1]["status"] == "late"
        await here.post("roll/confirm")
        said = [up_from(each.payload) for each in here.outbox.waiting_events(0, 9)]
        assert [type(each) for each in said] == [LessonStarted, RollConfirmed]

    at_desk(tmp_path, before)
    at_desk(tmp_path, after)


def test_a_press_too_many_changes_nothing(tmp_path: Path) -> None:
    """A double tap is one deed."""

    async def story(here: Desk) -> None:
        first = await here.post("lesson/start")
        second = await here.post("lesson/start")
        assert (second["lesson"], second["rev"]) == (first["lesson"], first["rev"])
        await here.post("roll/confirm")
        once = await here.post("roll/confirm")
        assert once["roll"]["confirmed"]
        assert len(here.outbox.waiting_events(0, 9)) == 2

    at_desk(tmp_path, story)


def test_who_waits_hears_of_the_change_at_once(tmp_path: Path) -> None:
    """The long poll that the tray keeps open."""

    async def story(here: Desk) -> None:
        seen = await here.see()
        waiting = asyncio.create_task(here.see(seen["rev"]))
        await asyncio.sleep(0)
        await here.store.teach(lambda each, now: each.start("l1", now))
        assert (await asyncio.wait_for(waiting, LIMIT_S))["phase"] == "ready"

    at_desk(tmp_path, story)


def test_an_undo_is_offered_for_ten_seconds(tmp_path: Path) -> None:
    """The countdown alone is no news."""

    async def story(here: Desk) -> None:
        started = await here.post("lesson/start")
        assert started["undo"]["what"] == "start"
        assert started["undo"]["left_s"] == 10
        here.pass_s(4)
        later = await here.see()
        assert (later["undo"]["left_s"], later["rev"]) == (6, started["rev"])
        undone = await here.post("undo")
        assert (undone["phase"], undone["undo"]) == ("idle", None)

    at_desk(tmp_path, story)


def test_what_cannot_be_undone_any_more_is_said_and_pressed_twice_it_is_back(
    tmp_path: Path,
) -> None:
    """Too late, or after a restart: each deed still stands, and nobody believes otherwise."""

    async def story(here: Desk) -> None:
        for path in ("lesson/start", "roll/confirm", "roll/mark", "lesson/end"):
            for is_late in (True, False):
                meant = (await here.see())["meant"]
                body = {"student": "1400000001", "status": "late"} if path == "roll/mark" else {}
                offer = (await here.post(path, {"meant": meant, **body}))["undo"]
                undo = {"meant": {"what": offer["what"], "lesson": offer["lesson"]}}
                if is_late:
                    here.pass_s(UNDO_S + 1)
                    assert await refusal(here, "undo", undo) == "too_late"
                    await take_back_otherwise(here, path)
                    continue
                for _ in range(2):
                    await here.post("undo", undo)
                await here.post(path, {"meant": (await here.see())["meant"], **body})

    at_desk(tmp_path, story)


async def take_back_otherwise(here: Desk, path: str) -> None:
    """Bring the lesson to where it was before a deed, without undoing it."""
    code = (await here.see())["meant"]["lesson"]
    match path:
        case "lesson/start" | "lesson/end":
            await here.post("lesson/end" if path == "lesson/start" else "lesson/start")
        case "roll/confirm":
            await here.store.teach(lambda each, now: each.reopen(now, code))
        case _:
            await here.post("roll/mark", {"student": "1400000001", "status": "present"})


def test_a_programs_mark_is_for_the_lesson_that_it_names(tmp_path: Path) -> None:
    """One that was meant for an open roll corrects no confirmed one, nor that of another lesson."""

    async def story(here: Desk) -> None:
        async def mark(meant: object, method: str = "manual") -> str:
            body = {"student": "1400000001", "status": "late", "method": method, "meant": meant}
            return await refusal(here, "attendance", body)

        idle = (await here.see())["meant"]
        began = (await here.post("lesson/start"))["meant"]
        assert [await mark(idle), await mark(idle, "card")] == ["outdated"] * 2
        assert [await mark(began), await mark(began, "card")] == [""] * 2
        await here.post("roll/confirm")
        assert [await mark(began), await mark(began, "card")] == ["outdated"] * 2
        ended = (await here.post("lesson/end"))["meant"]
        assert await mark(ended) == ""
        assert await mark({"lesson": "another"}) == "outdated"
        assert (await here.see())["roll"]["text"] == "3/3/0"

    at_desk(tmp_path, story)


def test_who_is_seen_as_a_lesson_ends_is_not_seen_in_the_next(tmp_path: Path) -> None:
    """A tablet's word, a card's or a doubt that waits for the disk is nobody's then."""

    async def story(here: Desk) -> None:
        await here.post("lesson/start")
        async with here.store._one_at_a_time:
            seen = [
                asyncio.create_task(here.store.suggest("1400000001", Method.TABLET)),
                asyncio.create_task(suggest_doubt(here.store, 1, repeated=False)),
            ]
            await asyncio.sleep(0)
            teaching = here.store.classroom.teaching.end(here.clocks[-1]).teaching
            again = teaching.start("l2", here.clocks[-1], ("10A1",), substitute=True).teaching
            here.store.classroom = replace(here.store.classroom, teaching=again)
        refused, _ = await asyncio.gather(*seen, return_exceptions=True)
        assert isinstance(refused, NoLesson)
        roll = (await here.see())["roll"]
        assert [line["suggested"] for line in roll["lines"]] == [None] * 3
        assert roll["doubts"] == []

    at_desk(tmp_path, story)


def test_a_fault_is_kept_and_said_to_be_kept(tmp_path: Path) -> None:
    """Without a line it waits, and the teacher knows."""

    async def story(here: Desk) -> None:
        sent = (await here.post("fault", {"part": "board"}))["faults"]["sent"]
        assert [each["delivered"] for each in sent] == [False]
        assert sent[0]["sentence"].startswith("Đã ghi, sẽ gửi: Bảng")

    at_desk(tmp_path, story)


def waiting(here: Desk) -> list[object]:
    """What the school has not been told yet."""
    return [up_from(each.payload) for each in here.outbox.waiting_events(0, 99)]


async def refusal(here: Desk, path: str, body: object = None) -> str:
    """Why a press is refused, by its code."""
    answer = await here.client.post(f"/api/v1/{path}", json=body or {})
    return str(answer.json().get("error", {}).get("code", ""))


def test_a_double_click_and_a_key_held_down_do_one_step_each(tmp_path: Path) -> None:
    """The button becomes another under the finger: it rests until the finger has left it."""

    async def story(here: Desk) -> None:
        await here.post("lesson/start")
        for _ in range(60):  # a key that is held for two seconds and a bit
            here.pass_s(0.04)
            assert await refusal(here, "roll/confirm") == "too_soon"
            assert await refusal(here, "lesson/end") == "too_soon"
        assert (await here.see())["roll"]["confirmed"] is False
        assert (await here.post("roll/confirm"))["roll"]["confirmed"] is True
        here.pass_s(0.1)
        assert await refusal(here, "lesson/end") == "too_soon"
        await here.post("lesson/end")
        here.pass_s(0.1)
        assert await refusal(here, "lesson/start") == "too_soon"
        assert [type(each) for each in waiting(here)] == [
            *(LessonStarted, RollConfirmed, LessonEnded)
        ]

    at_desk(tmp_path, story)


def test_a_press_meant_for_another_lesson_does_nothing(tmp_path: Path) -> None:
    """A page that slept shows the first lesson's buttons; they are of that one, or of nothing."""

    async def story(here: Desk) -> None:
        first = await here.post("lesson/start")
        asleep = first["meant"]
        await here.post("lesson/end", {"meant": asleep})
        second = await here.post("lesson/start", {"classes": ["10A2"]})
        assert second["lesson"] != first["lesson"]
        here.pass_s(SETTLE_S)
        assert await refusal(here, "lesson/end", {"meant": asleep}) == "outdated"
        undo = {"meant": {"what": "end", "lesson": first["lesson"]}}
        assert await refusal(here, "undo", undo) == "outdated"
        late = {"student": "1400000001", "status": "late", "meant": asleep}
        await here.post("roll/mark", late)
        confirmed = await here.post("roll/confirm", {"meant": asleep})
        assert confirmed["roll"] is None  # 10A2's list is not here
        assert await refusal(here, "roll/mark", late) == "outdated"
        (roll,) = [each for each in waiting(here) if isinstance(each, RollConfirmed)]
        assert (roll.lesson, roll.lines[0].status) == (first["lesson"], "late")

    at_desk(tmp_path, story)


def test_an_older_class_list_is_not_confirmed(tmp_path: Path) -> None:
    """The office renumbers it between the look and the press."""

    async def story(here: Desk) -> None:
        meant = (await here.post("lesson/start"))["meant"]
        (of,) = PLAN.lists
        shorter = replace_struct(PLAN, lists=(replace_struct(of, pupils=of.pupils[1:]),))
        await here.store.take_plan(shorter)
        here.pass_s(SETTLE_S)
        assert await refusal(here, "roll/confirm", {"meant": meant}) == "outdated"
        seen = await here.see()
        assert (await here.post("roll/confirm", {"meant": seen["meant"]}))["roll"]["confirmed"]

    at_desk(tmp_path, story)


def test_every_lesson_of_the_day_is_in_the_list_and_opens(tmp_path: Path) -> None:
    """Without a roll, not confirmed, confirmed: each says so, and its roll can be had."""

    async def story(here: Desk) -> None:
        first = (await here.post("lesson/start"))["lesson"]
        await here.post("lesson/end")
        await here.post("lesson/start", {"classes": ["10A2"]})
        running, owed = (await here.see())["lessons"]
        assert (running["running"], running["has_roll"]) == (True, False)
        assert (owed["lesson"], owed["words"], owed["text"]) == (first, "chưa xác nhận", "3/3/0")
        notices = {each["code"]: each["sentence"] for each in (await here.see())["notices"]}
        assert notices["unconfirmed"] == "Chưa xác nhận điểm danh: 10A1 · Toán · Tiết 1."
        opened = (await here.client.get(f"/api/v1/lessons/{first}")).json()
        assert [each["name"] for each in opened["roll"]["lines"]] == list(NAMES)
        await here.post("roll/confirm", {"meant": opened["meant"]})
        assert [each["confirmed"] for each in (await here.see())["lessons"]] == [False, True]
        assert (await here.client.get("/api/v1/lessons/none")).status_code == 409

    at_desk(tmp_path, story)


def test_the_bell_makes_the_room_ready_for_the_next_teacher(tmp_path: Path) -> None:
    """Never the first lesson's confirmation: its start ends that one, which the list then shows."""
    plan = replace_struct(
        PLAN,
        bells=(*PLAN.bells, Bell(period=2, begins="08:00", ends="08:45")),
        timetable=(
            *PLAN.timetable,
            Booking(weekday=1, period=2, room="6A1", classes=("10A2",), subject="Văn"),
        ),
    )

    async def story(here: Desk) -> None:
        first = (await here.post("lesson/start"))["lesson"]
        await here.post("roll/mark", {"student": "1400000002", "status": "absent_excused"})
        here.clocks.append(here.clocks[-1]._replace(minute=7 * 60 + 59))
        assert (await here.see())["button"]["action"] == "confirm"
        here.clocks.append(here.clocks[-1]._replace(minute=8 * 60))
        seen = await here.see()
        assert [seen["phase"], seen["button"]["action"], seen["roll"]] == ["idle", "start", None]
        assert seen["subline"] == "10A2 · Văn · Tiết 2 · 08:00 - 08:45"
        assert seen["also"]["label"] == "Xác nhận 10A1 · Toán · Tiết 1"
        codes = {each["code"]: each["sentence"] for each in seen["notices"]}
        assert codes["unconfirmed"] == "Chưa xác nhận điểm danh: 10A1 · Toán · Tiết 1."
        second = await here.post("lesson/start", {"meant": seen["meant"]})
        assert [each["lesson"] for each in second["lessons"]] == [second["lesson"], first]
        kinds = [type(each).__name__ for each in waiting(here)]
        assert kinds == ["LessonStarted", "AttendanceMarked", "LessonEnded", "LessonStarted"]

    at_desk(tmp_path, story, plan)


def test_before_confirming_it_is_said_where_roll_and_tablets_differ(tmp_path: Path) -> None:
    """Marked absent but seen, not seen at all, and what is odd about a sight."""

    async def story(here: Desk) -> None:
        await here.post("lesson/start")
        await here.store.suggest("1400000001", Method.TABLET, flags=("same_device",))
        await here.store.suggest("1400000002", Method.TABLET)
        seen = await here.post("roll/mark", {"student": "1400000002", "status": "late"})
        assert [each["code"] for each in seen["roll"]["checks"]] == ["unseen", "flagged"]
        seen = await here.post("roll/mark", {"student": "1400000002", "status": "absent_excused"})
        assert [each["sentence"] for each in seen["roll"]["checks"]] == [
            "Ghi vắng, nhưng máy tính bảng hoặc thẻ đã thấy: Lò Thị Ánh.",
            "Máy tính bảng và thẻ chưa thấy: Trần Bình.",
            "Thầy/cô xem lại: Nguyễn Văn An.",
        ]
        assert (await here.post("roll/confirm"))["roll"]["checks"] == []

    at_desk(tmp_path, story)


def test_no_lesson_starts_without_a_class_where_there_are_some(tmp_path: Path) -> None:
    """The window offers all of them; a school without lists teaches all the same."""

    async def story(here: Desk) -> None:
        seen = await here.see()
        assert (seen["proposal"]["needs_class"], seen["proposal"]["all"]) == (True, ["10A1"])
        assert await refusal(here, "lesson/start") == "no_class"
        await here.post("lesson/start", {"classes": ["10A1"]})

    at_desk(tmp_path, story, Plan(classes=("10A1",)))


def test_refusals_say_what_to_do(tmp_path: Path) -> None:
    """A stranger, no roll, nonsense."""

    async def story(here: Desk) -> None:
        async def code(path: str, body: object) -> tuple[int, str]:
            answer = await here.client.post(f"/api/v1/{path}", json=body)
            return answer.status_code, answer.json()["error"]["code"]

        assert await code("roll/confirm", {}) == (409, "no_roll")
        await here.post("lesson/start")
        tap = {"student": "9", "status": "late"}
        assert await code("roll/mark", tap) == (409, "not_on_roll")
        assert await code("attendance", tap | {"method": "card"}) == (409, "not_on_roll")
        assert await code("roll/mark", tap | {"name": "x"}) == (422, "invalid")
        assert await code("fault", {"part": "roof"}) == (422, "invalid")

    at_desk(tmp_path, story)


def test_a_machines_mark_in_a_lesson_is_a_suggestion(tmp_path: Path) -> None:
    """The same address, whoever marks; on a roll nothing is recorded by it."""

    async def story(here: Desk) -> None:
        await here.post("lesson/start")
        mark = {"student": "1400000001", "status": "present", "method": "tablet"}
        assert (await here.client.post("/api/v1/attendance", json=mark)).status_code == 202
        lines = (await here.see())["roll"]["lines"]
        assert [each["suggested"] for each in lines] == ["seen", "unseen", "unseen"]
        assert len(here.outbox.waiting_events(0, 9)) == 1

    at_desk(tmp_path, story)


def test_a_lesson_starts_without_any_plan(tmp_path: Path) -> None:
    """A school that has given nothing yet."""

    async def story(here: Desk) -> None:
        assert (await here.see())["subline"] == "Thầy/cô chọn lớp"
        started = await here.post("lesson/start", {"classes": ["10A9"]})
        assert (started["phase"], started["roll"]) == ("running", None)
        assert "no_list" in [each["code"] for each in started["notices"]]

    at_desk(tmp_path, story, Plan())


@pytest.mark.parametrize(
    ("refused", "classes", "idle", "in_lesson"),
    [
        (ListsRefused(boot="c", at_ms=0, classes=("10A9",)), ["10A9"], [], ["class_refused"]),
        (ListsRefused(boot="c", at_ms=0, classes=("10A8",)), ["10A9"], [], ["no_list"]),
        (ListsRefused(boot="c", at_ms=0, classes=("10A1",)), ["10A1"], [], []),
        (
            ListsRefused(boot="c", at_ms=0, is_room=True),
            ["10A9"],
            ["room_refused"],
            ["room_refused"],
        ),
        (ListsRefused(boot="c", at_ms=0), ["10A9"], [], ["no_list"]),
    ],
)
def test_the_teacher_reads_that_the_school_gives_no_list(
    tmp_path: Path,
    refused: ListsRefused,
    classes: list[str],
    idle: list[str],
    in_lesson: list[str],
) -> None:
    """In words, where it concerns the lesson; the plain notice then says no second reason."""

    async def story(here: Desk) -> None:
        mine = {"class_refused", "room_refused", "no_list"}
        before = (await here.see())["notices"]
        assert [each["code"] for each in before if each["code"] in mine] == idle
        notices = (await here.post("lesson/start", {"classes": classes}))["notices"]
        assert [each["code"] for each in notices if each["code"] in mine] == in_lesson
        said = [each["sentence"] for each in notices if each["code"] in mine - {"no_list"}]
        assert all("báo văn phòng" in sentence for sentence in said)

    at_desk(tmp_path, story, refused=refused)


async def _come_in(here: Desk, students: Sequence[str]) -> list[BaseException | None]:
    seen = (here.store.suggest(one, Method.TABLET, tablet=f"Máy {one}") for one in students)
    return await asyncio.gather(*seen, return_exceptions=True)


def test_a_class_that_comes_in_at_once_is_kept_in_two_writes(tmp_path: Path) -> None:
    """Who comes first is written; who comes meanwhile goes along with the next, or is refused."""

    async def story(here: Desk) -> None:
        await here.post("lesson/start")
        puts: list[int] = []
        put = here.outbox.put
        here.outbox.put = lambda *said, **more: puts.append(1) or put(*said, **more)  # type: ignore[method-assign, func-returns-value]
        everyone = [f"140000000{number}" for number in (1, 2, 3)]
        first, *others, unknown = await _come_in(here, [*everyone, "nobody"])
        assert [first, *others] == [None] * 3
        assert isinstance(unknown, NotOnRoll)
        assert len(puts) <= 2
        lines = (await here.see())["roll"]["lines"]
        assert [line["suggested"] for line in lines] == ["seen"] * 3

    at_desk(tmp_path, story)


def test_who_waits_no_more_takes_nobody_along(tmp_path: Path) -> None:
    """The one who wrote for all is gone in the middle: the others are kept by the next."""

    async def story(here: Desk) -> None:
        await here.post("lesson/start")
        held = asyncio.Event()
        record = here.store._record

        async def slow(step: ClassroomStep) -> None:
            await held.wait()
            await record(step)

        here.store._record = slow  # type: ignore[method-assign]
        async with here.store._one_at_a_time:
            tasks = [
                asyncio.create_task(here.store.suggest(f"140000000{number}", Method.TABLET))
                for number in (1, 2, 3)
            ]
            await asyncio.sleep(0)
        while here.store._wishes:
            await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.sleep(0)
        held.set()
        gone, *kept = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(gone, asyncio.CancelledError)
        assert kept == [None, None]
        lines = (await here.see())["roll"]["lines"]
        assert [line["suggested"] for line in lines] == ["unseen", "seen", "seen"]

    at_desk(tmp_path, story)


def test_a_full_disk_keeps_nobody_of_those_who_come_in_at_once(tmp_path: Path) -> None:
    """Each is told, and may try again."""

    async def story(here: Desk) -> None:
        await here.post("lesson/start")

        def refuse(*_: object, **_more: object) -> None:
            raise OutboxError("outbox_refused", "full")

        here.outbox.put = refuse  # type: ignore[method-assign]
        told = await _come_in(here, ["1400000001", "1400000002", "1400000003"])
        assert [type(one) for one in told] == [OutboxError] * 3

    at_desk(tmp_path, story)
