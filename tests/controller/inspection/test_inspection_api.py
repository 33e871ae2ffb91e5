"""Programs and the command see what officers see of inspections, and a command draws one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from controller.__main__ import main
from controller.areas.areas import SchoolFacts
from controller.database.store import Store
from tests.controller.web_department import OWN, a_department, fill, hear, know, line
from tests.controller.web_school import FOLDERS

A, B = "00140701", "00140702"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two schools with some lines each."""
    with a_department(tmp_path) as opened:
        know(opened, [SchoolFacts(code=A, name="THCS Tô Hiệu"), SchoolFacts(code=B, name="Xôm")])
        fill(opened, [line(code, n, room=f"P{n % 3}") for code in (A, B) for n in range(1, 7)])
        hear(opened, A)
        yield opened


@pytest.fixture
def run(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """The command beside the running department; answers what it tells."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", OWN.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", OWN.province)

    def told(*words: str, code: int = 0) -> str:
        assert main(["inspection", *words, "--data", str(FOLDERS[store])]) == code
        return capsys.readouterr().out

    return told


def test_a_command_draws_what_an_officer_would_and_programs_see_it(
    run: Callable[..., str], officer: httpx.Client
) -> None:
    """The same seed and frame give the same sample as the page; a withdrawn one stays."""
    drawn = json.loads(run("begin", "--title", "Kỳ I", "--of-school", A, "--seed", "7", "--size",
                           "3", "--json"))  # fmt: skip
    form = {"title": "Kỳ I", "of_school": A, "seed": "7", "size": "3", "unit": "items"}
    assert officer.post("/inspections", data=form).status_code == 200
    own = officer.get("/api/v1/inspections").json()["items"]
    assert [one["no"] for one in own] == [2, 1]
    by_page = officer.get("/api/v1/inspections/2").json()
    assert [thing["device_id"] for thing in by_page["things"]] == [
        thing["device_id"] for thing in drawn["things"]
    ]
    assert by_page["frame_sha256"] == drawn["frame_sha256"]
    assert (drawn["items"], drawn["answered"], drawn["standings"]["waiting"]) == (3, 0, 3)
    assert {school["school"] for school in drawn["schools"]} == {A}
    run("withdraw", "1")
    assert officer.get("/api/v1/inspections/1").json()["withdrawn"]
    listed = json.loads(run("list", "--json"))
    assert {one["no"]: bool(one["withdrawn"]) for one in listed} == {1: True, 2: False}


def test_pages_of_the_list_hold_each_inspection_once(
    run: Callable[..., str], officer: httpx.Client
) -> None:
    """By a cursor, the newest first; unknown numbers are 404, misspelt parameters 422."""
    for _ in range(3):
        run("begin", "--size", "1")
    found, cursor = [], ""
    while True:
        page = officer.get(f"/api/v1/inspections?limit=1&cursor={cursor}").json()
        found += [one["no"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [3, 2, 1]
    assert officer.get("/api/v1/inspections/9").status_code == 404
    assert officer.get("/api/v1/inspections?place=1").status_code == 422
    assert officer.get("/api/v1/inspections?cursor=x").status_code == 422


def test_what_cannot_be_drawn_is_refused(run: Callable[..., str]) -> None:
    """As the page refuses it."""
    for words in (("--of-school", "140701"), ("--size", "0"), ("--hours", "0"), ("--type", "x")):
        run("begin", *words, code=2)
    run("withdraw", "9", code=2)


def test_a_program_draws_proves_and_takes_back(officer: httpx.Client) -> None:
    """By the API alone, as the page does; what is no order is refused by its field."""
    order = {"title": "Kỳ II", "of_school": A, "seed": "7", "size": 3}
    answer = officer.post("/api/v1/inspections", json=order)
    assert answer.status_code == 201
    drawn = answer.json()
    assert (drawn["no"], drawn["items"], drawn["seed"], drawn["unit"]) == (1, 3, "7", "items")
    again = officer.get("/api/v1/inspections/1/draw").json()
    assert (again["agrees"], again["only_before"], again["only_again"]) == (True, [], [])
    assert sorted(unit["unit"] for unit in again["drawn"]) == sorted(
        thing["device_id"] for thing in drawn["things"]
    )
    frame = officer.get("/api/v1/inspections/1/frame")
    assert hashlib.sha256(frame.content).hexdigest() == drawn["frame_sha256"]
    assert frame.text == officer.get("/inspections/1/frame.txt").text
    for form, begins in (("docx", b"PK"), ("xlsx", b"PK")):
        assert officer.get(f"/api/v1/inspections/1/minutes?format={form}").content[:2] == begins
    assert officer.get("/api/v1/inspections/1/minutes?format=pdf").status_code == 422
    assert officer.post("/api/v1/inspections/1/withdraw").json()["withdrawn"]
    assert officer.post("/api/v1/inspections/9/withdraw").status_code == 404
    made = officer.post("/api/v1/inspections", json={"size": 1}).json()
    assert (made["no"], len(made["seed"])) == (2, 16)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"size": 0}', "size"), (b'{"hours": "48"}', "hours"), (b'{"sizes": 3}', "sizes"),
        (b"[]", "JSON"), (b"{", "JSON"), (b'{"unit": "schools"}', "unit"),
        (b'{"seed": "7\\n8"}', "seed"), (b"\xff", "JSON"),
    ],
    ids=["none", "text", "misspelt", "list", "cut", "unit", "unseen", "bytes"],
)  # fmt: skip
def test_what_is_no_order_of_a_program_is_refused_by_name(
    officer: httpx.Client, body: bytes, says: str
) -> None:
    """As problem+json, in the language that is asked for; nothing is drawn."""
    answer = officer.post("/api/v1/inspections", content=body, headers={"accept-language": "en"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "body_invalid"), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert says.casefold() in str(problem).casefold()
    assert officer.get("/api/v1/inspections").json()["items"] == []


def test_an_order_that_is_too_long_is_refused(officer: httpx.Client) -> None:
    """Nobody fills the memory by it."""
    assert officer.post("/api/v1/inspections", content=b" " * 10_000).status_code == 413
