"""Who is told is said on a page: added, changed, tried, taken out, undone; no secret is shown."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.alerts.own import SECRETS, keep_receiver, receiver_of
from controller.alerts.receivers import OWN_FILE, AlertError, receivers_in, secret_of
from controller.alerts.service import Alerts
from controller.database.store import Store
from tests.controller.alerts.test_alerts import Peers
from tests.controller.web_school import a_live, a_morning, a_program, a_store, asked

SECRET = "mot-hai-ba-bon-nam-sau"  # noqa: S105 - made up
OTHER = "bay-tam-chin-muoi"
FORM = {
    "name": "thay-minh",
    "way": "ntfy",
    "url": "https://ntfy.example.vn/truong",
    "severity": "critical",
    "each_cause": "on",
    "digest_at": "06:45",
    "lang": "vi",
    "secret": SECRET,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school on an ordinary morning."""
    with a_store(tmp_path, a_morning(rooms=2, tablets=1)) as opened:
        yield opened


class Desk:
    """An administrator before the page."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder

    def ask(self, path: str = "/alerts", **options: Any) -> httpx.Response:
        """What is answered; no answer shows a secret."""
        answer = asked(self._store, path, face={"folder": self._folder}, **options)
        assert SECRET not in answer.text
        assert OTHER not in answer.text
        return answer

    def post(self, path: str = "/alerts", **fields: str) -> int:
        """Press a button."""
        return self.ask(path, method="POST", data=fields).status_code

    def keep(self, **changes: str) -> httpx.Response:
        """Send the form."""
        return self.ask(method="POST", data=FORM | changes)

    def secrets(self) -> list[str]:
        """What stands in the secrets' files."""
        return sorted(file.read_text() for file in (self._folder / SECRETS).glob("*"))


@pytest.fixture
def desk(store: Store, folder: Path) -> Desk:
    """The page of a school."""
    return Desk(store, folder)


def test_somebody_is_added_changed_taken_out_and_back(desk: Desk, folder: Path) -> None:
    """Each by a button; a secret is a file that we alone read, and is kept where none is typed."""
    assert desk.keep().status_code == 303
    (who,) = receivers_in(folder).values()
    assert (who.digest_at, who.each_cause, secret_of(who)) == ("06:45", True, SECRET)
    (file,) = (folder / SECRETS).iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [0o600, 0o700]
    assert 'value="thay-minh"' in desk.ask("/alerts?change=thay-minh").text
    assert desk.keep(was="thay-minh", secret="", severity="warning").status_code == 303
    changed = receivers_in(folder)["thay-minh"]
    assert (changed.severity, secret_of(changed)) == ("warning", SECRET)
    assert desk.post("/alerts/thay-minh/remove") == 303
    assert receivers_in(folder) == {}
    assert desk.post("/alerts/undo") == 303
    assert receivers_in(folder) == {"thay-minh": changed}
    assert secret_of(changed) == SECRET


