from __future__ import annotations

import asyncio
import itertools
import resource
import signal
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from hardware.network.interfaces import addresses
from protocol.discovery import SERVICE
from protocol.link import Letter
from protocol.messages import AttendanceMarked, Birth, Health, LessonStarted, Presence
from protocol.model import Status
from protocol.topics import commands_to
from tests.agent.school_double import PLACE, ROOM, AgentProcess, School, nats, school, up
from tests.ports import free_port
from tests.waiting import calm_s, eventually
from tests.web import DoorAuth, http_client_async

MARK = "/api/v1/attendance"
STATUS = "/api/v1/status"
AGENT = "laptop-6a1"


class Stage:
    """A broker's port, and agents that speak to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.local_port = free_port()

    def agent(self, *options: str, data: str = "agent") -> AgentProcess:
        """An agent process, given this broker."""
        broker = ["--broker", f"mqtt://127.0.0.1:{self.port}", "--beat-s", "1", *options]
        return AgentProcess(self.folder / data, *broker, port=self.local_port)

    def client(self) -> httpx.AsyncClient:
        """The teacher's window."""
        return http_client_async(f"http://127.0.0.1:{self.local_port}", auth=DoorAuth())


def played(folder: Path, story: Callable[[Stage], Awaitable[None]], *, broker: bool = True) -> None:
    """Play a story with a real broker."""
    stage = Stage(folder)
    if not broker:
        asyncio.run(story(stage))
        return
    with nats(folder / "broker", stage.port):
        asyncio.run(story(stage))


async def mark(client: httpx.AsyncClient, student: str, status: str = "present") -> httpx.Response:
    """One tap."""
    return await client.post(MARK, json={"student": student, "status": status})


def students(there: School) -> Counter[str]:
    """How often each pupil's distinct marks arrived."""
    events = {each.id: each for each in there.all(AttendanceMarked)}
    return Counter(each.student for each in events.values())  # type: ignore[union-attr]


def test_an_agent_is_born_reports_and_says_goodbye(tmp_path: Path) -> None:
    """Presence, birth, then health; SIGTERM ends it within two seconds, with last words."""

    async def story(stage: Stage) -> None:
        async with school(stage.port) as there, stage.client() as client:
            agent = stage.agent()
            with agent:
                await up(client)
                await eventually(lambda: there.all(Birth))
                assert isinstance(there.heard[0], Presence)
                assert there.heard[0].online
                birth = there.all(Birth)[0]
                assert isinstance(birth, Birth)
                assert birth.room == ROOM
                await eventually(lambda: there.all(Health) or birth.status is Status.OK)
                shown = (await client.get(STATUS)).json()
                assert shown["link"]["connected"]
                begun = calm_s()
                assert await asyncio.to_thread(agent.stop) == 0
                assert calm_s() - begun < 2.0
                # Its last word is retained: who comes later hears it too.
                async with school(stage.port, "latecomer") as late:
                    await eventually(lambda: late.all(Presence))
                    assert not late.all(Presence)[-1].online  # type: ignore[union-attr]
        assert "Traceback" not in agent.log.read_text()

    played(tmp_path, story)


def test_marks_survive_a_kill_and_arrive_once(tmp_path: Path) -> None:
    """Kept while no school listens, killed without warning, started again: all arrive, once."""

    async def story(stage: Stage) -> None:
        async with stage.client() as client:
            with stage.agent() as first:
                await up(client)
                lesson = (await client.post("/api/v1/lesson/start")).json()["lesson"]
                for number in range(20):
                    assert (await mark(client, f"{number:04}")).status_code == 201
                first.send_signal(signal.SIGKILL)
                await asyncio.to_thread(first.wait)
            async with school(stage.port) as there:
                agent = stage.agent()
                with agent:
                    await up(client)
                    for number in range(20):
                        assert (await mark(client, f"{number:04}")).status_code == 200
                    shown = (await client.get(STATUS)).json()
                    assert shown["lesson"]["lesson"] == lesson
                    await eventually(lambda: len(students(there)) == 20)
                    await eventually(lambda: there.all(LessonStarted))
                    await drained(client)
                    assert set(students(there).values()) == {1}
                    assert {each.lesson for each in there.all(AttendanceMarked)} == {lesson}  # type: ignore[union-attr]
                    assert await asyncio.to_thread(agent.stop) == 0

    played(tmp_path, story)


