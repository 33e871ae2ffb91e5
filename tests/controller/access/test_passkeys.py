"""A passkey logs its person in, under the server's own name, once a question; nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.access.account import Account
from controller.access.challenges import CHALLENGE_S, MOST, MOST_OF_ADDRESS, Challenges
from controller.access.passkey import RelyingParty, is_copied, relying_party
from controller.access.passkey_store import passkeys_of
from controller.access.passwords import hashed
from controller.access.service import Access
from controller.access.store import access_log, keep_account
from controller.config import ControllerConfig
from controller.database.store import Store
from controller.feature import Program
from controller.people.person import Role
from controller.web.addresses import own_host_names
from controller.web.site import create_web
from tests.controller.access.soft_key import FLAG, SoftKey
from tests.controller.web_school import NOW_MS, SCHOOL, a_live, a_program, a_store

PASSWORD = "bốn con voi xanh"  # noqa: S105 - a test's own
HASH = hashed(PASSWORD)
HOSTS = ("localhost", "127.0.0.1")


class Browser:
    """A browser with its cookies, at one of the server's names."""

    def __init__(self, program: Program, url: str = "http://localhost") -> None:
        way = httpx.ASGITransport(create_web(program, HOSTS), client=("192.0.2.7", 5))
        self._web = httpx.AsyncClient(transport=way, base_url=url, headers={"origin": url})

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._web.get(path))

    def post(self, path: str, **body: Any) -> httpx.Response:
        return asyncio.run(self._web.post(path, **body))

    def log_in(self, account: str = "an") -> None:
        """By the password."""
        answer = self.post("/login", data={"account": account, "password": PASSWORD})
        assert answer.status_code == 303

    def ask(self) -> dict[str, Any]:
        """The question at the login page."""
        options: dict[str, Any] = self.get("/login/passkey").json()
        return options

    def add(self, key: SoftKey, **lies: Any) -> httpx.Response:
        """Have a passkey made, by the password."""
        asked = self.post("/passkeys/options", data={"password": PASSWORD})
        assert asked.status_code == 200, asked.text
        answer = key.make(asked.json(), **lies)
        return self.post("/passkeys", json={**answer, "name": "Điện thoại"})

    def is_in(self) -> bool:
        """Whether somebody is logged in there."""
        return self.get("/sessions").status_code == 200


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A school in which an administrator and a teacher have passwords."""
    with a_store(tmp_path) as store:
        for name, role in (("an", Role.ADMIN), ("binh", Role.TEACHER)):
            store.write(keep_account, Account(account=name, role=role, password=HASH))
        yield a_program(store, a_live(store))


@pytest.fixture
def key(program: Program) -> SoftKey:
    """One of an's, added."""
    browser, made = Browser(program), SoftKey()
    browser.log_in()
    assert browser.add(made).status_code == 204
    return made


def own(store: Store, account: str = "an") -> list[str]:
    """The names of their passkeys."""
    return [passkey.name for passkey in store.read(passkeys_of, account)]


def deeds(program: Program) -> list[tuple[str, str, str]]:
    """The log, the oldest first."""
    lines = program.store.read(access_log, SCHOOL)
    return [(line["account"], line["what"], line["subject"]) for line in reversed(lines)]


def test_a_passkey_is_added_by_the_password_and_logs_in(program: Program, key: SoftKey) -> None:
    """It is listed, used without a name or password, and both deeds are noted."""
    browser = Browser(program)
    assert not browser.is_in()
    assert 'id="passkey-login"' in browser.get("/login").text
    asked = browser.ask()
    assert (asked["userVerification"], asked.get("allowCredentials")) == ("required", None)
    assert browser.post("/login/passkey", json=key.sign(asked)).status_code == 204
    assert browser.is_in()
    assert "Điện thoại" in browser.get("/sessions").text
    (kept,) = program.store.read(passkeys_of, "an")
    assert (kept.site, kept.sign_count, kept.used_ms) == ("localhost", 1, NOW_MS)
    assert [what for _, what, _ in deeds(program)] == [
        *("login", "passkeys options", "passkeys", "login passkey")
    ]
    assert ("an", "passkeys", "name=Điện thoại") in deeds(program)


