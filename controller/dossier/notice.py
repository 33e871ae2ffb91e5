"""This file is the notice for pupils and parents, and the head of a class's register; pure.

In Vietnamese, for it hangs in the school. Sources: Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15 and
Nghị định 356/2025/NĐ-CP, both in force since 2026-01-01; Nghị định 13/2023/NĐ-CP, which ended then.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from controller.dossier.facts import ANSWER_DAYS, ROOM_DAYS, WITHDRAWAL_DAYS, SchoolFacts

TITLE: Final = "THÔNG BÁO VỀ DỮ LIỆU CÁ NHÂN CỦA HỌC SINH"
REGISTER_TITLE: Final = "SỔ Ý KIẾN VỀ DỮ LIỆU CÁ NHÂN"
LAW: Final = (
    "Căn cứ: Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15 và Nghị định 356/2025/NĐ-CP, hiệu lực từ"
    " 01/01/2026 (thay Nghị định 13/2023/NĐ-CP). Nhà trường đối chiếu với người phụ trách pháp chế"
    " trước khi dùng mẫu này."
)
HEADS: Final = ("Dữ liệu", "Để làm gì", "Ở đâu, ai xem được", "Giữ bao lâu")
REGISTER_NOTE: Final = (
    "Không ký, để trống hoặc im lặng không phải là đồng ý. Trẻ từ đủ 7 tuổi cũng được hỏi ý kiến."
    " Có thể rút lại bất cứ lúc nào."
)


_DOTS: Final = "." * 32
_CARDS_ALONE: Final = (
    "Không nhận diện khuôn mặt. Camera chỉ tìm mã in trên thẻ: trong lớp khi giáo viên bấm quét, ở"
    " cửa (nếu trường đặt camera cửa) khi lớp đang điểm danh. Ngoài ra, thỉnh thoảng hình được xét"
    " vài giây để biết camera có hoạt động không."
)
_WHO_DECLINED: Final = (
    "Trong lúc quét, ai ở trong khung hình cũng nằm trong hình: LopHoc không thể bỏ riêng một em ra"
    " khỏi hình, và không tự biết em nào không đồng ý. Với em không đồng ý: không phát thẻ, thầy cô"
    " điểm danh bằng tay, và xếp chỗ ngoài khung hình hoặc tắt camera của phòng."
)
_OFF: Final = (
    "Người trong phòng tắt camera bằng một lần bấm; đã tắt thì không phần nào của LopHoc mở hình."
    " Từ máy chủ chỉ tắt được, không bật được."
)
_RIGHTS: Final = (
    "Xem, xin tệp, sửa, xóa dữ liệu, rút lại ý kiến. Trường trả lời trong"
    f" {ANSWER_DAYS} ngày làm việc; hạn chế hoặc rút lại được làm xong trong"
    f" {WITHDRAWAL_DAYS} ngày (Nghị định 356/2025/NĐ-CP)."
)
_ERASING: Final = (
    "Khi xóa, máy chủ và từng máy trong phòng học đều báo đã xóa; bản sao lưu cũ hết dần theo số"
    " bản giữ lại."
)


class NoticeRow(NamedTuple):
    """One kind of data: what, what for, where and for whom, how long."""

    what: str
    why: str
    where: str
    how_long: str


class NoticePart(NamedTuple):
    """A heading and its sentences."""

    head: str
    lines: tuple[str, ...]


def register_heads(code: str) -> tuple[str, ...]:
    """The heads of a class's register, which stand on each of its sheets."""
    return (
        "STT",
        f"Họ và tên học sinh lớp {code}",
        "Đã đọc thông báo",
        "Camera đọc thẻ: đồng ý?",
        "Ngày",
        "Chữ ký cha mẹ hoặc người giám hộ",
    )


def notice_rows(facts: SchoolFacts) -> list[NoticeRow]:
    """What is collected, as a table."""
    here = "máy chủ của trường; quản trị viên và giáo viên của lớp"
    return [
        NoticeRow(
            "Danh sách lớp: mã học sinh, số thứ tự, họ tên (nếu trường nhập)",
            "điểm danh",
            f"{here}; máy của phòng có tiết của lớp",
            "đến khi trường đổi danh sách hoặc xóa",
        ),
        NoticeRow(
            "Điểm danh: có mặt, vắng, muộn, về sớm; cách ghi",
            "sổ điểm danh của lớp",
            f"{here}; mỗi lần xem được ghi lại",
            f"{facts.mark_days} ngày ở máy chủ; {ROOM_DAYS} ngày chạy máy ở phòng học",
        ),
        NoticeRow(
            "Hình của camera trong lớp",
            "đọc thẻ giơ lên; xem camera có hỏng không",
            "chỉ trong bộ nhớ của máy trong phòng; không ai xem",
            "không lưu, không gửi đi",
        ),
        NoticeRow(
            "Máy tính bảng: số thứ tự học sinh chọn",
            "gợi ý điểm danh",
            "máy của phòng; giáo viên xác nhận",
            "trong ngày",
        ),
        _copies_row(facts),
    ]


def _copies_row(facts: SchoolFacts) -> NoticeRow:
    why = "khôi phục khi hỏng máy"
    if facts.copy_places:
        where = "nơi nhà trường chọn; chỉ ai có cụm mật khẩu"
        return NoticeRow("Bản sao có mã hóa", why, where, f"{facts.copies} bản gần nhất mỗi nơi")
    where = "thư mục của máy chủ; quản trị viên máy"
    return NoticeRow("Bản sao hằng ngày", why, where, f"{facts.daily_copies} bản gần nhất")


def notice_parts(facts: SchoolFacts) -> list[NoticePart]:
    """What stands below the table."""
    counts = "Sở chỉ nhận số đếm: không tên, không lớp; nhóm dưới 5 không hiện."
    above = counts if facts.has_department else "Trường không gửi dữ liệu nào lên trên."
    return [
        NoticePart(
            "Camera",
            (
                _CARDS_ALONE,
                _WHO_DECLINED,
                _OFF,
            ),
        ),
        NoticePart(
            "Không thu thập",
            (
                "Khuôn mặt, vân tay, vị trí, nội dung máy tính bảng, lịch sử sử dụng của từng em.",
                above,
            ),
        ),
        NoticePart(
            "Quyền của học sinh và cha mẹ",
            (
                _RIGHTS,
                _ERASING,
            ),
        ),
        NoticePart(
            "Hỏi ai",
            (
                f"Người phụ trách: {_DOTS}  Điện thoại: {_DOTS}",
                f"Hiệu trưởng ký: {_DOTS}  Ngày: {_DOTS}",
            ),
        ),
    ]
