"""Places: what a person types or scans is read as they meant it, and passwords are kept apart."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.network.place import PlaceError, TypedPlace, place_of, shown_url
from hardware.serials import trusted_serial


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "url"),
    [
        ("192.168.1.50", "", "192.168.1.50", 0, ""),
        ("192.168.1.50:8000", "", "192.168.1.50", 8000, ""),
        ("  192.168.1.50 \u200b", "", "192.168.1.50", 0, ""),
        ("192.168.001.050", "", "192.168.1.50", 0, ""),
        ("192.168.1.50/admin", "", "192.168.1.50", 0, ""),
        ("１９２．１６８．１．５０：８０００", "", "192.168.1.50", 8000, ""),  # noqa: RUF001
        ("192。168。1。50", "", "192.168.1.50", 0, ""),
        ("IP: 192.168.1.50", "", "192.168.1.50", 0, ""),
        ("IP:192.168.1.50", "", "192.168.1.50", 0, ""),
        ("Địa chỉ máy chiếu: 192.168.1.50:4352 (phòng 6A1)", "", "192.168.1.50", 4352, ""),
        ("[fe80::1]", "", "fe80::1", 0, ""),
        ("fe80::1", "", "fe80::1", 0, ""),
        ("fe80::1%eth0", "", "fe80::1%eth0", 0, ""),
        ("[2001:DB8::1]:80", "", "2001:db8::1", 80, ""),
        ("::ffff:10.0.0.5", "", "10.0.0.5", 0, ""),
        ("board-6a1.local.", "", "board-6a1.local", 0, ""),
        ("Board-6A1:80", "", "board-6a1", 80, ""),
        (
            "http://10.0.0.5/onvif/device_service",
            "http",
            "10.0.0.5",
            0,
            "http://10.0.0.5/onvif/device_service",
        ),
        ("HTTP://10.0.0.5:8000#top", "http", "10.0.0.5", 8000, "http://10.0.0.5:8000"),
        ("xem rtsp://10.0.0.7/live nhé", "rtsp", "10.0.0.7", 0, "rtsp://10.0.0.7/live"),
        (
            "rtsp://10.0.0.7:8554/cam@10.0.0.9/x",
            "rtsp",
            "10.0.0.7",
            8554,
            "rtsp://10.0.0.7:8554/cam@10.0.0.9/x",
        ),
        ("pjlink://10.0.0.9", "pjlink", "10.0.0.9", 0, "pjlink://10.0.0.9"),
        ("rtsp://[2001:db8::7]:554/a", "rtsp", "2001:db8::7", 554, "rtsp://[2001:db8::7]:554/a"),
    ],
)
def test_a_place_is_read(text: str, scheme: str, host: str, port: int, url: str) -> None:
    """However phones and labels write it."""
    place = place_of(text)
    assert (place.scheme, place.host, place.port, place.url) == (scheme, host, port, url)


@pytest.mark.parametrize(
    "password", ["a#b", "12##X@y", "q?", "/x", "p@ss", "a:b", "%", "#@10.0.0.1"]
)
def test_a_password_is_typed_as_it_is(password: str) -> None:
    """deepch/vdk issue 26: signs that end a host in an address are common in passwords."""
    place = place_of(f"rtsp://admin:{password}@10.0.0.7:554/a?channel=1")
    assert (place.host, place.port, place.path) == ("10.0.0.7", 554, "/a?channel=1")
    assert (place.user, place.password) == ("admin", password)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \u200b ", "empty"),
        ("9" * 3000, "too_long"),
        ("WIFI:S:truong;T:WPA;P:matkhau;;", "bad_address"),
        ("phòng học 6A1", "no_address"),
        ("192.168.1.50 192.168.1.51", "no_address"),
        ("máychiếu", "bad_address"),
        ("192.168.1", "bad_address"),
        ("192.168.1.500", "bad_address"),
        ("1.2.3.4.5", "bad_address"),
        ("[fe80::1", "bad_address"),
        ("[fe80::zz]", "bad_address"),
        ("192.168.1.50:0", "bad_port"),
        ("192.168.1.50:70000", "bad_port"),
        ("http://10.0.0.5:port/", "bad_port"),
        ("http:///path", "no_address"),
        ("javascript://10.0.0.5/%0aalert(1)", "unknown_scheme"),
        ("file://10.0.0.5/etc/passwd", "unknown_scheme"),
        ("127.0.0.1", "loopback"),
        ("http://localhost:8765/", "loopback"),
        ("a.localhost", "loopback"),
        ("[::1]", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("0.0.0.0", "loopback"),  # noqa: S104 - refused
        ("239.255.255.250", "multicast"),
        ("[ff02::1]", "multicast"),
        ("255.255.255.255", "multicast"),
    ],
)
def test_what_names_no_device_is_refused_with_a_reason(text: str, code: str) -> None:
    """A word for the program, and a sentence for people."""
    with pytest.raises(PlaceError) as refused:
        place_of(text)
    assert refused.value.code == code
    assert refused.value.reason.endswith(".")


def test_this_computer_may_be_meant_where_that_is_asked_for() -> None:
    """A simulator runs here."""
    assert place_of("127.0.0.2:4352", own=True).host == "127.0.0.2"
    assert place_of("localhost", own=True).host == "localhost"
    with pytest.raises(PlaceError):
        place_of("224.0.0.1", own=True)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://user:hunter2@10.0.0.7:554/Streaming/Channels/101",
        "rtsp://user:hunter2%40@10.0.0.7/live",
        "rtsp://10.0.0.7/user=admin_password=hunter2_channel=1",
        "http://10.0.0.7/snap?usr=admin&pwd=hunter2&x=1",
        "http://10.0.0.7/videostream.cgi?loginuse=admin&loginpas=hunter2",
        "rtsp://10.0.0.7/11?user=admin&psw=hunter2",
        "http://10.0.0.7/cgi-bin/hi3510/snap.cgi?-usr=admin&-pswd=hunter2",
        "rtsp://10.0.0.7:554/live?accessKey=hunter2&x=1",
    ],
)
def test_a_password_is_kept_apart_and_never_shown(text: str) -> None:
    """Neither in the URL, nor where a place is printed."""
    place = place_of(text)
    assert "hunter2" not in place.url + repr(place) + str(place)


def test_user_and_password_are_there_for_who_needs_them() -> None:
    """Percent signs are read (RFC 3986 section 2.1)."""
    place = place_of("rtsp://us%40er:hun%3Ater2@10.0.0.7:554/s")
    assert (place.user, place.password, place.port) == ("us@er", "hun:ter2", 554)
    assert place.url == "rtsp://10.0.0.7:554/s"


@given(st.text(max_size=300) | st.from_regex(r"[a-z]{0,5}(://)?[\[\]@:/%.0-9a-f]{0,40}"))
def test_any_text_is_a_place_or_a_reason(text: str) -> None:
    """Nothing else is raised, and a place says the same of itself."""
    with contextlib.suppress(PlaceError):
        place = place_of(text)
        again = f"[{place.host}]" if ":" in place.host else place.host
        assert place_of(again) == TypedPlace(host=place.host)


@given(
    st.text("0123456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ", min_size=16, max_size=16)
)
def test_a_stream_named_by_what_nobody_could_guess_is_not_shown(key: str) -> None:
    """UniFi Protect lets in who knows the word; what makers name their streams is shown."""
    url = f"rtsps://10.0.0.1:7441/{key}"
    if trusted_serial(key):
        assert shown_url(url) == "rtsps://10.0.0.1:7441/***"
    for word in ("h264Preview_01_sub", "ch0_0.h264", "cam1-mpeg4.sdp", "101", "videoMain"):
        assert shown_url(f"rtsp://10.0.0.1/x/{word}") == f"rtsp://10.0.0.1/.../{word}"
