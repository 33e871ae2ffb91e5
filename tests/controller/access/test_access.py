"""People come in by accounts: passwords, sessions, back-off, set-up, and no privilege by place."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.access.account import OFFICE, Account, AccountError, account_name, own_of
from controller.access.codes import FIRST_CODE, digest_of
from controller.access.feature import FEATURE
from controller.access.office import OFFICE_FILE, OfficeError, keep_office, office_in
from controller.access.passwords import PasswordError, check_password, hashed, is_old, is_right
from controller.access.service import SESSION_S, Access, Browser, LoginError
from controller.access.store import access_log, account_of, keep_account, sessions_of
from controller.access.tries import ALL_TRIES, TRIES, TRIES_S, Tries
from controller.database.store import Store
from controller.feature import Program
from controller.people.person import Permission, Role
from tests.controller.people import COOKIE, ORIGIN, log_in, set_password
from tests.controller.web_school import NOW_MS, SCHOOL, a_program, a_store, agent, asked, mark

PASSWORD = "một mật khẩu dài"  # noqa: S105 - a test's own
STRANGER = "192.0.2.5"
SHUT = (
    "/",
    "/rooms/6A1",
    "/attendance",
    "/api/v1/rooms",
    "/api/v1/attendance",
    "/api/v1/lessons?from=2026-09-01&to=2026-09-06",
    "/api/v1/attendance?class=6A1&from=2026-09-05&to=2026-09-05&format=csv",
    "/api/v1/attendance?class=6A1&from=2026-09-05&to=2026-09-05&format=xlsx",
    "/attendance/6A1",
    "/looks",
    "/metrics",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path, [agent("6A1"), mark("m1")]) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The same for all tests that only read."""
    with a_store(tmp_path_factory.mktemp("library"), [agent("6A1"), mark("m1")]) as opened:
        yield opened


@pytest.fixture
def program(store: Store) -> Program:
    """The controller over it."""
    return a_program(store)


def ask(store: Store, path: str, host: str = STRANGER, **options: object) -> httpx.Response:
    method = "POST" if "data" in options else "GET"
    return asked(store, path, method=method, host=host, **options)


def shown(cookie: str) -> dict[str, str]:
    """The headers of a browser of ours in which somebody is logged in."""
    return {"cookie": f"{COOKIE}={cookie}", **ORIGIN}


@pytest.mark.parametrize("path", SHUT)
def test_nothing_is_shown_without_an_account(library: Store, path: str) -> None:
    """The API refuses, the pages lead to the login; no header makes a stranger anybody."""
    for headers in (
        {},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Cookie": f"{COOKIE}=x"},
    ):
        answer = ask(library, path, headers=headers)
        assert answer.status_code in {401, 303}
        assert "0007" not in answer.text
        assert "6A1" not in answer.text
        assert answer.headers.get("location", "/login").startswith("/login")
    assert ask(library, path, "127.0.0.1").status_code not in {401, 403, 303}


@pytest.mark.parametrize("path", ["/", "/rooms/6A1", "/attendance/6A1", "/api/v1/rooms"])
def test_the_servers_own_address_is_no_privilege(library: Store, path: str) -> None:
    """Behind a proxy, by `ssh -L`, as another user of the server: nobody is the server itself."""
    passed_on = {"X-Forwarded-For": STRANGER}  # the tests' own office is logged in without it
    assert ask(library, path, "127.0.0.1", headers=passed_on).status_code in {401, 303}


@pytest.mark.parametrize("path", ["/login", "/setup", "/livez", "/healthz", "/static/style.css"])
def test_what_tells_of_no_room_is_open(library: Store, path: str) -> None:
    """The way in, and whether the program works."""
    answer = ask(library, path)
    assert answer.status_code == 200
    assert "6A1" not in answer.text


def test_an_old_program_hears_how_to_get_a_token(library: Store) -> None:
    """One that pulled the inventory without asking."""
    answer = ask(library, "/api/v1/inventory?lang=en").json()
    assert answer["error"]["code"] == "login_needed"
    assert "lophoc-controller token create" in answer["error"]["hint"]


