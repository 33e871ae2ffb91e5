"""This file does what the stocktake's pages and API ask for: begin, look, take scans, end."""

from __future__ import annotations

import io
from contextlib import suppress
from importlib.util import find_spec
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from controller.database.starts import mark_of
from controller.feature import Program
from controller.people.person import Person
from controller.roster.store import schools_of
from controller.stocktake import store as stocktake
from controller.stocktake.count import Result, Stocktake, counted, part_of
from controller.stocktake.scan import Scan, ScanError, scan_of, scan_schema
from controller.web.refusals import HttpError
from protocol.model import Place
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

MAX_BATCH_BYTES: Final = 512 * 1024
MAX_PHOTO_BYTES: Final = 4 * 1024 * 1024
MAX_PHOTO_PIXELS: Final = 16_000_000
_PHOTO_SIDE: Final = 2000
_MAX_TEXTS: Final = 8
_MAX_TEXT: Final = 200
_LAST_MS: Final = 1 << 53


class _Batch(msgspec.Struct, frozen=True):
    """What a phone sends. begun_ms: of the stocktake that it means, so that no other gets it."""

    begun_ms: int
    sent_ms: Annotated[int, msgspec.Meta(ge=0, lt=_LAST_MS)]
    scans: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=500)]


class _Named(msgspec.Struct, frozen=True):
    """Of a scan that cannot be kept, whatever of its id can be read."""

    id: Annotated[str, msgspec.Meta(max_length=64)] = ""


def batch_schema() -> dict[str, Any]:
    """What a phone sends, as JSON Schema; a scan that is none of these is refused by itself."""
    _, schemas = msgspec.json.schema_components((_Batch,), ref_template="{name}")
    batch: dict[str, Any] = schemas[_Batch.__name__]
    batch["properties"]["scans"]["items"] = scan_schema()
    return batch


class Taken(NamedTuple):
    """What became of a batch: ids that count, that came after the end, that make no sense."""

    kept: tuple[str, ...]
    late: tuple[str, ...]
    refused: tuple[str, ...]
    at_ms: int


class Looked(NamedTuple):
    """A stocktake as it is now."""

    take: Stocktake
    result: Result


