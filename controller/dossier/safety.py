"""This file is the text of the school's safety dossier, filled with its own settings; pure.

In Vietnamese Markdown, for the file that a school keeps. Of the decree on the five levels it names
none: which one is in force the school asks its office.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from controller.dossier.facts import (
    ANSWER_DAYS,
    LOCAL_PORT,
    ROOM_DAYS,
    TABLET_PORT,
    SchoolFacts,
)
from controller.dossier.notice import notice_rows
from controller.people.person import PERMISSIONS, ROLE_WORDS, Permission, Role
from protocol.language import translator

_VIETNAMESE: Final = translator("vi")
_DOTS: Final = "." * 40
PERMISSION_WORDS: Final = {
    Permission.ROOMS: "xem phòng",
    Permission.SCHOOL: "xem số liệu cả trường",
    Permission.MARKS: "xem điểm danh",
    Permission.CORRECT: "sửa điểm danh",
    Permission.STOCKTAKE: "kiểm kê",
    Permission.BOOK: "sửa sổ thiết bị",
    Permission.MANAGE: "quản trị",
    Permission.DEPARTMENT: "xem số đếm các trường",
    Permission.FIGURES: "xem số đo máy chủ",
}
_INCIDENT: Final = f"""\
1. Giữ nguyên hiện trường: không tắt máy chủ, không xóa nhật ký; ghi giờ và người phát hiện.
2. Chặn: thu hồi máy của phòng (`/enrolment`), đóng tài khoản (`/accounts`), thu hồi thẻ truy cập
   (`lophoc-controller token end`); ngắt mạng máy chủ nếu cần.
3. Xem: `/doctor`, `/looks` (ai đã xem dữ liệu học sinh), `lophoc-controller attendance verify`
   (sổ điểm danh có bị sửa không).
4. Sao một bản mới ra nơi khác: `lophoc-controller backup`; lưu tệp của `/doctor/bundle.json`.
5. Báo: hiệu trưởng, cơ quan quản lý; nếu lộ dữ liệu cá nhân thì báo cơ quan có thẩm quyền và
   người bị ảnh hưởng theo thời hạn của luật đang có hiệu lực (Luật 91/2025/QH15).
6. Khôi phục từ bản sao tốt: `lophoc-controller restore`; các máy phòng tự gửi lại những gì máy
   chủ thiếu trong {ROOM_DAYS} ngày chạy máy gần nhất.
