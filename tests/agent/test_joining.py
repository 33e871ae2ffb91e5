"""A person's try to join: one at a time, and however it ends, one truth in plain words."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from subprocess import PIPE

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config import PREFIX, AgentConfig
from agent.database.restore import open_room
from agent.health.machine import this_machine
from agent.joining import joining as tries
from agent.joining.joining import Joining, Membership
from agent.joining.reports import (
    Compared,
    Failed,
    Joined,
    JoinOrder,
    JoinStep,
    Knocked,
    Report,
    Stepped,
)
from agent.joining.words import membership_tree
from agent.school.credential import credential_in, settings_with
from agent.services.context import Life, make_context
from controller.enrolment.invitations import InvitationState
from controller.enrolment.knocks import KnockState
from protocol.errors import ActionError
from protocol.settings import load
from protocol.words import translator
from simulators.ledger.clocks import clock_library
from tests.agent.test_local_api import AROUND, at_door
from tests.agent.test_store import Desk
from tests.controller.enrolment.test_joining import Door, door
from tests.controller.enrolment.test_knocks import let_knock, waiting
from tests.waiting import eventually

__all__ = ["door"]
VI = translator("vi")
DONE = Joined("laptop-6a1", "6A1", "THCS", "sen · lúa · mưa · nón")
REFUSED = Failed("no_such_code", "The controller knows no such code.", "")
KNOCKED = Knocked("123 456")
reports = st.sampled_from(
    [Stepped(JoinStep.LOOKING), Stepped(JoinStep.ASKING), KNOCKED, DONE, REFUSED]
)


def order(typed: str, data: Path, controller: str = "") -> JoinOrder:
    """What a person typed."""
    return JoinOrder(
        typed=typed, controller=controller, agent="laptop-6a1", label="Laptop", data=str(data)
    )


@given(st.lists(st.lists(reports, max_size=4), max_size=4), st.booleans())
@settings(max_examples=25)
def test_each_try_ends_in_one_truth_and_a_second_press_disturbs_none(
    stories: list[list[Report]],
    breaks: bool,  # noqa: FBT001 - hypothesis's
) -> None:
    """Against a plain model: the last thing that was said, or that it ended without an answer."""

    async def play() -> None:
        begun: list[int] = []

        async def worker(_order: JoinOrder, _compared: object) -> AsyncIterator[Report]:
            story = stories[len(begun)]
            begun.append(len(story))
            for report in story:
                await asyncio.sleep(0)
                yield report
            if breaks:
                raise ValueError("a line that is none")

        joining = Joining(worker)
        for number, story in enumerate(stories):
            assert joining.start(order("ABC DEF", Path()))
            assert not joining.start(order("ABC DEF", Path()))
            await eventually(lambda: not joining.is_running)
            assert len(begun) == number + 1
            last = story[-1] if story else Stepped(JoinStep.LOOKING)
            is_ended = isinstance(last, Stepped | Knocked)
            assert joining.latest == (tries._ENDED if is_ended else last)
            assert not joining.compare(is_same=True)

    asyncio.run(play())


@pytest.mark.parametrize("membership", Membership)
@pytest.mark.parametrize("report", [None, *map(Stepped, JoinStep), KNOCKED, REFUSED, DONE])
def test_all_that_is_shown_is_in_the_persons_language(
    membership: Membership, report: Report | None
) -> None:
    """Nothing of the command's words, and the address is asked for once it failed."""
    tree = membership_tree(membership, report, VI)
    english = membership_tree(membership, report, translator("en"))
    assert tree["title"] != english["title"]
    assert (tree["sentence"] == english["sentence"]) == (report is None)
    assert tree["asks_address"] == (report == REFUSED)
    assert "--controller" not in tree["sentence"]
    words = {id(DONE): DONE.words, id(KNOCKED): KNOCKED.digits}
    assert tree["words"] == words.get(id(report), "")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, Membership.NOT_ENROLLED),
        ({"room": "6A1"}, Membership.NOT_ENROLLED),
        ({"province": "14", "school": "S1", "room": "6A1"}, Membership.INVITED),
        (
            {"province": "14", "school": "S1", "room": "6A1", "broker": "mqtt://192.0.2.1"},
            Membership.INVITED,
        ),
        (
            {"province": "14", "school": "S1", "room": "6A1", "broker": "mqtt://127.0.0.1"},
            Membership.ENROLLED,
        ),
    ],
)
def test_who_is_asked_to_join(
    tmp_path: Path, options: dict[str, str], expected: Membership
) -> None:
    """Whoever has not; nobody whose words do not leave the computer."""
    complete = partial(settings_with, default_data=tmp_path)
    typed = argparse.Namespace(data=tmp_path, **options)

    async def play() -> Membership:
        config = load(AgentConfig, PREFIX, typed, {}, complete)
        machine = this_machine(tmp_path)
        async with open_room(config, machine) as before:
            return make_context(config, machine, before, Life(), lambda: None).membership

    assert asyncio.run(play()) is expected


