"""Checking a camera by hand: pictures and films in real files, and cameras that do not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from agent.commands.check_camera import CameraCheckError, check, json_of, printable, sentence_of
from hardware.camera.order import REASONS
from hardware.camera.shutter import Shutter
from hardware.readings import CameraReading, CameraState, SenseMissing
from simulators.devices.pictures import FAULTS, HARD, SMALL, frame, jpeg_of
from tests.ports import free_port
from tests.tiers import wide

FPS = 15.0
OPEN = Shutter(lambda: False)


def told(target: str | Path) -> dict[str, Any]:
    """What a program is told."""
    found: dict[str, Any] = json.loads(check(str(target), as_json=True, environ={}, shutter=OPEN))
    return found


@lru_cache(maxsize=64)
def drawn(fault: str, number: int) -> np.ndarray:
    """A frame of a film; both codecs are given the same ones."""
    return frame(6, fault, SMALL, number)


def film(path: Path, codec: str, frames: Iterator[np.ndarray], fps: float = FPS) -> Path:
    """A film written by OpenCV."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, SMALL)
    assert writer.isOpened()
    for each in frames:
        writer.write(each)
    writer.release()
    return path


@pytest.mark.parametrize("condition", ["ok", *FAULTS, *HARD])
def test_a_picture_is_told_by_its_state(condition: str, tmp_path: Path) -> None:
    """From the one frame, by the same rules as a live camera."""
    path = tmp_path / "lớp 6A1.jpg"
    path.write_bytes(jpeg_of(11, condition, SMALL, 0))
    found = told(path)
    assert found["file"] == str(path)
    assert found["state"] == ("ok" if condition in HARD else condition)
    assert found["measures"]["width"] == 640
    assert "reason" not in found


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp"])
def test_pictures_of_other_kinds_are_read(name: str, tmp_path: Path) -> None:
    """A phone's screenshot will do."""
    cv2.imwrite(str(tmp_path / name), frame(2, size=SMALL))
    assert told(tmp_path / name)["state"] == "ok"


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "MJPG"), *wide(("a.mp4", "mp4v"))])
@pytest.mark.parametrize(
    ("state", "row"),
    [
        ("ok", ("ok", 1, FPS)),
        ("frozen", ("ok", 0, FPS)),
        *wide(
            ("slow", ("ok", 1, 3.0)),
            ("covered", ("covered", 1, FPS)),
            ("black", ("black", 0, FPS)),
            ("blurred", ("blurred", 1, FPS)),
        ),
    ],
)
def test_a_film_is_told_by_its_frames(
    tmp_path: Path, name: str, codec: str, state: str, row: tuple[str, int, float]
) -> None:
    """One still picture is frozen, though its codec changes it a little; its own time counts."""
    fault, step, fps = row
    frames = (drawn(fault, number * step) for number in range(60))
    found = told(film(tmp_path / name, codec, frames, fps))
    assert found["state"] == state
    assert found["measures"]["nominal_fps"] == fps


def test_a_film_that_stops_moving_is_frozen(tmp_path: Path) -> None:
    """It was well at first."""
    numbers = [*range(30), *[30] * 40]
    frames = (drawn("ok", number) for number in numbers)
    assert told(film(tmp_path / "a.avi", "MJPG", frames))["state"] == "frozen"


def test_a_few_frames_are_a_film_too(tmp_path: Path) -> None:
    """Too few for anything steadier than what they show."""
    frames = (drawn("black", number) for number in range(2))
    assert told(film(tmp_path / "a.avi", "MJPG", frames))["state"] == "black"


