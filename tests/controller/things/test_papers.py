"""These tests say which photos and documents a line keeps, how small, and that they come back."""

from __future__ import annotations

import asyncio
import io
import random
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from controller.database.store import Store
from controller.things import paper, store
from controller.things.paper import MAX_DOCUMENT_BYTES, MAX_PAPERS, SIDE, made_small
from protocol.errors import ActionError
from tests.controller.book_school import HOSTILE, a_book, bring_in
from tests.controller.people import READER
from tests.controller.web_school import a_face, a_live, a_store, asked_of

PDF = b"%PDF-1.7\n" + b"x" * 100


def photo(width: int = 4000, height: int = 3000, kind: str = "JPEG") -> bytes:
    """A photo as a phone takes it: large, and saying where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "MAKER-OF-THE-PHONE"
    exif.get_ifd(0x8825)[1] = "N"
    raw = io.BytesIO()
    picture = Image.new("RGB", (width, height), "teal")
    picture.save(raw, kind, exif=exif, quality=95) if kind != "PNG" else picture.save(raw, kind)
    return raw.getvalue()


def test_a_photo_is_drawn_anew_small_and_tells_nothing_of_its_camera() -> None:
    """Whatever its format."""
    for kind in ("JPEG", "PNG", "WEBP"):
        name, media, small = made_small("../ảnh\u202e.png", photo(kind=kind))
        assert media == "image/jpeg"
        assert "\u202e" not in name
        with Image.open(io.BytesIO(small)) as picture:
            assert picture.size == (SIDE, SIDE * 3 // 4)
            assert not picture.getexif()
        assert b"MAKER-OF-THE-PHONE" not in small
        assert len(small) < 100_000


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"<script>alert(1)</script>", "paper_unreadable"),
        (b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(500), "paper_unreadable"),
        (b"GIF89a" + b"\0" * 50, "paper_unreadable"),
        (PDF + b"y" * MAX_DOCUMENT_BYTES, "paper_too_big"),
    ],
    ids=["script", "torn", "gif", "long"],
)
def test_what_is_no_photo_or_too_much_is_refused(raw: bytes, code: str) -> None:
    """In a sentence; nothing is kept of it."""
    with pytest.raises(ActionError) as refused:
        made_small("x", raw)
    assert refused.value.code == code


def test_a_bomb_is_refused() -> None:
    """Few bytes, many pixels."""
    with pytest.raises(ActionError) as refused:
        made_small("x", photo(10_000, 4_001, "PNG"))
    assert refused.value.code == "paper_unreadable"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Store]:
    """A school with a book."""
    with a_store(tmp_path) as opened:
        bring_in(opened, a_book())
        yield opened


@pytest.fixture
def face(school: Store) -> FastAPI:
    """Its face."""
    live = a_live(school)
    asyncio.run(live.load())
    return a_face(school, live)


def send(face: FastAPI, name: str, raw: bytes, line: int = 1) -> httpx.Response:
    """Choose a file on a line's page and press."""
    files = {"file": (name, raw)}
    return asked_of(face, f"/register/lines/{line}/papers", "POST", files=files)


def press(face: FastAPI, path: str) -> httpx.Response:
    """Press a button."""
    return asked_of(face, path, "POST")


def test_papers_are_kept_shown_taken_away_and_brought_back(
    face: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A photo on the page, a document as a file; readers see and have no button."""
    assert send(face, f"{HOSTILE}.jpg", photo(800, 600)).status_code == 303
    assert send(face, "hóa đơn.pdf", PDF).status_code == 303
    page = asked_of(face, "/register/lines/1").text
    assert "<script>alert" not in page
    assert 'src="/register/papers/1"' in page
    shown = asked_of(face, "/register/papers/1")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    document = asked_of(face, "/register/papers/2")
    assert document.content == PDF
    assert document.headers["content-disposition"].startswith("attachment")
    assert "<form method" not in asked_of(face, "/register/lines/1", host=READER).text
    gone = press(face, "/register/papers/1/remove")
    assert asked_of(face, "/register/papers/1").status_code == 404
    undo = asked_of(face, gone.headers["location"].partition("#")[0]).text
    assert re.search(r'action="/register/papers/1/restore"', undo)
    press(face, "/register/papers/1/restore")
    assert asked_of(face, "/register/papers/1").status_code == 200
    refused = send(face, "x.txt", b"text")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert send(face, "x.pdf", PDF, line=99).status_code == 404
    for _ in range(MAX_PAPERS - 2):
        assert send(face, "x.pdf", PDF).status_code == 303
    assert send(face, "x.pdf", PDF).status_code == 422
    monkeypatch.setattr(store, "MAX_ALL_BYTES", paper.MAX_DOCUMENT_BYTES)
    assert send(face, "x.pdf", PDF + b"z" * (MAX_DOCUMENT_BYTES - 200), line=2).status_code == 422
    assert press(face, "/register/papers/99/remove").status_code == 404
    assert press(face, "/register/papers/99/restore").status_code == 404
