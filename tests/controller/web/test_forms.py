"""These tests read forms as browsers send them, and as nobody should."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from controller.web.forms import MAX_UPLOAD_BYTES, fields_of, file_in, upload_of
from controller.web.refusals import answer_refusals
from protocol.words import translator


def sent(name: str, raw: bytes, **fields: str) -> tuple[bytes, str]:
    """A form's body and type, as an independent client writes them."""
    files = {"file": (name, raw, "application/octet-stream")}
    request = httpx.Request("POST", "http://x/", data=fields, files=files)
    return request.read(), request.headers["content-type"]


class Web:
    """Posts to an application that reads forms."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app)

    def post(self, path: str, **sent: Any) -> httpx.Response:
        """The answer to a form."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://x") as client:
                return await client.post(path, **sent)

        return asyncio.run(ask())


@pytest.fixture
def web() -> Web:
    """What reads forms."""
    app = FastAPI()
    answer_refusals(app, "en", translator)

    @app.post("/upload")
    async def upload(request: Request) -> dict[str, object]:
        told = await upload_of(request)
        return {"name": told.name, "size": len(told.raw)}

    @app.post("/fields")
    async def fields(request: Request) -> dict[str, str]:
        return await fields_of(request, limit=100, count=3)

    return Web(app)


@given(st.binary(min_size=1, max_size=3000), st.text(max_size=20))
def test_a_file_comes_through_byte_by_byte(raw: bytes, other: str) -> None:
    """Whatever it holds, line ends and marks of a form's parts among it."""
    found = file_in(*sent("so.xlsx", raw, other=other))
    assert found is not None
    assert found.raw == raw


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("sổ thiết bị.xlsx", "sổ thiết bị.xlsx"),
        ("C:\\Users\\An\\so.xlsx", "so.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("a" * 500, "a" * 120),
        ("a\u202eb\u0000.csv", "ab.csv"),
    ],
)
def test_a_file_is_called_by_its_name_alone(told: str, kept: str) -> None:
    """No folders, nothing unseen, no more than a line."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{told}"\r\n\r\nx'
    found = file_in(f"{head}\r\n--b--\r\n".encode(), "multipart/form-data; boundary=b")
    assert found is not None
    assert found.name == kept
    assert found.raw == b"x"


@given(st.binary(max_size=400), st.text(max_size=60))
def test_garbage_is_no_file_and_no_error(body: bytes, content_type: str) -> None:
    """Whatever is said of it."""
    file_in(body, content_type)
    file_in(b"--b\r\n" + body, "multipart/form-data; boundary=b")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--',
         "multipart/form-data; boundary=b"),
        (b"x", "multipart/form-data"),
    ],
    ids=["empty", "urlencoded", "part without name", "empty file", "no boundary"],
)  # fmt: skip
def test_a_form_without_a_file_is_told_so(web: Web, body: bytes, content_type: str) -> None:
    """By a sentence."""
    answer = web.post("/upload", content=body, headers={"content-type": content_type})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "upload_missing"


def test_a_file_that_is_too_big_is_refused_in_words(web: Web) -> None:
    """It is not kept while it comes, and the answer arrives."""
    answer = web.post("/upload", files={"file": ("so.csv", b"x" * MAX_UPLOAD_BYTES)})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "upload_too_big"
    whole = web.post("/upload", files={"file": ("so.csv", b"x" * (MAX_UPLOAD_BYTES - 1000))})
    assert whole.json() == {"name": "so.csv", "size": MAX_UPLOAD_BYTES - 1000}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("a=1&b=%C4%90&a=2", {"a": "2", "b": "Đ"}),
        ("a=&b", {"a": "", "b": ""}),
        ("a=" + "x" * 200, {}),
        ("a=1&b=2&c=3&d=4", {}),
        ("a=%ff%fe", {"a": "\ufffd\ufffd"}),
    ],
)
def test_short_fields_are_bounded(web: Web, body: str, fields: dict[str, str]) -> None:
    """Of a form that is too long, or has too many, nothing is taken."""
    assert web.post("/fields", content=body).json() == fields
