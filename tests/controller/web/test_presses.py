"""A form that is sent twice does its deed once, by whatever browser, with or without scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from controller.database.starts import mark_of
from controller.repairs.store import count_open
from controller.web.presses import LATE_S, MAX_ANSWER, MAX_FORM, MOST, SEEN, SETTLE_S, Presses
from tests.controller.book_school import a_book, bring_in
from tests.controller.web_school import SCHOOL, a_face, a_live, a_store, asked_of


class Deeds:
    """An application that counts what it did; it answers once it may."""

    def __init__(self, status: int = 200, size: int = 1, cookie: str = "") -> None:
        self.done: list[bytes] = []
        self.status, self.size, self.cookie = status, size, cookie
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do it, and say which time it was."""
        message = await receive()
        self.done.append(message.get("body", b""))
        number = len(self.done)
        await self.go_on.wait()
        answer: Response = PlainTextResponse(f"{number}" * self.size, self.status)
        if self.cookie:
            answer.set_cookie("session", self.cookie)
        await answer(scope, receive, send)


async def press(app: Any, data: dict[str, str], **headers: str) -> httpx.Response:
    """Send a form."""
    way = httpx.ASGITransport(app, client=(headers.pop("host", "1"), 5))
    async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
        return await web.post("/x", data=data, headers=headers)


STEPS = st.lists(
    st.tuples(
        st.sampled_from("ab"),  # the form
        st.sampled_from(["one", "two"]),  # whose cookie
        # Seconds since the one before.
        st.sampled_from([0.0, SETTLE_S / 2, SETTLE_S, 5.0, LATE_S / 2, LATE_S]),
    ),
    max_size=20,
)


@given(
    steps=STEPS,
    status=st.sampled_from([200, 303, 422, 500, 503]),
    mark=st.sampled_from([{}, {SEEN: "boot.7"}, {"seen": "boot.7"}]),
    cookie=st.sampled_from(["", "fresh"]),
)
def test_the_same_form_again_is_one_deed(
    steps: Sequence[tuple[str, str, float]], status: int, mark: dict[str, str], cookie: str
) -> None:
    """The model: it is done anew once a second has gone by since it was, or if it failed.

    And where the same browser did something else meanwhile. What was done, and came of a page that
    says what it showed, is not done again for an hour: who presses has not seen what came of it.
    """
    now_s, deeds = [0.0], Deeds(status, cookie=cookie)
    is_late = SEEN in mark and status == 303 and not cookie
    stays_s = LATE_S if is_late else SETTLE_S
    app = Presses(deeds, SETTLE_S, lambda: now_s[0])
    done_s = dict[tuple[str, str], tuple[float, str]]()
    count = 0
    for form, who, pause_s in steps:
        now_s[0] += pause_s
        at_s, said = done_s.get((form, who), (-stays_s, ""))
        if now_s[0] - at_s >= stays_s or status >= 500:
            count += 1
            at_s, said = now_s[0], str(count)
            done_s = {key: one for key, one in done_s.items() if key[1] != who or is_late}
        done_s[form, who] = at_s, said
        answer = asyncio.run(press(app, {"form": form} | mark, cookie=f"session={who}"))
        assert (answer.status_code, answer.text) == (status, said)
    assert len(deeds.done) == count


@pytest.mark.parametrize("settle_s", [0.0, SETTLE_S])
def test_presses_during_the_deed_wait_for_its_answer(settle_s: float) -> None:
    """However long it takes; whoever is somebody else does not."""

    async def play() -> tuple[list[str], int]:
        deeds = Deeds()
        app = Presses(deeds, settle_s)
        deeds.go_on.clear()
        presses = [asyncio.create_task(press(app, {"a": "1"})) for _ in range(3)]
        other = asyncio.create_task(press(app, {"a": "1"}, host="2"))
        while len(deeds.done) < 2:
            await asyncio.sleep(0)
        deeds.go_on.set()
        return [(await one).text for one in (*presses, other)], len(deeds.done)

    said, count = asyncio.run(play())
    assert (count, len(set(said[:3]))) == (2, 1)
    assert said[3] != said[0]