7. Ghi biên bản: nguyên nhân, dữ liệu nào, đã làm gì, thay đổi gì để không lặp lại."""
_DUTIES: Final = (
    ("Hiệu trưởng", "phê duyệt hồ sơ, quyết định mở khi có sự cố"),
    ("Người phụ trách dữ liệu cá nhân", f"trả lời yêu cầu trong {ANSWER_DAYS} ngày làm việc"),
    ("Quản trị viên LopHoc", "tài khoản, ghi danh máy, bản sao, cập nhật, xem `/doctor` mỗi tuần"),
    ("Giáo viên", "xác nhận điểm danh, khóa máy khi rời phòng, báo sự cố"),
)


def safety_text(facts: SchoolFacts) -> str:
    """The whole dossier as Markdown."""
    parts = (
        [f"# Hồ sơ an toàn thông tin: {facts.name}", _head(facts)],
        ["## 1. Cấp độ", _levels()],
        ["## 2. Dữ liệu", _data(facts)],
        ["## 3. Cổng mạng", _ports(facts)],
        ["## 4. Vai trò", _roles()],
        ["## 5. Sao lưu và khôi phục", _copies(facts)],
        ["## 6. Các bước khi có sự cố", _INCIDENT],
        ["## 7. Trách nhiệm", _table(("Ai", "Việc", "Họ tên, điện thoại"), _duties())],
        ["## 8. Biện pháp và phép thử", _measures()],
    )
    return "\n\n".join(block for part in parts for block in part) + "\n"


def port_rows(facts: SchoolFacts) -> list[tuple[str, str, str, str]]:
    """Every port that something listens at: number, where, who calls, how it is encrypted."""
    own = [(f"{facts.mqtt_port}/tcp", "máy chủ", "máy của phòng", "TLS, chứng thư của máy chủ")]
    return [
        (f"{facts.http_port}/tcp", "máy chủ", "trình duyệt, chương trình có thẻ", "HTTPS"),
        *(own if facts.has_own_broker else []),
        (f"{facts.enrol_port}/tcp", "máy chủ, khi có mã đang mở", "máy mới", "TLS và SPAKE2"),
        (
            f"{facts.updates_port}/tcp",
            "máy chủ, khi đang phát một phiên bản",
            "máy trong phòng",
            "TLS, chứng thư của máy chủ; tệp được ký",
        ),
        (f"{LOCAL_PORT}/tcp", "máy của phòng, chỉ máy đó", "cửa sổ của thầy cô", "không rời máy"),
        (f"{TABLET_PORT}/tcp", "máy của phòng", "máy tính bảng, không có tên ai", "không"),
        ("5353/udp", "cả hai", "tìm máy chủ và thiết bị (mDNS)", "không; chỉ là gợi ý"),
    ]


def _head(facts: SchoolFacts) -> str:
    opened = "Màn hình phòng đang để mở cho người không đăng nhập (`open_screens`)."
    closed = "Không màn hình nào mở cho người không đăng nhập."
    return (
        f"Mã trường: {facts.code}. Hệ thống: LopHoc, chạy trên máy chủ của trường và máy trong"
        f" phòng học. {opened if facts.is_open else closed}\n\nNgười lập: {_DOTS}  Ngày: {_DOTS}"
    )


def _levels() -> str:
    return (
        "Đề xuất: cấp độ 2 trên thang 5 cấp: hệ thống xử lý dữ liệu cá nhân của học sinh trong một"
        " trường, không phục vụ ngoài trường. Văn bản về cấp độ đang thay đổi theo Luật An ninh"
        " mạng 116/2025/QH15 (hiệu lực 01/7/2026): nhà trường hỏi cơ quan quản lý văn bản"
        " đang áp dụng trước khi nộp.\n\n"
        f"Cấp độ được phê duyệt: {_DOTS}  Quyết định số: {_DOTS}"
    )


def _data(facts: SchoolFacts) -> str:
    heads = ("Dữ liệu", "Mục đích", "Ở đâu, ai xem", "Giữ bao lâu")
    devices = (
        "Thiết bị, tình trạng, sổ thiết bị",
        "quản lý thiết bị",
        "máy chủ; theo vai trò",
        f"sự kiện: {facts.days} ngày",
    )
    above = (
        "Lên sở chỉ có số đếm và thiết bị, không có người nào; nhóm dưới 5 không hiện."
        if facts.has_department
        else "Không gửi gì ra ngoài trường."
    )
    return f"{_table(heads, [*notice_rows(facts), devices])}\n\n{above}"


def _ports(facts: SchoolFacts) -> str:
    return _table(("Cổng", "Ở đâu", "Ai gọi", "Mã hóa"), port_rows(facts))


def _roles() -> str:
    rows = [(_VIETNAMESE(ROLE_WORDS[role]), _granted(PERMISSIONS[role])) for role in Role]
    note = "Giáo viên chỉ thấy phòng và lớp của mình. Mỗi lần xem điểm danh được ghi lại."
    return f"{_table(('Vai trò', 'Được làm'), rows)}\n\n{note}"


def _granted(permissions: Iterable[Permission]) -> str:
    return ", ".join(PERMISSION_WORDS[each] for each in Permission if each in permissions)


def _copies(facts: SchoolFacts) -> str:
    elsewhere = (
        f"Bản sao mã hóa (age) ở {facts.copy_places} nơi khác, mỗi nơi {facts.copies} bản đầy đủ,"
        " thêm phần thay đổi mỗi 15 phút; mỗi tháng tự thử khôi phục."
        if facts.copy_places
        else "**Chưa có bản sao ở nơi khác**: cần đặt `copies` trước khi nộp hồ sơ này."
    )
    return (
        f"Mỗi ngày một bản trong thư mục máy chủ, giữ {facts.daily_copies} bản. {elsewhere}\n\n"
        f"Cụm mật khẩu của bản sao do ai giữ: {_DOTS}  Lần thử khôi phục gần nhất: {_DOTS}"
    )


def _measures() -> str:
    return (
        "Bảng mối đe dọa và phép thử trả lời từng mối: `docs/security.md` của bản LopHoc đang dùng."
        " Kiểm tra lỗ hổng của thư viện: `make audit` trong mã nguồn."
    )


def _duties() -> list[tuple[str, str, str]]:
    return [(who, what, _DOTS) for who, what in _DUTIES]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
