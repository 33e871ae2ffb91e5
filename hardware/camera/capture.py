"""This file opens cameras and films by OpenCV, always with time-outs: its own is half a minute."""

from __future__ import annotations

import errno
import os
import struct
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import cv2
import numpy as np

from hardware.camera.feed import TIMEOUT_S, CameraFeed, FrameArrival
from hardware.camera.order import CameraTrouble

if TYPE_CHECKING:
    from cv2.typing import MatLike

_TIMEOUT_MS: Final = int(TIMEOUT_S * 1000)
_TIMEOUTS: Final = [
    cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
    _TIMEOUT_MS,
    cv2.CAP_PROP_READ_TIMEOUT_MSEC,
    _TIMEOUT_MS,
]
_FFMPEG_OPTIONS: Final = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
# FFmpeg would try UDP first, which loses without a word, and study the stream for five seconds.
_STREAM_OPTIONS: Final = "rtsp_transport;tcp|analyzeduration;1000000"
# A film may name other files and addresses to be opened; it is not to.
_FILM_OPTIONS: Final = "protocol_whitelist;file"
_PLAUSIBLE_FPS: Final = 240.0
# _IOWR('V', 8, struct v4l2_requestbuffers) of linux/videodev2.h, and its fields.
_REQUEST_BUFFERS: Final = 0xC0145608
_NO_BUFFERS: Final = struct.pack("5I", 0, 1, 1, 0, 0)
_MS: Final = 1000.0


def decode(data: bytes) -> MatLike | None:
    """A picture of any kind that OpenCV reads, as BGR; None where it is none."""
    if not data:
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        # More pixels than any camera has.
        return None


def stream(url: str, user: str, password: str) -> CameraFeed:
    """Open a stream that FFmpeg reads. url: without a password. Raises CameraTrouble."""
    os.environ[_FFMPEG_OPTIONS] = _STREAM_OPTIONS
    began_at = time.monotonic()
    capture = cv2.VideoCapture(_with_login(url, user, password), cv2.CAP_FFMPEG, _TIMEOUTS)
    if not capture.isOpened():
        late = time.monotonic() - began_at >= TIMEOUT_S
        raise CameraTrouble("stalled" if late else "nonsense")
    # By HTTP nobody promises a rate: FFmpeg makes up the one that it then tells.
    fps = _nominal_fps(capture) if urlsplit(url).scheme == "rtsp" else 0.0
    return CameraFeed(arrivals=_live(capture), nominal_fps=fps, coded=True)


def node(path: str) -> CameraFeed:
    """Open a camera of this machine (V4L2). Raises CameraTrouble."""
    _ask_node(path)
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    if not capture.isOpened():
        raise CameraTrouble("no_answer")
    return CameraFeed(arrivals=_live(capture), nominal_fps=_nominal_fps(capture))


def film(path: Path) -> CameraFeed:
    """Open a film in a file. Raises CameraTrouble("nonsense") where it is none."""
    os.environ[_FFMPEG_OPTIONS] = _FILM_OPTIONS
    # Never relative: "concat:a|b" is a file's name too.
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG, _TIMEOUTS)
    if not capture.isOpened():
        raise CameraTrouble("nonsense")
    fps = _nominal_fps(capture)
    frames = max(0.0, capture.get(cv2.CAP_PROP_FRAME_COUNT))
    return CameraFeed(
        arrivals=_play(capture, fps),
        nominal_fps=fps,
        coded=True,
        live=False,
        duration_s=frames / fps if fps else 0.0,
    )


def _live(capture: cv2.VideoCapture) -> Iterator[FrameArrival]:
    while capture.grab():
        yield FrameArrival(time.monotonic(), partial(_retrieve, capture))
    raise CameraTrouble("stalled")


def _play(capture: cv2.VideoCapture, fps: float) -> Iterator[FrameArrival]:
    number = 0
    while capture.grab():
        told_s = capture.get(cv2.CAP_PROP_POS_MSEC) / _MS
        at = told_s if told_s > 0 or not fps else number / fps
        yield FrameArrival(at, partial(_retrieve, capture))
        number += 1


def _retrieve(capture: cv2.VideoCapture) -> MatLike | None:
    try:
        read, picture = capture.retrieve()
    except cv2.error:
        return None
    return picture if read else None


def _nominal_fps(capture: cv2.VideoCapture) -> float:
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if 0 < fps <= _PLAUSIBLE_FPS else 0.0


def _with_login(url: str, user: str, password: str) -> str:
    if not password:
        return url
    parts = urlsplit(url)
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@"
    return parts._replace(netloc=login + parts.netloc).geturl()


def _ask_node(path: str) -> None:
    """Ask the driver what OpenCV does not tell: whether another program holds the camera."""
    if sys.platform == "win32":
        return
    try:
        opened = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except PermissionError as error:
        raise CameraTrouble("no_rights") from error
    except OSError as error:
        raise CameraTrouble("in_use" if error.errno == errno.EBUSY else "no_answer") from error
    try:
        _request_buffers(opened)
    finally:
        os.close(opened)


def _request_buffers(opened: int) -> None:
    if sys.platform != "win32":
        from fcntl import ioctl  # noqa: PLC0415 - not on Windows

        try:
            ioctl(opened, _REQUEST_BUFFERS, _NO_BUFFERS)
        except OSError as error:
            # Any other refusal is the driver's own way: OpenCV finds another.
            if error.errno == errno.EBUSY:
                raise CameraTrouble("in_use") from error
