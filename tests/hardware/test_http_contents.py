"""An answer's contents are the same however they were sent, and whatever its head says of that."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.http.client import WebClient, WebTrouble

BEGINNINGS: Final = (b"\xff\xd8\xff\xe0", b"--frame\r\n", b"<?xml version='1.0'?>")
CONTENTS: Final = st.builds(
    lambda first, rest: first + rest, st.sampled_from(BEGINNINGS), st.binary(max_size=3000)
)
BODY_LIMIT: Final = 1 << 20


def as_chunks(data: bytes) -> bytes:
    """Cut into chunks of 700 bytes, with an ending."""
    cut = [data[at : at + 700] for at in range(0, len(data), 700)]
    return b"".join(b"%x\r\n" % len(one) + one + b"\r\n" for one in cut) + b"0\r\n\r\n"


PACKINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


def asked_of(answer: bytes) -> bytes:
    """What is read of a device that sends this, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with WebClient(f"http://127.0.0.1:{server.getsockname()[1]}/").ask() as got:
                return got.read(BODY_LIMIT)
        finally:
            thread.join()


@settings(deadline=None, max_examples=60)
@given(
    contents=CONTENTS,
    packing=st.sampled_from(sorted(PACKINGS)),
    says_packed=st.booleans(),
    is_cut=st.booleans(),
    says_cut=st.booleans(),
    says_length=st.booleans(),
)
def test_contents_are_read_however_they_were_sent(
    contents: bytes,
    packing: str,
    *,
    says_packed: bool,
    is_cut: bool,
    says_cut: bool,
    says_length: bool,
) -> None:
    """Packed or not, cut or not, said or not: they stay what they are."""
    packed = PACKINGS[packing](contents)
    sent = as_chunks(packed) if is_cut else packed
    head = b"HTTP/1.1 200 OK\r\n"
    if says_packed:
        head += b"Content-Encoding: " + (packing or "gzip").encode() + b"\r\n"
    if says_cut:
        head += b"Transfer-Encoding: chunked\r\n"
    if says_length and not is_cut:
        head += b"Content-Length: %d\r\n" % len(sent)
    read = asked_of(head + b"\r\n" + sent)
    # Unsaid, zlib's two bytes prove too little; gzip's and a chunk's before a beginning do.
    if packing == "deflate" and not (says_packed and (says_cut or not is_cut)):
        assert read in {contents, packed, sent}
    else:
        assert read == contents


def test_a_little_that_holds_very_much_is_bounded() -> None:
    """A bomb is unpacked as far as was asked for."""
    bomb = gzip.compress(b"<" + b"a" * 5_000_000)
    read = asked_of(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb)
    assert len(read) <= BODY_LIMIT + 1


def test_what_is_not_as_it_was_packed_is_no_answer() -> None:
    """No error of another kind comes of it; what is cut off is read as far as it goes."""
    with pytest.raises(WebTrouble, match="no_answer"):
        asked_of(b"HTTP/1.1 200 OK\r\n\r\n\x1f\x8bnothing of the kind")
    cut = gzip.compress(bytes(range(250)), mtime=0)[:-40]
    read = asked_of(b"HTTP/1.1 200 OK\r\n\r\n" + cut)
    assert bytes(range(250)).startswith(read)


XML: Final = b"<?xml version='1.0'?><a>hi</a>"
LENGTH: Final = b"Content-Length: %d\r\n" % len(XML)


@pytest.mark.parametrize(
    "head",
    [
        b"ICY 200 OK\r\n" + LENGTH,
        b"HTTP 200 OK\r\n" + LENGTH,
        b"HTTP/2 200\r\n" + LENGTH,
        b"http/1.1 0200 OK\r\n" + LENGTH,
        b"\r\n\xef\xbb\xbfHTTP/1.1 200 OK\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\n" + LENGTH.replace(b"\r", b""),
        b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\r\nTue, 12 Jun 2012 01:56:34 GMT\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\r\n: nothing\r\n folded\r\n" + LENGTH.replace(b":", b" :"),
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 150 + b"Y: " + b"b" * 70_000 + b"\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + LENGTH,
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        b"Content-Type: text/xml\r\nServer: x\r\n",
    ],
    ids=[str(number) for number in range(14)],
)
def test_a_head_is_read_however_it_is_written(head: bytes) -> None:
    """What makes no sense in it takes nothing away from what stands behind it."""
    assert asked_of(head + b"\r\n" + XML) == XML


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nServer: x\r\n"], ids=["nothing", "no-blank-line"]
)
def test_contents_are_found_without_the_line_before_them(head: bytes) -> None:
    """Some forget it, or all of the head."""
    assert asked_of(head + XML) == XML


@pytest.mark.parametrize("share", [2, 3])
def test_a_picture_goes_to_its_own_end_whatever_length_was_told(share: int) -> None:
    """Another in its head ends nothing; nor does a length that is too short."""
    picture = b"\xff\xd8\xff\xe1small\xff\xd9" + b"a" * 3000 + b"\xff\xd9"
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(picture) // share)
    assert asked_of(head + picture) == picture


@pytest.mark.parametrize(
    "junk",
    [b"RTSP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"SSH-2.0\n"],
    ids=["rtsp", "four-digits", "ssh"],
)
def test_what_is_no_head_of_http_is_nonsense(junk: bytes) -> None:
    """Another protocol's answer is none."""
    with pytest.raises(WebTrouble) as trouble:
        asked_of(junk)
    assert trouble.value.reason == "nonsense"