def test_a_film_names_no_other_file_to_be_opened(tmp_path: Path) -> None:
    """A play list is text that a film's decoder would follow anywhere."""
    film(tmp_path / "a.avi", "MJPG", (frame(6, "ok", SMALL, number) for number in range(20)))
    playlist = tmp_path / "a.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(CameraCheckError) as error:
        told(playlist)
    assert error.value.code == "camera_file_unfit"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "camera_file_missing"),
        (b"", "camera_file_unfit"),
        (b"no picture", "camera_file_unfit"),
        (b"\xff\xd8\xff\xe0 almost", "camera_file_unfit"),
    ],
    ids=["absent", "empty", "text", "cut"],
)
def test_a_file_that_is_no_picture_is_an_error_with_a_hint(
    content: bytes | None, code: str, tmp_path: Path
) -> None:
    """It is not the camera that is at fault."""
    path = tmp_path / "x.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CameraCheckError) as error:
        told(path)
    assert error.value.code == code
    assert error.value.hint
    assert str(path) in str(error.value)


def test_a_camera_that_does_not_answer_is_told_without_its_password() -> None:
    """Nobody listens there."""
    port = free_port()
    found = told(f"rtsp://admin:secret@127.0.0.1:{port}/live?channel=1&pwd=secret")
    assert found == {
        "file": f"rtsp://127.0.0.1:{port}/live",
        "state": "disconnected",
        "measures": {},
        "reason": "no_answer",
    }


@pytest.mark.parametrize("place", ["ftp://user:secret@host/x", "http://[::1/", "rtsp://"])
def test_an_address_that_no_camera_has_is_an_error(place: str) -> None:
    """Said without the password in it."""
    with pytest.raises(CameraCheckError) as error:
        told(place)
    assert error.value.code == "camera_address_unfit"
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("a.jpg", "a.jpg"),
        ("http://u:p@h/x.jpg", "http://h/x.jpg"),
        ("http://h/s.cgi?user=admin&password=p&n=1", "http://h/s.cgi"),
        ("rtsp://h/user=admin_password=p_channel=1", "rtsp://h/***"),
        ("rtsp://h/admin/s3cret/live/sub.sdp?x=1", "rtsp://h/.../sub.sdp"),
        ("rtsp://admin:s3/cret@h/live", "rtsp://***/.../live"),
        ("http://h", "http://h"),
        ("http://h/", "http://h/"),
        ("bad\udcff.jpg", "bad?.jpg"),
    ],
)
def test_what_is_printed_holds_no_password(given: str, printed: str) -> None:
    """Cheap cameras want it in the path."""
    assert printable(given) == printed


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_state_and_reason_is_a_sentence(language: str) -> None:
    """With what to do; no two alike."""
    readings = [
        *(CameraReading(key="", at=0.0, state=state, measures={"fps": 3}) for state in CameraState),
        *(
            CameraReading(key="", at=0.0, state=CameraState.DISCONNECTED, reason=reason)
            for reason in REASONS - {"no_answer"}
        ),
    ]
    said = [sentence_of(each, language) for each in readings]
    assert len(set(said)) == len(said)
    assert all(each.endswith(".") and "{" not in each for each in said)


def test_a_person_reads_a_sentence_in_vietnamese_or_english(tmp_path: Path) -> None:
    """By the language of the machine."""
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of(3, "black", SMALL, 0))
    english = check(str(path), as_json=False, environ={"LANG": "en_US.UTF-8"}, shutter=OPEN)
    assert english == (
        f"{path}: The picture is black: take off the lens cap, or switch on the light.\n"
    )
    assert "Hình đen" in check(str(path), as_json=False, environ={}, shutter=OPEN)


def test_a_machine_without_opencv_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error like any other of this program."""

    async def missing(_path: Path) -> CameraReading:
        raise SenseMissing("no_vision")

    monkeypatch.setattr("agent.commands.check_camera.look_at_file", missing)
    path = tmp_path / "a.jpg"
    path.write_bytes(b"")
    with pytest.raises(CameraCheckError, match="opencv-python-headless") as error:
        told(path)
    assert error.value.code == "no_vision"


def test_json_names_the_reason_only_where_there_is_one() -> None:
    """The keys that other programs rely on."""
    reading = CameraReading(key="", at=0.0, state=CameraState.OK, measures={"ed": 0.2})
    assert json.loads(json_of("a.jpg", reading)) == {
        "file": "a.jpg",
        "state": "ok",
        "measures": {"ed": 0.2},
    }