def test_a_deed_that_broke_off_is_tried_again() -> None:
    """By whoever pressed meanwhile."""

    class Broken(Deeds):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if not self.done:
                self.done.append(b"")
                await self.go_on.wait()
                raise OSError
            await super().__call__(scope, receive, send)

    async def play() -> list[object]:
        deeds = Broken()
        app = Presses(deeds, SETTLE_S)
        deeds.go_on.clear()
        presses = [asyncio.create_task(press(app, {"a": "1"})) for _ in range(3)]
        while not deeds.done:
            await asyncio.sleep(0)
        deeds.go_on.set()
        return [*await asyncio.gather(*presses, return_exceptions=True)]

    first, *others = asyncio.run(play())
    assert isinstance(first, OSError)
    assert [one.text for one in others if isinstance(one, httpx.Response)] == ["2", "2"]


def test_what_is_no_short_form_passes_by() -> None:
    """Files, programs' requests, and answers that are too long to hold."""
    deeds = Deeds()
    app = Presses(deeds, SETTLE_S)
    for _ in range(2):
        asyncio.run(press(app, {"a": "x" * MAX_FORM}))
    assert len(deeds.done) == 2
    long = Deeds(size=MAX_ANSWER + 1)
    app = Presses(long, SETTLE_S)
    texts = [asyncio.run(press(app, {"a": "1"})).text[0] for _ in range(2)]
    assert texts == ["1", "2"]


def test_many_forms_at_once_are_answered_though_not_all_remembered() -> None:
    """Whoever sends thousands fills no memory."""

    async def play() -> tuple[int, int]:
        deeds = Deeds(303)
        app = Presses(deeds, SETTLE_S, lambda: 0.0)
        for number in range(MOST + 20):
            await press(app, {SEEN: "boot.7"}, cookie=str(number))
        await press(app, {SEEN: "boot.7"}, cookie=str(number))
        return len(app._presses), len(deeds.done)

    assert asyncio.run(play()) == (MOST, MOST + 20), "the newest are remembered"


def test_a_repair_that_is_asked_for_twice_is_one(tmp_path: Path) -> None:
    """As of every form of every page."""
    with a_store(tmp_path) as store:
        bring_in(store, a_book())
        face = a_face(store, a_live(store), settle_s=60.0)
        form = {"row": "1", "note": "does not switch on"}
        answers = [asked_of(face, "/repairs", "POST", data=form) for _ in range(2)]
        assert [one.headers["location"] for one in answers] == ["/repairs#r1"] * 2
        assert store.read(count_open, SCHOOL) == 1


def test_a_form_that_is_sent_again_by_loading_anew_is_the_same() -> None:
    """As browsers offer it where no answer came; nobody else's, and no other language's."""

    async def play() -> list[str]:
        app = Presses(Deeds(), SETTLE_S, lambda: 0.0)
        ways: tuple[dict[str, str], ...] = (
            {"sec-fetch-user": "?1"},
            {"cache-control": "max-age=0"},
            {"accept-language": "en"},
        )
        return [(await press(app, {"a": "1"}, **headers)).text for headers in ways]

    assert asyncio.run(play()) == ["1", "1", "2"]


def test_a_page_that_is_come_back_to_does_nothing_twice(tmp_path: Path) -> None:
    """The answer was lost on a slow line; what came after it says another thing, and is done."""
    with a_store(tmp_path) as store:
        bring_in(store, a_book())
        face = a_face(store, a_live(store), settle_s=0.0)
        form = {"row": "1", "note": "does not switch on"}
        before = store.read(mark_of)
        pressed = [
            asked_of(face, "/repairs", "POST", data=form | {SEEN: before}).headers["location"],
            asked_of(face, "/repairs", "POST", data=form | {SEEN: before, "note": "hums"}),
            asked_of(face, "/repairs", "POST", data=form | {SEEN: before}).headers["location"],
        ]
        assert pressed[0] == pressed[2] == "/repairs#r1"
        asked_of(face, "/repairs", "POST", data=form | {SEEN: store.read(mark_of)})
        assert store.read(count_open, SCHOOL) == 3
