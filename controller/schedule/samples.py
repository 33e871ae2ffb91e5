"""This file holds the files that a school copies from."""

from __future__ import annotations

from typing import Final

SAMPLES: Final[dict[str, str]] = {
    "bells.csv": "tiết,bắt đầu,kết thúc,các thứ\n1,07:15,08:00,2-7\n2,08:05,08:50,2-7\n"
    "3,09:10,09:55,2-7\n4,10:00,10:45,2-7\n5,10:50,11:35,2-7\n",
    "terms.csv": "học kỳ,bắt đầu,kết thúc\nHọc kỳ I,05/09/2026,17/01/2027\n"
    "Học kỳ II,18/01/2027,31/05/2027\n",
    "holidays.csv": "ngày nghỉ,bắt đầu,kết thúc\nTết Dương lịch,01/01/2027,01/01/2027\n",
    "timetable.csv": "thứ,tiết,phòng,lớp,môn,giáo viên,tuần\n2,1,P203,10A1,Toán,,\n"
    "2,2,P203,10A1+10A2,Thể dục,,lẻ\n",
    "marks.csv": "trạng thái,ký hiệu\nCó mặt,\nCó phép,P\nKhông phép,K\nĐi muộn,M\nVề sớm,S\n"
    "grace_min,10\n",
}
