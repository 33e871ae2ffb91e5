"""A school plays a morning: no secret, name or code is told where others may look.

Looked through: every program's log at its most talkative, what each process shows to all, every
address that is asked for or linked to, every topic, the doctors' files, what commands print, and
every refusal.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from controller.access.codes import FirstCode
from protocol.credential import credential_in
from protocol.door_key import door_key
from protocol.model import Place
from protocol.pin import pinned
from protocol.topics import school_root
from tests.files import files_below
from tests.flows.leaks import Processes, leaks, spellings
from tests.flows.programs import BIN, get, key_of_open_door, request
from tests.flows.test_first_room import FirstDay
from tests.flows.test_three_clicks import SETTLE_S, TIMETABLE
from tests.logins import as_controller
from tests.waiting import LIMIT_S, until
from tests.web import http_client

PUPILS: Final = {"1499000001": "Lò Thị Bí Mật", "1499000002": "Cà Văn Kín Đáo"}
ROSTER: Final = "STT;Mã lớp;Mã định danh Bộ GD&ĐT;Họ và tên\n" + "".join(
    f"{no};10A1;{pupil};{name}\n" for no, (pupil, name) in enumerate(PUPILS.items(), 1)
)
PASSWORD, WRONG = "Suối-vàng-7-quả-đào", "Nhầm-sang-mật-khẩu-khác-9"
CAMERA, PROJECTOR = "may-anh-kin-4711", "may-chieu-kin-4712"
PASSPHRASE = "câu khóa của bản sao 4713"  # noqa: S105 - made up
WHOSE: Final = Place("14", "THCS-01")
# Commands whose whole answer is for a helper's eyes, too.
TELLING = (
    "agents list",
    "agents refused",
    "token list --json",
    "attendance verify --json",
    "students proofs --json",
    "reconcile --json",
    "repairs list --json",
    "use --json",
)
# Where a stranger, and who is logged in, ask what is not there or cannot be read.
MISSING = (
    "/attendance/10A9",
    "/rooms/{pupil}",
    "/api/v1/attendance?class={pupil}",
    "/api/v1/rooms?cursor={pupil}",
    "/sheet/{pupil}",
    "/api/v1/stocktakes/{pupil}",
    "/enrolment/{pupil}",
)


class Morning(FirstDay):
    """A first day with devices that have passwords, and programs at their most talkative."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.controller._is_true = self.agent._is_true = True  # their command lines are looked at
        given = {"camera": CAMERA, "pjlink": PROJECTOR}
        for name, word in given.items():
            (folder / f"{name}.password").write_text(word)
        files = [(f"--{name}-password-file", str(folder / f"{name}.password")) for name in given]
        self.agent._arguments += [word for pair in files for word in pair]
        self.agent._arguments += ["--camera-user", "giao-vien", "--log-level", "debug"]
        self.controller._arguments += ["--log-level", "debug"]
        self.settings = {  # of commands, which are told what the controller was
            f"LOPHOC_CONTROLLER_{name}": _option(self, f"--{name.lower().replace('_', '-')}")
            for name in ("SCHOOL", "PROVINCE", "HTTP_PORT", "MQTT_PORT")
        }
        self.secrets = {
            "password": PASSWORD,
            "wrong password": WRONG,
            "camera": CAMERA,
            "projector": PROJECTOR,
            "passphrase": PASSPHRASE,
            **{f"id {pupil}": pupil for pupil in PUPILS},
            **{f"name {name}": name for name in PUPILS.values()},
        }
        self.addresses: list[str] = []
        self.refusals: list[bytes] = []
        self.printed: list[bytes] = []
        self.bundles: list[bytes] = []
        self.web = http_client(
            f"http://127.0.0.1:{self.http}",
            headers={"origin": f"http://127.0.0.1:{self.http}"},
            follow_redirects=True,
            event_hooks={"response": [self._note]},
        )

    def _note(self, answer: httpx.Response) -> None:
        """Keep where one goes from here, and what is refused."""
        answer.read()
        self.addresses += [str(answer.url), answer.headers.get("location", "")]
        self.addresses += re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
        if answer.status_code >= 400:
            self.refusals.append(answer.content)

    def command(self, program: str, *words: str, data: str = "controller", typed: str = "") -> str:
        """What a command prints. typed: at its prompt."""
        done = subprocess.run(
            [str(BIN / program), *words, "--data", str(self.folder / data)],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
            env={**os.environ, **self.settings},
        )
        ends = {0, 1, 3} if words[0] == "doctor" else {0}  # it finds this or that
        assert done.returncode in ends, done.stdout + done.stderr
        self.printed.append((done.stdout + done.stderr).encode())
        return done.stdout