def test_the_password_opens_and_the_look_is_noted(store: Store) -> None:
    """A cookie that scripts cannot read and other sites cannot send; the log names the account."""
    store.write(set_password, PASSWORD)
    wrong = ask(store, "/login", data={"password": "wrong wrong"})
    assert wrong.status_code == 403
    right = ask(store, "/login", data={"password": PASSWORD, "next": "//evil"})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    for cookie in right.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
    seen = ask(store, "/api/v1/attendance", headers=shown(right.cookies[COOKIE]))
    assert seen.json()["items"][0]["student"] == "0007"
    look, login = store.read(access_log, SCHOOL)
    assert (login["account"], login["what"]) == (OFFICE, "login")
    assert (look["account"], look["what"], look["at_ms"]) == (OFFICE, "marks", NOW_MS)


def test_over_tls_the_cookies_are_this_servers_alone(store: Store) -> None:
    """Another program on the same machine can neither read nor set them."""
    store.write(set_password, PASSWORD)
    answer = ask(store, "https://testserver/login", data={"password": PASSWORD})
    for cookie in answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-lophoc_")
        assert "Secure" in cookie
        assert "Path=/" in cookie


def test_a_button_of_no_page_changes_nothing(store: Store) -> None:
    """Every browser says which page sent a form; a request that does not is nobody's."""
    cookie = log_in(a_program(store))
    told = {"account": "an", "role": "teacher"}
    blind = ask(store, "/accounts", data=told, headers={"cookie": f"{COOKIE}={cookie}"})
    assert (blind.status_code, store.read(account_of, "an")) == (303, None)
    ask(store, "/accounts", data=told, headers=shown(cookie))
    assert store.read(account_of, "an")


def test_a_session_that_ended_stays_ended(store: Store) -> None:
    """By leaving, by the person's list, by a new password; after a restart, too."""
    program = a_program(store)
    first, second = log_in(program), log_in(program)
    assert ask(store, "/sessions", headers=shown(first)).status_code == 200
    ask(store, "/logout", data={}, headers=shown(first))
    assert ask(store, "/sessions", headers=shown(first)).status_code == 303
    mine = log_in(program)
    number = min(session.no for session in store.read(sessions_of, OFFICE, 0)) + 1
    ask(store, f"/sessions/{number}/end", data={}, headers=shown(mine))
    access = Access(a_program(store))
    assert access.by_cookie(mine)
    assert access.by_cookie(first) is access.by_cookie(second) is None


def test_nobody_ends_anothers_session(store: Store) -> None:
    """The number of another account's session is as one that is not there."""
    program = a_program(store)
    office, teacher = log_in(program), log_in(program, "an", Role.TEACHER)
    ask(store, "/sessions/1/end", data={}, headers=shown(teacher))
    assert Access(program).by_cookie(office)


def test_a_session_ends_by_the_guarded_clock(store: Store) -> None:
    """A clock that jumps, far ahead or back, ends no session and lengthens none."""
    wall_ms = [NOW_MS]
    program = a_program(store, now_ms=lambda: wall_ms[0])
    program.clock.is_synchronized = lambda: False
    looked_s = program.clock._looked_s
    program.clock.monotonic_s = lambda: looked_s
    access, cookie = Access(program), log_in(program)
    for jump_days in (800, -800, 0):
        wall_ms[0] = NOW_MS + jump_days * 86_400_000
        assert access.by_cookie(cookie)
    wall_ms[0] = NOW_MS + SESSION_S * 1000
    assert access.by_cookie(cookie) is None


def test_an_account_that_ended_opens_nothing(store: Store) -> None:
    """Neither its sessions nor its password; and nobody ends their own."""
    program = a_program(store)
    office, teacher = log_in(program), log_in(program, "an", Role.TEACHER)
    own = ask(store, f"/accounts/{OFFICE}/end", data={}, headers=shown(office))
    assert own.status_code == 422
    ask(store, "/accounts/an/end", data={}, headers=shown(office))
    assert Access(program).by_cookie(teacher) is None
    assert Access(program).by_cookie(office)
    assert ask(store, "/accounts/x/end", data={}, headers=shown(office)).status_code == 404


def enter(access: Access, password: str, browser: Browser, account: str = OFFICE) -> str:
    """Try to log in; the code of what was wrong, empty if nothing was."""
    try:
        asyncio.run(access.log_in(account, password, browser))
    except LoginError as error:
        return error.code
    return ""


