"""Which inputs of a recorder have a camera, by what each one's own stream answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.camera import rtsp
from hardware.camera.order import REASONS, CameraTrouble
from hardware.http.login import WebLogin
from hardware.onvif.camera import Channel, _CameraTalk
from hardware.onvif.soap import PLAIN, ServiceAddress

REFUSALS = sorted(REASONS & {"needs_password", "basic_only", "login_way"})
ANSWERS = st.sampled_from(["", "in_use", "no_answer", "nonsense"])
DEVICE = ServiceAddress(address="192.0.2.7", port=80, path="/onvif", scheme="http")


def channel(number: int, streams: int) -> Channel:
    """One with a snapshot and so many streams."""
    urls = [f"http://192.0.2.7/{number}.jpg"]
    urls += [f"rtsp://192.0.2.7/{number}/{size}" for size in range(streams)]
    return Channel(f"source{number}", str(number), tuple(urls))


def tried(
    channels: list[Channel], answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[tuple[Channel, ...], list[str]]:
    """What is judged where each stream answers so; and who was asked."""
    asked: list[str] = []

    def ask(url: str, *_: object, **__: object) -> None:
        asked.append(url)
        if answers[url]:
            raise CameraTrouble(answers[url])

    with monkeypatch.context() as patch:
        patch.setattr(rtsp, "ask", ask)
        talk = _CameraTalk(DEVICE, WebLogin("admin", "x"), PLAIN)
        return talk._tried(channels), asked


@given(st.lists(st.lists(ANSWERS, max_size=2), min_size=2, max_size=6))
def test_an_input_is_empty_where_its_streams_fail_and_another_ones_do_not(
    said: list[list[str]],
) -> None:
    """One without a stream is not judged; where none answers, the way is shut for all."""
    channels = [channel(number, len(answers)) for number, answers in enumerate(said)]
    answers = {
        f"rtsp://192.0.2.7/{number}/{size}": answer
        for number, row in enumerate(said)
        for size, answer in enumerate(row)
    }
    judged, asked = tried(channels, answers, pytest.MonkeyPatch())
    alive = [any(one in {"", "in_use"} for one in row) for row in said]
    assert [one.shows for one in judged] == [
        not row or is_alive or not any(alive) for row, is_alive in zip(said, alive, strict=True)
    ]
    assert [one._replace(shows=True) for one in judged] == channels
    assert all(asked.count(url) <= 2 for url in asked)


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_password_that_is_refused_is_said_once(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorders lock themselves: no further input is asked, and none is judged."""
    channels = [channel(number, 1) for number in range(8)]
    answers = dict.fromkeys((url for one in channels for url in one.urls), reason)
    judged, asked = tried(channels, answers, monkeypatch)
    assert judged == tuple(channels)
    assert len(asked) == 1