def test_a_kill_at_any_moment_loses_no_mark_that_was_confirmed(tmp_path: Path) -> None:
    """Taps go on while the agent is killed again and again; what was answered 201 arrives."""

    async def story(stage: Stage) -> None:
        confirmed: set[str] = set()
        numbers = itertools.count()
        async with school(stage.port) as there, stage.client() as client:
            for taps in (3, 7, 13):
                with stage.agent() as process:
                    await up(client)
                    tapping = asyncio.create_task(tap_until_gone(client, numbers, confirmed))
                    goal = len(confirmed) + taps
                    await eventually(lambda goal=goal: len(confirmed) >= goal)  # type: ignore[misc]
                    process.send_signal(signal.SIGKILL)
                    await tapping
            with stage.agent():
                await up(client)
                await drained(client)
                await eventually(lambda: confirmed <= set(students(there)))
                assert set(students(there).values()) == {1}

    played(tmp_path, story)


async def tap_until_gone(
    client: httpx.AsyncClient, numbers: itertools.count[int], confirmed: set[str]
) -> None:
    """Mark pupil after pupil until nobody answers."""
    try:
        while True:
            student = f"{next(numbers):04}"
            if (await mark(client, student)).status_code in {200, 201}:
                confirmed.add(student)
    except httpx.TransportError:
        return


async def drained(client: httpx.AsyncClient) -> None:
    """Wait until nothing waits in the outbox."""

    async def outbox() -> dict[str, Any]:
        shown: dict[str, Any] = (await client.get(STATUS)).json()
        return shown["outbox"] | shown["link"]

    await eventually(outbox, "all is sent and acked", holds=lambda seen: not seen["pending"])


def test_an_unwilling_school_leaves_everything_in_the_outbox(tmp_path: Path) -> None:
    """Received is not kept: only the receiver's own word settles."""

    async def story(stage: Stage) -> None:
        async with school(stage.port) as there, stage.client() as client:
            there.willing = False
            with stage.agent():
                await up(client)
                await mark(client, "0012")
                await eventually(lambda: there.all(AttendanceMarked))
                shown = (await client.get(STATUS)).json()
                assert shown["outbox"]["pending"] >= 1
                assert shown["link"]["controller_listening"]
                there.willing = True
                await drained(client)

    played(tmp_path, story)


def test_a_rebirth_is_answered_and_nonsense_is_not(tmp_path: Path) -> None:
    """A command brings a full birth; what cannot be read changes nothing."""

    async def story(stage: Stage) -> None:
        async with school(stage.port) as there, stage.client() as client:
            with stage.agent():
                await up(client)
                await eventually(lambda: there.all(Birth))
                command = commands_to(PLACE.of_agent(AGENT)).removesuffix("#")
                for payload in (b"", b"{", b"\x00" * 1000, b'{"kind":"later","v":99}'):
                    there.say(Letter(f"{command}rebirth", payload))
                births = len(there.all(Birth))
                there.ask_birth(AGENT)
                await eventually(lambda: len(there.all(Birth)) > births)
                assert (await client.get("/healthz")).status_code == 200

    played(tmp_path, story)


def test_the_broker_may_come_late_and_go(tmp_path: Path) -> None:
    """Marks are kept meanwhile; each new session has a birth of its own."""

    async def story(stage: Stage) -> None:
        async with stage.client() as client:
            with stage.agent():
                await up(client)
                for student in ("0001", "0002"):
                    assert (await mark(client, student)).status_code == 201
                    with nats(tmp_path / f"broker{student}", stage.port):
                        async with school(stage.port) as there:
                            await eventually(lambda: there.all(Birth))
                            await drained(client)
                            assert students(there) == {student: 1}

    played(tmp_path, story, broker=False)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
