"""Scanning a class: simulated cameras, a real process that reads, and its certain end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from hardware.camera.feed import CameraFeed, FrameArrival
from hardware.camera.shutter import Shutter
from hardware.camera.watch import target_of
from hardware.cards import child
from hardware.cards.acceptance import CardFlag, FoundCard
from hardware.cards.scan import Over, read_pictures, scan, watch_door
from protocol.doorcode import sign
from simulators.devices.camera import CameraFault, OnvifCamera
from simulators.devices.cards import Scene, class_of, door, picture_of
from tests.hardware.camera_peers import mjpeg, peer, silent
from tests.ports import free_port
from tests.tiers import one_short
from tests.waiting import LIMIT_S, unstarved

OPEN = Shutter(lambda: False)
ROSTER = frozenset(range(1, 13))
HD = (1280, 720)
GIVE_UP_S = 60.0


def readers() -> list[psutil.Process]:
    """The processes of this test that read cards."""
    found = []
    for each in psutil.Process().children(recursive=True):
        try:
            if "hardware.cards.child" in each.cmdline():
                found.append(each)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def camera() -> OnvifCamera:
    group = ("239.255.255.250", free_port())
    shows = picture_of(ROSTER)
    shows(1, "ok", HD, 0)  # drawn beforehand: the loop is not to wait for it
    return OnvifCamera(group=group, size=HD, picture=shows)


@pytest.mark.parametrize("way", one_short(["snapshot_url", "mjpeg_url", "stream_url"]))
def test_what_a_simulated_class_holds_up_is_what_counts(way: str) -> None:
    """By snapshots, MJPEG and RTSP; the scan ends when all are found."""

    async def story() -> tuple[Over, list[FoundCard]]:
        found: list[FoundCard] = []
        async with asyncio.timeout(LIMIT_S), camera() as one:
            over = await scan(
                target_of("mac:1", getattr(one, way)),
                ROSTER,
                found.append,
                OPEN,
                within_s=40.0,
            )
        return over, found

    is_late = {"no_answer", "stalled"}
    over, found = asyncio.run(unstarved(story, lambda played: played[0].reason in is_late))
    assert over.reason == ""
    assert sorted(each.id for each in found if each.flag is None) == sorted(ROSTER)
    assert not readers()


def test_a_copied_card_is_told_and_counts_for_nobody() -> None:
    """Number 3 is held up twice; number 40 is no pupil of this class."""
    setting = Scene(side=(50.0, 70.0), covered=0.0, size=HD)
    shown = [each.jpeg for each in class_of(4, setting, frames=6, ids=[1, 2, 3, 3, 40])]

    async def story() -> list[FoundCard]:
        found: list[FoundCard] = []
        async with asyncio.timeout(LIMIT_S), peer(mjpeg(shown, fps=8)) as port:
            target = target_of("mac:1", f"http://127.0.0.1:{port}/pic")
            await scan(
                target,
                frozenset({1, 2, 3}),
                found.append,
                OPEN,
                within_s=50.0,
                is_wanted=lambda: {each.id for each in found} != {1, 2, 3},
            )
        return found

    found = asyncio.run(story())
    assert {each.id for each in found if each.flag is None} == {1, 2}
    assert {each.id for each in found if each.flag is CardFlag.COPIED} == {3}


def test_a_camera_that_is_locked_or_silent_is_told() -> None:
    """As a look tells it."""

    async def story() -> list[str]:
        async with asyncio.timeout(LIMIT_S), camera() as one, peer(silent) as port:
            one.faults.add(CameraFault.PASSWORD)
            urls = (one.mjpeg_url, f"http://127.0.0.1:{port}/", "file:///etc/passwd")
            overs = [
                await scan(target_of("mac:1", url), ROSTER, lambda _: None, OPEN) for url in urls
            ]
        return [each.reason for each in overs]

    assert asyncio.run(story()) == ["needs_password", "no_answer", "nonsense"]


@pytest.mark.parametrize("how", one_short(["cancelled", "unwanted", "shut"]))
def test_a_scan_that_is_ended_leaves_no_process(how: str) -> None:
    """Cancelled, or the camera is switched off: dead once it returned."""

    async def story() -> None:
        began, is_wanted, is_shut = asyncio.Event(), True, False
        shutter = Shutter(lambda: is_shut)
        found: list[FoundCard] = []

        def note(each: FoundCard) -> None:
            found.append(each)
            began.set()

        async with asyncio.timeout(LIMIT_S), camera() as one:
            target = target_of("mac:1", one.mjpeg_url)
            # One card more than is shown: the scan would go on.
            scanning = asyncio.ensure_future(
                scan(
                    target, ROSTER | {49}, note, shutter, within_s=50.0, is_wanted=lambda: is_wanted
                )
            )
            await began.wait()
            assert len(readers()) == 1
            assert [look.use for look in shutter.looks] == ["cards"]
            is_wanted, is_shut = how != "unwanted", how == "shut"
            if how == "cancelled":
                scanning.cancel()
            ended = await asyncio.gather(scanning, return_exceptions=True)
            assert isinstance(ended[0], asyncio.CancelledError if how == "cancelled" else Over)
            assert (shutter.looks, readers()) == ((), [])
            if is_shut:
                assert await scan(target, ROSTER, note, shutter) == Over()
        assert not readers()

    asyncio.run(story())


def test_a_computer_that_reads_slowly_is_no_camera_that_stalls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The time of our own reading is longer than that in which a camera has to show a picture."""
    given: list[float] = []
    monkeypatch.setattr(child, "alive", lambda within_s=3.0: given.append(within_s))
    picture = np.zeros((4, 4, 3), np.uint8)
    frames = [FrameArrival(1.0 + at, lambda: picture) for at in range(3)]
    readings = child._frames(CameraFeed(arrivals=iter(frames), paced=False))
    for _ in frames:
        next(readings)
        assert given[-1] == child.PICTURE_S
    assert [*readings] == []
    assert given == [child.PICTURE_S, 3.0] * len(frames)


