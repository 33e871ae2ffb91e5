"""What a camera's page sends is taken by its content: labels, lengths, boundaries may all lie."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.camera.body import Body, BodyKind, jpegs, kind_of, parts
from hardware.camera.order import CameraTrouble
from hardware.camera.web import CameraPage, feed_of
from hardware.http.login import NOBODY, WebLogin
from simulators.devices.camera import CameraFault, OnvifCamera
from simulators.devices.camera_faults import HOSTILE
from tests.ports import free_port
from tests.waiting import LIMIT_S

Fault = CameraFault
SECRET: Final = "đúng-rồi"  # noqa: S105 - a simulated camera's
FRAMES: Final = 3


def jpeg(scan: bytes, thumbnail: bytes = b"") -> bytes:
    """A file of JPEG's shape, with a thumbnail inside a segment."""
    segment = b"Exif\0\0" + thumbnail
    head = b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment
    table = b"\xff\xdb\x00\x04\xff\xd9"  # an end that is none: it stands inside a segment
    stuffed = scan.replace(b"\xff", b"\xff\0").replace(b"rst", b"\xff\xd0")
    return head + table + b"\xff\xda\x00\x04\x01\x02" + stuffed + b"\xff\xd9"


PICTURES: Final = st.builds(
    jpeg,
    st.one_of(st.binary(max_size=300), st.just(b"a restart: rst, and on")),
    st.sampled_from([b"", jpeg(b"small")]),
)


class Layout(NamedTuple):
    """How a stream is written down. lie: added to each length that is told."""

    boundary: bytes
    named: bool
    told: bool
    line: bytes
    lie: int
    is_late: bool

    def of(self, pictures: list[bytes]) -> bytes:
        whole = bytearray()
        for number, picture in enumerate(pictures):
            if self.boundary and not (self.is_late and number == 0):
                whole += b"--" + self.boundary + self.line
            if self.named:
                whole += b"Content-Type: image/jpeg" + self.line
            if self.told:
                whole += b"Content-Length: %d" % max(1, len(picture) + self.lie) + self.line
            if self.named or self.told or self.boundary:
                whole += self.line
            whole += picture + self.line
        return bytes(whole)


LAYOUTS: Final = st.builds(
    Layout,
    boundary=st.sampled_from([b"", b"frame", b"--x"]),
    named=st.booleans(),
    told=st.booleans(),
    line=st.sampled_from([b"\r\n", b"\n"]),
    lie=st.sampled_from([0, 0, 0, -40, 40]),
    is_late=st.booleans(),
)


def in_pieces(data: bytes, size: int) -> Body:
    """As it comes from a network: in pieces of that many bytes."""
    pieces: Iterator[bytes] = (data[at : at + size] for at in range(0, len(data), size))
    return Body(lambda: next(pieces, b""))


@given(st.lists(PICTURES, min_size=1, max_size=5), LAYOUTS, st.integers(1, 400))
def test_each_picture_is_found_whole_however_it_is_packed(
    pictures: list[bytes], layout: Layout, size: int
) -> None:
    """None lost, none doubled, none with a piece of another in it."""
    body = in_pieces(layout.of(pictures), size)
    kind = kind_of(body, "text/plain")
    assert kind in {BodyKind.JPEG, BodyKind.PARTS}
    found = list(parts(body) if kind is BodyKind.PARTS else jpegs(body))
    assert found == pictures


@given(PICTURES, PICTURES, st.integers(3, 200), st.integers(1, 400))
def test_a_spoilt_picture_takes_no_other_with_it(
    spoilt: bytes, good: bytes, at: int, size: int
) -> None:
    """It is cut where the next begins, or where its segments make no sense."""
    layout = Layout(b"frame", named=True, told=True, line=b"\r\n", lie=0, is_late=False)
    body = in_pieces(layout.of([spoilt[:at], good, good]), size)
    assert list(parts(body))[-1] == good


ASIDES: Final = st.sampled_from(
    [
        b"--frame\r\nContent-Type: text/plain\r\n\r\nfps=10\r\n",
        b"--frame\r\nContent-Type: audio/basic\r\nContent-Length: 4\r\n\r\n\x7f\n\xff-\r\n",
        b"--frame\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n",
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n\r\n",
        b"This is a multi-part message in MIME format.\r\n\r\n",
    ]
)


@given(
    shown=st.lists(st.tuples(st.lists(ASIDES, max_size=4), PICTURES), min_size=1, max_size=4),
    size=st.integers(1, 400),
    told=st.booleans(),
)
def test_what_is_no_picture_is_no_frame(
    shown: list[tuple[list[bytes], bytes]], size: int, *, told: bool
) -> None:
    """Sound, words, folders and preambles between the pictures: none is lost, none is doubled."""
    layout = Layout(b"frame", named=True, told=told, line=b"\r\n", lie=0, is_late=False)
    sent = b"".join(b"".join(asides) + layout.of([picture]) for asides, picture in shown)
    body = in_pieces(sent, size)
    assert kind_of(body, "multipart/x-mixed-replace") is BodyKind.PARTS
    assert list(parts(body)) == [picture for _, picture in shown]


def test_parts_without_any_picture_are_nonsense() -> None:
    """However many come."""
    body = in_pieces(b"--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n" * 200, 97)
    with pytest.raises(CameraTrouble, match="nonsense"):
        list(parts(body))