def test_the_page_says_it_and_hands_over_what_is_typed(tmp_path: Path) -> None:
    """A code that is too long, or none, is refused; a second press begins nothing."""
    handed: list[JoinOrder] = []

    async def worker(request: JoinOrder, _compared: object) -> AsyncIterator[Report]:
        handed.append(request)
        yield Stepped(JoinStep.ASKING)
        await asyncio.Event().wait()

    around = AROUND._replace(
        membership=Membership.NOT_ENROLLED, joining=Joining(worker), label="Laptop", data=tmp_path
    )

    async def story(client: object, _desk: Desk) -> None:
        get, post = client.get, client.post  # type: ignore[attr-defined]  # httpx's
        before = (await get("/api/v1/teacher?lang=vi")).json()
        assert "not_enrolled" in {notice["code"] for notice in before["notices"]}
        assert before["enrolment"]["state"] == "idle"
        for wrong in ({}, {"code": ""}, {"code": "A" * 401}, {"code": "ABC", "data": "/etc"}):
            assert (await post("/api/v1/enrolment", json=wrong)).status_code == 422
        first = await post("/api/v1/enrolment", json={"code": " ABC DEF ", "controller": "h:1"})
        again = await post("/api/v1/enrolment", json={"code": "XXX XXX"})
        assert (first.status_code, again.status_code) == (202, 200)
        await eventually(lambda: bool(handed))
        assert (await get("/api/v1/teacher?lang=vi")).json()["enrolment"]["state"] == "running"
        assert [(each.typed, each.controller) for each in handed] == [("ABC DEF", "h:1")]
        assert (handed[0].agent, handed[0].data) == (AROUND.place.agent, str(tmp_path))

    at_door(tmp_path, story, around=around)  # type: ignore[arg-type]  # its client is httpx's


def test_the_program_that_joins_keeps_what_it_is_given(door: Door, tmp_path: Path) -> None:
    """By the real program; its code stands in no list of processes."""
    invitation = door.invite()
    exposed: list[bool] = []

    async def play() -> None:
        nonlocal exposed
        joining = Joining()
        assert joining.start(order(invitation.code, tmp_path / "a", f"127.0.0.1:{door.port}"))
        while joining.is_running:
            exposed += [invitation.code in str(words_of(worker)) for worker in workers()]
            await asyncio.sleep(0.01)
        assert isinstance(joining.latest, Joined)
        await eventually(lambda: invitation.state is InvitationState.USED)
        assert joining.latest.words == invitation.words
        assert (await said_of(joining, "no code", tmp_path)).code == "code_malformed"

    asyncio.run(play())
    assert exposed
    assert not any(exposed)
    credential = credential_in(tmp_path / "a")
    assert credential is not None
    assert (credential.agent, credential.room) == ("laptop-6a1", "6A1")