class Stocktaking:
    """The stocktakes of the one school that this controller is about."""

    def __init__(self, program: Program) -> None:
        self._store = program.store
        self._scope = program.school
        self.now_ms = program.now_ms

    def all(self, person: Person) -> list[Stocktake]:
        """Every stocktake that the person sees something of, without its list, the newest first."""
        place = self._place()
        with self._store.view() as db:
            takes = stocktake.stocktakes_of(db, place)
        own = [(take, tuple(filter(person.has_room, take.rooms))) for take in takes]
        return [replace(take, rooms=rooms) for take, rooms in own if rooms or not take.rooms]

    def begin(self, rooms: list[str], who: str) -> Stocktake:
        """Begin one. Raises HttpError where the book has nothing of these rooms."""
        place = self._place()
        with self._store.locked(place) as db:
            take = stocktake.begin(db, place, rooms, who=who, now_ms=self.now_ms())
        if take is None:
            raise HttpError(
                409,
                "book_empty",
                N_("The equipment book has no line of these rooms."),
                N_("Bring it in first: lophoc-controller register import FILE"),
            )
        return take

    def look(self, no: int, person: Person) -> Looked:
        """A stocktake and what it came to, in the person's rooms.

        Raises HttpError where there is none.
        """
        place = self._place()
        with self._store.view() as db:
            take = stocktake.stocktake_of(db, place, no)
            scans = stocktake.scans_of(db, place, no) if take else []
        if take and person.rooms is not None:
            take = part_of(take, person.has_room)
            scans = [scan for scan in scans if person.has_room(scan.room)]
        if take is None:
            raise _unknown()
        return Looked(take, counted(take, scans))

    def history(self) -> str:
        """Which history of the data its numbers are of."""
        return self._store.read(mark_of)

    def finish(self, no: int, who: str) -> None:
        """End one; one that has ended stays as it is."""
        place = self._place()
        with self._store.locked(place) as db:
            stocktake.finish(db, place, no, who=who, now_ms=self.now_ms())

    def note(self, no: int, scan: Scan, person: Person) -> None:
        """Keep one scan that was made just now. Raises HttpError."""
        if not person.has_room(scan.room):
            raise room_unknown()
        self._keep(no, [scan], person.account, sent_ms=scan.at_ms)

    def take(self, no: int, raw: bytes, person: Person) -> Taken:
        """Keep a phone's batch, each scan once; one that makes no sense hinders no other.

        So does one in a room that is not the person's. Raises HttpError.
        """
        try:
            batch = from_json(raw, _Batch)
        except UNREADABLE as error:
            raise HttpError(
                422, "scans_invalid", N_("These are no scans."), N_("See docs/quan-tri-vien.md.")
            ) from error
        scans: list[Scan] = []
        refused: list[str] = []
        for raw_scan in batch.scans:
            try:
                scan = scan_of(raw_scan)
            except ScanError:
                refused.append(_id_in(raw_scan))
            else:
                if person.has_room(scan.room):
                    scans.append(scan)
                else:
                    refused.append(scan.id)
        who, told = person.account, {"sent_ms": batch.sent_ms, "begun_ms": batch.begun_ms}
        receipt = self._keep(no, scans, who, **told)
        return Taken(receipt.kept, receipt.late, tuple(filter(None, refused)), self.now_ms())

    def _keep(
        self, no: int, scans: list[Scan], who: str, *, sent_ms: int, begun_ms: int | None = None
    ) -> stocktake.ScanReceipt:
        place = self._place()
        with self._store.locked(place) as db:
            take = stocktake.stocktake_of(db, place, no)
            if take is None:
                raise _unknown()
            if begun_ms is not None and begun_ms != take.begun_ms:
                raise HttpError(
                    409,
                    "stocktake_other",
                    N_("This is another stocktake of the same number."),
                    N_("Open the stocktake again."),
                )
            return stocktake.keep_scans(
                db, place, take, scans, sent_ms=sent_ms, who=who, now_ms=self.now_ms()
            )

    def _place(self) -> Place:
        """The school; a department takes no stock. Raises HttpError."""
        if self._scope.school:
            return self._scope
        schools = self._store.read(schools_of)
        if len(schools) > 1:
            raise HttpError(
                409,
                "stocktake_elsewhere",
                N_("A stocktake is made at the school."),
                N_("Open the school's own controller."),
            )
        return schools[0] if schools else Place()


def reads_photos() -> bool:
    """Whether this controller can read a code in a picture."""
    return find_spec("zxingcpp") is not None and find_spec("PIL") is not None


def texts_in(raw: bytes) -> tuple[str, ...]:
    """The texts of the QR codes in a picture; none where it is no picture of a bearable size."""
    import zxingcpp  # noqa: PLC0415 - not every controller has it
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - likewise

    try:
        with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PHOTO_PIXELS:
                return ()
            grey = picture.convert("L")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return ()
    grey.thumbnail((_PHOTO_SIDE, _PHOTO_SIDE))
    codes = zxingcpp.read_barcodes(grey)
    texts = (code.text[:_MAX_TEXT] for code in codes if code.valid)
    return tuple(dict.fromkeys(text for text in texts if text))[:_MAX_TEXTS]


def _id_in(raw: msgspec.Raw) -> str:
    with suppress(msgspec.DecodeError):
        return from_json(raw, _Named).id
    return ""


def room_unknown() -> HttpError:
    """What answers who asks for a room that is not there, or not theirs."""
    return HttpError(404, "room_unknown", N_("There is no such room."), "/stocktake")


def _unknown() -> HttpError:
    return HttpError(404, "stocktake_unknown", N_("There is no such stocktake."), "/stocktake")
