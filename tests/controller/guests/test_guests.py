"""A school leaves its copies at another controller, and comes back from there."""

from __future__ import annotations

import io
import os
import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.__main__ import main
from controller.access.store import LogFilter, access_log
from controller.broker.authority import Authority
from controller.config import ControllerConfig
from controller.copies import remote, remote_line
from controller.copies.beginning import beginnings_at, manifests_of
from controller.copies.content import COPIES
from controller.copies.copying import make_copy
from controller.copies.errors import CopyError
from controller.copies.names import CopyName
from controller.copies.place import SchoolShelf
from controller.copies.rehearsal import rehearse
from controller.copies.remote import PIECE, RemoteShelf, keep_token
from controller.copies.restore import restore
from controller.copies.shelf import shelf_at
from controller.database.store import Store, StoreError
from controller.guests.registry import GUESTS, Guest, add_guest, end_guest, guests_in
from controller.guests.store import GuestShelf
from controller.web import plain
from controller.web.certificate import server_context
from protocol.enrolment import fingerprint_of
from protocol.errors import LopHocError
from protocol.model import Place
from tests.controller.copies.copied_school import CopiedSchool, dump, opener, quick_key
from tests.controller.web_school import SCHOOL as HOST_SCHOOL
from tests.controller.web_school import Served, a_store, asked
from tests.web import http_request

SCHOOL = Place("14", "00140708")
FULL = CopyName(1, "aaaaaa", 0)


class Host:
    """Another controller, served, which knows this school."""

    def __init__(self, served: Served, data: Path, token: str) -> None:
        self.address = served.url.rstrip("/")
        self.data = data
        self.token = token

    @property
    def shelf(self) -> Path:
        """Where this school's copies stand."""
        return self.data / GUESTS / "lophoc-14-00140708"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The other controller's database."""
    (tmp_path / "other").mkdir()
    with a_store(tmp_path / "other") as opened:
        yield opened


@pytest.fixture
def host(store: Store, tmp_path: Path) -> Iterator[Host]:
    """The other controller, running."""
    data = tmp_path / "other"
    token = add_guest(data, SCHOOL, 20)
    with Served(store) as served:
        yield Host(served, data, token)


@pytest.fixture
def school(tmp_path: Path, host: Host) -> CopiedSchool:
    """A school that has been given its token."""
    made = CopiedSchool(tmp_path)
    keep_token(made.data / COPIES, host.address, host.token)
    return made


def send(school: CopiedSchool, host: Host, *, full: bool = False) -> None:
    """Make a copy over there."""
    school.now_ms += 900_000
    make_copy(school.config, host.address, school.now_ms, full=full)


def test_it_comes_back_from_the_other_controller(school: CopiedSchool, host: Host) -> None:
    """A full copy and a step; tested from there, and restored from there; nothing is readable."""
    school.say("CREATE TABLE guests_seen (name TEXT)", "INSERT INTO guests_seen VALUES ('Bí Mật')")
    send(school, host, full=True)
    school.say("INSERT INTO guests_seen VALUES ('Sau')")
    send(school, host)
    files = sorted(path.name for path in host.shelf.iterdir())
    assert [file.rpartition("-")[2] for file in files] == ["0001.copy", "full.copy"]
    assert not any("Bí Mật".encode() in path.read_bytes() for path in host.shelf.iterdir())
    assert rehearse(school.config, host.address, school.now_ms).trouble is None
    away = RemoteShelf(host.address, host.token, school.folder)
    with away.within_reach() as fetched:
        restore(fetched, school.folder / "new", opener)
    assert dump(school.folder / "new" / "lophoc.db") == dump(school.data / "lophoc.db")


def test_the_other_one_lets_old_copies_go(school: CopiedSchool, host: Host) -> None:
    """As many full ones stay as it keeps of its own."""
    for _ in range(9):
        send(school, host, full=True)
    assert len([*host.shelf.iterdir()]) == 7


@pytest.mark.parametrize("token", ["", "other", "Bearer"])
def test_without_its_token_nobody_is_let_in(school: CopiedSchool, host: Host, token: str) -> None:
    """Nor after it was ended; the refusal says what to do."""
    send(school, host, full=True)
    stranger = RemoteShelf(host.address, token, school.folder)
    for deed in (stranger.names, lambda: [*_fetched(stranger)]):
        with refused_as("place_refused"):
            deed()
    end_guest(host.data, SCHOOL)
    with refused_as("place_refused"):
        send(school, host, full=True)
    assert len([*host.shelf.iterdir()]) == 1, "what was left here stays"


def _fetched(shelf: RemoteShelf) -> Iterator[Path]:
    with shelf.within_reach() as folder:
        yield folder