def test_a_full_disk_is_said_and_all_is_well_when_it_is_not_full_any_more(tmp_path: Path) -> None:
    """507 and a red light; the agent itself finds out that there is room again."""

    async def story(stage: Stage) -> None:
        async with school(stage.port) as there, stage.client() as client:

            async def codes() -> list[str]:
                shown = (await client.get(STATUS)).json()
                return [each["code"] for each in shown["reasons"]]

            with stage.agent() as process:
                await up(client)
                assert (await mark(client, "0001")).status_code == 201
                await eventually(lambda: there.all(AttendanceMarked))
                free = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, free[1]))
                refused = await mark(client, "0002")
                assert refused.status_code == 507
                assert refused.json()["error"]["code"] == "outbox_refused"
                assert (await codes())[0] == "outbox_refused"
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, free)
                await eventually(codes, holds=lambda seen: "outbox_refused" not in seen)
                assert (await mark(client, "0002")).status_code == 201
                await eventually(lambda: set(students(there)) == {"0001", "0002"})

    played(tmp_path, story)


def test_a_taken_port_does_not_stop_the_agent(tmp_path: Path) -> None:
    """Sensing and sending go on, and the school reads the reason."""

    async def story(stage: Stage) -> None:
        with socket.create_server(("127.0.0.1", stage.local_port)):
            async with school(stage.port) as there:
                agent = stage.agent()
                with agent:
                    await eventually(lambda: "port_taken" in reasons(there))
                    assert await asyncio.to_thread(agent.stop) == 0
        assert agent.log.read_text().count("is taken") == 1

    played(tmp_path, story)


def reasons(there: School) -> set[str]:
    """All reason codes that reached the school."""
    told = [*there.all(Birth), *there.all(Health)]
    return {reason.code for each in told for reason in each.reasons}  # type: ignore[union-attr]


def test_without_a_broker_address_the_controller_is_found_by_mdns(tmp_path: Path) -> None:
    """On whatever network there is, and with no network on this computer itself."""
    if not addresses():
        pytest.skip("needs a network interface")

    async def story(stage: Stage) -> None:
        info = ServiceInfo(
            SERVICE,
            f"{stage.port}.{SERVICE}",
            addresses=[socket.inet_aton("127.0.0.1")],
            port=stage.port,
            properties={
                "role": "controller",
                "province": PLACE.province,
                "school": PLACE.school,
            },
            server="school.local.",
        )
        announcing = AsyncZeroconf(interfaces=list(addresses()), ip_version=IPVersion.V4Only)
        async with announcing, school(stage.port) as there, stage.client() as client:
            await (await announcing.async_register_service(info))
            agent = stage.agent("--broker", "")
            with agent:
                await up(client)
                await eventually(lambda: there.all(Birth))
                shown = (await client.get(STATUS)).json()
                assert shown["link"]["broker"] == f"mqtt://127.0.0.1:{stage.port}"
                assert await asyncio.to_thread(agent.stop) == 0

    played(tmp_path, story)


def test_no_pupil_is_named_in_the_log(tmp_path: Path) -> None:
    """Not when marked, not when refused, not at debug level."""

    async def story(stage: Stage) -> None:
        async with school(stage.port) as there, stage.client() as client:
            agent = stage.agent("--log-level", "debug")
            with agent:
                await up(client)
                await mark(client, "HS-7731")
                await mark(client, "HS-7731", "asleep")
                await client.post(MARK, content=b'{"student":"HS-7731"', headers={})
                await eventually(lambda: there.all(AttendanceMarked))
                await asyncio.to_thread(agent.stop)
            assert agent.log.stat().st_size > 0
            assert "7731" not in agent.log.read_text()

    played(tmp_path, story)