def test_who_is_killed_in_the_middle_can_try_the_same_code_again(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the proof and what is granted: nothing is kept, and the code is still good."""
    invitation, where = door.invite(), f"127.0.0.1:{door.port}"
    asked, over, grant = asyncio.Event(), asyncio.Event(), door.enrolment.grant

    @contextlib.asynccontextmanager
    async def never(*_: object) -> AsyncIterator[object]:
        asked.set()
        await over.wait()
        raise EOFError
        yield

    monkeypatch.setattr(door.enrolment, "grant", never)

    async def play() -> None:
        joining = Joining()
        joining.start(order(invitation.code, tmp_path, where))
        await eventually(asked.is_set)
        for worker in workers():
            worker.kill()
        await eventually(lambda: not joining.is_running)
        assert joining.latest == tries._ENDED
        assert credential_in(tmp_path) is None
        monkeypatch.setattr(door.enrolment, "grant", grant)
        joining.start(order(invitation.code, tmp_path, where))
        await eventually(lambda: not joining.is_running)
        assert isinstance(joining.latest, Joined)

    asyncio.run(play())
    door.loop.call_soon_threadsafe(over.set)
    assert door.enrolment.enrolled().keys() == {"laptop-6a1"}


def test_a_person_compares_digits_once_and_each_press_counts_once(tmp_path: Path) -> None:
    """The page shows them, and takes either answer; before and after there is nothing to say."""
    handed: list[JoinOrder] = []
    answers: list[Compared] = []
    accepted = asyncio.Event()

    async def worker(
        request: JoinOrder, compared: asyncio.Queue[Compared]
    ) -> AsyncIterator[Report]:
        handed.append(request)
        yield KNOCKED
        answers.append(await compared.get())
        await accepted.wait()
        yield DONE

    around = AROUND._replace(
        membership=Membership.NOT_ENROLLED, joining=Joining(worker), data=tmp_path,
        room=lambda: "6A1",
    )  # fmt: skip

    async def story(client: object, _desk: Desk) -> None:
        get, post = client.get, client.post  # type: ignore[attr-defined]  # httpx's

        async def compare(*, same: bool) -> int:
            answer = await post("/api/v1/enrolment/compared", json={"same": same})
            return int(answer.status_code)

        async def enrolment() -> dict[str, str]:
            seen: dict[str, str] = (await get("/api/v1/teacher?lang=vi")).json()["enrolment"]
            return seen

        assert await compare(same=True) == 200
        for wrong in ({"code": "A"}, {"controller": "h" * 401}):
            assert (await post("/api/v1/enrolment/knock", json=wrong)).status_code == 422
        first = await post("/api/v1/enrolment/knock", json={"controller": " h:1 "})
        again = await post("/api/v1/enrolment/knock", json={})
        assert (first.status_code, again.status_code) == (202, 200)
        await eventually(lambda: around.joining.latest == KNOCKED)
        seen = await enrolment()
        assert (seen["state"], seen["words"]) == ("knocked", "123 456")
        assert (await get("/api/v1/enrolment")).json() == {"type": "knocked", "digits": "123 456"}
        assert [await compare(same=True), await compare(same=False)] == [202, 200]
        seen = await enrolment()
        assert (seen["state"], seen["words"]) == ("running", "123 456")
        accepted.set()
        await eventually(lambda: not around.joining.is_running)
        assert answers == [Compared(is_same=True)]
        assert (await enrolment())["words"] == DONE.words
        assert [(each.typed, each.controller, each.room) for each in handed] == [("", "h:1", "6A1")]

    at_door(tmp_path, story, around=around)  # type: ignore[arg-type]  # its client is httpx's


@pytest.mark.parametrize("is_invited", [True, False])
def test_the_page_invites_whomever_the_school_does(tmp_path: Path, *, is_invited: bool) -> None:
    """Also one whose broker is on its own computer, which has nothing to join for by itself."""
    line = AROUND.line()._replace(is_invited=is_invited)
    around = AROUND._replace(membership=Membership.ENROLLED, line=lambda: line)

    async def story(client: object, _desk: Desk) -> None:
        seen = (await client.get("/api/v1/teacher?lang=vi")).json()  # type: ignore[attr-defined]  # httpx's
        assert (seen["enrolment"]["membership"] == "invited") == is_invited
        assert ("invited" in {notice["code"] for notice in seen["notices"]}) == is_invited

    at_door(tmp_path, story, around=around)  # type: ignore[arg-type]  # its client is httpx's


@pytest.mark.parametrize("is_same", [True, False])
def test_the_program_that_knocks_asks_a_person(
    door: Door, tmp_path: Path, *, is_same: bool
) -> None:
    """By the real program and the real door: the same digits on both sides, and a person's word."""
    let_knock(door)

    async def play() -> None:
        joining = Joining()
        joining.start(order("", tmp_path / "a", f"127.0.0.1:{door.port}"))
        await eventually(lambda: isinstance(joining.latest, Knocked))
        knock = await asyncio.to_thread(waiting, door)
        assert joining.latest == Knocked(knock.digits)
        door.enrolment.accept(knock.id, "6A1", "")
        assert joining.compare(is_same=is_same)
        await eventually(lambda: not joining.is_running)
        if is_same:
            assert isinstance(joining.latest, Joined)
            await eventually(lambda: knock.state is KnockState.JOINED)
            assert knock.invitation
            assert knock.invitation.words == joining.latest.words
        else:
            assert isinstance(joining.latest, Failed)
            assert joining.latest.code == "digits_differ"
            await eventually(lambda: knock.state is KnockState.GONE)

    asyncio.run(play())
    assert (credential_in(tmp_path / "a") is not None) == is_same
    assert door.enrolment.enrolled().keys() == ({"laptop-6a1"} if is_same else set())


def test_who_is_killed_while_it_waits_does_not_wait_on_the_page(door: Door, tmp_path: Path) -> None:
    """Its person had said yes already; the office's press comes too late and is told so."""
    let_knock(door)

    async def play() -> None:
        joining = Joining()
        joining.start(order("", tmp_path, f"127.0.0.1:{door.port}"))
        await eventually(lambda: isinstance(joining.latest, Knocked))
        knock = await asyncio.to_thread(waiting, door)
        assert joining.compare(is_same=True)
        await eventually(lambda: knock.is_compared)
        for worker in workers():
            worker.kill()
        await eventually(lambda: knock.state is KnockState.GONE)
        with pytest.raises(ActionError):
            door.enrolment.accept(knock.id, "6A1", "")
        await eventually(lambda: not joining.is_running)
        assert joining.latest == tries._ENDED

    asyncio.run(play())
    assert door.enrolment.enrolled() == {}


@pytest.mark.parametrize("is_same", [True, False])
def test_by_the_command_a_person_types_the_digits_of_the_other_screen(
    door: Door, tmp_path: Path, *, is_same: bool
) -> None:
    """The real command; other digits than its own, and it has not joined."""
    let_knock(door)
    command = [sys.executable, "-m", "agent", "enrol", "--data", str(tmp_path / "a")]
    command += ["--controller", f"127.0.0.1:{door.port}", "--room", "6A1"]
    run = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True)
    knock = waiting(door)
    door.enrolment.accept(knock.id, knock.room, "")
    out, error = run.communicate((knock.digits if is_same else "000 00x") + "\n", timeout=20)
    assert knock.digits in out
    assert (run.returncode == 0, bool(error)) == (is_same, not is_same)
    assert (credential_in(tmp_path / "a") is not None) == is_same


