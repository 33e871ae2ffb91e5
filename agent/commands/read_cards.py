"""This file reads the cards in pictures for a person who asks: a line a picture, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from agent.cards.matching import is_door_card
from agent.database import DOCUMENTS
from agent.database.documents import Documents
from hardware.cards.scan import read_pictures
from hardware.cards.words import CardPicture
from hardware.readings import SenseMissing
from protocol.doorcode import read as read_code
from protocol.errors import LopHocError
from protocol.formats import phrase
from protocol.words import N_, Translate, preferred_language, translator

_ERRORS: Final[Mapping[str, str]] = {
    "missing": N_("{file}: there is no such file."),
    "unreadable": N_("{file}: this file may not be read."),
    "too_large": N_("{file}: this file is too large for a picture."),
    "no_picture": N_("{file}: this is no picture, or it is too large."),
    "stalled": N_("{file}: reading this picture took too long."),
}
_CARDS: Final = N_(
    "{file}: {count} class {count:card|cards} ({ids}); {valid} of {codes} door {codes:code|codes}"
    " {valid:is|are} valid."
)
_VERSIONS: Final = 256


class CardsUnreadableError(LopHocError):
    """No cards can be read here; `code` says why, `hint` what to do."""


async def read(
    paths: Sequence[Path],
    write: Callable[[str], object],
    *,
    as_json: bool,
    environ: Mapping[str, str],
    is_valid: Callable[[str], bool],
) -> bool:
    """Read each picture and write a line of it; whether all could be read.

    is_valid: of a door card's text. Raises CardsUnreadableError where this computer cannot read
    any.
    """
    say, all_read = translator(preferred_language(environ)), True
    try:
        async for picture in read_pictures(paths):
            file = str(paths[picture.number]).encode("utf-8", "replace").decode()
            line = (
                json_of(file, picture, is_valid)
                if as_json
                else line_of(file, picture, is_valid, say)
            )
            write(line + "\n")
            all_read = all_read and not picture.error
    except SenseMissing as error:
        message = N_("This computer cannot look at pictures.")
        hint = N_("Install opencv-python-headless and zxing-cpp.")
        raise CardsUnreadableError(error.code, message, hint) from error
    return all_read


def known_to_room(data: Path) -> Callable[[str], bool]:
    """Whether the school's plan that this agent holds knows a door card; none without a plan.

    Raises DocumentError.
    """
    plan = Documents(data / DOCUMENTS).load().plan
    return lambda text: is_door_card(text, plan)


def signed_by(file: Path) -> Callable[[str], bool]:
    """Whether a key of a file signed a door card. Raises CardsUnreadableError."""
    keys = keys_in(file)
    return lambda text: read_code(text, keys) is not None


def keys_in(file: Path) -> dict[int, bytes]:
    """The keys in a file of lines like "1:00ff". Raises CardsUnreadableError."""
    keys = {}
    try:
        lines = file.read_text("ascii").split()
    except (OSError, ValueError) as error:
        raise _no_key() from error
    for line in lines:
        version, _, key = line.partition(":")
        try:
            keys[int(version)] = bytes.fromhex(key)
        except ValueError as error:
            raise _no_key() from error
        if not key.strip() or not 0 <= int(version) < _VERSIONS:
            raise _no_key()
    return keys


def json_of(file: str, picture: CardPicture, is_valid: Callable[[str], bool]) -> str:
    """One JSON object: file, cards, door, ms; or file and error."""
    tree: dict[str, Any] = {"file": file, "error": picture.error}
    if not picture.error:
        tree = {
            "file": file,
            "cards": [{"id": card.id, "corners": card.corners} for card in picture.cards],
            "door": [{"text": text, "valid": is_valid(text)} for text in picture.texts],
            "ms": picture.ms,
        }
    return msgspec.json.encode(tree).decode()


def line_of(
    file: str, picture: CardPicture, is_valid: Callable[[str], bool], say: Translate
) -> str:
    """What was read, or why nothing was, in the language."""
    valid = sum(map(is_valid, picture.texts))
    return phrase(
        _ERRORS[picture.error] if picture.error else _CARDS,
        say,
        count=len(picture.cards),
        ids=", ".join(str(card.id) for card in picture.cards) or "–",  # noqa: RUF001 - a dash
        valid=valid,
        codes=len(picture.texts),
        file=file,
    )


def _no_key() -> CardsUnreadableError:
    # The key itself is not repeated: it is a secret.
    message = N_("The file of door keys is not readable.")
    hint = N_("Write a line for each: its version, a colon and hex digits, such as 1:00ff.")
    return CardsUnreadableError("door_key_unfit", message, hint)
