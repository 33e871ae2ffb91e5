"""This file makes an inspection's minutes (biên bản kiểm tra từ xa) as rows of text; pure.

They are in Vietnamese whatever the screens speak, and name no person: the team signs by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Final

from controller.inspection.inspection import ArrivedAnswer, Inspected, InspectedItem, ItemStanding
from controller.inspection.sample import DrawCheck, SampleUnit
from controller.inspection.words import STANDING_WORDS, evidence_word
from controller.register.vocabulary import CONDITION_WORDS, type_word
from controller.sheets.writing import file_name, without_controls
from controller.stocktake.form import MinutesColumn, MinutesForm
from controller.stocktake.minutes import Cell, Minutes, Table
from protocol.formats import moment_in_text, phrase
from protocol.words import translator

_say: Final = translator("vi")
_COLUMNS: Final = (
    ("STT", 10.0),
    ("Trường", 34.0),
    ("Phòng", 18.0),
    ("Mã tài sản", 28.0),
    ("Tên thiết bị", 42.0),
    ("Số sê-ri", 30.0),
    ("Kết quả", 30.0),
    ("Căn cứ", 36.0),
    ("Thấy ở phòng", 20.0),
    ("Lúc (giờ của trường)", 26.0),
    ("Tới Sở lúc", 26.0),
    ("Ghi chú", 40.0),
)
FORM: Final = MinutesForm(
    title="BIÊN BẢN KIỂM TRA TỪ XA",
    column=tuple(MinutesColumn("note", head, width) for head, width in _COLUMNS),
    footnote=(
        "Mẫu được rút theo hạt giống ghi ở trên: mỗi đơn vị trong khung có hạng là SHA-256 của hạt"
        " giống, một dấu xuống dòng và khóa của đơn vị; các đơn vị có hạng nhỏ nhất là mẫu. Ai cũng"
        " rút lại được. Đúng hạn hay muộn tính theo lúc câu trả lời tới Sở."
    ),
    team=2,
    signatures=("Đại diện đoàn kiểm tra", "Đại diện nhà trường"),
)


def minutes_of(
    told: Inspected,
    draw: DrawCheck,
    *,
    department: str,
    name_of: Callable[[str], str],
    zone: tzinfo,
) -> Minutes:
    """The minutes of an inspection; one that goes on is marked as a draft.

    name_of: what a school is called, by its code.
    """
    rows = [_row(number, item, name_of, zone) for number, item in enumerate(told.items, start=1)]
    odd = [row for row, item in zip(rows, told.items, strict=True) if item.is_odd]
    return Minutes(
        form=FORM,
        school=without_controls(department),
        facts=(*_facts(told, draw, zone), *_schools(told, name_of, zone)),
        tables=(
            Table("Cần xem lại", tuple(odd)),
            Table("Tất cả thiết bị trong mẫu", tuple(rows)),
        ),
        sums=_sums(told),
        sheet="Biên bản kiểm tra",
    )


def name_of_file(told: Inspected, kind: str, zone: tzinfo) -> str:
    """Such as bien-ban-kiem-tra-3-2026-11-02.docx."""
    day = datetime.fromtimestamp(told.inspection.asked_ms / 1000, zone)
    return file_name("bien-ban-kiem-tra", str(told.inspection.no), f"{day:%Y-%m-%d}", end=kind)


def _facts(told: Inspected, draw: DrawCheck, zone: tzinfo) -> tuple[str, ...]:
    inspection = told.inspection
    unit = "phòng" if inspection.unit is SampleUnit.ROOMS else "thiết bị"
    title = f": {inspection.title}" if inspection.title else ""
    about = inspection.of_school or inspection.of_area
    facts = [
        without_controls(f"Đợt kiểm tra số {inspection.no}{title}"),
        f"Yêu cầu: {moment_in_text(inspection.asked_ms, zone, _say)}.",
        f"Hạn trả lời: {moment_in_text(inspection.due_ms, zone, _say)} (giờ của Sở).",
        f"Mẫu: {len(draw.drawn)} {unit} rút từ khung {inspection.frame_size} {unit}"
        + (f" của {about}" if about else "")
        + (f", loại {type_word(inspection.type, _say)}" if inspection.type else "")
        + f". Hạt giống: {inspection.seed}. Mã băm của khung: {inspection.frame_digest}.",
        "Rút lại mẫu: trùng khớp."
        if draw.agrees
        else "Rút lại mẫu: KHÔNG TRÙNG KHỚP, cần xem lại.",
    ]
    if inspection.withdrawn_ms is not None:
        facts.append(
            f"Sở đã rút lại yêu cầu {moment_in_text(inspection.withdrawn_ms, zone, _say)}."
        )
    elif not told.is_complete and not inspection.is_over(told.now_ms):
        facts.append("BẢN NHÁP: đợt kiểm tra chưa kết thúc.")
    facts.append(f"Lập lúc: {moment_in_text(told.now_ms, zone, _say)}.")
    return tuple(facts)


def _schools(told: Inspected, name_of: Callable[[str], str], zone: tzinfo) -> tuple[str, ...]:
    return tuple(
        without_controls(
            f"{name_of(school.place.school)}: "
            + (
                f"nhận yêu cầu {moment_in_text(school.received_ms, zone, _say)} (giờ của trường),"
                f" lời đầu tiên tới Sở {moment_in_text(school.first_ms, zone, _say)}"
                + (", đã kết thúc" if school.finished_ms else "")
                if school.first_ms
                else "chưa nhận yêu cầu"
            )
            + "."
        )
        for school in told.schools
    )


def _sums(told: Inspected) -> tuple[str, ...]:
    parts = [
        f"{_say(STANDING_WORDS[standing][1])} {told.counts[standing]}"
        for standing in ItemStanding
        if told.counts.get(standing)
    ]
    return (
        f"Trong mẫu: {len(told.items)} thiết bị. Đã trả lời: {told.answered}.",
        f"Kết quả: {'; '.join(parts)}.",
        f"Trả lời muộn: {told.late}.",
    )


def _row(
    number: int, item: InspectedItem, name_of: Callable[[str], str], zone: tzinfo
) -> tuple[Cell, ...]:
    asked, answer = item.asked, item.answer
    kind = type_word(asked.type, _say)
    cells: tuple[Cell, ...] = (
        number,
        name_of(item.school),
        asked.room,
        asked.asset_tag,
        " ".join(filter(None, (kind[:1].upper() + kind[1:], asked.name))),
        asked.serial,
        _say(STANDING_WORDS[item.standing][1]),
        evidence_word(item, _say),
        answer.room if answer else "",
        moment_in_text(answer.at_ms, zone, _say) if answer and answer.at_ms else "",
        moment_in_text(answer.arrived_ms, zone, _say) if answer else "",
        _note(item, answer),
    )
    return tuple(without_controls(cell) if isinstance(cell, str) else cell for cell in cells)


def _note(item: InspectedItem, answer: ArrivedAnswer | None) -> str:
    notes = []
    if item.late:
        notes.append("trả lời muộn")
    if item.standing_in_time is not None:
        word = _say(STANDING_WORDS[item.standing_in_time][1])
        notes.append(phrase("trong hạn đã trả lời: {word}", _say, word=word))
    if answer and answer.condition in CONDITION_WORDS:
        notes.append(_say(CONDITION_WORDS[answer.condition]))
    return "; ".join(notes)