def test_strangers_cannot_lock_the_office_out(store: Store, program: Program) -> None:
    """A browser in which the office logged in before has tries of its own."""
    store.write(set_password, PASSWORD)
    access = Access(program)
    entrance = asyncio.run(access.log_in(OFFICE, PASSWORD, Browser(address="a")))
    known = Browser(address="a", device=entrance.device)
    codes = [enter(access, "guess", Browser(address="a")) for _ in range(TRIES + 2)]
    assert codes[-1] == "login_rationed"
    assert enter(access, PASSWORD, Browser(address="b")) == "login_rationed"
    assert enter(access, PASSWORD, known) == ""
    assert enter(access, "guess", known._replace(device="invented")) == "login_rationed"
    assert [enter(access, "guess", known) for _ in range(TRIES + 1)][-1] == "login_rationed"


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from("xyz"),
            st.sampled_from(["", "", "d"]),
            st.sampled_from([0.0, 1.0, TRIES_S]),
            st.booleans(),
        ),
        max_size=80,
    )
)
def test_tries_are_rationed(steps: list[tuple[str, str, str, float, bool]]) -> None:
    """The model: every wrong try of the last TRIES_S, counted anew each time.

    A right one is none, and clears those of a browser that was known before.
    """
    now_s, allowed = [0.0], list[tuple[float, str, str, str]]()
    tries = Tries(lambda: now_s[0])
    for account, address, device, pause_s, is_right_word in steps:
        now_s[0] += pause_s
        recent = [each for each in allowed if each[0] > now_s[0] - TRIES_S]
        own = sum(each[1:] == (account, each[2], device) for each in recent)
        strangers = [each for each in recent if not each[3]]
        expected = (
            own < TRIES
            if device
            else len(strangers) < ALL_TRIES
            and sum(each[1] == account for each in strangers) < TRIES
            and sum(each[2] == address for each in strangers) < TRIES
        )
        assert tries.is_allowed(account, address, device) == expected
        if not expected:
            continue
        if is_right_word:
            tries.forget(account, address, device)
            if device:
                allowed = [each for each in allowed if (each[1], each[3]) != (account, device)]
        else:
            allowed.append((now_s[0], account, address, device))


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "12345678",
        "Mật khẩu 123!",
        "matkhau2026",
        "QWERTYUIOP",
        "P@ssw0rd",
        "aaaaaaaaaaaa",
        "abcdefghij",
        "0912345678",
        "nguyen.an1",
        "x" * 257,
    ],
)
def test_a_password_that_would_be_guessed_is_refused(password: str) -> None:
    """However it is dressed up."""
    with pytest.raises(PasswordError):
        check_password(password, "nguyen.an")


@pytest.mark.parametrize(
    "password", [PASSWORD, "bốn con voi xanh", "tR4u-ngh3-Xyz", "7-ngon-nen-go"]
)
def test_a_fair_password_is_taken(password: str) -> None:
    """No rule asks for signs that nobody remembers."""
    check_password(password, "nguyen.an")


def test_a_password_is_kept_by_argon2id_of_19_mib() -> None:
    """The parameters stand in what is kept; what was changed does not fit."""
    hashing = "from controller.access.passwords import hashed; print(hashed(input()))"
    command = [sys.executable, "-X", "utf8", "-c", hashing]
    kept = subprocess.check_output(command, input=f"{PASSWORD}\n", encoding="utf-8").strip()
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_right(PASSWORD, kept)
    assert not is_right(PASSWORD + "!", kept)
    assert not is_right(PASSWORD, kept[:-1])
    assert not is_right(PASSWORD, "")
    assert not is_right("x" * 300, hashed("x" * 256))


