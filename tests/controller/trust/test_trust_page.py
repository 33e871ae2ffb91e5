"""The way to trust: the page says what each phone shows, and the files are the authority itself."""

from __future__ import annotations

import plistlib
import re
import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.broker.authority import Authority
from controller.database.store import Store
from controller.trust.profile import profile_of
from protocol.enrolment import WORDS, fingerprint_words
from tests.axe import violations
from tests.browser import PHONE, Page
from tests.controller.web_school import Served, a_store, agent, asked
from tests.tiers import one_short

OUTSIDE = "192.0.2.5"
FITS = "scrollWidth <= document.documentElement.clientWidth"
FAR = {"face": {"allowed_hosts": ("*",)}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with an authority."""
    Authority(tmp_path).machine()
    with a_store(tmp_path, [agent("6A1")]) as opened:
        yield opened


def test_the_certificate_is_for_everybody_and_is_the_authority(
    store: Store, tmp_path: Path
) -> None:
    """Before anybody logged in; and its key is in no answer."""
    answer = asked(store, "/trust/lophoc.crt", host=OUTSIDE)
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert answer.text == Authority(tmp_path).pem()
    profile = asked(store, "/trust/lophoc.mobileconfig", host=OUTSIDE)
    assert profile.headers["content-type"] == "application/x-apple-aspen-config"
    (root,) = plistlib.loads(profile.content)["PayloadContent"]
    assert root["PayloadType"] == "com.apple.security.root"
    assert root["PayloadContent"] == ssl.PEM_cert_to_DER_cert(answer.text)
    page = asked(store, "/trust", host=OUTSIDE)
    assert page.status_code == 200
    assert not any(b"PRIVATE" in each.content for each in (answer, profile, page))


def test_the_same_authority_is_the_same_profile(tmp_path: Path) -> None:
    """Installed again it takes its own place; another school's stands beside it."""
    for name in ("a", "b"):
        Authority(tmp_path / name).machine()
    first, again = (profile_of(Authority(tmp_path / "a").pem(), "Trường <A>") for _ in range(2))
    other = profile_of(Authority(tmp_path / "b").pem(), "B")
    names = [plistlib.loads(each)["PayloadUUID"] for each in (first, again, other)]
    assert names[0] == names[1] != names[2]
    assert plistlib.loads(first)["PayloadDisplayName"] == "LopHoc · Trường <A>"


def test_the_fingerprint_is_told_in_words_and_as_the_phone_shows_it(
    store: Store, tmp_path: Path
) -> None:
    """Of the very file that is taken."""
    page = asked(store, "/trust?lang=vi").text
    digest = sha256(ssl.PEM_cert_to_DER_cert(Authority(tmp_path).pem())).digest()
    assert fingerprint_words(digest) in page
    shown = re.search(r'trust-print">([^<]*)<', page)
    assert shown
    assert bytes.fromhex(shown[1]) == digest
    assert "Để điện thoại tin trang này" in page


@given(st.binary(min_size=32, max_size=32), st.integers(0, 71))
def test_each_of_seventy_two_bits_changes_a_word(fingerprint: bytes, bit: int) -> None:
    """Twelve words of six bits, none of them lost."""
    number = int.from_bytes(fingerprint) ^ 1 << (255 - bit)
    words = fingerprint_words(fingerprint).split(" · ")
    others = fingerprint_words(number.to_bytes(32)).split(" · ")
    assert len(words) == 12
    assert {*words} <= {*WORDS}
    assert sum(one != other for one, other in zip(words, others, strict=True)) == 1


def test_a_phone_is_sent_where_this_page_was_called(store: Store) -> None:
    """By the same name; where only the server itself can look, that is said."""
    called = asked(store, "/trust", headers={"host": "192.168.1.9:8000"}, **FAR).text  # type: ignore[arg-type]
    assert '<pre tabindex="0">http://192.168.1.9:8000/trust</pre>' in called
    assert 'href="https://192.168.1.9:8000/"' in called
    six = asked(store, "/trust", headers={"host": "[fd00::9]:8000"}, **FAR).text  # type: ignore[arg-type]
    assert 'href="https://[fd00::9]:8000/"' in six
    own = asked(store, "/trust?lang=en", headers={"host": "localhost"}, **FAR).text  # type: ignore[arg-type]
    assert "No phone reaches this server" in own
    assert '<pre tabindex="0">http' not in own


@pytest.mark.parametrize("path", ["/trust", "/trust/lophoc.crt", "/trust/lophoc.mobileconfig"])
def test_without_an_authority_that_is_said(path: str, tmp_path: Path) -> None:
    """A school whose broker is another program may have none."""
    with a_store(tmp_path, [agent("6A1")]) as bare:
        answer = asked(bare, f"{path}?lang=en")
        assert answer.status_code == 404
        assert "no certificate of its own" in answer.text


@pytest.mark.parametrize("language", one_short(["vi", "en"]))
def test_it_is_read_on_a_laptop_and_on_a_phone(page: Page, store: Store, language: str) -> None:
    """Nothing runs out of the page, and nobody is kept out of it."""
    with Served(store) as served:
        page.open(f"{served.url}trust?lang={language}", *PHONE)
        for _ in page.at_each_size():
            assert page.see(f"document.documentElement.{FITS}")
        page.click(".trust-more")
        assert violations(page) == []