@contextmanager
def morning(folder: Path) -> Iterator[Morning]:
    """The school's server runs."""
    day = Morning(folder)
    day.controller.start()
    try:
        until(lambda: get(f"http://127.0.0.1:{day.http}/healthz"), "the server answers")
        yield day
    finally:
        day.web.close()
        day.agent.close()
        day.controller.stop()


@contextmanager
def topics_of(day: Morning) -> Iterator[list[bytes]]:
    """Every topic that the school's broker carries."""
    heard: list[bytes] = []
    client = as_controller(mqtt.Client(CallbackAPIVersion.VERSION2, "ears"), day.data)
    client.tls_set_context(pinned(day.data / "tls" / "ca.pem"))
    client.on_connect = lambda line, *_: line.subscribe(f"{school_root(WHOSE)}/#", 1)
    client.on_message = lambda _c, _d, message: heard.append(message.topic.encode())
    client.connect("127.0.0.1", int(_option(day, "--mqtt-port")))
    client.loop_start()
    yield heard
    client.disconnect()
    client.loop_stop()


def _option(day: Morning, name: str) -> str:
    words = day.controller._arguments
    return words[words.index(name) + 1]


def set_up(day: Morning) -> None:
    """The first account; a wrong password, then the right one; a token for a program."""
    day.secrets["set-up code"] = code = FirstCode(day.data).read()
    account = {"account": "hieu.truong", "name": "Lò Văn Hiệu", "password": PASSWORD}
    day.web.post("/setup", data={**account, "code": code}).raise_for_status()
    day.web.post("/logout")
    assert day.web.post("/login", data={**account, "password": WRONG}).status_code == 403
    day.web.post("/login", data=account).raise_for_status()
    day.secrets |= {name: value for name, value in day.web.cookies.items() if len(value) > 20}
    form = {"purpose": "GLPI", "days": "30", "may_school": "on"}
    (day.secrets["token"],) = {
        *re.findall(r"lophoc_[0-9A-Za-z_]{40,}", day.web.post("/tokens", data=form).text)
    }
    day.secrets["own key"] = door_key(day.http, os.environ)


def teach(day: Morning) -> None:
    """Class lists come in; a room joins by a code, and a pupil is late."""
    (day.folder / "lop.csv").write_text(ROSTER, "utf-8")
    (day.folder / "tkb.csv").write_text(TIMETABLE, "utf-8")
    day.command("lophoc-controller", "roster", "import", str(day.folder / "lop.csv"), "--names")
    day.command("lophoc-controller", "schedule", "import", str(day.folder / "tkb.csv"))
    shown = day.web.post("/enrolment", data={"room": "P203"}, params={"lang": "vi"}).text
    (code,) = re.findall(r"lophoc-agent enrol (\w{3} \w{3})", shown)
    day.secrets |= {"room's code": code, "room's bare code": code.replace(" ", "")}
    day.agent.start()
    day.secrets["door's key"] = key_of_open_door(day.local)
    press(day, "enrolment", {"code": code, "controller": f"127.0.0.1:{day.enrol}"})
    until(lambda: day.room_of_computer() == "P203", "the computer speaks as its room")
    until(lambda: (now := look(day)) and now["proposal"]["classes"], "the plan is here")
    press(day, "lesson/start")
    press(day, "roll/confirm")
    press(day, "roll/mark", {"student": next(iter(PUPILS)), "status": "late"})
    day.web.get("/rooms/P203")
    given = credential_in(day.folder / "agent")
    assert given
    day.secrets |= {"room's password": given.password, "room's secret": given.secret}
    query = {"limit": 1000}
    until(lambda: PUPILS.keys() & marked(day, query), "the mark is stored")


def marked(day: Morning, query: dict[str, int]) -> set[str]:
    """Whose marks the school has."""
    items = day.web.get("/api/v1/attendance", params=query).json()["items"]
    return {item["student"] for item in items}


def look(day: Morning) -> Any:
    """What the teacher sees."""
    return get(f"http://127.0.0.1:{day.local}/api/v1/teacher?lang=vi")