def test_at_most_two_passwords_are_hashed_at_once(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the loop goes on meanwhile: a crowd at the door takes no memory and no pages."""
    at_work, most = [0], [0]

    def slow(_password: str, _kept: str) -> bool:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        time.sleep(0.01)
        at_work[0] -= 1
        return False

    monkeypatch.setattr("controller.access.service.is_right", slow)
    store.write(set_password, PASSWORD)
    access = Access(program)

    async def crowd() -> None:
        browsers = [Browser(address=str(number)) for number in range(12)]
        tries = [access.log_in(f"a{each.address}", "guess", each) for each in browsers]
        await asyncio.gather(*tries, return_exceptions=True)

    asyncio.run(crowd())
    assert most[0] == 2


def test_the_offices_password_of_before_goes_on(
    store: Store, program: Program, tmp_path: Path
) -> None:
    """It becomes the office's account at the next start, and argon2id's at the first login."""
    keep_office(tmp_path, PASSWORD)
    started(program)
    kept = store.read(account_of, OFFICE)
    assert kept
    assert (kept.role, is_old(kept.password)) == (Role.ADMIN, True)
    assert not (tmp_path / FIRST_CODE).exists()
    access = Access(program)
    assert enter(access, "guess", Browser()) == "login_wrong"
    assert enter(access, PASSWORD, Browser()) == ""
    again = store.read(account_of, OFFICE)
    assert again
    assert not is_old(again.password)
    assert not (tmp_path / OFFICE_FILE).exists()
    assert enter(access, PASSWORD, Browser()) == ""


@pytest.mark.parametrize(
    "left", [b"", b"{", b'{"salt":"AAAA"}', b"\xff\xfe"], ids=["empty", "cut", "half", "no text"]
)
def test_a_damaged_password_file_is_said_and_lets_nobody_in(
    program: Program, tmp_path: Path, left: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what is wrong; the set-up link is there instead."""
    (tmp_path / OFFICE_FILE).write_bytes(left)
    with pytest.raises(OfficeError) as caught:
        office_in(tmp_path, 0)
    assert (caught.value.code, bool(caught.value.hint)) == ("office_damaged", True)
    started(program)
    assert "file is damaged" in caplog.text
    assert not Access(program).can_enter()
    assert (tmp_path / FIRST_CODE).exists()


def test_the_first_link_makes_the_first_account_once(store: Store, tmp_path: Path) -> None:
    """Its code lies in a file for the owner alone, and in no log."""
    program = a_program(store)
    started(program)
    path = tmp_path / FIRST_CODE
    assert path.stat().st_mode & 0o777 == 0o600
    code = path.read_text()
    started(program)
    assert path.read_text() == code  # a restart before it was used spoils no link
    assert "setup-link" in ask(store, "/login").text
    told = {"code": code, "account": "Co.Hoa", "name": "Cô Hoa", "password": PASSWORD}
    weak = ask(store, "/setup", data={**told, "password": "12345678"})
    assert (weak.status_code, code in weak.text) == (422, True)
    done = ask(store, "/setup", data=told)
    assert done.headers["location"] == "/"
    account = store.read(account_of, "co.hoa")
    assert account
    assert (account.role, account.name) == (Role.ADMIN, "Cô Hoa")
    assert ask(store, "/accounts", headers=shown(done.cookies[COOKIE])).status_code == 200
    assert ask(store, "/setup", data={**told, "account": "thief"}).status_code == 422
    assert not path.exists()
    started(program)
    assert not path.exists()


def test_whoever_sets_up_may_choose_badly_for_long(store: Store, program: Program) -> None:
    """Refused passwords are no wrong codes."""
    access, account = Access(program), Account(account="an", role=Role.ADMIN)
    code, browser = access.first_code.renew(), Browser(address="a")
    for weak in ("12345678",) * (TRIES + 3):
        with pytest.raises(PasswordError):
            asyncio.run(access.set_up(code, account, weak, browser))
    entrance = asyncio.run(access.set_up(code, account, PASSWORD, browser))
    assert access.by_cookie(entrance.cookie)


def test_wrong_codes_are_rationed_and_hinder_no_right_one(store: Store, program: Program) -> None:
    """From one address; whoever has the code comes in meanwhile."""
    access, account = Access(program), Account(account="an", role=Role.ADMIN)
    code, browser = access.first_code.renew(), Browser(address="a")
    refused = list[str]()
    for _ in range(TRIES + 1):
        with pytest.raises(LoginError) as error:
            asyncio.run(access.set_up("guessed", account, PASSWORD, browser))
        refused.append(error.value.code)
    assert refused == ["setup_code"] * TRIES + ["login_rationed"]
    assert asyncio.run(access.set_up(code, account, PASSWORD, browser)).cookie


def test_a_whole_staff_comes_in_from_one_address(store: Store, program: Program) -> None:
    """Each for the first time in that browser; guesses between them stay rationed."""
    store.write(set_password, PASSWORD)
    access, browser = Access(program), Browser(address="a")
    assert [enter(access, PASSWORD, browser) for _ in range(TRIES * 2)] == [""] * TRIES * 2
    assert [enter(access, "guess", browser) for _ in range(TRIES + 1)][-1] == "login_rationed"


def test_an_invited_teacher_sets_their_own_password(store: Store) -> None:
    """By a link that works once, for seven days, and gives no other account."""
    program = a_program(store)
    office = shown(log_in(program))
    told = {"account": "an", "role": "teacher", "classes": "6A1; 7A2", "rooms": "P203"}
    ask(store, "/accounts", data=told, headers=office)
    page = ask(store, "/accounts/an/invite", data={}, headers=office)
    code = page.text.partition("/setup#")[2].partition("<")[0]
    assert code
    assert digest_of(code) not in page.text
    done = ask(store, "/setup", data={"code": code, "account": "boss", "password": PASSWORD})
    assert done.status_code == 303
    teacher = store.read(account_of, "an")
    assert teacher
    assert (teacher.role, teacher.classes) == (Role.TEACHER, ("6A1", "7A2"))
    assert store.read(account_of, "boss") is None
    again = ask(store, "/setup", data={"code": code, "password": PASSWORD + "!"})
    assert again.status_code == 422


def test_an_invitation_runs_out(store: Store, program: Program) -> None:
    """After its seven days the code is worth nothing; a minute before, it still is."""
    access, nobody = Access(program), Account(account="x", role=Role.ADMIN)
    store.write(keep_account, Account(account="an", role=Role.TEACHER))
    made = access.invite("an")
    assert made
    invited, code = made
    assert store.read(account_of, "an") == invited
    assert invited.setup_until_ms == NOW_MS + 7 * 86_400_000
    store.write(keep_account, replace(invited, setup_until_ms=NOW_MS))
    with pytest.raises(LoginError):
        asyncio.run(access.set_up(code, nobody, PASSWORD, Browser()))
    by_a_clock_ahead = NOW_MS + 30 * 86_400_000
    store.write(keep_account, replace(invited, setup_until_ms=by_a_clock_ahead))
    with pytest.raises(LoginError):
        asyncio.run(access.set_up(code, nobody, PASSWORD, Browser()))
    store.write(keep_account, replace(invited, setup_until_ms=NOW_MS + 60_000))
    assert asyncio.run(access.set_up(code, nobody, PASSWORD, Browser())).cookie


@pytest.mark.parametrize("name", ["", "a b", "ô", "a/b", "-a", "a" * 65, "a\nb", "..", "a'--"])
def test_an_account_is_called_by_plain_signs(name: str) -> None:
    """It stands in addresses and in the log."""
    with pytest.raises(AccountError):
        account_name(name)


def test_what_is_somebodys_own_is_bounded() -> None:
    """And written as people write lists."""
    assert own_of(" 6A1, 7A2;6A1\n P203 ") == ("6A1", "7A2", "P203")
    with pytest.raises(AccountError):
        own_of(",".join(map(str, range(100))))


def test_a_teacher_is_shown_what_is_theirs(store: Store) -> None:
    """Another class is as one that is not there; the school's lists are for others."""
    program = a_program(store)
    teacher = shown(log_in(program, "an", Role.TEACHER, classes=("6A1",), rooms=("6A1",)))
    assert ask(store, "/attendance/6A1", headers=teacher).status_code == 200
    for path in ("/attendance/6A2", "/api/v1/attendance?class=6A2&from=2026-09-05&to=2026-09-05"):
        assert ask(store, path, headers=teacher).status_code == 404
    assert ask(store, "/api/v1/attendance", headers=teacher).status_code == 404
    for path in ("/accounts", "/register", "/quarantine", "/api/v1/inventory"):
        assert ask(store, path, headers=teacher).status_code == 403


def test_a_role_may_what_is_said_of_it() -> None:
    """The table of the design, row by row."""
    teacher = Account(account="a", role=Role.TEACHER, classes=("6A1",)).person()
    officer = Account(account="b", role=Role.OFFICER).person()
    reader = Account(account="c", role=Role.READ_ONLY).person()
    homeroom = Account(account="d", role=Role.HOMEROOM, classes=("6A1",)).person()
    admin = Account(account="e", role=Role.ADMIN).person()
    assert not officer.may(Permission.MARKS, Permission.ROOMS)
    assert not reader.may(Permission.MARKS, Permission.BOOK, Permission.STOCKTAKE)
    assert teacher.may(Permission.STOCKTAKE)
    assert not homeroom.may(Permission.STOCKTAKE, Permission.BOOK)
    assert (teacher.has_class("6A1"), teacher.has_class("6A2")) == (True, False)
    assert all(admin.may(permission) for permission in Permission)


def started(program: Program) -> None:
    """What the feature does when the controller starts."""
    assert FEATURE.started
    program.store.write(FEATURE.started, program)