LIES: dict[str, dict[str, Any]] = {
    "another page": {"origin": "https://localhost.example"},
    "not by TLS": {"origin": "http://127.0.0.1"},
    "another port": {"origin": "http://localhost:81"},
    "another question": {"challenge": "A" * 43},
    "another name": {"site": "example.org"},
    "nobody proved": {"flags": FLAG.UP},
    "nobody there": {"flags": FLAG.UV},
    "made, not asked": {"kind": "webauthn.create"},
    "changed since": {"breaks": True},
    "another person": {"handle": "QUJD"},
    "no person": {"handle": ""},
    "counted back": {"count": 0},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_wholly_true_opens_nothing(program: Program, key: SoftKey, lie: str) -> None:
    """Each is refused by itself, and the question is worth nothing any more."""
    used = Browser(program)
    assert used.post("/login/passkey", json=key.sign(used.ask())).status_code == 204
    browser = Browser(program)
    asked = browser.ask()
    refused = browser.post("/login/passkey", json=key.sign(asked, **LIES[lie]))
    assert refused.status_code == 403, refused.text
    assert not browser.is_in()
    assert browser.post("/login/passkey", json=key.sign(asked)).status_code == 403
    assert not browser.is_in()
    noted = [what for _, what, _ in deeds(program)]
    assert noted.count("login passkey") == 1
    assert noted.count("passkeys refused") == (lie == "counted back")


def test_an_answer_is_good_once_and_in_its_browser(program: Program, key: SoftKey) -> None:
    """Said again, or from another browser, it opens nothing; nor in the place of a new passkey."""
    first, second = Browser(program), Browser(program)
    answer = key.sign(first.ask())
    second.ask()
    assert second.post("/login/passkey", json=answer).status_code == 403
    assert Browser(program).post("/login/passkey", json=answer).status_code == 403
    assert first.post("/login/passkey", json=answer).status_code == 204
    assert first.post("/login/passkey", json=answer).status_code == 403
    assert first.post("/passkeys", json=answer).status_code == 403
    assert own(program.store) == ["Điện thoại"]


def test_a_key_that_nobody_has_added_opens_nothing(program: Program, key: SoftKey) -> None:
    """Though it signs as it should, and says that it is an's."""
    browser, foreign = Browser(program), SoftKey(2)
    foreign.handle = key.handle
    assert browser.post("/login/passkey", json=foreign.sign(browser.ask())).status_code == 403
    forged = foreign.sign(browser.ask()) | {"id": key.sign(browser.ask())["id"]}
    browser.ask()
    assert browser.post("/login/passkey", json=forged).status_code == 403
    assert not browser.is_in()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"id":1}', b'{"id":"A","response":{"clientDataJSON":"!"}}', b"[" * 9999],
    ids=["nothing", "empty", "list", "number", "no base64", "deep"],
)
def test_nonsense_is_refused_with_a_word(program: Program, key: SoftKey, content: bytes) -> None:
    """In both ceremonies; the program says no more of it."""
    browser = Browser(program)
    browser.log_in()
    browser.post("/passkeys/options", data={"password": PASSWORD})
    browser.ask()
    for path in ("/passkeys", "/login/passkey"):
        answer = browser.post(path, content=content)
        assert (answer.status_code, bool(answer.json()["error"]["message"])) == (403, True)


@pytest.mark.parametrize("lie", ["another page", "another question", "another name",
                                 "nobody proved", "nobody there"])  # fmt: skip
def test_a_passkey_that_was_not_asked_for_so_is_not_kept(program: Program, lie: str) -> None:
    """Nor at a second try for the same question."""
    browser, made = Browser(program), SoftKey()
    browser.log_in()
    assert browser.add(made, **LIES[lie]).status_code == 403
    assert own(program.store) == []


def test_a_passkey_takes_the_password_again(program: Program) -> None:
    """Who finds a page open adds none; and what is known already is not kept twice."""
    browser, key = Browser(program), SoftKey()
    browser.log_in()
    for body in ({}, {"password": "nhầm mật khẩu rồi"}):
        assert browser.post("/passkeys/options", data=body).status_code == 403
    stranger = Browser(program)
    assert stranger.post("/passkeys/options", data={"password": PASSWORD}).status_code == 401
    assert browser.add(key).status_code == 204
    assert browser.add(key).status_code == 403
    other = Browser(program)
    other.log_in("binh")
    assert other.add(key).status_code == 403
    assert (own(program.store), own(program.store, "binh")) == (["Điện thoại"], [])


def test_tries_are_rationed_as_passwords_are(program: Program, key: SoftKey) -> None:
    """Of a browser that is not known here."""
    browser = Browser(program)
    codes = [
        browser.post("/login/passkey", json=key.sign(browser.ask(), breaks=True)).status_code
        for _ in range(7)
    ]
    assert codes[:4] == [403] * 4
    assert codes[-1] == 429
    assert browser.post("/login/passkey", json=key.sign(browser.ask())).status_code == 429


ENDS: dict[str, Callable[[Program], object]] = {
    "a new set-up link": lambda program: Access(program).invite("an"),
    "the account ends": lambda program: _with_another_admin(program).end_account("an"),
}


def _with_another_admin(program: Program) -> Access:
    boss = Account(account="boss", role=Role.ADMIN, password=HASH)
    program.store.write(keep_account, boss)
    return Access(program)


@pytest.mark.parametrize("end", ENDS)
def test_who_is_reset_has_no_passkeys_any_more(program: Program, key: SoftKey, end: str) -> None:
    """So that a lost telephone opens nothing."""
    browser = Browser(program)
    asked = browser.ask()
    ENDS[end](program)
    assert own(program.store) == []
    assert browser.post("/login/passkey", json=key.sign(asked)).status_code == 403
    assert not browser.is_in()