@pytest.mark.parametrize("now", ["1970-01-02 00:00:00", "2031-06-01 07:00:00"])
def test_a_wrong_clock_hinders_nobody(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    """A Pi that wakes in 1970, and a laptop some years ahead."""
    library = clock_library()
    if library is None:
        pytest.skip("needs the package faketime")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FAKETIME", f"@{now}")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    monkeypatch.setenv("FAKETIME_FORCE_MONOTONIC_FIX", "0")
    invitation = door.invite()

    async def play() -> None:
        joining = Joining()
        joining.start(order(invitation.code, tmp_path, f"127.0.0.1:{door.port}"))
        await eventually(lambda: not joining.is_running)
        assert isinstance(joining.latest, Joined)

    asyncio.run(play())


async def said_of(joining: Joining, typed: str, data: Path) -> Failed:
    """What a try ends with that comes to nothing."""
    joining.start(order(typed, data, "127.0.0.1"))
    await eventually(lambda: not joining.is_running)
    assert isinstance(joining.latest, Failed)
    return joining.latest


def workers() -> list[psutil.Process]:
    """The programs that join for us now."""
    children = psutil.Process().children()
    return [child for child in children if "agent.joining.worker" in words_of(child)]


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; of one that has just ended nothing is left."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


@pytest.mark.parametrize("turns", [0, 1, 3, 20])
def test_an_agent_that_ends_as_somebody_presses_ends_at_once(tmp_path: Path, turns: int) -> None:
    """The try's program with it: a loop that ends while a program starts would wait for ever."""

    async def play() -> None:
        joining = Joining()
        assert joining.start(order("", tmp_path))
        for _ in range(turns):
            await asyncio.sleep(0)
        await joining.close()
        assert not joining.is_running

    asyncio.run(play())
    assert workers() == []
