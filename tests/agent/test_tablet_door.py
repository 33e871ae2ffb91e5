"""These tests knock at the tablets' page through a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from functools import partial

import httpx
import pytest

from agent.tablets import door
from agent.tablets import server as serving
from agent.tablets.cart import COOKIE_BYTES
from agent.tablets.checkins import CheckInAttempt, CheckInOutcome
from agent.tablets.door import COOKIE, MAX_BODY
from agent.tablets.service import SuggestionRefused, TabletService
from hardware.network.links import LinkChoice
from hardware.readings import Reading, Sighting
from tests.agent.tablet_room import HOST, Room, lesson_of, result, served, tablet
from tests.ports import free_port
from tests.waiting import calm_s, eventually
from tests.web import http_client_async

Story = Callable[[str, TabletService], Awaitable[None]]


def told(room: Room, story: Story) -> None:
    """Play a story at the open door."""

    async def play() -> None:
        service = room.service()
        async with served(service) as url:
            await story(url, service)

    asyncio.run(play())


def digits(service: TabletService) -> str:
    """What the board shows."""
    code = service.checkins().code
    return code.digits(service.now_s()) if code else ""


def test_forty_tablets_check_in_at_once() -> None:
    """Each is in, once, on a tablet of its own, and the roll's suggestions say so."""
    room = Room()

    async def story(url: str, service: TabletService) -> None:
        async def pupil(number: int) -> int:
            async with tablet(url) as browser:
                browser.headers["user-agent"] = f"tablet {number}"
                await browser.get("/")
                answer = await browser.post("/", data={"c": digits(service), "n": f"0.{number}"})
                assert result(answer.text) == f"Đã ghi nhận số {number}."
                return answer.status_code

        codes = await asyncio.gather(*map(pupil, range(1, 41)))
        assert codes == [200] * 40

    told(room, story)
    assert sorted(student for student, _, _ in room.suggested) == [
        f"10A1-{number:02}" for number in range(1, 41)
    ]
    assert {name for _, name, _ in room.suggested} == {f"Máy {n:02}" for n in range(1, 41)}
    assert {flags for _, _, flags in room.suggested} == {()}


def test_tablets_whose_browsers_were_restored_from_one_copy_are_each_their_own() -> None:
    """They have one cookie: each gets another as a second pupil comes in by it from elsewhere."""
    room = Room()

    async def story(url: str, service: TabletService) -> None:
        cookies = {}
        for number in (1, 2, 3):
            host = f"127.0.0.{number + 1}"
            other = httpx.AsyncHTTPTransport(local_address=host)
            async with http_client_async(url, transport=other) as browser:
                browser.cookies.set(COOKIE, "ab" * COOKIE_BYTES)
                for _ in range(2):  # again with what it was given
                    form = {"c": digits(service), "n": f"0.{number}"}
                    answer = await browser.post("/", data=form)
                assert result(answer.text) == f"Số {number} đã được ghi nhận từ trước."
                cookies[number] = answer.cookies[COOKIE]
        assert len(set(cookies.values())) == 3

    told(room, story)
    assert room.suggested == [(f"10A1-{n:02}", f"Máy {n:02}", ()) for n in (1, 2, 3)]


