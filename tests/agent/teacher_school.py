"""This file plays the agent behind the teacher's page: one lesson by the door's contract."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agent.local.page.routes import routes
from agent.local.refusals import MAX_BODY, NAMES, turned_away
from protocol.guard import Guard, Refusal, Scope, at_own_port
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

MARKS = [
    {"status": "present", "letter": "", "label": "Có mặt"},
    {"status": "absent_excused", "letter": "P", "label": "Vắng có phép"},
    {"status": "absent_unexcused", "letter": "K", "label": "Vắng không phép"},
    {"status": "late", "letter": "M", "label": "Đi muộn"},
    {"status": "left_early", "letter": "S", "label": "Về sớm"},
]
PARTS = {
    "board": "Bảng",
    "camera": "Camera",
    "tablet": "Máy tính bảng",
    "network": "Mạng",
    "power": "Điện",
    "other": "Khác",
}
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng")
MIDDLES = ("Văn", "Thị", "Hoàng Phương", "Minh", "Ngọc", "Đức")
GIVEN = ("An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Khánh", "Linh", "Mai", "Nam", "Oanh")
LESSON = "10A1 · Toán · Tiết 1 · 07:15-08:00"
BUTTONS = {
    "idle": ("start", "Bắt đầu tiết học"),
    "running": ("confirm", "Xác nhận điểm danh"),
    "confirmed": ("end", "Kết thúc tiết học"),
    "ended": ("start", "Bắt đầu tiết học"),
}
HEADLINES = {"idle": "Sẵn sàng", "running": "Đang học", "ended": "Đã hết tiết"}


def pupil(class_code: str, number: int) -> dict[str, Any]:
    """A pupil's line, as nobody has touched it."""
    parts = (FAMILIES[number % 7], MIDDLES[number % 6], GIVEN[number % 11])
    return {
        "student": f"{class_code}-{number:02}",
        "class_code": class_code,
        "number": number,
        "name": " ".join(parts),
        "status": "present",
        "by": "tablet",
        "suggested": "seen",
        "words": f"Máy {number:02} · 07:16",
        "flags": [],
        "flag_words": [],
        "history": [],
    }


def pupils(*classes: str) -> list[dict[str, Any]]:
    """42 pupils a class; three were not seen, and two share a tablet."""
    lines = [pupil(code, number) for code in classes for number in range(1, 43)]
    for place in (6, 19, 33):
        lines[place] |= {"by": "default", "suggested": "unseen"}
        lines[place]["words"] = "Chưa thấy trên máy tính bảng"
    lines[11] |= {"flags": ["shared_tablet"], "flag_words": ["Chung máy với số 5"]}
    return lines