def press(day: Morning, path: str, body: object = None) -> None:
    """Press something on the teacher's window."""
    time.sleep(SETTLE_S)  # as long as a button rests that has become another
    url = f"http://127.0.0.1:{day.local}/api/v1/{path}"
    status, answer = request("POST", url, body or {})
    assert status in {200, 202}, answer


def look_everywhere(day: Morning) -> None:
    """The office looks at a pupil and at every page of its menu; papers, copies, doctors."""
    pupil = next(iter(PUPILS))
    for path in ("", "/export"):
        assert pupil in day.web.post(f"/students{path}", data={"student": pupil}).text or path
    for path in {*re.findall(r'<a href="(/[^"#?]*)"', day.web.get("/").text)}:
        day.web.get(path)
    day.web.post("/doctor")
    day.bundles.append(day.web.get("/doctor/bundle.json").content)
    (stick := day.folder / "stick").mkdir()
    day.command("lophoc-controller", "backup", "--to", str(stick), typed=PASSPHRASE)
    for words in TELLING:
        day.command("lophoc-controller", *words.split())
    for program, data in (("lophoc-controller", "controller"), ("lophoc-agent", "agent")):
        file = day.folder / f"{data}.bundle"
        day.command(program, "doctor", "--bundle", str(file), data=data)
        day.bundles.append(file.read_bytes())


def ask_for_what_is_not_there(day: Morning) -> None:
    """What is asked for in vain is not said again; nor by the room's own door."""
    before, pupil = len(day.addresses), next(iter(PUPILS))
    with http_client(str(day.web.base_url), event_hooks={"response": [day._note]}) as stranger:
        for web in (day.web, stranger):
            for path in MISSING:
                web.get(path.format(pupil=pupil))
            web.post("/students/erase", data={"student": pupil})
            web.post("/api/v1/stocktakes/1/scans", content=pupil)
    day.web.post("/login", data={"account": "x", "password": WRONG, "next": f"//{PASSWORD}"})
    del day.addresses[before:]  # who asked so wrote the address; ours lead nowhere like that
    url = f"http://127.0.0.1:{day.local}/api/v1"
    bodies = ({"student": pupil, "status": "?"}, {"student": {PASSWORD: pupil}})
    answers = [
        request("POST", f"{url}/{path}", body)
        for path in ("attendance", "roll/mark")
        for body in bodies
    ]
    day.refusals += [str(answer).encode() for status, answer in answers if status >= 400]


def logs_of(day: Morning) -> Iterator[bytes]:
    """What programs and the broker have written beside what they keep."""
    yield from (day.controller.log.read_bytes(), day.agent.log.read_bytes())
    yield from (text for path, text in files_below(day.folder) if path.suffix == ".log")


@pytest.mark.wide
def test_no_secret_name_or_code_is_told(tmp_path: Path) -> None:
    """From the first account to a stored mark, a copy and the doctors' visits."""
    with Processes() as processes, morning(tmp_path) as day:
        with topics_of(day) as topics:
            set_up(day)
            teach(day)
            look_everywhere(day)
            ask_for_what_is_not_there(day)
        told = {
            "a log": [*logs_of(day)],
            "a command line": processes.command_lines,
            "an environment": processes.surroundings,
            "an address": [address.encode() for address in day.addresses],
            "a topic": topics,
            "a doctor's file": day.bundles,
            "a command's answer": day.printed,
            "a refusal": day.refusals,
        }
        assert [where for where, texts in told.items() if len(texts) < 2] == []
        assert any(b"lophoc-agent" in line for line in processes.command_lines)
        assert any(topic.endswith(b"/event") for topic in topics), topics
        assert leaks(day.secrets, told) == []
        # What is looked for is really there, where it belongs.
        kept = {"kept": [text for path, text in files_below(day.folder) if ".db" in path.name]}
        assert {name for name, _ in leaks(day.secrets, kept)} >= {f"id {pupil}" for pupil in PUPILS}


@pytest.mark.parametrize("word", ["Lò Thị Bí Mật", "a/b c+d", "1499000001"])
def test_a_word_is_found_however_it_is_written(word: str) -> None:
    """As it is, as JSON, in an address, decomposed, as Python shows it: none escapes."""
    for said in spellings(word):
        assert leaks({"it": word}, {"a log": [b"before " + said + b" after"]}) == [("it", "a log")]
    assert leaks({"it": word}, {"a log": [b"before and after"]}) == []
