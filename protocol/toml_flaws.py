"""This file says in whole sentences why a text is no TOML, and what to write instead; pure.

It is read by who mistyped alone: nothing of it is needed where a file is right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from protocol.words import N_

CURLY: Final = "“”„‟«»″\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
QUOTES: Final = CURLY + "\"'"
_AT_LINE: Final = re.compile(r"at line (?P<line>\d+)")
_AGAIN: Final = re.compile(r"Cannot (?:overwrite|declare|mutate|redefine)|Duplicate")
_NUMBER: Final = re.compile(r"[-+]?\d[\d.,_ ]*\s*[^\W\d_]*%?")
_BOOL: Final = frozenset({"true", "false"})
_BARE_NAME: Final = re.compile(r"""[A-Za-z0-9_.\-]+|"[^"]*"|'[^']*'""")
_BARE_WORD: Final = re.compile(r"[^\"'\[{#]")
_LONG: Final = ('"""', "'''")
_WHOLE_TEXT: Final = re.compile(r"""("[^"]*"|'[^']*')(?P<rest>.*)""")


class _Wrong(NamedTuple):
    """A line that is no TOML. name, value: what stands before and behind its first =."""

    line: str
    has_equals: bool
    name: str
    value: str
    cause: str


Flaw = tuple[str, str, dict[str, object]]


def _is_odd(sign: str) -> bool:
    """Whether it is a space that none can tell from another, or cannot be seen at all."""
    return sign not in " \t" and unicodedata.category(sign) in {"Zs", "Cf", "Cc"}


def _rest_of(value: str) -> str:
    """What stands behind a text in quotation marks and is no remark."""
    found = None if value.startswith(_LONG) else _WHOLE_TEXT.match(value)
    rest = found["rest"].strip() if found else ""
    return "" if rest.startswith("#") else rest


# What people write where TOML wants something else: how it is known, and words; the first counts.
_FLAWS: Final[Sequence[tuple[Callable[[_Wrong], bool], tuple[str, str]]]] = (
    (
        lambda wrong: bool(_AGAIN.match(wrong.cause)),
        (
            N_("Line {number} of the settings file {path} sets again what stands above."),
            N_("Leave one of the two out."),
        ),
    ),
    (
        lambda wrong: any(
            mark in wrong.name + wrong.value[:1] + wrong.value[-1:] for mark in CURLY
        ),
        (
            N_("Line {number} of the settings file {path} has curly quotation marks."),
            N_('Write straight ones: {name} = "{value}".'),
        ),
    ),
    (
        lambda wrong: wrong.value.startswith('"') and "\\" in wrong.value,
        (
            N_(
                "Line {number} of the settings file {path} has a backslash between quotation marks."
            ),
            N_('Write / in its place: {name} = "{value}".'),
        ),
    ),
    (
        lambda wrong: any(map(_is_odd, wrong.line)),
        (
            N_("Line {number} of the settings file {path} has a character that cannot be seen."),
            N_("Type the line anew."),
        ),
    ),
    (
        lambda wrong: wrong.line.startswith("["),
        (
            N_("Line {number} of the settings file {path} is no whole heading."),
            N_("Write it between square brackets, alone on its line, such as [limits]."),
        ),
    ),
    (
        lambda wrong: not wrong.has_equals,
        (
            N_("Line {number} of the settings file {path} is no setting: it has no =."),
            N_('Write name = "value"; a remark begins with #.'),
        ),
    ),
    (
        lambda wrong: not _BARE_NAME.fullmatch(wrong.name),
        (
            N_("Line {number} of the settings file {path} does not begin with a setting's name."),
            N_("Write the name as in the sample file; a remark begins with #."),
        ),
    ),
    (
        lambda wrong: not wrong.value,
        (
            N_("Line {number} of the settings file {path} is not valid TOML: nothing follows =."),
            N_("Write the value behind it, or leave the whole line out."),
        ),
    ),
    (
        lambda wrong: wrong.value.lower() in _BOOL,
        (
            N_("Line {number} of the settings file {path} has a word in capital letters."),
            N_("Write true or false."),
        ),
    ),
    (
        lambda wrong: bool(_NUMBER.fullmatch(wrong.value)),
        (
            N_("Line {number} of the settings file {path} has a number that cannot be read."),
            N_("Write digits alone, with a point and without a unit, such as 48 or 0.5."),
        ),
    ),
    (
        lambda wrong: bool(_BARE_WORD.match(wrong.value)),
        (
            N_("Line {number} of the settings file {path} has a text without quotation marks."),
            N_('Write it between straight ones: {name} = "{value}".'),
        ),
    ),
    (
        lambda wrong: bool(_rest_of(wrong.value)),
        (
            N_("Line {number} of the settings file {path} goes on behind its value."),
            N_("Leave out what stands behind it, or begin that with #."),
        ),
    ),
    (
        lambda wrong: wrong.value[0] in "\"'" and not _WHOLE_TEXT.match(wrong.value),
        (
            N_("Line {number} of the settings file {path} lacks a closing quotation mark."),
            N_('Write it between straight ones: {name} = "{value}".'),
        ),
    ),
)
_OTHER: Final = (
    N_("Line {number} of the settings file {path} is not valid TOML."),
    N_("Mend that line, or start again from the sample file."),
)
_NOWHERE: Final = (
    N_("The settings file {path} is not valid TOML."),
    N_("Put it back from a copy, or write it anew from the sample file."),
)
_NO_TEXT: Final = (
    N_("The settings file {path} is no text in UTF-8."),
    N_("Save it again as UTF-8."),
)


def flaw_of(text: str, error: Exception) -> Flaw:
    """Why a text is no TOML: a message, what to do, and the values of both but the path.

    text: empty where the bytes are none.
    """
    if not text or "\0" in text:
        return (*_NO_TEXT, {})
    found = _AT_LINE.search(str(error))
    if not (found or "end of document" in str(error)):  # a number too long, brackets too deep
        return (*_NOWHERE, {})
    number = int(found["line"]) if found else len(text.rstrip().split("\n"))
    line = next(iter(text.split("\n")[number - 1 : number]), "").strip(" \t\r")
    name, equals, value = (part.strip(" \t") for part in line.partition("="))
    wrong = _Wrong(line, bool(equals), name, value, str(error))
    message, hint = next((words for is_so, words in _FLAWS if line and is_so(wrong)), _OTHER)
    plain = value.strip(QUOTES).replace("\\", "/")
    return message, hint, {"number": number, "name": name, "value": plain}