def test_a_person_removes_their_own_and_nobody_elses(program: Program, key: SoftKey) -> None:
    """By its number on their own page."""
    (kept,) = program.store.read(passkeys_of, "an")
    other, browser = Browser(program), Browser(program)
    other.log_in("binh")
    browser.log_in()
    assert other.post(f"/passkeys/{kept.no}/end").status_code == 404
    assert own(program.store) == ["Điện thoại"]
    assert browser.post(f"/passkeys/{kept.no}/end").status_code == 303
    assert own(program.store) == []
    asked = browser.ask()
    assert browser.post("/login/passkey", json=key.sign(asked)).status_code == 403


def test_at_an_address_passkeys_are_not_there(program: Program, key: SoftKey) -> None:
    """Neither page speaks of adding or using one; what there is can be removed."""
    browser = Browser(program, "http://127.0.0.1")
    assert "passkey" not in browser.get("/login").text
    assert browser.get("/login/passkey").status_code == 404
    browser.log_in("binh")
    assert "passkey" not in browser.get("/sessions").text
    assert browser.post("/passkeys/options", data={"password": PASSWORD}).status_code == 404
    browser.log_in("an")
    page = browser.get("/sessions").text
    assert "/passkeys/1/end" in page
    assert '<form class="fields"' not in page


def test_where_nobody_has_one_the_login_page_is_as_ever(program: Program) -> None:
    """A button that helps nobody confuses."""
    assert "passkey" not in Browser(program).get("/login").text


@pytest.mark.parametrize(
    ("scheme", "name", "port", "party"),
    [
        ("https", "lophoc.truong.edu.vn", 443, "https://lophoc.truong.edu.vn"),
        ("https", "LopHoc.truong.edu.vn", 8000, "https://lophoc.truong.edu.vn:8000"),
        ("https", "lophoc.truong.edu.vn", None, "https://lophoc.truong.edu.vn"),
        ("http", "lophoc.truong.edu.vn", 80, ""),
        ("http", "localhost", 8000, "http://localhost:8000"),
        ("https", "another.edu.vn", 443, ""),
        ("https", "truong.edu.vn", 443, ""),
        ("https", "192.0.2.7", 443, ""),
        ("https", "2001:db8::7", 443, ""),
        ("https", "", None, ""),
    ],
)
def test_a_party_is_one_of_the_servers_own_names(
    scheme: str, name: str, port: int | None, party: str
) -> None:
    """By TLS, or this computer itself; never an address, nor what somebody calls the server."""
    config = ControllerConfig(
        province="14",
        school="1",
        allowed_hosts="lophoc.truong.edu.vn, 192.0.2.7, 2001:db8::7, *",
        http_host="0.0.0.0",  # noqa: S104
    )
    found = relying_party(scheme, name, port, own_host_names(config))
    assert found == (RelyingParty(name.lower(), party) if party else None)


@pytest.mark.parametrize(
    ("before", "now", "copied"),
    [(0, 0, False), (0, 1, False), (1, 2, False), (5, 900, False), (1, 1, True), (2, 1, True),
     (1, 0, True)],
)  # fmt: skip
def test_a_counter_that_does_not_rise_tells_of_a_copy(before: int, now: int, copied: bool) -> None:  # noqa: FBT001
    """Many count nothing: they stay at 0."""
    assert is_copied(before, now) == copied


def test_a_copy_is_found_when_both_are_used(program: Program, key: SoftKey) -> None:
    """The second of two that counted alike is refused, and the log of access says whose."""
    copy = SoftKey()
    copy.handle = key.handle
    browser = Browser(program)
    assert browser.post("/login/passkey", json=key.sign(browser.ask())).status_code == 204
    other = Browser(program)
    assert other.post("/login/passkey", json=copy.sign(other.ask())).status_code == 403
    assert ("an", "passkeys refused", "Điện thoại") in deeds(program)


class Clock:
    """Seconds that a test sets."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_question_is_answered_once_and_in_time() -> None:
    """The newest of a browser counts."""
    clock = Clock()
    questions = Challenges(clock)
    questions.put("a", "192.0.2.7", 1)
    questions.put("a", "192.0.2.7", 2)
    assert [questions.take("a"), questions.take("a")] == [2, None]
    questions.put("a", "192.0.2.7", 3)
    clock.now_s += CHALLENGE_S
    assert questions.take("a") is None


def test_strangers_push_out_nobody_elses_question() -> None:
    """One address has its share; all together have a bound, too."""
    questions = Challenges(Clock())
    questions.put("office", "192.0.2.1", "asked")
    for number in range(MOST_OF_ADDRESS * 3):
        questions.put(f"flood {number}", "192.0.2.66", number)
    assert questions.take("office") == "asked"
    for number in range(MOST * 2):
        questions.put(f"many {number}", f"192.0.2.{number}", number)
    assert len(questions._pending) == MOST