def test_one_school_never_sees_anothers_copies(school: CopiedSchool, host: Host) -> None:
    """A token opens one folder."""
    send(school, host, full=True)
    other = RemoteShelf(host.address, add_guest(host.data, Place("14", "9"), 5), school.folder)
    assert other.names() == []
    with pytest.raises(CopyError):
        other._fetch(
            RemoteShelf(host.address, host.token, school.folder).names()[0], school.folder / "x"
        )


@contextmanager
def refused_as(code: str) -> Iterator[None]:
    """What is done within is refused, with this code."""
    with pytest.raises(LopHocError) as refused:
        yield
    assert refused.value.code == code


def write(shelf: RemoteShelf, name: CopyName, content: bytes) -> None:
    """Leave this as a copy."""
    with shelf.fresh(name) as file:
        file.write(content)


def test_what_is_too_much_is_refused_and_the_older_copy_stays(
    school: CopiedSchool, host: Host
) -> None:
    """Within its bytes; this server's disk is never filled."""
    send(school, host, full=True)
    before = [(path.name, path.stat().st_size) for path in host.shelf.iterdir()]
    away = RemoteShelf(host.address, host.token, school.folder)
    with refused_as("place_full"):
        write(away, CopyName(9, "bbbbbb", 0), bytes(21_000_000))
    whole = [(path.name, path.stat().st_size) for path in host.shelf.glob("*.copy")]
    assert whole == before
    send(school, host, full=True)
    assert not [*host.shelf.glob("*.part")], "the next one begins with the room of the one before"


