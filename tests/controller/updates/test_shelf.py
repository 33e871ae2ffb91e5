"""What is given to a server is refused at its head, bounded, and never unpacked; rooms fetch it."""

from __future__ import annotations

import asyncio
import http.client
import socket
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from agent.updates.launcher import VERSIONS, is_whole
from agent.updates.order import Fetched, Order
from agent.updates.worker import carry_out
from controller.broker.authority import Authority
from controller.updates.door import PackageDoor, asked_in
from controller.updates.shelf import Shelf
from controller.updates.store import HeldPackage
from protocol.errors import ActionError
from protocol.model import Place
from protocol.package import Head, Manifest
from protocol.pin import pinned
from tests.ports import free_port
from tests.update_packages import PUBLIC, lay_out, manifest_of, packed
from tests.waiting import eventually

NEW = "0.2.0+20261130.111923.9120b954"


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small update."""
    folder = tmp_path_factory.mktemp("update")
    return packed(lay_out(folder / "root", NEW, "main = int\n"), folder, NEW)


def shelf_in(folder: Path, running: str = "0.1.0") -> Shelf:
    """A shelf that believes the tests' key."""
    return Shelf(folder, (PUBLIC,), running)


def taken(shelf: Shelf, pieces: Iterable[bytes]) -> tuple[Head, Manifest]:
    """A package out of its pieces."""
    with closing(shelf.taking()) as taking:
        for piece in pieces:
            taking.write(piece)
        return taking.finish()


def test_a_package_comes_in_pieces_of_any_size(update: Path, tmp_path: Path) -> None:
    """What lies there is what follows the head; nothing else is left."""
    raw, shelf = update.read_bytes(), shelf_in(tmp_path)
    for size in (1, 100, 5000, len(raw)):
        pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
        _, manifest = taken(shelf, pieces)
        assert shelf.file_of(manifest.sha256).read_bytes() == manifest_of(update)[2]
    assert [path.name for path in shelf.folder.iterdir()] == [manifest.sha256]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda raw: b"PK" + raw, "update_malformed"),
        (lambda raw: raw[:40], "update_malformed"),
        (lambda raw: raw[:16] + b"x" * 100_000, "update_malformed"),
        (lambda raw: raw.replace(b"0.2.0", b"0.2.1", 1), "update_not_signed"),
        (lambda raw: raw[:-1], "update_wrong_size"),
        (lambda raw: raw + b"x", "update_wrong_size"),
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "update_wrong_sum"),
        (lambda _raw: b"", "update_malformed"),
    ],
    ids=["zip", "head", "endless", "other", "short", "long", "changed", "empty"],
)
def test_what_is_not_whole_and_signed_is_refused(
    spoil: object, code: str, update: Path, tmp_path: Path
) -> None:
    """And leaves nothing behind."""
    shelf = shelf_in(tmp_path)
    with pytest.raises(ActionError) as refused:
        taken(shelf, [spoil(update.read_bytes())])  # type: ignore[operator]  # a function
    assert refused.value.code == code
    assert not [*shelf.folder.iterdir()]


def test_a_version_two_minors_back_is_refused(update: Path, tmp_path: Path) -> None:
    """Its head says so, before the rest has come."""
    head = update.read_bytes()[:1000]
    taking = shelf_in(tmp_path, "0.4.0").taking()
    with pytest.raises(ActionError) as refused:
        taking.write(head)
    assert refused.value.code == "update_too_old"
    taking.close()
    taking = shelf_in(tmp_path, "0.3.0").taking()
    taking.write(head)
    taking.close()


def test_the_oldest_versions_are_let_go(tmp_path: Path) -> None:
    """Not what is on its way."""
    held = [
        HeldPackage(place=Place("01", "S1"), sha256=version, version=version, system="linux",
                    arch="amd64", manifest="", signature="", who="", size=size, added_ms=1)
        for version, size in (("0.1.0", 1), ("0.2.0", 1), ("0.3.0", 1), ("0.4.0", 1))
    ]  # fmt: skip
    shelf = shelf_in(tmp_path)
    assert shelf.surplus(held, ()) == ["0.1.0"]
    assert shelf.surplus(held, ["0.1.0"]) == ["0.2.0"]
    assert shelf.surplus([held[0]], ()) == []


@pytest.mark.parametrize(
    ("head", "is_asked"),
    [
        (b"GET /packages/%s HTTP/1.1\r\n\r\n" % (b"ab" * 32), True),
        (b"GET /packages/../x HTTP/1.1\r\n\r\n", False),
        (b"POST /packages/%s HTTP/1.1\r\n\r\n" % (b"ab" * 32), False),
        (b"GET /packages/%s/ HTTP/1.1\r\n\r\n" % (b"ab" * 32), False),
        (b"\x16\x03\x01", False),
    ],
    ids=["asked", "outside", "post", "longer", "tls"],
)
def test_the_door_knows_one_question(head: bytes, *, is_asked: bool) -> None:
    """A file by its digest."""
    assert (asked_in(head) is not None) is is_asked


def test_a_room_fetches_from_the_door_and_goes_on_where_it_was(
    update: Path, tmp_path: Path
) -> None:
    """By HTTPS, believing the school alone; the door shuts when nothing is on its way."""
    manifest, signature, rest = manifest_of(update)
    shelf, authority = shelf_in(tmp_path / "server"), Authority(tmp_path / "server")
    _, head = taken(shelf, [update.read_bytes()])
    port, is_open = free_port(), [True]
    stranger = Authority(tmp_path / "stranger")
    stranger.machine()

    def order(pem: str) -> Order:
        return Order(
            data=str(tmp_path / "room"), host="127.0.0.1", port=port, authority=pem,
            manifest=manifest, signature=signature, keys=(PUBLIC,),
        )  # fmt: skip

    def status_of(path: str) -> int:
        line = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=20, context=pinned(authority.pem())
        )
        line.request("GET", path)
        return line.getresponse().status

    def is_shut() -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", port)) != 0

    async def play() -> None:
        door = PackageDoor(authority, shelf, lambda: is_open[0], ("127.0.0.1", port))
        running = asyncio.create_task(door.run())
        await eventually(lambda: not is_shut())
        refused = await asyncio.to_thread(carry_out, order(stranger.pem()))
        assert refused == Fetched(trouble="unreachable")
        part = tmp_path / "room" / VERSIONS / f"{head.sha256}.part"
        part.write_bytes(rest[:100])
        assert await asyncio.to_thread(carry_out, order(authority.pem())) == Fetched()
        assert await asyncio.to_thread(status_of, "/packages/" + "0" * 64) == 404
        is_open[0] = False
        await eventually(is_shut)
        running.cancel()

    asyncio.run(play())
    assert is_whole(tmp_path / "room" / VERSIONS, NEW, by_sums=True)
