"""Pupils' marks are shown on the server itself, or after the office's password, and it is noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.access.gate import gate_of
from controller.access.password import SESSION_S, TRIES, TRIES_S, Office, OfficeError
from controller.access.store import access_log
from controller.database.store import Store
from tests.controller.web_school import NOW_MS, SCHOOL, a_program, a_store, agent, asked, mark

PASSWORD = "một mật khẩu dài"  # noqa: S105 - a test's own
SHUT = (
    "/api/v1/attendance",
    "/api/v1/attendance?class=6A1&from=2026-09-05&to=2026-09-05&format=csv",
    "/api/v1/attendance?class=6A1&from=2026-09-05&to=2026-09-05&format=xlsx",
    "/attendance/6A1",
    "/looks",
)


class Clock:
    """A clock that stands until it is moved."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path, [agent("6A1"), mark("m1")]) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The same for all tests that only read."""
    with a_store(tmp_path_factory.mktemp("library"), [agent("6A1"), mark("m1")]) as opened:
        yield opened


def ask(store: Store, path: str, host: str, **options: object) -> httpx.Response:
    method = "POST" if "data" in options else "GET"
    return asked(store, path, method=method, host=host, **options)


@pytest.mark.parametrize("path", SHUT)
def test_no_pupil_is_shown_to_the_network_without_the_password(library: Store, path: str) -> None:
    """The API refuses, the pages lead to the password."""
    answer = ask(library, path, "192.0.2.5")
    assert answer.status_code in {401, 303}
    assert "0007" not in answer.text
    assert answer.headers.get("location", "/login").startswith("/login")
    assert ask(library, path, "127.0.0.1").status_code == 200
    passed_on = {"X-Forwarded-For": "192.0.2.5"}
    assert ask(library, path, "127.0.0.1", headers=passed_on).status_code in {401, 303}


@pytest.mark.parametrize(
    "path", ["/", "/attendance", "/api/v1/lessons?from=2026-09-01&to=2026-09-06"]
)
def test_figures_are_open(library: Store, path: str) -> None:
    """Counts name nobody."""
    answer = ask(library, path, "192.0.2.5")
    assert answer.status_code == 200
    assert "0007" not in answer.text


def test_the_password_opens_and_the_look_is_noted(store: Store, tmp_path: Path) -> None:
    """A cookie that scripts cannot read and other sites cannot send."""
    Office(tmp_path / "office.json", Clock()).set_password(PASSWORD)
    wrong = ask(store, "/login", "192.0.2.5", data={"password": "wrong wrong"})
    assert wrong.status_code == 403
    right = ask(store, "/login", "192.0.2.5", data={"password": PASSWORD, "next": "//evil"})
    assert (right.status_code, right.headers["location"]) == (303, "/attendance")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    seen = ask(store, SHUT[0], "192.0.2.5", headers={"Cookie": cookie.partition(";")[0]})
    assert seen.json()["items"][0]["student"] == "0007"
    (look,) = store.read(access_log, SCHOOL)
    assert (look["what"], look["at_ms"]) == ("marks", NOW_MS)


def test_a_session_ends_by_time_by_leaving_and_by_a_new_password(tmp_path: Path) -> None:
    """And a cookie that was changed is none."""
    clock = Clock()
    office = Office(tmp_path / "office.json", clock, clock)
    office.set_password(PASSWORD)
    assert (tmp_path / "office.json").stat().st_mode & 0o777 == 0o600
    cookie = office.open_session(PASSWORD) or ""
    assert office.session(cookie)
    assert office.session(f"a{cookie}") is None
    clock.now_s += SESSION_S
    assert office.session(cookie) is None
    cookie = office.open_session(PASSWORD) or ""
    office.end_session(cookie)
    assert office.session(cookie) is None
    cookie = office.open_session(PASSWORD) or ""
    office.set_password(f"{PASSWORD}!")
    assert office.session(cookie) is None


def test_tries_are_rationed(tmp_path: Path) -> None:
    """Of one address; after a while it may try again."""
    clock = Clock()
    office = Office(tmp_path / "office.json", clock, clock)
    assert [office.may_try("a") for _ in range(TRIES + 1)] == [*[True] * TRIES, False]
    assert office.may_try("b")
    clock.now_s += TRIES_S
    assert office.may_try("a")


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    """It would be guessed."""
    with pytest.raises(OfficeError):
        Office(tmp_path / "office.json", Clock()).set_password("short")


@pytest.mark.parametrize(
    "left", [b"", b"{", b'{"salt":"AAAA"}', b"\xff\xfe"], ids=["empty", "cut", "half", "no text"]
)
def test_a_damaged_password_file_is_said_and_lets_nobody_in(
    store: Store, tmp_path: Path, left: bytes
) -> None:
    """What a power cut leaves is not "no password yet": the page says what is wrong, what to do."""
    path = tmp_path / "office.json"
    office = Office(path, Clock())
    office.set_password(PASSWORD)
    cookie = office.open_session(PASSWORD) or ""
    path.write_bytes(left)
    with pytest.raises(OfficeError) as caught:
        _ = office.has_password
    assert (caught.value.code, bool(caught.value.hint)) == ("office_damaged", True)
    assert (office.session(cookie), office.open_session(PASSWORD)) == (None, None)
    for page in (
        ask(store, "/login?lang=vi", "192.0.2.5"),
        ask(store, "/login?lang=vi", "192.0.2.5", data={"password": PASSWORD}),
    ):
        assert "tệp mật khẩu bị hỏng" in page.text
        assert "lophoc-controller password set" in page.text
        assert "Chưa đặt mật khẩu" not in page.text
    office.set_password(PASSWORD)
    assert office.open_session(PASSWORD)


def test_where_no_password_was_set_the_page_says_so(library: Store) -> None:
    """That is another thing."""
    page = ask(library, "/login?lang=vi", "192.0.2.5")
    assert "Chưa đặt mật khẩu" in page.text


def test_a_session_ends_by_the_guarded_clock(store: Store, tmp_path: Path) -> None:
    """A clock that jumps, far ahead or back, ends no session and lengthens none."""
    wall_ms = [NOW_MS]
    program = a_program(store, folder=tmp_path, now_ms=lambda: wall_ms[0])
    program.clock.is_synchronized = lambda: False
    looked_s = program.clock._looked_s
    program.clock.monotonic_s = lambda: looked_s  # hashing a password takes a busy machine seconds
    gate = gate_of(program)
    gate.office.set_password(PASSWORD)
    cookie = gate.office.open_session(PASSWORD) or ""
    for jump_days in (800, -800, 0):
        wall_ms[0] = NOW_MS + jump_days * 86_400_000
        assert gate.office.session(cookie)
    wall_ms[0] = NOW_MS + SESSION_S * 1000
    assert gate.office.session(cookie) is None