@given(st.lists(st.sampled_from(["lost", "answer lost", "ok"]), max_size=12), st.integers(0, 5))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_line_that_is_cut_anywhere_loses_and_doubles_nothing(
    school: CopiedSchool, host: Host, faults: list[str], pieces: int
) -> None:
    """Before or after the other one has it: the copy is whole there, or is not there."""
    for old in host.shelf.iterdir():
        old.unlink()
    content = bytes(range(256)) * (pieces * PIECE // 256) + b"the end"
    name = CopyName(3, "cccccc", 0)
    shelf = RemoteShelf(host.address, host.token, school.folder)
    line = CutLine(shelf, faults)
    shelf._answer = line.answer  # type: ignore[method-assign]
    with suppress(CopyError):
        write(shelf, name, content)
    here = host.shelf / name.file
    if here.exists():
        assert here.read_bytes() == content
    assert here.exists() or line.was_cut


class CutLine:
    """A line that is cut before a request, or before its answer."""

    def __init__(self, shelf: RemoteShelf, faults: list[str]) -> None:
        self._real: Callable[..., tuple[int, bytes]] = shelf._answer
        self._faults = iter(faults)
        self.was_cut = False

    def answer(self, *asked: object) -> tuple[int, bytes]:
        """What comes of one request. Raises OSError."""
        fault = next(self._faults, "ok")
        self.was_cut |= fault != "ok"
        if fault == "lost":
            raise ConnectionResetError
        status = self._real(*asked)
        if fault == "answer lost":
            raise TimeoutError
        return status


def test_pieces_go_on_from_one_another_and_the_hash_decides(tmp_path: Path) -> None:
    """A piece twice, a gap, a wrong hash, a name that leads elsewhere: none does harm."""
    guest = Guest(province="14", school="1", token="", limit_mb=10)
    guest.folder(tmp_path).mkdir(parents=True)
    shelf = GuestShelf(tmp_path, guest, 2)
    assert shelf.append(FULL.file, 0, b"abc") == 3
    for at in (2, 4):
        with refused_as("piece_out_of_place"):
            shelf.append(FULL.file, at, b"d")
    assert shelf.append(FULL.file, 3, b"def") == 6
    with refused_as("copy_broken"):
        shelf.finish(FULL.file, "00")
    assert shelf.part_size(FULL.file) == 0
    shelf.append(FULL.file, 0, b"abc")
    assert shelf.finish(FULL.file, blake2b(b"abc").hexdigest()) == (3, ())
    path = guest.folder(tmp_path) / FULL.file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for name in ("../guests.json", "x.copy", "lophoc-000001-aaaaaa-full.copy.part"):
        for deed in (lambda: shelf.append(name, 0, b""), lambda: shelf.piece(name, 0)):  # noqa: B023
            with refused_as("copy_unknown"):
                deed()


def test_a_wrong_address_has_a_sentence(school: CopiedSchool, tmp_path: Path) -> None:
    """Nobody there, or something that is no controller."""
    for address in ("http://127.0.0.1:9", "http://[::1", "https://127.0.0.1:9/x"):
        assert remote.is_address(address)
        with refused_as("place_unreached"):
            RemoteShelf(address, "t", tmp_path).names()
    assert isinstance(SchoolShelf(tmp_path, SCHOOL).place, str)
    assert urlsplit("http://127.0.0.1:9").port == 9


def test_a_guest_is_let_in_listed_and_ended_by_command(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """The token is printed once, and stands nowhere."""
    data = str(tmp_path / "other")
    assert main(["guests", "add", "14", "00140708", "--data", data]) == 0
    token = capsys.readouterr().out.splitlines()[-1]
    assert len(token) >= 43
    kept = [path for path in (tmp_path / "other").rglob("*") if path.is_file()]
    assert not any(token.encode() in path.read_bytes() for path in kept)
    assert main(["guests", "list", "--data", data]) == 0
    assert "14 00140708: 0" in capsys.readouterr().out
    assert main(["guests", "end", "14", "00140708", "--data", data]) == 0
    assert guests_in(tmp_path / "other") == ()
    assert main(["guests", "end", "14", "00140708", "--data", data]) == 2
    (tmp_path / "other" / GUESTS / "guests.json").write_bytes(b"{")
    assert main(["guests", "list", "--data", data]) == 2


def test_a_school_begins_and_comes_back_by_command(
    school: CopiedSchool,
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The token is asked once, and kept for its owner alone."""
    (
        school.data / COPIES / f"token-{blake2b(host.address.encode(), digest_size=6).hexdigest()}"
    ).unlink()
    for name, value in {"SCHOOL": "00140708", "PROVINCE": "14"}.items():
        monkeypatch.setenv(f"LOPHOC_CONTROLLER_{name}", value)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{host.token}\n"))
    assert main(["backup", "--to", host.address, "--data", str(school.data)]) == 0
    (token,) = (school.data / COPIES).glob("token-*")
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert len([*host.shelf.iterdir()]) == 1
    assert host.token not in capsys.readouterr().out


def test_the_page_shows_whose_copies_are_here(
    school: CopiedSchool, host: Host, store: Store
) -> None:
    """And nobody outside sees it."""
    send(school, host, full=True)
    page = asked(store, "/guests?lang=en").text
    assert "14 00140708" in page
    assert "1 copy, " in page
    assert asked(store, "/guests", host="192.0.2.5").status_code == 303


class Encrypted:
    """The other controller by HTTPS, as one that the network reaches."""

    def __init__(self, host: Host, port: int, authority: Authority) -> None:
        self.address = f"https://127.0.0.1:{port}"
        self.pin = fingerprint_of(authority.pem()).hex()
        self.token = f"{host.token}.{self.pin}"


@pytest.fixture
def encrypted(store: Store, tmp_path: Path, host: Host) -> Iterator[Encrypted]:
    """With its own authority's certificate."""
    authority = Authority(tmp_path / "other")
    with Served(store, tls=server_context(authority.machine())) as served:
        yield Encrypted(host, served.port, authority)


def test_a_token_names_the_certificate_that_is_believed(
    encrypted: Encrypted, school: CopiedSchool
) -> None:
    """No file is carried; one that names another is told nothing."""
    assert RemoteShelf(encrypted.address, encrypted.token, school.folder).names() == []
    wrong = encrypted.token[:-1] + ("0" if encrypted.token[-1] != "0" else "1")
    with refused_as("place_not_believed"):
        RemoteShelf(encrypted.address, wrong, school.folder).names()
    bare = encrypted.token.partition(".")[0]
    with refused_as("place_not_believed"):  # nor by the machine's own store
        RemoteShelf(encrypted.address, bare, school.folder).names()


def test_who_shows_anothers_certificate_is_told_no_token(
    encrypted: Encrypted, school: CopiedSchool, tmp_path: Path
) -> None:
    """A middleman hands the true certificate on, and cannot show it himself."""
    stranger = Authority(tmp_path / "stranger")
    with Eavesdropper(server_context(stranger.machine()), encrypted) as false:
        with refused_as("place_not_believed"):
            RemoteShelf(false.address, encrypted.token, school.folder).names()
        assert false.asked == [b"GET /trust/lophoc.crt HTTP/1.1"]


class Eavesdropper:
    """Answers with the true certificate's file, over TLS of his own; keeps what is asked."""

    def __init__(self, context: ssl.SSLContext, true: Encrypted) -> None:
        self._context, self._true = context, true
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        pem = http_request("GET", self._true.address + "/trust/lophoc.crt", verify=blind()).content
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(pem)}\r\nConnection: close\r\n\r\n"
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                with suppress(OSError), self._context.wrap_socket(caller, server_side=True) as told:
                    self.asked.append(told.recv(4096).partition(b"\r\n")[0])
                    told.sendall(head.encode() + pem)


def blind() -> ssl.SSLContext:
    """What believes everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_an_address_of_before_is_encrypted_from_the_first_talk_on(
    encrypted: Encrypted, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgraded pair goes on; whom it met then is the only one afterwards."""
    monkeypatch.setattr(remote_line, "is_this_machine", lambda _: False)
    monkeypatch.setattr(plain, "is_this_machine", lambda _: False)
    place = encrypted.address.replace("https", "http")
    keep_token(tmp_path / COPIES, place, host.token)
    config = ControllerConfig(school="00140708", province="14", data=tmp_path)
    assert shelf_at(config, place).names() == []
    assert remote.token_in(tmp_path / COPIES, place) == encrypted.token
    assert shelf_at(config, place).names() == []
    stranger = Authority(tmp_path / "stranger")
    stranger.machine()
    keep_token(tmp_path / COPIES, place, f"{host.token}.{fingerprint_of(stranger.pem()).hex()}")
    with refused_as("place_not_believed"):
        shelf_at(config, place).names()


def test_a_controller_of_before_is_spoken_to_as_before(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows no certificate, or none that its proxy can use."""
    monkeypatch.setattr(remote_line, "is_this_machine", lambda _: False)
    for _ in range(2):
        keep_token(tmp_path / COPIES, host.address, host.token)
        config = ControllerConfig(school="00140708", province="14", data=tmp_path)
        assert shelf_at(config, host.address).names() == []
        assert remote.token_in(tmp_path / COPIES, host.address) == host.token
        Authority(host.data).machine()  # from now on its page shows one, and its port speaks none


def test_the_token_that_is_printed_names_the_certificate(
    tmp_path: Path,
    store: Store,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the screens are shown by it; not where a proxy or another certificate stands before."""
    data = tmp_path / "other"
    Authority(data).machine()
    add = ["guests", "add", "14", "00140708", "--data", str(data)]
    printed = []
    for host, chain in (("0.0.0.0", ""), ("127.0.0.1", ""), ("0.0.0.0", "x.pem")):  # noqa: S104
        monkeypatch.setenv("LOPHOC_CONTROLLER_HTTP_HOST", host)
        monkeypatch.setenv("LOPHOC_CONTROLLER_HTTP_CHAIN_FILE", chain)
        assert main(add) == 0
        printed.append(capsys.readouterr().out.splitlines()[-1].partition(".")[2])
    assert printed == [fingerprint_of(Authority(data).pem()).hex(), "", ""]


def lines(store: Store, what: str) -> list[str]:
    """The files that the log names, the oldest line first, by the deed's code."""
    noted = [*reversed(store.read(access_log, HOST_SCHOOL, LogFilter(what=what)))]
    assert {line["account"] for line in noted} <= {"trường 00140708"}
    return [line["subject"].removeprefix("province=14 file=") for line in noted]


def test_what_is_taken_let_go_and_handed_out_leaves_lines(
    school: CopiedSchool, host: Host, store: Store
) -> None:
    """Full copies, held against what stands there; a restore is noted once a day; no token."""
    for _ in range(9):
        send(school, host, full=True)
        school.say(f"CREATE TABLE noted_{school.now_ms} (name TEXT)")
        send(school, host)
    taken, gone = lines(store, "guests taken"), lines(store, "guests let-go")
    assert (len(taken), len(gone)) == (9, 2)
    standing = {path.name for path in host.shelf.iterdir() if path.name.endswith("full.copy")}
    assert {*taken} - {*gone} == standing
    assert {*gone} < {*taken}
    assert lines(store, "guests handed-out") == []
    away = RemoteShelf(host.address, host.token, school.folder)
    for folder in ("new", "newer"):
        with away.within_reach() as fetched:
            restore(fetched, school.folder / folder, opener)
    handed_out = lines(store, "guests handed-out")
    assert len(handed_out) == len({*handed_out})
    assert max(taken) in handed_out
    assert host.token not in str(store.read(access_log, HOST_SCHOOL))


def test_a_log_that_takes_no_line_stops_no_copy(
    school: CopiedSchool, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A school that comes back needs its copy more than the line; the program's log tells."""

    def full(*_: object, **__: object) -> None:
        raise StoreError("disk_full", "full", "")

    monkeypatch.setattr(Store, "write", full)
    send(school, host, full=True)
    away = RemoteShelf(host.address, host.token, school.folder)
    assert [*_fetched(away)]


def test_the_manifest_of_a_copy_there_is_read_without_fetching_it(
    school: CopiedSchool, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One piece of each copy, whatever its size."""
    (school.data / "noise").write_bytes(os.urandom(3 * PIECE))
    make_copy(school.config, host.address, school.now_ms, full=True)
    (copy,) = host.shelf.glob("*.copy")
    fetched: list[int] = []
    piece = GuestShelf.piece

    def counted(shelf: GuestShelf, file: str, at: int) -> bytes:
        fetched.append(at)
        return piece(shelf, file, at)

    monkeypatch.setattr(GuestShelf, "piece", counted)
    manifests = manifests_of(beginnings_at(school.config, host.address), quick_key())
    assert [each.name.file for each in manifests.read] == [copy.name]
    assert (manifests.unread, fetched) == ([], [0])
