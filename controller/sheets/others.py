"""This file reads the kinds of files that the parser of workbooks does not, or not whole."""

from __future__ import annotations

from controller.sheets.drafts import BookDraft, SheetDraft
from controller.sheets.encodings import text_in
from controller.sheets.kinds import FileKind
from controller.sheets.opendocument import read_opendocument
from controller.sheets.spreadsheetml import read_spreadsheetml
from controller.sheets.webarchive import page_in
from controller.sheets.webpage import read_webpage


def drafts_of(raw: bytes, kind: FileKind) -> list[SheetDraft]:
    """The sheets of such a file. Raises SheetError, NoTableError and NoSinglePageError."""
    book = BookDraft()
    match kind:
        case FileKind.OPENDOCUMENT:
            read_opendocument(raw, book)
        case FileKind.SPREADSHEETML:
            read_spreadsheetml(raw, book)
        case FileKind.WEB_ARCHIVE:
            read_webpage(page_in(raw), book)
        case FileKind.WEB_PAGE:
            read_webpage(text_in(raw)[0], book)
        case _:
            raise ValueError(kind)
    return book.sheets
