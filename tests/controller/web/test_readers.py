"""Files are read beside everything else: nobody waits for what another person sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.database.store import Store
from controller.sheets.apart import Progress, read_apart
from controller.web.forms import Upload
from controller.web.waiting import MAX_WAITING, WaitingFile, WaitingFiles
from tests.controller.book_school import now_ms
from tests.controller.dashboard.test_pages import Outline
from tests.controller.patience import READING, waits_for_reading
from tests.controller.people import COOKIE, log_in, origin_of
from tests.controller.web_school import Served, a_program, a_store
from tests.waiting import until
from tests.web import http_client

HOMES = pytest.mark.parametrize("home", ["/register/import", "/lists/import", "/schedule/import"])
SLOW = b"slow"
BOOK = "STT;Mã tài sản;Tên thiết bị;Phòng\n1;TS-001;Máy chiếu;P203\n".encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school in which nothing is planned."""
    with a_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def web(store: Store) -> Iterator[httpx.Client]:
    """A browser without JavaScript, in Vietnamese."""
    with Served(store) as served, http_client(served.url, cookies={"lang": "vi"}) as client:
        yield client


def _is_slow(path: str) -> bool:
    return Path(path).read_bytes().startswith(SLOW)


def post(web: httpx.Client, home: str, raw: bytes, headers: Mapping[str, str] | None = None) -> str:
    """Where the answer to a file leads."""
    answer = web.post(home, files={"file": ("tệp <b>.csv", raw)}, headers=headers)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Progress], None]:
    """Readings of what begins with "slow" go on until dropped; says how far each of them is."""
    told: list[Callable[[Progress], None]] = []

    async def read(module: str, order: Any, answer: type[Any], note: Callable[..., None]) -> Any:
        if not await asyncio.to_thread(_is_slow, order.path):
            return await read_apart(module, order, answer, note)
        told.append(note)
        return await asyncio.Event().wait()

    monkeypatch.setattr("controller.web.readers.read_apart", read)
    monkeypatch.setattr("controller.web.intake.SOON_S", 0)

    def tell_all(progress: Progress) -> None:
        for note in until(lambda: [*told]):
            note(progress)

    return tell_all


@HOMES
def test_a_page_tells_how_far_a_file_is_read(
    web: httpx.Client, tell: Callable[[Progress], None], home: str
) -> None:
    """First that it is opened, then the rows; asked for anew without JavaScript; then dropped."""
    there = post(web, home, SLOW)
    page = web.get(there)
    assert page.status_code == 200
    assert READING in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert "tệp &lt;b&gt;.csv" in page.text
    (bar,) = Outline(page.text).find("progress")
    assert "value" not in bar
    tell(Progress(12_000, 50_000))
    page = web.get(there)
    (bar,) = Outline(page.text).find("progress")
    assert (bar["value"], bar["max"]) == ("12000", "50000")
    assert "Đã đọc 12.000 trong 50.000 dòng" in " ".join(Outline(page.text).words)
    assert web.post(f"{there}/drop").status_code == 303
    assert web.get(there).headers["location"] == f"{home}?failed=gone"


@pytest.mark.usefixtures("tell")
@pytest.mark.parametrize(
    ("home", "deed"),
    [
        ("/register/import", "/headings"),
        ("/lists/import", "/choices"),
        ("/schedule/import", "/empty"),
    ],
)
def test_a_form_that_comes_before_the_first_reading_ends_leads_to_its_progress(
    web: httpx.Client, home: str, deed: str
) -> None:
    """The file is not gone; nothing is taken in."""
    there = post(web, home, SLOW)
    for path in (there, there + deed):
        assert web.post(path, data={"all": "yes"}).headers["location"] == there
        assert READING in web.get(there).text
    web.post(f"{there}/drop")


@HOMES
def test_a_hostile_file_of_one_delays_nobody_else(
    store: Store, web: httpx.Client, tell: Callable[[Progress], None], home: str
) -> None:
    """Who sends several waits for his own; another's is read meanwhile."""
    cookie = f"{COOKIE}={log_in(a_program(store, now_ms=now_ms), 'other')}"
    other = {"cookie": f"{cookie}; lang=vi"} | origin_of(web)
    slow = [post(web, home, SLOW) for _ in range(2)]
    tell(Progress(1, 2))
    quick = post(web, "/register/import", BOOK, other)
    until(lambda: READING not in web.get(quick, headers=other).text)
    assert "TS-001" in web.get(quick, headers=other).text
    bars = [Outline(web.get(there).text).find("progress")[0] for there in slow]
    assert ["value" in bar for bar in bars] == [True, False]
    web.post(f"{slow[0]}/drop")

    def has_begun() -> bool:
        tell(Progress(1, 2))
        return "value" in Outline(web.get(slow[1]).text).find("progress")[0]

    until(has_begun)
    web.post(f"{slow[1]}/drop")


def test_a_refusal_that_comes_late_is_told_on_the_page(
    web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that comes at once: the form is there again."""
    monkeypatch.setattr("controller.web.intake.SOON_S", 0)
    waits_for_reading(web)
    page = web.get(post(web, "/register/import", b"a;b\n1;2\n"))
    assert page.status_code == 422
    assert Outline(page.text).find("p", role="alert")
    assert Outline(page.text).find("input", type="file")


@given(st.lists(st.sampled_from("abc"), max_size=12))
def test_who_sends_much_pushes_nobody_else_out(senders: list[str]) -> None:
    """Of whom most wait, the oldest goes: held against a list."""
    files: WaitingFiles[WaitingFile] = WaitingFiles(WaitingFile, lambda: 1)
    model: list[tuple[str, str]] = []
    for who in senders:
        if len(model) == MAX_WAITING:
            most = max((name for name, _ in model), key=[name for name, _ in model].count)
            model.remove(next(one for one in model if one[0] == most))
        fresh = files.add(Upload("x", b"x"), who)
        model.append((who, fresh.token))
    assert all(files.find(token, who) for who, token in model)
    assert len(files._waiting) == len(model)
