"""Cameras of this machine, and pictures that are none: what the drivers and decoders answer."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Callable

import pytest

from hardware.camera import capture
from hardware.camera.order import CameraTrouble
from simulators.devices.pictures import SMALL, jpeg_of


def refusing(code: int) -> Callable[..., int]:
    def refuse(*_arguments: object) -> int:
        raise OSError(code, "refused")

    return refuse


@pytest.mark.parametrize(
    ("opens", "code", "reason"),
    [
        (True, errno.EBUSY, "in_use"),
        (True, errno.ENOTTY, "no_answer"),
        (False, errno.EBUSY, "in_use"),
        (False, errno.ENOENT, "no_answer"),
        (False, errno.ENODEV, "no_answer"),
        (False, errno.EACCES, "no_rights"),
    ],
)
def test_a_node_that_cannot_be_opened_is_told_by_its_reason(
    opens: bool,  # noqa: FBT001 - a column of the table
    code: int,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the kernel says, which OpenCV keeps to itself."""
    if opens:
        monkeypatch.setattr(fcntl, "ioctl", refusing(code))
    else:
        monkeypatch.setattr(capture.os, "open", refusing(code))
    with pytest.raises(CameraTrouble) as trouble:
        capture.node("/dev/null")
    assert trouble.value.reason == reason


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"\xff\xd8\xff\xe0"], ids=["empty", "text", "head only"]
)
def test_what_is_no_picture_is_none(data: bytes) -> None:
    """Nothing is raised."""
    assert capture.decode(data) is None


def test_a_picture_cut_short_is_none() -> None:
    """Nor is anything raised."""
    assert capture.decode(jpeg_of(1, "ok", SMALL, 0)[:60]) is None


def test_a_password_of_any_signs_is_put_into_the_stream_s_address() -> None:
    """FFmpeg takes it nowhere else."""
    url = capture._with_login("rtsp://10.0.0.9:554/live?a=1", "a@b", "p:/#ã")
    assert url == "rtsp://a%40b:p%3A%2F%23%C3%A3@10.0.0.9:554/live?a=1"