@pytest.mark.parametrize("is_full", [False, True])
def test_a_number_pressed_twice_hears_what_came_of_the_first_press(*, is_full: bool) -> None:
    """Not that it is noted while the disk has still to take it, or does not."""
    room, disk = Room(full=is_full), asyncio.Event()

    async def slow(student: str, name: str, flags: tuple[str, ...]) -> None:
        await disk.wait()
        await room._suggest(student, name, flags)

    async def play() -> None:
        service = room.service()
        service._backend = replace(service._backend, suggest=slow)
        attempt = CheckInAttempt(tablet="a", address="b", number=(0, 7), digits=digits(service))
        both = [asyncio.create_task(service.check_in(attempt)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(press.done() for press in both)
        disk.set()
        said = await asyncio.gather(*both, return_exceptions=True)
        if is_full:
            assert [type(one) for one in said] == [SuggestionRefused] * 2
        else:
            outcomes = [one.outcome for one in said]  # type: ignore[union-attr]
            assert outcomes == [CheckInOutcome.IN, CheckInOutcome.ALREADY]

    asyncio.run(play())


def test_each_refusal_has_its_sentence_and_is_counted() -> None:
    """Whoever should not be in is told why, in plain Vietnamese."""
    room = Room()

    async def story(url: str, service: TabletService) -> None:
        async with tablet(url) as browser:
            old = digits(service)
            room.now_s += 31
            cases = [
                ({"c": old, "n": "0.1"}, 403, "Mã đã hết hạn: hãy nhập mã đang hiện trên bảng."),
                ({"c": "12345", "n": "0.1"}, 403, "Mã không đúng: hãy xem lại mã trên bảng."),
                (
                    {"c": digits(service), "n": "0.43"},
                    403,
                    "Số này không có trong danh sách lớp.",
                ),
                ({"n": "0.1"}, 403, "Hãy nhập mã trên bảng trước, rồi chạm vào số của em."),
                ({"c": digits(service), "n": ""}, 403, "Bây giờ hãy chạm vào số của em."),
            ]
            for fields, status, sentence in cases:
                answer = await browser.post("/", data=fields)
                assert (answer.status_code, result(answer.text)) == (status, sentence)
            assert f'value="{digits(service)}"' in answer.text  # what was typed is still there
            foreign = await browser.get("/", headers={"host": "evil.example"})
            assert foreign.status_code == 403
            assert "set-cookie" not in foreign.headers
            site = await browser.post(
                "/", data={"c": digits(service), "n": "0.1"}, headers={"origin": "http://evil"}
            )
            assert site.status_code == 403
            room.lesson = None
            over = await browser.post("/", data={"c": old, "n": "0.1"})
            assert (over.status_code, result(over.text)) == (409, "Tiết học đã kết thúc.")
        assert service.checkins().refusals == {
            "old_code": 1,
            "wrong_code": 1,
            "not_on_roster": 1,
            "no_code": 1,
            "no_number": 1,
            "foreign_host": 1,
            "foreign_origin": 1,
            "over": 1,
        }

    told(room, story)
    assert room.suggested == []


def test_a_scan_needs_no_code_and_leaves_none_in_the_address() -> None:
    """The token is looked at when the page opens, so that a slow finger is no trouble."""
    room = Room()

    async def story(url: str, service: TabletService) -> None:
        code = service.checkins().code
        assert code
        async with tablet(url) as browser:
            scan = await browser.get(f"/c/{code.token(service.now_s())}")
            assert (scan.status_code, scan.headers["location"]) == (303, "/")
            page = await browser.get("/")
            assert "name=c" not in page.text
            room.now_s += 40
            answer = await browser.post("/", data={"n": "0.7"})
            assert result(answer.text) == "Đã ghi nhận số 7."
            again = await browser.get(f"/c/{code.token(service.now_s() - 40)}")
            assert (again.status_code, result(again.text)) == (
                403,
                "Mã đã hết hạn: hãy nhập mã đang hiện trên bảng.",
            )

    told(room, story)
    assert room.suggested == [("10A1-07", "Máy 01", ())]


def test_what_the_disk_refuses_is_not_in() -> None:
    """The child hears it, and may try again."""
    room = Room(full=True)

    async def story(url: str, service: TabletService) -> None:
        async with tablet(url) as browser:
            fields = {"c": digits(service), "n": "0.7"}
            answer = await browser.post("/", data=fields)
            assert (answer.status_code, result(answer.text)) == (
                507,
                "Chưa lưu được: hãy báo thầy/cô.",
            )
            room.full = False
            answer = await browser.post("/", data=fields)
            assert result(answer.text) == "Đã ghi nhận số 7."

    told(room, story)


def test_a_beat_tells_who_is_in_and_keeps_the_tablet_awake() -> None:
    """With a script or without; a tablet that never had a right code is not told of."""
    room, seen = Room(), list[Reading]()

    async def story(url: str, service: TabletService) -> None:
        task = asyncio.create_task(service.watch(seen.append))
        async with tablet(url) as browser, tablet(url) as stranger:
            await stranger.post("/beat", data={"e": "5"})
            await browser.post("/", data={"c": digits(service), "n": "0.7"})
            told = (await browser.post("/beat", data={"e": "81+"})).text.split(" ")
            assert told[1:] == ["0.7"]
            room.now_s += 25
            frame = await browser.get("/beat", params={"v": told[0]})
            assert "Đã kết nối" in frame.text
            assert "http-equiv=refresh" in frame.text
            room.lesson = None
            over = await browser.get("/beat", params={"v": told[0]})
            assert "target=_top>Tải lại trang" in over.text
        (awake,) = service.presence.tablets()
        assert (awake.heard_s, awake.slot.number) == (room.now_s, 1)
        await eventually(lambda: room.kept)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    told(room, story)
    assert [(each.name, each.present) for each in seen if isinstance(each, Sighting)] == [
        ("Máy 01", True)
    ]
    assert [each.number for each in room.kept] == [1]


def test_every_page_is_kept_nowhere_and_loads_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Also what is refused or absent; and no log holds a cookie, a code or a token."""
    caplog.set_level(logging.DEBUG)
    room, secrets = Room(), set[str]()

    async def story(url: str, service: TabletService) -> None:
        code = service.checkins().code
        assert code
        secrets.update({digits(service), code.token(service.now_s())})
        async with tablet(url) as browser:
            for path in ("/", "/beat", "/none", f"/c/{code.token(service.now_s())}", "/c/ffff"):
                answer = await browser.get(path)
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["content-security-policy"].startswith("default-src 'none'")
                assert answer.headers["referrer-policy"] == "same-origin"
                assert {"date", "server"}.isdisjoint(answer.headers)
                assert "http://" not in answer.text
            assert (await browser.put("/")).status_code == 404
            secrets.add(browser.cookies[COOKIE])

    told(room, story)
    ours = "\n".join(
        each.getMessage() for each in caplog.records if not each.name.startswith("http")
    )
    assert len(secrets) == 3
    assert not [each for each in secrets if each in ours]


@pytest.mark.parametrize("classes", [("10A1",), ("10A1", "10A2")])
def test_the_page_is_small_and_names_nobody(classes: tuple[str, ...]) -> None:
    """At most 5 KB in all with 42 pupils, and with two classes joined; numbers alone."""
    room = Room(lesson=lesson_of(*classes))

    async def story(url: str, service: TabletService) -> None:
        async with tablet(url) as browser:
            await browser.post("/", data={"c": digits(service), "n": "0.7"})
            text = (await browser.get("/")).text
        assert len(text.encode()) <= 5 * 1024 * (1 if len(classes) == 1 else 1.4)
        assert re.search(r"10A1-\d", text) is None
        assert text.count("<button name=n") == 42 * len(classes)
        assert "<html lang=vi>" in text

    told(room, story)


def test_the_script_is_es5() -> None:
    """No word or sign that a browser of 2014 does not know."""
    script = door.page._SCRIPT
    newer = r"\b(let|const|class|async|await|of|fetch|Promise|Map|Set)\b|=>|`|\.\.\.|\?\.|\?\?"
    assert re.findall(newer, script) == []
    assert len(script.splitlines()) <= 20


async def _raw(url: str, text: bytes) -> bytes:
    """What is answered to it."""
    reader, writer = await asyncio.open_connection(HOST, int(url.rsplit(":", 1)[1]))
    writer.write(text)
    answer = b""
    with contextlib.suppress(ConnectionError):
        await writer.drain()
        answer = await reader.read(65_536)
    writer.close()
    return answer


def test_hostile_requests_are_refused() -> None:
    """Huge bodies, no text, endless heads."""

    async def story(url: str, _service: TabletService) -> None:
        host = url.removeprefix("http://").encode()
        head = b"POST / HTTP/1.1\r\nHost: " + host + b"\r\n"
        form = b"Content-Type: application/x-www-form-urlencoded\r\n"
        big = await _raw(url, head + form + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1))
        assert b" 413 " in big.splitlines()[0]
        odd = await _raw(url, head + b"Content-Length: 4\r\n\r\nn=\xff\xfe")
        assert b" 422 " in odd.splitlines()[0]
        chunk = b"%x\r\n" % (MAX_BODY + 9) + b"a" * (MAX_BODY + 9) + b"\r\n"
        chunked = await _raw(url, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
        assert b" 422 " in chunked.splitlines()[0]
        endless = await _raw(url, head + b"X: " + b"a" * 20_000)
        assert b" 400 " in (endless.splitlines() or [b" 400 "])[0]

    told(Room(), story)


def test_half_requests_end_soon_and_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than one tablet has lines: a child still gets in."""
    limits = replace(serving.TABLETS.limits, life_s=2.5)  # a child is let in within it
    monkeypatch.setattr(serving, "TABLETS", serving.TABLETS._replace(limits=limits))

    async def story(url: str, service: TabletService) -> None:
        assert await _raw(url, b"GET / HTTP/1.1\r\nHost: ") == b""  # ended by us, not by it
        async with asyncio.TaskGroup() as tasks:
            slow = [tasks.create_task(_raw(url, b"GET")) for _ in range(limits.of_one_peer + 9)]
            await asyncio.wait(slow)
        async with tablet(url) as browser:
            answer = await browser.post("/", data={"c": digits(service), "n": "0.7"})
            assert result(answer.text) == "Đã ghi nhận số 7."

    told(Room(), story)


def test_a_child_gets_in_within_a_second_while_one_peer_floods() -> None:
    """Whole requests and half ones, as fast as they go, from another address."""
    room = Room()

    async def flood(port: int, text: bytes) -> None:
        while True:
            reader, writer = await asyncio.open_connection(HOST, port, local_addr=("127.0.0.2", 0))
            writer.write(text)
            try:
                async with asyncio.timeout(0.5):
                    await reader.read()
            except (ConnectionError, TimeoutError):
                pass
            finally:
                writer.transport.abort()

    async def story(url: str, service: TabletService) -> None:
        port = int(url.rsplit(":", 1)[1])
        whole = f"GET / HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode()
        async with asyncio.TaskGroup() as tasks:
            floods = [tasks.create_task(flood(port, text)) for text in (whole, whole[:9]) * 40]
            async with tablet(url) as browser:
                for number in range(1, 9):
                    form = {"c": digits(service), "n": f"0.{number}"}
                    began_s = calm_s()
                    answer = await browser.post("/", data=form)
                    assert calm_s() - began_s < 1.0
                    assert result(answer.text) == f"Đã ghi nhận số {number}."
                    browser.cookies.clear()
            for task in floods:
                task.cancel()

    told(room, story)


def test_the_door_follows_the_machine_to_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one answers no more, be it of IPv6; where there is no network, nothing is open."""
    places, room, port = asyncio.Queue[str](), Room(), free_port()

    async def moves(_links: LinkChoice) -> AsyncGenerator[str, None]:
        while True:
            yield await places.get()

    monkeypatch.setattr(serving, "room_addresses", moves)

    async def reached(host: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            async with tablet(f"http://{host}:{port}") as browser:
                return (await browser.get("/")).status_code == 200
        return False

    async def play() -> None:
        service = room.service()
        task = asyncio.create_task(serving.serve(service, host="", port=port, language="vi"))
        for address in ("127.0.0.2", "::1", "127.0.0.3", "", "127.0.0.2"):
            places.put_nowait(address)
            shown = "[::1]" if address == "::1" else address
            for host in ("127.0.0.2", "127.0.0.3", "[::1]"):
                await eventually(partial(reached, host), host, holds=(host == shown).__eq__)
            assert service.url == (f"http://{shown}:{port}/" if address else "")
        assert not await reached("127.0.0.1")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(play())