class TeacherSchool:
    """The agent's door on a real port, in a thread of its own, with a lesson to play."""

    def __init__(
        self, lines: list[dict[str, Any]] | None = None, more: Sequence[Route] = ()
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.lines = pupils("10A1") if lines is None else lines
        self.more_routes = more
        self.posts: list[tuple[str, Any]] = []
        self.phase, self.confirmed, self.rev = "idle", False, 1
        self.undo: tuple[str, Callable[[], None]] | None = None  # what would be undone, and how
        self.gaps: dict[str, str] | None = None
        self.more: dict[str, Any] = {}
        self.sent: list[dict[str, Any]] = []
        self.hung = False
        self.earlier: dict[str, dict[str, Any]] = {}  # lessons of before with their rolls, by id
        self.refusal = ""  # why nothing is taken
        self.checks: list[dict[str, Any]] = []
        self.doubts: list[dict[str, Any]] = []
        self.pause_s = 0.0  # how long an answer to a press takes

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, and return when the port answers."""
        posts = {
            "/api/v1/lesson/start": self._start,
            "/api/v1/lesson/end": self._end,
            "/api/v1/roll/confirm": self._confirm,
            "/api/v1/roll/mark": self._mark,
            "/api/v1/undo": self._undo,
            "/api/v1/fault": self._fault,
            "/api/v1/camera": lambda _told: None,
            "/api/v1/room": lambda _told: None,
            "/api/v1/roll/settle": self._settle,
        }
        app = Starlette(
            routes=[
                *routes(),
                *self.more_routes,
                Route("/livez", self._livez),
                Route("/api/v1/status", self._status),
                Route("/api/v1/teacher", self._teacher),
                Route("/api/v1/lessons/{lesson}", self._lesson),
                *(Route(path, self._post(deed), methods=["POST"]) for path, deed in posts.items()),
            ]
        )
        config = uvicorn.Config(
            Guard(app, _refused, is_ours=at_own_port(*NAMES), max_body=MAX_BODY),
            port=self.port,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        until(lambda: self._server.started, "the door is open")

    def stop(self) -> None:
        """Stop serving at once: whoever waits hears a closed line."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(LIMIT_S)

    def change(self) -> None:
        """Tell those who wait that something is new."""
        self.rev += 1

    def view(self) -> dict[str, Any]:
        """What the door says now."""
        action, label = BUTTONS["confirmed" if self.confirmed else self.phase]
        return {
            "rev": self.rev,
            "language": "vi",
            "room": "P203",
            "rooms": ["P203", "P204"],
            "pick_room": False,
            "phase": self.phase,
            "headline": HEADLINES[self.phase],
            "subline": LESSON,
            "button": {"action": action, "label": label, "enabled": True},
            "proposal": {
                "classes": ["10A1"],
                "why": "Theo thời khóa biểu",
                "others": [["10A2"], ["11B2"]],
                "all": ["10A1", "10A2", "10A3", "11B1", "11B2", "12C1"],
                "substitute": False,
            },
            "chips": [
                {"part": "board", "state": "ok", "label": "Bảng", "words": "sẵn sàng"},
                {"part": "camera", "state": "warning", "label": "Camera", "words": "bị che"},
                {"part": "tablets", "state": "ok", "label": "Máy tính bảng", "words": "38/40"},
            ],
            "gaps": self.gaps,
            "roll": self._roll() if self.phase == "running" else None,
            "logbook": "Tiết 1 · Toán · 10A1 · Vắng: 07 (K)" if self.phase == "ended" else None,
            "undo": self._offer(),
            "notices": [],
            "faults": {
                "parts": [{"part": each, "label": label} for each, label in PARTS.items()],
                "sent": self.sent,
            },
            "camera": {"off": False, "label": "Tắt camera"},
            "questions": [],
            "scan": {"possible": True, "running": False, "label": "Quét thẻ cả lớp", "words": ""},
            "tablets": {"open": True, "url": "http://192.168.10.2:8080/c/", "board": "/board"},
            "labels": {},
            "lessons": [
                {name: part for name, part in one.items() if name != "roll"}
                for one in self.earlier.values()
            ],
            **self.more,
        }

    def _offer(self) -> dict[str, Any] | None:
        if self.undo is None:
            return None
        what = self.undo[0]
        offer = {"what": what, "label": "Hoàn tác", "words": "Vừa xong.", "left_s": 10.0}
        offer["asks"] = self.asks and what in {"confirm", "correction"}
        return offer | {
            name: at for name, at in self.more.get("meant", {}).items() if name == "lesson"
        }

    @property
    def asks(self) -> bool:
        """Whether the school asks who confirms."""
        return bool(self.more.get("asks"))

    def _roll(self) -> dict[str, Any]:
        total = len(self.lines)
        absent = sum(each["status"].startswith("absent") for each in self.lines)
        counts = {"total": total, "present": total - absent, "absent": absent, "late": 0}
        return {
            "title": "Điểm danh 10A1",
            "counts": counts,
            "text": f"{total}/{total - absent}/{absent}",
            "confirmed": self.confirmed,
            "asks": self.confirmed and self.asks,
            "checks": self.checks,
            "doubts": self.doubts,
            "marks": MARKS,
            "lines": self.lines,
        }

    def _start(self, _told: Any) -> None:
        self.phase, self.confirmed = "running", False
        self.undo = "start", lambda: setattr(self, "phase", "idle")

    def keep_earlier(self, lesson: str, title: str, *, confirmed: bool) -> None:
        """Have a lesson of before here, with a roll of its own."""
        meant = {"lesson": lesson, "running": False, "confirmed": confirmed, "list": "v1"}
        roll = {**self._roll(), "lines": pupils("6A1")}
        stands = {"title": title, "has_roll": True, "running": False, "expected": "gv-hai222"}
        self.earlier[lesson] = {"lesson": lesson, "meant": meant, "roll": roll, **stands}
        self._stand(lesson, confirmed=confirmed)

    def _stand(self, lesson: str, *, confirmed: bool) -> None:
        tree = self.earlier[lesson]
        lines = tree["roll"]["lines"]
        absent = sum(line["status"].startswith("absent") for line in lines)
        tree["text"] = f"{len(lines)}/{len(lines) - absent}/{absent}"
        tree["words"] = "đã xác nhận" if confirmed else "chưa xác nhận"
        tree["confirmed"] = tree["roll"]["confirmed"] = confirmed
        tree["roll"]["asks"] = confirmed and self.asks
        tree["meant"] = {**tree["meant"], "confirmed": confirmed}

    def _confirm(self, told: Any) -> None:
        lesson = told.get("meant", {}).get("lesson")
        if lesson in self.earlier:
            self._stand(lesson, confirmed=True)
            return
        self.confirmed = True
        self.undo = "confirm", lambda: setattr(self, "confirmed", False)

    def _end(self, _told: Any) -> None:
        self.phase, self.confirmed = "ended", False
        self.undo = "end", lambda: self.__dict__.update(phase="running", confirmed=True)

    def _mark(self, told: Any) -> None:
        lesson = told.get("meant", {}).get("lesson")
        earlier = self.earlier.get(lesson)
        lines = earlier["roll"]["lines"] if earlier else self.lines
        line = next(each for each in lines if each["student"] == told["student"])
        before = line["status"]
        line |= {"status": told["status"], "by": "manual"}
        if earlier:
            self._stand(lesson, confirmed=earlier["confirmed"])
        is_confirmed = earlier["confirmed"] if earlier else self.confirmed
        if is_confirmed:
            line["history"] = [*line["history"], f"07:20 {before} → {told['status']}, thầy/cô sửa"]
            self.undo = "correction", lambda: line.update(status=before)
        elif self.undo and self.undo[0] == "start":
            self.undo = None

    def _settle(self, told: Any) -> None:
        chosen = {each["number"]: each["students"] for each in told["answers"]}
        for doubt in self.doubts:
            doubt["chosen"] = chosen.get(doubt["number"], doubt["chosen"])

    def _undo(self, _told: Any) -> None:
        if self.undo is not None:
            self.undo[1]()
        self.undo = None

    def _fault(self, told: Any) -> None:
        sentence = f"Đã nhận: {PARTS[told['part']].lower()}, 07:31"
        self.sent = [{"part": told["part"], "sentence": sentence, "delivered": False}]

    def _post(self, deed: Callable[[Any], None]) -> Any:
        async def answer(request: Request) -> Response:
            told = await request.json()
            await asyncio.sleep(self.pause_s)
            self.posts.append((request.url.path, told))
            if self.refusal:
                error = {"code": "outdated", "message": self.refusal, "hint": ""}
                return JSONResponse({"error": error}, HTTPStatus.CONFLICT)
            deed(told)
            self.change()
            return JSONResponse(self.view())

        return answer

    async def _teacher(self, request: Request) -> Response:
        after = request.query_params.get("after")
        waited = 0
        while self.hung or (after == str(self.rev) and waited < 400):
            await asyncio.sleep(0.05)
            waited += 1
        return JSONResponse(self.view())

    async def _lesson(self, request: Request) -> Response:
        return JSONResponse(self.earlier[request.path_params["lesson"]])

    async def _status(self, _request: Request) -> Response:
        return JSONResponse({"devices": {"present": 0, "list": []}})

    async def _livez(self, _request: Request) -> Response:
        while self.hung:
            await asyncio.sleep(0.05)
        return JSONResponse({"status": "ok"})

    def _run(self) -> None:
        asyncio.run(self._server.serve())


def _refused(_scope: Scope, why: Refusal) -> Response:
    return JSONResponse({"error": {"code": why}}, turned_away(why).status)
