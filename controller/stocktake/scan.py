"""This file holds what a person tells of a thing in a room, and judges what a phone sends; pure."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import msgspec

from controller.register.vocabulary import Condition, condition_of, type_of
from controller.sheets.names import MAX_CODE, room_of
from controller.sheets.text import clean, text_of
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE

MAX_NOTE: Final = 200
FOUND_IN: Final = (
    "",
    *(condition.value for condition in Condition if condition not in {"disposed", "lost"}),
)
_ID: Final = re.compile(r"[0-9A-Za-z_-]{8,64}")
_LAST_MS: Final = 1 << 53
LABEL: Final = "label"  # how: a code was read, by a camera, in a photo or by a hand scanner
# The text of a label's code is LOPHOC, a space, the tag: see docs/decisions/0020.
_LEAD: Final = re.compile(r"^lophoc[ :]\s*", re.IGNORECASE)
# What many hand scanners set before a code: its kind, such as ]Q1 (ISO/IEC 15424).
_SYMBOLOGY: Final = re.compile(r"^\][A-Za-z][0-9A-Za-z]")


class ScanError(ValueError):
    """A scan that cannot be kept; its argument is a code: "shape", "id", "nothing"."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What a person tells: a thing is here (found), or a line's thing is not.

    line: the number of a line of the register, else its tag or serial says which it is; with
    neither, a thing that only its type names. cancels: the id of a scan that this takes back.
    at_ms: by the phone's clock; seen_ms: as the controller reckons it; late: it came after the end.
    how: LABEL where its code was read, empty where a person tapped or typed, or is not known.
    """

    id: str
    room: str = ""
    found: bool = True
    line: int | None = None
    asset_tag: str = ""
    serial: str = ""
    type: str = ""
    condition: str = ""
    quality_pct: int | None = None
    note: str = ""
    cancels: str = ""
    at_ms: int = 0
    seen_ms: int = 0
    received_ms: int = 0
    who: str = ""
    late: bool = False
    how: str = ""


Text = Annotated[str, msgspec.Meta(max_length=1000)]
# What an id is like is told in the schema alone: by it, who is refused is known by its name.
_Id = Annotated[Text, msgspec.Meta(extra_json_schema={"pattern": f"^{_ID.pattern}$"})]


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A scan as a phone sends it."""

    id: _Id
    room: Text = ""
    found: bool = True
    line: Annotated[int, msgspec.Meta(ge=1, lt=_LAST_MS)] | None = None
    tag: Text = ""
    serial: Text = ""
    type: Text = ""
    condition: Text = ""
    quality_pct: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    note: Text = ""
    cancels: Text = ""
    at_ms: Annotated[int, msgspec.Meta(ge=0, lt=_LAST_MS)] = 0
    how: Text = ""


def scan_schema() -> dict[str, Any]:
    """A scan as a phone sends it, as JSON Schema."""
    _, schemas = msgspec.json.schema_components((_Told,), ref_template="{name}")
    scan: dict[str, Any] = schemas[_Told.__name__]
    return scan


def scan_of(raw: bytes | msgspec.Raw) -> Scan:
    """One scan as a phone sends it, as JSON. Raises ScanError."""
    try:
        sent = from_json(raw, _Told)
    except UNREADABLE as error:
        raise ScanError("shape") from error
    if not _ID.fullmatch(sent.id) or (sent.cancels and not _ID.fullmatch(sent.cancels)):
        raise ScanError("id")
    tag, serial, kind = tag_in(sent.tag), text_of(sent.serial), type_of(text_of(sent.type))
    if not (sent.line or tag or serial or kind or sent.cancels):
        raise ScanError("nothing")
    condition = condition_of(sent.condition)
    return Scan(
        id=sent.id,
        room=room_of(sent.room),
        found=sent.found,
        line=sent.line,
        asset_tag=tag,
        serial=serial,
        type=kind,
        condition=condition.value if condition and condition.value in FOUND_IN else "",
        quality_pct=sent.quality_pct,
        note=text_of(sent.note)[:MAX_NOTE],
        cancels=sent.cancels,
        at_ms=sent.at_ms,
        how=LABEL if sent.how == LABEL else "",
    )


def reckoned(scan: Scan, *, sent_ms: int, begun_ms: int, now_ms: int) -> Scan:
    """The scan with its time by the controller's clock.

    How long ago it was, by the phone's clock when it sends, holds though that clock be wrong; it
    was neither before the stocktake began nor after now.
    """
    ago_ms = max(0, sent_ms - scan.at_ms)
    seen_ms = min(now_ms, max(begun_ms, now_ms - ago_ms))
    return msgspec.structs.replace(scan, seen_ms=seen_ms, received_ms=now_ms)


def label_text(tag: str) -> str:
    """What the label's code says."""
    return f"LOPHOC {tag}"


def tag_in(text: str) -> str:
    """The tag in what was scanned or typed; empty where there is none.

    A scanner's mark of the kind of code, our lead and what nobody sees are no part of it.
    """
    plain = _LEAD.sub("", _SYMBOLOGY.sub("", clean(text)).lstrip())
    return text_of(plain)[:MAX_CODE]
