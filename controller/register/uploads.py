"""This file holds books that a browser sent, from the first look until they are kept or dropped.

They stay in memory; a process of its own reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from controller.register.book import Book
from controller.register.choices import Choices
from controller.register.headings import field_of
from controller.register.merging import UNASKED, Answers, Merged
from controller.register.reader import MODULE, BookOrder
from controller.register.reading import QUANTITY_BESIDE
from controller.sheets.text import folded
from controller.web.forms import Upload
from controller.web.readers import Readers
from controller.web.waiting import WaitingFile, WaitingFiles

UNKNOWN: Final = "heading_unknown"  # the notice of a heading that nobody has explained
_ASKED: Final = frozenset({UNKNOWN, QUANTITY_BESIDE})


class Trial(NamedTuple):
    """What would become of a book, and for what that holds; version: of the school's data."""

    book: Book
    answers: Answers
    version: int
    merger: Merged


class Waiting(WaitingFile[Book]):
    """A book that waits for a person's word.

    asked: its doubtful headings, and what was said of each. choices: how a person wants it to be
    read, but for headings. answers: what else was said of it. weighed: what would become of it.
    kept: the sums of what was written, once it was.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        super().__init__(upload, who, at_ms)
        self.asked: dict[str, str] = {}
        self.choices = Choices()
        self.answers: Answers = UNASKED
        self.weighed: Trial | None = None
        self.kept: dict[str, int] | None = None

    @property
    def mapped(self) -> dict[str, str]:
        """What the headings are that were explained, as read_book takes it."""
        return {folded(head): field for head, field in self.asked.items() if field}


class Uploads(WaitingFiles[Waiting]):
    """The few books that wait."""

    def __init__(self, now_ms: Callable[[], int], readers: Readers) -> None:
        super().__init__(Waiting, now_ms)
        self._readers = readers

    async def read(self, waiting: Waiting, explained: Mapping[str, str]) -> None:
        """Read the book, or note why it cannot be. explained: headings explained before."""
        choices = replace(waiting.choices, headings={**explained, **waiting.mapped})
        await self._readers.read(
            waiting, "book", MODULE, lambda path: BookOrder(str(path), choices), Book
        )
        warnings = waiting.content.warnings if waiting.content else ()
        doubtful = (warning.value for warning in warnings if warning.code in _ASKED)
        waiting.asked = dict.fromkeys(doubtful, "") | waiting.asked
        if waiting.content:
            waiting.asked = _again(waiting.content, explained) | waiting.asked


def _again(book: Book, explained: Mapping[str, str]) -> dict[str, str]:
    """What was explained once and stands here beside a column for the same: it is asked anew."""
    dropped = {
        field_of(notice.value, {}) for notice in book.warnings if notice.code == "column_dropped"
    }
    return {
        head: field
        for sheet in book.sheets
        for field, head in sheet.columns.items()
        if explained.get(folded(head)) == field and field in dropped
    }
