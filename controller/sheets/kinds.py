"""This file says what kind of file this is by how it begins, whatever its name says; pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from controller.sheets.opendocument import is_opendocument

ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0"  # an .xls
_HEAD_BYTES: Final = 4096
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_ARCHIVES: Final = ("mime-version:", "from: <saved by", "content-type: multipart/")
_PAGES: Final = ("<!doctype html", "<html", "<head", "<meta", "<body", "<style", "<table")
_EXCEL_2003: Final = "urn:schemas-microsoft-com:office:spreadsheet"


class FileKind(StrEnum):
    """What a file is."""

    WORKBOOK = "workbook"  # .xlsx or .xls
    OPENDOCUMENT = "opendocument"  # .ods or .fods
    SPREADSHEETML = "spreadsheetml"
    WEB_PAGE = "web_page"
    WEB_ARCHIVE = "web_archive"  # a page with all that belongs to it, as e-mail is written
    OTHER_XML = "xml"
    TEXT = "text"


def kind_of(raw: bytes) -> FileKind:
    """The kind of a file with these bytes; a text where nothing else is told."""
    if raw.startswith(ZIP):
        return FileKind.OPENDOCUMENT if is_opendocument(raw) else FileKind.WORKBOOK
    if raw.startswith(_COMPOUND):
        return FileKind.WORKBOOK
    start = _start(raw)
    if start.startswith(_ARCHIVES):
        return FileKind.WEB_ARCHIVE
    if not start.startswith("<"):
        return FileKind.TEXT
    if "<office:document" in start:
        return FileKind.OPENDOCUMENT
    if _EXCEL_2003 in start and ("<workbook" in start or ":workbook" in start):
        return FileKind.SPREADSHEETML
    if start.startswith(_PAGES) or "<html" in start or "<table" in start:
        return FileKind.WEB_PAGE
    return FileKind.OTHER_XML if start.startswith("<?xml") else FileKind.TEXT


def _start(raw: bytes) -> str:
    head = raw[:_HEAD_BYTES]
    text = head.decode("utf-16" if head.startswith(_UTF16) else "utf-8", "ignore")
    return text.lstrip("\ufeff \t\r\n").casefold()