def test_a_secret_goes_nowhere_else_than_where_it_was_entered_for(desk: Desk, folder: Path) -> None:
    """For another address it is entered again; one that nobody names any more is gone."""
    desk.keep()
    elsewhere = {"was": "thay-minh", "url": "https://khac.example.vn/truong"}
    assert desk.keep(**elsewhere, secret="").status_code == 422
    assert receivers_in(folder)["thay-minh"].host == "ntfy.example.vn"
    assert desk.keep(was="thay-minh", way="gotify", secret="").status_code == 422
    assert desk.keep(**elsewhere, secret=OTHER).status_code == 303
    assert desk.secrets() == sorted([SECRET, OTHER])  # the one before, for undo
    desk.keep(**elsewhere, secret="", lang="en")
    assert desk.secrets() == [OTHER]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "../x"}, "This name cannot be used."),
        ({"name": ""}, "This name cannot be used."),
        ({"was": "../x"}, "This name cannot be used."),
        ({"way": "sms"}, "This form cannot be used."),
        ({"lang": "fr"}, "This form cannot be used."),
        ({"url": "http://ntfy.example.vn/x"}, "The address of thay-minh cannot be used."),
        ({"url": "https://a:b@ntfy.example.vn/x"}, "The address of thay-minh cannot be used."),
        ({"way": "email", "url": "smtps://x.vn"}, "thay-minh names nobody."),
        ({"digest_at": "25:00"}, "The time of thay-minh cannot be used."),
        ({"way": "webhook", "secret": " "}, "This way needs a secret."),
    ],
)
def test_what_cannot_be_is_said_in_words_and_the_form_stays(
    desk: Desk, folder: Path, changes: dict[str, str], said: str
) -> None:
    """And nothing is kept of it."""
    answer = desk.ask("/alerts?lang=en", method="POST", data=FORM | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="06:45"' in answer.text or changes.get("digest_at")
    assert receivers_in(folder) == {}
    assert not (folder / SECRETS).exists()


def test_the_administrators_file_wins(desk: Desk, folder: Path) -> None:
    """Whom it names no page changes; who was set on a page before is hidden behind it."""
    desk.keep()
    file = '[receivers.thay-minh]\nway = "ntfy"\nurl = "https://file.example.vn/x"\n'
    (folder / "alerts.toml").write_text(file)
    assert receivers_in(folder)["thay-minh"].host == "file.example.vn"
    assert desk.keep(was="thay-minh").status_code == 422
    page = desk.ask().text
    assert "file.example.vn" in page
    assert 'action="/alerts/thay-minh/remove"' not in page


def test_a_name_that_is_there_is_not_taken_over(desk: Desk, folder: Path) -> None:
    """Adding is no changing."""
    desk.keep()
    assert desk.keep(url="https://khac.example.vn/y").status_code == 422
    assert receivers_in(folder)["thay-minh"].host == "ntfy.example.vn"


def test_who_was_added_is_told_by_the_button(desk: Desk) -> None:
    """By a small real server of this machine."""
    peers = Peers()
    try:
        url = f"http://127.0.0.1:{peers.http}/truong"
        assert desk.keep(url=url, allow_private="on").status_code == 303
        assert desk.post("/alerts/thay-minh/test") == 303
        ((path, headers, _),) = peers.posts
    finally:
        peers.close()
    bearer = {key.lower(): value for key, value in headers.items()}["authorization"]
    assert (path, bearer) == ("/truong", f"Bearer {SECRET}")


def test_a_full_disk_is_said(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And who was told before is told still."""
    desk.keep()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("protocol.folder.write_whole", refuse)
    answer = desk.keep(was="thay-minh", severity="warning", secret="")
    assert (answer.status_code, "No space left" in answer.text) == (422, True)
    assert receivers_in(folder)["thay-minh"].severity == "critical"


@given(st.dictionaries(st.sampled_from([*FORM, "was", "to", "sender", "user"]), st.text()))
def test_any_form_is_a_receiver_or_refused(fields: dict[str, str]) -> None:
    """Never anything else."""
    receiver = None
    with contextlib.suppress(AlertError):
        name, receiver = receiver_of(FORM | fields)
    if receiver:
        assert name.replace("-", "").isalnum()
        assert receiver.secret_file == ""


@pytest.mark.parametrize("damage", [b"", b"\xff", b"[1]", b'{"a": 1}', b'{"a": '], ids=repr)
def test_receivers_that_a_hand_has_damaged_are_told_of_in_words(
    desk: Desk, folder: Path, damage: bytes
) -> None:
    """In the page's language alone, with the cure; the button that it names works."""
    assert desk.keep().status_code == 303
    assert desk.keep(name="co-lan").status_code == 303
    (folder / OWN_FILE).write_bytes(damage)
    told = {language: desk.ask(f"/alerts?lang={language}").text for language in ("vi", "en")}
    assert "Không đọc được danh sách người nhận đã đặt trên trang" in told["vi"]
    assert "The receivers that pages have set cannot be read" in told["en"]
    assert not any(word in told["vi"] for word in ("Expected", "malformed", "JSON", "truncated"))
    assert desk.keep(name="thay-an").status_code == 422
    assert desk.post("/alerts/undo") == 303
    assert [*receivers_in(folder)] == ["thay-minh"]
    assert SECRET in desk.secrets()


def test_two_changes_at_one_moment_are_both_kept(store: Store, folder: Path) -> None:
    """Also of two programs on one folder, such as workers for the pages."""
    names = [f"thay-{number}" for number in range(8)]
    begin = Barrier(len(names))

    def add(name: str) -> object:
        alerts = Alerts(a_program(store, a_live(store), folder=folder))
        begin.wait()
        return alerts.change(keep_receiver, FORM | {"name": name})

    with ThreadPoolExecutor(len(names)) as threads:
        assert [*threads.map(add, names)] == names
    assert sorted(receivers_in(folder)) == names
