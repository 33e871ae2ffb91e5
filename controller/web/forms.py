"""This file reads what a browser's form sends, within bounds: short fields, or one file.

multipart/form-data is RFC 7578 as the HTML standard narrows it: names in quotes, in UTF-8.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from fastapi import Request

from controller.sheets.text import clean
from controller.web.refusals import Refused
from protocol.words import N_

MAX_FORM: Final = 4096
MAX_FIELDS: Final = 16
MAX_UPLOAD_BYTES: Final = 8 * 1024 * 1024
# What is too big is still taken from the line up to here: else a browser shows no answer.
_DRAINED_BYTES: Final = 64 * 1024 * 1024
_MAX_NAME: Final = 120
_MAX_PARTS: Final = 8
_BOUNDARY: Final = re.compile(
    r'^multipart/form-data\s*;.*?\bboundary="?([^\s";,]{1,70})"?', re.IGNORECASE
)
_FILE_NAME: Final = re.compile(
    r'content-disposition:[^\r\n]*;\s*filename="([^"\r\n]*)"', re.IGNORECASE
)


class Upload(NamedTuple):
    """A file that came by a form. name: as the browser says, cleaned, without folders."""

    name: str
    raw: bytes


async def fields_of(
    request: Request, *, limit: int = MAX_FORM, count: int = MAX_FIELDS
) -> dict[str, str]:
    """A short form's fields, the last of each name; nothing of one that is too long."""
    body = await _body(request, limit)
    if body is None:
        return {}
    try:
        fields = parse_qs(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=count
        )
    except ValueError:  # more fields than that
        return {}
    return {name: values[-1] for name, values in fields.items()}


async def upload_of(request: Request) -> Upload:
    """The first file of a form. Raises Refused."""
    body = await _body(request, MAX_UPLOAD_BYTES)
    if body is None:
        raise Refused(
            413,
            "upload_too_big",
            N_("The file is too big: a school's book has at most 8 MB."),
            N_("Delete pictures and sheets that are not the book, then try again."),
        )
    upload = file_in(body, request.headers.get("content-type", ""))
    if upload is None or not upload.raw:
        raise Refused(
            422, "upload_missing", N_("No file was chosen."), N_("Choose an Excel or CSV file.")
        )
    return upload


def file_in(body: bytes, content_type: str) -> Upload | None:
    """The first file in the body of a form; None where there is none."""
    match = _BOUNDARY.match(content_type)
    if match is None:
        return None
    mark = b"\r\n--" + match[1].encode("latin-1", "replace")
    for part in (b"\r\n" + body).split(mark, _MAX_PARTS)[1:_MAX_PARTS]:
        head, parted, content = part.partition(b"\r\n\r\n")
        name = _FILE_NAME.search(head[:MAX_FORM].decode("utf-8", "replace"))
        if parted and name:
            return Upload(_base_name(name[1]), content)
    return None


def _base_name(name: str) -> str:
    """Without the folders that some browsers tell."""
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
