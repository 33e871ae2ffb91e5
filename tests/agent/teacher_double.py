"""This file is an agent's door for the teacher's window, without an agent: the contract's JSON.

It keeps what was posted and moves the lesson on, as an agent would; it decides nothing.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

PUPILS: Final = 42
_LONG_POLL_S: Final = 20.0
_NAMES: Final = (
    "Nguyễn Thị Ánh",
    "Trần Văn Bình",
    "Lê Hoàng Đức Dũng",
    "Phạm Thu Hà",
    "Đặng Quốc Khánh",
    "Hoàng Nguyễn Phương Linh",
    "Bùi Xuân Mạnh",
)
_FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "board": ("Bảng", "Board"),
    "camera": ("Camera", "Camera"),
    "tablet": ("Máy tính bảng", "Tablets"),
    "network": ("Mạng", "Network"),
    "power": ("Điện", "Power"),
    "other": ("Khác", "Other"),
}
_MARKS: Final = (
    ("present", "", "Có mặt", "Present"),
    ("absent_excused", "P", "Vắng có phép", "Absent, excused"),
    ("absent_unexcused", "K", "Vắng không phép", "Absent, unexcused"),
    ("late", "M", "Đi muộn", "Late"),
    ("left_early", "S", "Về sớm", "Left early"),
)
_BUTTONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "idle": ("start", "Bắt đầu tiết học", "Start the lesson"),
    "ready": ("confirm", "Xác nhận điểm danh", "Confirm attendance"),
    "ready_with_gaps": ("confirm", "Xác nhận điểm danh", "Confirm attendance"),
    "running": ("end", "Kết thúc tiết học", "End the lesson"),
    "ended": ("start", "Bắt đầu tiết học", "Start the lesson"),
}


class TeacherDouble:
    """What the door says now, and all that was posted to it, as (path, body)."""

    def __init__(self, language: str = "vi") -> None:
        self.language = language
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[str] = []
        self.refuse: dict[str, str] | None = None
        self.key = ""  # without one the door is everybody's
        self._changed = threading.Condition()
        self._rev = 1
        self._closed = False
        self._view = self._idle()

    def view(self) -> dict[str, Any]:
        """The view as it is sent."""
        with self._changed:
            return {**copy.deepcopy(self._view), "rev": self._rev}

    def tell(self, **parts: Any) -> None:
        """Something of the view changes by itself."""
        with self._changed:
            self._view |= parts
            self._rev += 1
            self._changed.notify_all()

    def wait(self, after: int | None) -> dict[str, Any]:
        """The view, once it is another than `after`."""
        with self._changed:
            self._changed.wait_for(lambda: self._rev != after or self._closed, _LONG_POLL_S)
        return self.view()

    def end(self) -> None:
        """Let those go who wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep what was pressed, and move on."""
        self.posted.append((path, body))
        deed = path.removeprefix("/api/v1/").replace("/", "_")
        if path.startswith("/api/v1/devices/"):
            self.tell(questions=[])
        else:
            getattr(self, f"_on_{deed}")(body)
        return self.view()

    def _on_lesson_start(self, body: dict[str, Any]) -> None:
        classes = body.get("classes") or self._view["proposal"]["classes"]
        gaps = self._view["gaps"]
        self._move("ready_with_gaps" if gaps else "ready", "Đang học", "Lesson running", "start")
        self.tell(roll=self._roll(classes[0]), logbook=None)

    def _on_roll_confirm(self, _body: dict[str, Any]) -> None:
        self._move("running", "Đang học", "Lesson running", "confirm")
        self.tell(roll={**self._view["roll"], "confirmed": True})

    def _on_lesson_end(self, _body: dict[str, Any]) -> None:
        self._move("ended", "Đã hết tiết", "Lesson over", "end")
        self.tell(logbook="Tiết 1 · Toán · 10A1 · Sĩ số 42, vắng 1 (K: 1)")

    def _on_roll_mark(self, body: dict[str, Any]) -> None:
        roll = self._view["roll"]
        for line in roll["lines"]:
            if line["student"] == body["student"]:
                line["status"], line["by"] = body["status"], "manual"
        statuses = [line["status"] for line in roll["lines"]]
        absent = sum(status.startswith("absent") for status in statuses)
        counts = {"total": PUPILS, "present": PUPILS - absent, "absent": absent}
        counts["late"] = statuses.count("late")
        self.tell(roll={**roll, "counts": counts, "text": f"{PUPILS}/{PUPILS - absent}/{absent}"})

    def _on_undo(self, _body: dict[str, Any]) -> None:
        before = {"start": "idle", "confirm": "ready", "end": "running"}
        what = self._view["undo"]["what"]
        self._move(before[what], "Sẵn sàng", "Ready", None)
        if what == "start":
            self.tell(roll=None)

    def _on_fault(self, body: dict[str, Any]) -> None:
        label = self._say(*_FAULTS[body["part"]])
        sent = {"part": body["part"], "delivered": False}
        sent["sentence"] = self._say(f"Đã nhận: {label}, 07:31", f"Received: {label}, 07:31")
        faults = self._view["faults"]
        self.tell(faults={**faults, "sent": [*faults["sent"], sent]})

    def _on_scan(self, body: dict[str, Any]) -> None:
        self.tell(scan={**self._view["scan"], "running": body["on"]})

    def _on_camera(self, body: dict[str, Any]) -> None:
        label = self._say("Bật camera", "Switch the camera on")
        on = self._say("Tắt camera", "Switch the camera off")
        self.tell(camera={"off": body["off"], "label": label if body["off"] else on})

    def _on_room(self, body: dict[str, Any]) -> None:
        self.tell(room=body["room"], pick_room=False)

    def _move(self, phase: str, vi: str, en: str, undo: str | None) -> None:
        action, *labels = _BUTTONS[phase]
        button = {"action": action, "label": self._say(*labels), "enabled": True}
        again = {"what": undo, "label": self._say("Hoàn tác", "Undo"), "left_s": 10.0}
        self.tell(
            phase=phase, headline=self._say(vi, en), button=button, undo=again if undo else None
        )

    def _say(self, vi: str, en: str) -> str:
        return vi if self.language == "vi" else en

    def _roll(self, code: str) -> dict[str, Any]:
        lines = [
            {
                "student": f"14000000{number:02}",
                "class_code": code,
                "number": number,
                "name": _NAMES[number % len(_NAMES)],
                "status": "present",
                "by": "tablet" if number % 3 else "default",
                "suggested": "seen" if number % 3 else None,
                "words": f"Máy {number:02} · 07:16" if number % 3 else "",
                "flags": ["shared_tablet"] if number == 5 else [],
                "flag_words": ["Chung máy với số 6"] if number == 5 else [],
                "history": [],
            }
            for number in range(1, PUPILS + 1)
        ]
        marks = [
            {"status": status, "letter": letter, "label": self._say(vi, en)}
            for status, letter, vi, en in _MARKS
        ]
        return {
            "title": self._say(f"Điểm danh {code}", f"Attendance {code}"),
            "counts": {"total": PUPILS, "present": PUPILS, "absent": 0, "late": 0},
            "text": f"{PUPILS}/{PUPILS}/0",
            "confirmed": False,
            "marks": marks,
            "lines": lines,
        }

    def _idle(self) -> dict[str, Any]:
        action, *labels = _BUTTONS["idle"]
        say = self._say
        chips = (
            ("board", "ok", say("Bảng", "Board"), say("sẵn sàng", "ready")),
            ("camera", "warning", "Camera", say("bị che", "covered")),
            ("tablets", "ok", say("Máy tính bảng", "Tablets"), "38/40"),
        )
        return {
            "language": self.language,
            "room": "P203",
            "rooms": ["P203", "P204"],
            "pick_room": False,
            "phase": "idle",
            "headline": say("Sẵn sàng", "Ready"),
            "subline": say(
                "10A1 · Toán · Tiết 1 · 07:15-08:00", "10A1 · Maths · Period 1 · 07:15-08:00"
            ),
            "button": {"action": action, "label": say(*labels), "enabled": True},
            "proposal": {
                "classes": ["10A1"],
                "why": say("Theo thời khóa biểu", "By the timetable"),
                "others": [["10A2"], ["11B2"]],
                "all": ["10A1", "10A2", "10A3", "11B1", "11B2", "12C1"],
                "substitute": False,
            },
            "chips": [
                dict(zip(("part", "state", "label", "words"), c, strict=True)) for c in chips
            ],
            "gaps": None,
            "roll": None,
            "logbook": None,
            "undo": None,
            "notices": [],
            "faults": {
                "parts": [{"part": each, "label": say(*both)} for each, both in _FAULTS.items()],
                "sent": [],
            },
            "camera": {"off": False, "label": say("Tắt camera", "Switch the camera off")},
            "questions": [],
            "scan": {
                "possible": True,
                "running": False,
                "label": say("Quét thẻ cả lớp", "Scan the class's cards"),
                "words": "",
            },
            "tablets": {"open": True, "url": "http://192.168.10.2:8080/c/", "board": "/board"},
            "labels": {},
        }

    def lets_in(self, shown: str | None) -> bool:
        """Whether who shows this header may come in."""
        return not self.key or shown == f"Bearer {self.key}"


@contextmanager
def teacher_door(double: TeacherDouble, port: int = 0) -> Iterator[str]:
    """Serve the double on loopback; gives its address, such as http://127.0.0.1:8765."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(double))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        double.end()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(double: TeacherDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if self._is_locked():
                return
            if url.path != "/api/v1/teacher":
                self._answer(404, {"error": {"code": "not_found", "message": "", "hint": ""}})
                return
            double.asked.append(self.headers.get("Accept-Language", ""))
            after = parse_qs(url.query).get("after")
            self._answer(200, double.wait(int(after[0]) if after else None))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            if self._is_locked():
                return
            if double.refuse is not None:
                self._answer(409, {"error": double.refuse})
                return
            codes = self.path == "/door/codes"
            self._answer(200, {"code": "c-1"} if codes else double.post(self.path, body))

        def _is_locked(self) -> bool:
            locked = not double.lets_in(self.headers.get("Authorization"))
            if locked:
                error = {"code": "door_locked", "message": "Cửa khóa.", "hint": "Xin mở lại."}
                self._answer(401, {"error": error})
            return locked

        def _answer(self, status: int, body: object) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if double._closed:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
