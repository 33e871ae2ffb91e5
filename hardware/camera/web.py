"""This file takes pictures from a camera's web page: single ones, or a stream without end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPException
from itertools import chain
from typing import TYPE_CHECKING, Final

from hardware.camera.body import LONGEST_PICTURE, Body, BodyKind, jpegs, kind_of, parts, whole
from hardware.camera.feed import SAMPLE_EVERY_S, TIMEOUT_S, CameraFeed, FrameArrival
from hardware.camera.order import CameraTrouble
from hardware.http.client import WebAnswer, WebClient, WebTrouble
from hardware.http.login import WebLogin

if TYPE_CHECKING:
    from cv2.typing import MatLike

Decode = Callable[[bytes], "MatLike | None"]

_WELL: Final = range(200, 300)  # some say that it is a part (206), or another's (203)
_EMPTY: Final = frozenset({204, 205})
_BUSY: Final = 503


class CameraPage:
    """A camera's page that shows its picture. url: http or https, without a password."""

    def __init__(self, url: str, login: WebLogin) -> None:
        self._client = WebClient(url, login, timeout_s=TIMEOUT_S)

    @property
    def url(self) -> str:
        """Where the picture is by now, after redirects."""
        return self._client.url

    def get(self) -> WebAnswer:
        """Ask for the page.

        Raises CameraTrouble: needs_password, basic_only, login_way, in_use, no_answer or nonsense.
        """
        try:
            got = self._client.ask()
        except WebTrouble as trouble:
            raise CameraTrouble(trouble.reason) from trouble
        if got.status not in _WELL or got.status in _EMPTY:
            got.close()
            raise CameraTrouble("in_use" if got.status == _BUSY else "nonsense")
        got.endless()
        return got


def feed_of(page: CameraPage, got: WebAnswer, decode: Decode) -> CameraFeed | None:
    """The frames of a page; None where it sends a film, which is for a film's decoder.

    Raises CameraTrouble where it sends neither.
    """
    body = Body(got.read_some)
    try:
        match kind_of(body, got.kind):
            case BodyKind.PARTS:
                return CameraFeed(arrivals=_arrivals(_closing(got, parts(body)), decode))
            case BodyKind.JPEG:
                return _of_jpegs(page, got, body, decode)
            case BodyKind.PICTURE:
                return _polled(page, whole(body), decode)
            case BodyKind.FILM:
                got.close()
                return None
            case BodyKind.NOTHING:
                raise CameraTrouble("nonsense")
    except (OSError, HTTPException) as error:
        raise CameraTrouble("no_answer") from error


def _of_jpegs(page: CameraPage, got: WebAnswer, body: Body, decode: Decode) -> CameraFeed:
    """One picture, to be asked for again and again; or the first of many that follow unasked."""
    is_single = got.length is not None and got.length <= LONGEST_PICTURE
    pictures = jpegs(body)
    first = next(pictures)
    try:
        is_single = is_single or not body.has(1)
    except (OSError, HTTPException):  # nothing more, and the line is left open
        is_single = True
    if is_single:
        got.close()
        return _polled(page, first, decode)
    return CameraFeed(arrivals=_arrivals(_closing(got, chain([first], pictures)), decode))


def _polled(page: CameraPage, first: bytes, decode: Decode) -> CameraFeed:
    return CameraFeed(arrivals=_arrivals(_snapshots(page, first), decode), paced=False)


def _arrivals(pictures: Iterator[bytes], decode: Decode) -> Iterator[FrameArrival]:
    # Once the page has shown a picture, what ends has stalled.
    reason = "nonsense"
    try:
        for data in pictures:
            reason = "stalled"
            yield FrameArrival(time.monotonic(), partial(decode, data))
    except (OSError, HTTPException) as error:
        raise CameraTrouble("stalled") from error
    raise CameraTrouble(reason)


def _snapshots(page: CameraPage, first: bytes) -> Iterator[bytes]:
    """One picture after another, each asked for."""
    data = first
    while True:
        yield data
        time.sleep(SAMPLE_EVERY_S)
        with page.get() as got:
            body = Body(got.read_some)
            is_jpeg = kind_of(body, got.kind) is BodyKind.JPEG
            data = next(jpegs(body)) if is_jpeg else whole(body)


def _closing(got: WebAnswer, pictures: Iterator[bytes]) -> Iterator[bytes]:
    with got:
        yield from pictures
