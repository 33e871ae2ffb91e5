"""This file alone reads requests' bodies, within bounds: short fields, one file, or raw bytes.

multipart/form-data is RFC 7578 as the HTML standard narrows it: names in quotes, in UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import parse_qs

import msgspec
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from controller.sheets.text import clean
from controller.web.parameters import fault_in_body
from controller.web.presses import SEEN
from controller.web.refusals import HttpError, refused
from controller.web.seen import MAX_SEEN
from protocol.errors import LopHocError
from protocol.shapes import from_plain
from protocol.unreadable import UNREADABLE
from protocol.words import N_

MAX_FORM: Final = 4096
MAX_FIELDS: Final = 16
MAX_UPLOAD_BYTES: Final = 8 * 1024 * 1024
# What is too big is still taken from the line up to here: else a browser shows no answer.
_DRAINED_BYTES: Final = 64 * 1024 * 1024
_MAX_NAME: Final = 120
Order = TypeVar("Order", bound=msgspec.Struct)


class Upload(NamedTuple):
    """A file that came by a form. name: as the browser says, cleaned, without folders."""

    name: str
    raw: bytes


async def fields_of(
    request: Request, *, limit: int = MAX_FORM, count: int = MAX_FIELDS
) -> dict[str, str]:
    """A short form's fields, the last of each name; nothing of one that is too long."""
    body = await _body(request, limit + len(SEEN) + MAX_SEEN)
    if body is None:
        return {}
    try:
        fields = parse_qs(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=count + 1
        )
    except ValueError:  # more fields than that
        return {}
    told = {name: values[-1] for name, values in fields.items() if name != SEEN}
    return told if len(told) <= count else {}


async def body_of(request: Request, limit: int) -> bytes:
    """The request's body. Raises HttpError where it is longer than that."""
    body = await _body(request, limit)
    if body is None:
        raise HttpError(413, "body_too_long", N_("This is too long."), N_("Send it in parts."))
    return body


def body_described(kinds: Mapping[str, Any]) -> dict[str, Any]:
    """How OpenAPI is told of a body that `body_of` reads. kinds: by media type."""
    return {"requestBody": {"required": True, "content": {**kinds}}}


async def order_in(request: Request, kind: type[Order]) -> Order:
    """The JSON object that a program sends, as this struct. Raises HttpError, naming the field."""
    told = _json_in(await body_of(request, MAX_FORM) or b"{}")
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    try:
        if isinstance(told, dict) and {*told} <= known:
            return from_plain(told, kind)
    except msgspec.ValidationError as error:
        raise refused(fault_in_body(told, kind), "body_invalid") from error
    raise refused(fault_in_body(told, kind), "body_invalid")


def _json_in(raw: bytes) -> object:
    """What the JSON holds; None where it is none."""
    try:
        return msgspec.json.decode(raw)
    except UNREADABLE:
        return None


def order_described(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """How OpenAPI is told of it: the struct's schema, what it refers to put in its place."""
    _, schemas = msgspec.json.schema_components((kind,), ref_template="{name}")
    schema: dict[str, Any] = schemas.pop(kind.__name__)
    for name, part in schema["properties"].items():
        if (reference := part.get("$ref")) in schemas:
            own = {word: value for word, value in part.items() if word != "$ref"}
            schema["properties"][name] = schemas[reference] | own
    return body_described(
        {"application/json": {"schema": schema | {"additionalProperties": False}}}
    )


async def upload_of(request: Request) -> Upload:
    """The first file of a form. Raises HttpError."""
    body = await _body(request, MAX_UPLOAD_BYTES)
    if body is None:
        raise HttpError(
            413,
            "upload_too_big",
            N_("The file is too big: a school's book has at most 8 MB."),
            N_("Delete pictures and sheets that are not the book, then try again."),
        )
    upload = file_in(body, request.headers.get("content-type", ""))
    if upload is None or not upload.raw:
        raise HttpError(
            422, "upload_missing", N_("No file was chosen."), N_("Choose an Excel or CSV file.")
        )
    return upload


async def stream_upload(request: Request, take: Callable[[bytes], None], limit: int) -> None:
    """Hand on the first file of a form, piece by piece, on a thread; what is refused is drained.

    take: raises to refuse. Raises HttpError, and what `take` raises.
    """
    kind, options = parse_options_header(
        request.headers.get("content-type", "").encode("latin-1", "replace")
    )
    boundary = options.get(b"boundary")
    pieces = _Pieces()
    parser = MultipartParser(boundary or b"-", pieces.callbacks)
    refused: Exception | None = None
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if refused is not None:
            if size > _DRAINED_BYTES:
                break
            continue
        try:
            if size > limit or kind.lower() != b"multipart/form-data" or not boundary:
                raise _no_file()
            parser.write(chunk)
            if held := pieces.take():
                await run_in_threadpool(take, held)
        except FormParserError:
            refused = _no_file()
        except (HttpError, LopHocError, OSError) as error:
            refused = error
    if refused is not None:
        raise refused
    if not pieces.is_found:
        raise _no_file()


def _no_file() -> HttpError:
    return HttpError(422, "upload_missing", N_("No file was chosen."), N_("Choose one, and wait."))


def file_in(body: bytes, content_type: str) -> Upload | None:
    """The first file in the body of a form; None where there is none."""
    kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
    boundary = options.get(b"boundary")
    if kind.lower() != b"multipart/form-data" or not boundary:
        return None
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks)
        parser.write(body)
        parser.finalize()
    except FormParserError:
        pass  # what came whole before it counts
    return parts.upload


class _Pieces:
    """Hands on what comes of the first file of a form."""

    def __init__(self) -> None:
        self.is_found = self._is_file = self._is_over = False
        self._held = bytearray()
        self._field, self._value = bytearray(), bytearray()
        self.callbacks: Any = {
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": self._take,
            "on_part_end": self._end,
        }

    def take(self) -> bytes:
        """What has come since; it is held no longer."""
        held = bytes(self._held)
        self._held.clear()
        return held

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition" and not self._is_over:
            _, options = parse_options_header(bytes(self._value[:MAX_FORM]))
            self._is_file = bool(options.get(b"filename"))
            self.is_found = self.is_found or self._is_file
        self._field.clear()
        self._value.clear()

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._is_file and not self._is_over:
            self._held += data[start:end]

    def _end(self) -> None:
        self._is_over = self._is_over or self._is_file
        self._is_file = False


class _Parts:
    """Keeps the first file of a form, as the parser meets it."""

    def __init__(self) -> None:
        self.upload: Upload | None = None
        self._field, self._value = bytearray(), bytearray()
        self._name: str | None = None
        self._content = bytearray()
        self.callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": self._take,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._name = None
        self._content.clear()

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value[:MAX_FORM]))
            name = options.get(b"filename")
            self._name = None if name is None else plain_name(name.decode("utf-8", "replace"))
        self._field.clear()
        self._value.clear()

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._name is not None and self.upload is None:
            self._content += data[start:end]

    def _end(self) -> None:
        if self._name is not None and self.upload is None:
            self.upload = Upload(self._name, bytes(self._content))


def plain_name(name: str) -> str:
    """What a file is called, without the folders that some browsers tell."""
    return clean(name.replace("\\", "/").rpartition("/")[2])[:_MAX_NAME]


async def _body(request: Request, limit: int) -> bytes | None:
    """The request's body; None where it is longer."""
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            body.clear()
        else:
            body += chunk
        if size > _DRAINED_BYTES:
            break
    return bytes(body) if size <= limit else None