def test_a_scan_ends_in_time() -> None:
    """Though not all cards were found; it says how many frames it saw."""

    async def story() -> Over:
        async with asyncio.timeout(LIMIT_S), camera() as one:
            target = target_of("mac:1", one.mjpeg_url)
            return await scan(target, frozenset({49}), lambda _: None, OPEN, within_s=1.0)

    over = asyncio.run(story())
    assert over.reason == ""
    assert over.frames > 0


def test_the_door_tells_each_code_once_in_a_while() -> None:
    """While the cards stay before the camera, until nobody wants to know more."""
    texts = [sign(b"key", 1, bytes([number] * 6)) for number in range(3)]
    shown = [door(seed, texts, size=HD, tilt=20.0).jpeg for seed in range(3)]

    async def story() -> list[str]:
        found: list[str] = []
        async with asyncio.timeout(LIMIT_S), peer(mjpeg(shown)) as port:
            target = target_of("mac:1", f"http://127.0.0.1:{port}/pic")
            await watch_door(
                target, found.append, OPEN, is_wanted=lambda: len(set(found)) < len(texts)
            )
        return found

    assert sorted(asyncio.run(story())) == sorted(texts)
    assert not readers()


def test_pictures_are_read_in_order_and_bad_ones_named(tmp_path: Path) -> None:
    """A folder, a text, a picture of too many pixels; the good one after them is read."""
    (tmp_path / "text.jpg").write_text("no picture")
    bomb = b"P5 60000 60000 255\n" + b"\0" * 100
    (tmp_path / "bomb.pgm").write_bytes(bomb)
    setting = Scene(cards=4, side=(60, 80), covered=0.0)
    (tmp_path / "good.jpg").write_bytes(class_of(2, setting, ids=[5, 6, 7, 8])[0].jpeg)
    names = ["none.jpg", ".", "text.jpg", "bomb.pgm", "good.jpg"]

    async def story() -> list[tuple[int, str, list[int]]]:
        paths = [tmp_path / name for name in names]
        return [
            (each.number, each.error, [card.id for card in each.cards])
            async for each in read_pictures(paths)
        ]

    assert asyncio.run(story()) == [
        (0, "missing", []),
        (1, "missing", []),
        (2, "no_picture", []),
        (3, "no_picture", []),
        (4, "", [5, 6, 7, 8]),
    ]


def test_the_agents_process_loads_no_vision(tmp_path: Path) -> None:
    """A whole reading of a picture, and neither OpenCV nor ZXing nor numpy is in it."""
    picture = tmp_path / "a.jpg"
    picture.write_bytes(class_of(2, Scene(cards=1, side=(80, 90), covered=0.0))[0].jpeg)
    code = (
        "import sys; from agent.__main__ import main\n"
        "import agent.cards.matching\n"
        f"code = main(['read-cards', {str(picture)!r}, '--json'])\n"
        "sys.exit(code or bool({'cv2', 'zxingcpp', 'numpy'} & set(sys.modules)) * 9)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert ended.returncode == 0, ended
    assert '"cards":[{"id":' in ended.stdout
