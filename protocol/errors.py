"""This file holds the root of LopHoc's errors: a code, values, and what to do, in any language."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from protocol.language import N_, fill

# What systems say of files and lines; the catalogue has it.
_CAUSES: Final = frozenset(
    {
        N_("No such file or directory"),
        N_("Permission denied"),
        N_("Is a directory"),
        N_("Not a directory"),
        N_("No space left on device"),
        N_("Read-only file system"),
        N_("Input/output error"),
        N_("Address already in use"),
        N_("Cannot assign requested address"),
        N_("Too many open files"),
        N_("File exists"),
        N_("Operation not permitted"),
        N_("File name too long"),
        N_("Disk quota exceeded"),
        N_("Connection refused"),
        N_("No route to host"),
        N_("Network is unreachable"),
        N_("Connection timed out"),
    }
)


class LopHocError(Exception):
    """Something a person can mend.

    code: a stable word. message, hint: English message ids with {names} for the values.
    """

    def __init__(self, code: str, message: str, hint: str = "", **values: object) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.values = values
        super().__init__(self.text(str))

    def text(self, translate: Callable[[str], str]) -> str:
        """The message and the hint, said in the translator's language."""
        return " ".join(part for part in self.parts(translate) if part)

    def parts(self, translate: Callable[[str], str]) -> tuple[str, str]:
        """The message, and the hint or nothing, for who shows them apart."""
        return filled_parts(self.message, self.hint, self.values, translate)


def filled_parts(
    message: str, hint: str, values: Mapping[str, object], translate: Callable[[str], str]
) -> tuple[str, str]:
    """An error's message and its hint, each in the translator's language and with its values.

    A cause is said in that language too, where it is an error of ours or the catalogue has it.
    """
    match values.get("cause"):
        case LopHocError() as cause:
            values = {**values, "cause": cause.text(translate).removesuffix(".")}
        case str(cause) if cause in _CAUSES:
            values = {**values, "cause": translate(cause)}
    said, advised = (part and fill(translate(part), values) for part in (message, hint))
    return said, advised


def cause_of(error: Exception) -> object:
    """What of an error is a cause that can be said in any language: itself if ours, or a text."""
    if isinstance(error, LopHocError):
        return error
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class ActionError(LopHocError):
    """What a person asks for cannot be done now, and then nothing is; `code` says why."""


EXIT_SETTINGS: Final = 2  # a person must mend it: a service is not started again
EXIT_PASSING: Final = 75  # it may mend itself (EX_TEMPFAIL of sysexits.h)
_PASSING: Final = frozenset(
    {
        "data_in_use",
        "data_unusable",
        "file_unusable",
        "http_port_taken",
        "ingest_taken",
        "mqtt_port_taken",
        "pull_interrupted",
        "store_held",
        "store_unreachable",
        "store_lost",
        "store_refused",
    }
)


@contextmanager
def files_in_words() -> Iterator[None]:
    """Name a file that cannot be used, whichever it is. Raises LopHocError for such an OSError."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise LopHocError(
            "file_unusable",
            N_("{path} cannot be used: {cause}."),
            N_("Look who owns it and who may write it; it must belong to the account that runs."),
            path=error.filename,
            cause=error.strerror,
        ) from error


def exit_code_of(error: LopHocError, otherwise: int = EXIT_SETTINGS) -> int:
    """What a program ends with: whether to start it again is for who supervises it."""
    return EXIT_PASSING if error.code in _PASSING else otherwise


def error_place(error: Exception | None) -> str:
    """What kind of error, and in which line; not its text, for that may name a child."""
    if error is None:
        return "it ended"
    frames = traceback.extract_tb(error.__traceback__)
    place = f", {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