@given(st.binary(max_size=2000), st.sampled_from(["", "image/jpeg", "multipart/x", "video/mp4"]))
def test_any_body_ends(data: bytes, label: str) -> None:
    """Whatever comes, it is read to its end or refused."""
    body = in_pieces(data, 97)
    if kind_of(body, label) in {BodyKind.PARTS, BodyKind.JPEG}:
        try:
            for _ in itertools.islice(parts(body), 3000):
                pass
        except CameraTrouble:
            return


@pytest.mark.parametrize(
    ("data", "label", "kind"),
    [
        (b"<html>", "video/mp4", BodyKind.NOTHING),
        (b"", "multipart/x-mixed-replace", BodyKind.NOTHING),
        (b"\x89PNG\r\n", "", BodyKind.PICTURE),
        (b"\0\0\0\x18ftypmp42", "text/html", BodyKind.FILM),
        (b"\x47\x40\0\x10", "", BodyKind.FILM),
        (b"Good morning", "", BodyKind.NOTHING),
        (b"\r\n--x\r\n", "", BodyKind.PARTS),
        (b"\0\0\x12\x34\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", BodyKind.JPEG),
        (b"\xef\xbb\xbf\xff\xd8\xff\xdb", "", BodyKind.JPEG),
    ],
    ids=[
        *("page", "nothing", "png", "mp4", "transport stream", "text", "parts"),
        *("behind its length", "behind a mark"),
    ],
)
def test_a_body_is_known_by_its_first_bytes(data: bytes, label: str, kind: BodyKind) -> None:
    """Whatever it calls itself."""
    assert kind_of(in_pieces(data, 5), label) is kind


def shot(*what: object) -> bytes:
    """A picture that no decoder reads, but of JPEG's shape: another each time."""
    return jpeg(json.dumps(what).encode())


async def frames_of(camera: OnvifCamera, way: str, login: WebLogin = NOBODY) -> list[bytes]:
    """The first frames that its page shows. Raises CameraTrouble."""

    def look() -> list[bytes]:
        page = CameraPage(getattr(camera, way), login)
        feed = feed_of(page, page.get(), lambda data: data)  # type: ignore[arg-type, return-value]
        assert feed is not None
        return [arrival.picture() for arrival in itertools.islice(feed.arrivals, FRAMES)]  # type: ignore[misc]

    async with asyncio.timeout(LIMIT_S):
        return await asyncio.to_thread(look)


def camera_with(*faults: Fault) -> OnvifCamera:
    group = ("239.255.255.250", free_port())
    return OnvifCamera(group=group, password=SECRET, picture=shot, faults=set(faults))


@pytest.mark.parametrize(
    "faults",
    [
        (Fault.NO_TYPE,),
        (Fault.ODD_TYPE,),
        (Fault.NO_BOUNDARY,),
        (Fault.OTHER_BOUNDARY,),
        (Fault.LATE_BOUNDARY,),
        (Fault.BARE,),
        (Fault.BARE, Fault.ODD_TYPE),
        (Fault.NO_TYPE, Fault.LATE_BOUNDARY),
        (Fault.ASIDES,),
        (Fault.PREAMBLE,),
        (Fault.PARTIAL,),
        (Fault.GZIP,),
        (Fault.GZIP, Fault.BARE, Fault.NO_TYPE),
        (Fault.SAYS_CHUNKED,),
        (Fault.SAYS_CHUNKED, Fault.BARE, Fault.GZIP),
        (Fault.UNSAID_CHUNKS,),
        (Fault.UNSAID_CHUNKS, Fault.GZIP, Fault.NO_BOUNDARY),
        (Fault.ICY,),
        (Fault.HEADLESS,),
        (Fault.HEADLESS, Fault.BARE),
        (Fault.NAMELESS,),
        (Fault.NAMELESS, Fault.HTTP_DIGEST),
        (Fault.MANY_HEADERS, Fault.ICY, Fault.HTTP_DIGEST),
        (Fault.LOOSE_LOGIN,),
        (Fault.TLS,),
        (Fault.REDIRECTS,),
        (Fault.REDIRECTS, Fault.TLS, Fault.STRICT_DIGEST),
        (Fault.HTTP_DIGEST,),
        (Fault.STRICT_DIGEST,),
        (Fault.SHA_256,),
        (Fault.TWO_CHALLENGES,),
        (Fault.BASIC,),
    ],
    ids=lambda faults: "+".join(faults),
)
def test_pages_of_odd_cameras_show_their_pictures(faults: tuple[Fault, ...]) -> None:
    """Pictures one by one and in a stream, from one and the same camera."""

    async def story() -> list[list[bytes]]:
        async with camera_with(*faults) as camera:
            login = WebLogin("admin", SECRET, is_typed=True)
            return [await frames_of(camera, way, login) for way in ("snapshot_url", "mjpeg_url")]

    for frames in asyncio.run(story()):
        assert len(set(frames)) == FRAMES
        assert all(
            frame.startswith(b"\xff\xd8") and frame.endswith(b"\xff\xd9") for frame in frames
        )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.OTHER_LOGIN, "login_way"),
        (Fault.NO_SNAPSHOT, "nonsense"),
        *((fault, "nonsense") for fault in sorted(HOSTILE - {Fault.DRIP, Fault.ENDLESS})),
    ],
)
def test_a_page_that_shows_nothing_says_why(fault: Fault, reason: str) -> None:
    """And a hostile one is bounded."""

    async def story() -> None:
        async with camera_with(fault) as camera:
            await frames_of(camera, "snapshot_url", WebLogin("admin", SECRET))

    with pytest.raises(CameraTrouble) as trouble:
        asyncio.run(story())
    assert trouble.value.reason == reason
