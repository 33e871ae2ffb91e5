"""`lophoc-controller pull`: the copy is the list, wherever the line is cut or the program ends."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import random
import re
import shlex
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from controller.access.token import MAX_DAYS, READING, new_token, token_of
from controller.access.token_store import keep_token
from controller.broker.authority import Authority
from controller.database.engine import url_from
from controller.database.store import Store
from controller.inventory.pulling.address import PullError, address_of
from controller.inventory.pulling.copy import Copy
from controller.inventory.pulling.puller import pull
from controller.inventory.pulling.source import FeedGoneError, PassingError, Reply, Source
from controller.web.certificate import server_context
from protocol.errors import EXIT_SETTINGS, exit_code_of
from protocol.model import Place
from protocol.pin import pinned
from tests.controller.web_department import (
    PROVINCE,
    ServedDepartment,
    a_department,
    fill,
    line,
)
from tests.controller.web_school import NOW_MS
from tests.databases import Database
from tests.faulty_line import FaultyLine
from tests.flows.programs import run_command
from tests.postgres import Cluster

PAGE = Path(__file__).parents[3] / "docs" / "so-giao-duc.md"
ROWS = 1000
SEEDS = range(20)


class Killed(BaseException):
    """The program ends here, as by kill -9."""


def item(number: int, word: str, place: int) -> dict[str, Any]:
    """A row as the list tells it."""
    row = {"school": "0007", "device_id": f"line:{number}", "room": word, "year": 2021}
    return row | {"complete": True, "removed": False, "next": str(place)}


@dataclass
class Shop:
    """A list that is changed, cut, replaced and out of order, by a seed; a model of any feed."""

    chance: random.Random
    rows: dict[int, tuple[int, str | None]] = field(default_factory=dict)  # number: place, word
    place: int = 0
    era: int = 0

    def change(self) -> None:
        """A row comes, changes or goes; seldom the whole list is put back to an emptier one."""
        if self.chance.random() < 0.05:
            kept = self.chance.sample(sorted(self.rows), len(self.rows) // 2)
            self.rows = {number: self.rows[number] for number in kept}
            self.era += 1
        self.place += 1
        word = None if self.chance.random() < 0.3 else f"P{self.place}"
        self.rows[self.chance.randrange(12)] = (self.place, word)

    def ask(self, since: str) -> Reply:
        """A page of four, or what of it came."""
        if self.chance.random() < 0.1:
            raise PassingError("503")
        if self.chance.random() < 0.05:
            raise Killed
        era, _, place = since.partition("/")
        if since and int(era) != self.era:
            raise FeedGoneError
        behind = sorted(
            (at, number, word) for number, (at, word) in self.rows.items() if at > int(place or 0)
        )
        rows = [self._told(at, number, word) for at, number, word in behind[:4]]
        if self.chance.random() < 0.4:
            rows = rows[: self.chance.randrange(5)]
            return Reply(rows, rows[-1]["next"] if rows else "", is_end=False, cause="cut")
        reached = rows[-1]["next"] if rows else since or f"{self.era}/0"
        return Reply(rows, reached, is_end=len(behind) <= 4)

    def listed(self) -> dict[str, str]:
        """What a whole copy holds."""
        return {f"line:{number}": word for number, (_, word) in self.rows.items() if word}

    def _told(self, at: int, number: int, word: str | None) -> dict[str, Any]:
        told = item(number, word or "", at) | {"next": f"{self.era}/{at}"}
        return told if word else told | {"removed": True}


def held(copy: Copy) -> dict[str, str]:
    """What a copy holds, by id."""
    return {row["device_id"]: row["room"] for row in copy.told()}


def pulled(shop: Shop, copy: Copy) -> None:
    """Run the program until it has pulled all, whenever it is killed or gives up."""
    while True:
        try:
            pull(shop, copy, lambda _: None)
        except (Killed, PullError):
            continue
        return


@pytest.mark.parametrize("seed", SEEDS)
def test_the_copy_is_the_list_whatever_happens(tmp_path: Path, seed: int) -> None:
    """Changes, cuts, kills, refusals and lists that were put back, in any order."""
    shop = Shop(random.Random(seed))
    with Copy(url_from(f"sqlite:///{tmp_path}/copy.db"), "https://a.example") as copy:
        for _ in range(12):
            for _ in range(shop.chance.randrange(8)):
                shop.change()
            pulled(shop, copy)
            assert held(copy) == shop.listed()
            assert copy.count() == len(shop.listed())


def test_a_page_is_taken_whole_or_not_at_all(database: Database) -> None:
    """Where the database refuses in the midst of it, neither rows nor the place have moved."""
    with Copy(url_from(database.url), "https://a.example") as copy:
        copy.take(copy.standing(), [item(1, "P1", 1)], "1", is_end=True)
        before = copy.standing()
        unkeepable = item(2, "P2", 2) | {"school": None}
        with pytest.raises(Exception, match=r"(?i)null|database|tables in"):
            copy.take(before, [item(1, "P9", 3), unkeepable], "3", is_end=True)
        assert (held(copy), copy.standing()) == ({"line:1": "P1"}, before)


def test_a_copy_of_an_older_version_goes_on(database: Database) -> None:
    """It gets the columns that it lacks, and keeps its rows and its place."""
    with Copy(url_from(database.url), "https://a.example") as copy:
        copy.take(copy.standing(), [item(1, "P1", 1)], "1", is_end=True)
    engine = create_engine(url_from(database.url))
    with engine.begin() as db:
        for name in ("warranty_months", "warranty_until", "warranty_end"):
            db.execute(text(f"ALTER TABLE lophoc_items DROP COLUMN {name}"))
    engine.dispose()
    with Copy(url_from(database.url), "https://a.example") as copy:
        assert held(copy) == {"line:1": "P1"}
        copy.take(
            copy.standing(),
            [item(2, "P2", 2) | {"warranty_months": 24, "warranty_end": "2026-12-31"}],
            "2",
            is_end=True,
        )
        assert held(copy) == {"line:1": "P1", "line:2": "P2"}


def test_two_that_pull_into_one_copy_do_not_mix(tmp_path: Path) -> None:
    """The later one is told, and what the first took stays."""
    with Copy(url_from(f"sqlite:///{tmp_path}/copy.db"), "https://a.example") as copy:
        late = copy.standing()
        copy.take(late, [item(1, "P1", 1)], "1", is_end=True)
        with pytest.raises(PullError) as refused:
            copy.take(late, [item(2, "P2", 2)], "2", is_end=True)
        assert (refused.value.code, held(copy)) == ("copied_by_another", {"line:1": "P1"})


def test_a_list_that_is_told_anew_without_end_is_given_up(tmp_path: Path) -> None:
    """Two databases behind one address: nobody pulls for ever."""

    class Unsteady:
        def ask(self, since: str) -> Reply:
            if since:
                raise FeedGoneError
            return Reply([item(1, "P1", 1)], "1", is_end=False)

    with Copy(url_from(f"sqlite:///{tmp_path}/copy.db"), "https://a.example") as copy:
        with pytest.raises(PullError) as refused:
            pull(Unsteady(), copy, lambda _: None)
        assert refused.value.code == "feed_unsteady"


@pytest.mark.parametrize(("text", "code"), [
    ("https://a:b@truong.example/", "address_has_password"),
    ("https://token@truong.example/", "address_has_password"),
    ("http://truong.example/", "token_in_clear"),
    ("ftp://truong.example/", "address_wrong"),
    ("https://truong.example:x/", "address_wrong"),
    ("https://truong.example/?since=abc", "address_asks_too_much"),
    ("file:///etc/passwd", "address_wrong"),
])  # fmt: skip
def test_an_address_that_would_betray_or_confuse_is_refused(text: str, code: str) -> None:
    """Neither a token nor a place in the list belongs into it."""
    with pytest.raises(PullError) as refused:
        address_of(text, has_token=True)
    assert refused.value.code == code


def test_an_address_is_known_by_what_it_asks() -> None:
    """However it was written."""
    one = address_of("https://truong.example?kind=board&area=a", has_token=True)
    other = address_of("https://truong.example/api/v1/inventory?area=a&kind=board", has_token=True)
    assert one == other
    assert one.name == "https://truong.example/api/v1/inventory?area=a&kind=board"


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A server that answers everything so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def answer_of(status: int = 200, body: bytes = b"", **headers: Any) -> Callable[[Any], None]:
    """An answer; `_` in a header's name is `-`."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


TWO = b"".join(json.dumps(item(n, f"P{n}", n)).encode() + b"\n" for n in (1, 2))
MORE = {"X_LopHoc_More": "false", "X_LopHoc_Next": "2"}


@pytest.mark.parametrize(("body", "headers", "rows", "is_end"), [
    (TWO, MORE | {"Content_Length": str(len(TWO))}, 2, True),
    (TWO, MORE | {"Content_Length": str(len(TWO) + 9)}, 2, False),  # cut between two rows
    (TWO[:-9], MORE | {"Content_Length": str(len(TWO))}, 1, False),
    (TWO, MORE, 2, False),  # nothing says where it ends
    (gzip.compress(TWO), MORE | {"Content_Encoding": "gzip"}, 2, True),
    (gzip.compress(TWO)[:-4], MORE | {"Content_Encoding": "gzip"}, 2, False),
    (b"", MORE | {"Content_Length": "0"}, 0, True),
], ids=["whole", "between", "within", "endless", "gzip", "gzip-cut", "empty"])  # fmt: skip
def test_what_came_whole_is_taken_and_an_end_is_never_guessed(
    body: bytes, headers: dict[str, str], rows: int, *, is_end: bool
) -> None:
    """A row counts when all of it came, the page when the line says that this was all."""
    with answering(answer_of(body=body, **headers)) as url:
        reply = Source(address_of(url, has_token=False), "", None).ask("")
    assert (len(reply.items), reply.is_end, bool(reply.cause)) == (rows, is_end, not is_end)


@pytest.mark.parametrize(("status", "kind"), [
    (410, FeedGoneError), (429, PassingError), (503, PassingError), (401, PullError),
    (302, PullError), (404, PullError),
])  # fmt: skip
def test_a_refusal_is_what_it_is(status: int, kind: type[Exception]) -> None:
    """A redirection is not followed: the token would go along."""
    with answering(answer_of(status, Location="http://evil.example/", Retry_After="7")) as url:
        with pytest.raises(kind) as refused:
            Source(address_of(url, has_token=False), "", None).ask("1")
        if isinstance(refused.value, PassingError):
            assert refused.value.wait_s == 7


@pytest.mark.parametrize(
    "body",
    [b"<html>\n", b"[1]\n", b'{"school":1}\n', b"\xff\n"],
    ids=["page", "list", "number", "bytes"],
)
def test_what_is_no_inventory_is_refused(body: bytes) -> None:
    """Such as a proxy's own page."""
    with answering(answer_of(body=body, Content_Length=str(len(body)), **MORE)) as url:
        with pytest.raises(PullError) as refused:
            Source(address_of(url, has_token=False), "", None).ask("")
        assert refused.value.code == "answer_unreadable"


@contextmanager
def bad_line(port: int, cuts: int) -> Iterator[int]:
    """A line to a port that is cut so often, each time somewhere else; its port."""
    chance, left = random.Random(7), iter(range(cuts))

    def cut_after() -> int | None:
        return None if next(left, None) is None else chance.randrange(4_000, 24_000)

    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), []

    async def carry() -> None:
        async with FaultyLine("127.0.0.1", port, cut_after=cut_after) as faulty:
            ports.append(faulty.port)
            ready.set()
            await ended.wait()

    ended = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(carry()))
    thread.start()
    ready.wait()
    yield ports[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


def quoted() -> list[str]:
    """The command as the department's page quotes it."""
    shown = re.findall(
        r"^lophoc-controller pull (?:.*\\\n)*.*$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return shlex.split(shown[0].replace("\\\n", " "))


def give_token(store: Store, path: Path) -> None:
    """A token that reads, in its file."""
    text = new_token()
    token = token_of(
        text,
        purpose="axis",
        made_by="t",
        place=Place(PROVINCE),
        permissions=READING,
        days=MAX_DAYS,
        now_ms=NOW_MS,
    )
    store.write(keep_token, token)
    path.write_text(text.text)


def test_the_pages_command_loses_no_row_of_a_line_that_is_cut(tmp_path: Path) -> None:
    """Word for word but for where it asks and whom it believes: by https, and no other's."""
    token, out = tmp_path / "so.token", tmp_path / "thiet-bi.csv"
    authority, other = Authority(tmp_path / "so"), Authority(tmp_path / "other")
    tls = server_context(authority.machine())
    with a_department(tmp_path) as store, ServedDepartment(store, tls=tls) as served:
        give_token(store, token)
        address = address_of(f"https://127.0.0.1:{served.port}", has_token=True)
        other.machine()
        with pytest.raises(PullError) as refused:
            Source(address, token.read_text(), pinned(other.file)).ask("")
        assert refused.value.code == "source_not_believed"
        noise = random.Random(3)
        fill(store, [line("00123", n, name=noise.randbytes(40).hex()) for n in range(ROWS)])
        with bad_line(served.port, cuts=9) as port:
            words = [
                word.replace("https://so.example", f"https://127.0.0.1:{port}")
                .replace("/etc/lophoc/so.token", str(token))
                .replace("thiet-bi.csv", str(out))
                for word in (*quoted(), "--ca", str(authority.file))
            ]
            first = run_command(*words, "--json")
            fill(store, [line("00123", 5, room="P999"), line("00123", 6, removed_ms=1)])
            then = run_command(*words, "--json")
    assert json.loads(first.stdout) | {"cuts": 0} == {
        "items": ROWS, "told": ROWS, "gone": 0, "anew": 0, "cuts": 0,
    }  # fmt: skip
    assert json.loads(first.stdout)["cuts"] >= 3
    assert json.loads(then.stdout)["items"] == ROWS - 1
    table = csv.DictReader(io.StringIO(out.read_bytes().decode(), newline=""))
    rows = {row["device_id"]: row for row in table}
    assert rows.keys() == {f"line:{n}" for n in range(ROWS)} - {"line:6"}
    assert (rows["line:5"]["room"], rows["line:7"]["school"]) == ("P999", "00123")
    assert token.read_text() not in first.stdout + first.stderr + then.stderr


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("no folder", "copy_unopened"),
        ("a folder", "copy_unopened"),
        ("no database", "copy_damaged"),
        ("lophoc_items", "copy_foreign"),
        ("lophoc_pulls", "copy_foreign"),
    ],
)
def test_what_can_be_no_copy_is_told_with_its_cure(tmp_path: Path, kind: str, code: str) -> None:
    """It was told to free space on the disk, and to be tried again for ever."""
    path = tmp_path / ("none" if kind == "no folder" else "") / "copy.db"
    match kind:
        case "no folder":
            pass
        case "a folder":
            path.mkdir()
        case "no database":
            path.write_bytes(b"no database at all " * 99)
        case table:
            with sqlite3.connect(path) as theirs:
                theirs.execute(f"CREATE TABLE {table} (x INTEGER)")
            theirs.close()
    with pytest.raises(PullError) as refused, Copy(url_from(f"sqlite:///{path}"), "x"):
        pass
    assert (refused.value.code, exit_code_of(refused.value)) == (code, EXIT_SETTINGS)
    assert str(path) in refused.value.text(str)


def test_a_file_that_was_cut_by_hand_is_written_anew(tmp_path: Path) -> None:
    """Also where nothing is new: it holds what the copy holds."""
    out = tmp_path / "all.ndjson"
    with a_department(tmp_path) as store, ServedDepartment(store) as served:
        fill(store, [line("00123", n) for n in range(5)])
        words = ("lophoc-controller", "pull", served.url, "--into", str(out))
        assert run_command(*words).returncode == 0
        whole = out.read_bytes()
        out.write_bytes(whole[:100])
        assert run_command(*words).returncode == 0
    assert out.read_bytes() == whole


def test_a_database_of_ones_own_holds_columns_that_can_be_asked(
    tmp_path: Path, database: Database
) -> None:
    """On SQLite and on PostgreSQL, beside whatever else lies there."""
    with a_department(tmp_path) as store, ServedDepartment(store) as served:
        fill(store, [line("00123", 1, cost_vnd=5_000_000_000, quantity=2)])
        into = make_url(database.url).render_as_string(hide_password=False)
        done = run_command("lophoc-controller", "pull", served.url, "--into", into)
        assert done.returncode == 0, done.stderr
    with Copy(url_from(database.url), f"{served.url}api/v1/inventory") as copy:
        (row,) = copy.told()
        assert (row["school"], row["cost_vnd"], copy.count()) == ("00123", 5_000_000_000, 1)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE lophoc_pulls",
        "ALTER TABLE lophoc_pulls DROP COLUMN token",
        "ALTER TABLE lophoc_items DROP COLUMN item",
        "ALTER TABLE lophoc_items RENAME COLUMN item TO theirs",
        "CREATE UNIQUE INDEX theirs ON lophoc_items (source)",
    ],
)
def test_a_copy_that_somebody_changed_says_so_and_nothing_is_taken(
    database: Database, change: str
) -> None:
    """Before a pull or in the middle of one: it was told to free space, and to be tried again."""
    page = [item(1, "a", 1), item(2, "b", 2)]
    with Copy(url_from(database.url), "x") as copy:
        copy.take(copy.standing(), page[:1], "t1", is_end=False)
        before = copy.standing()
        database.say(change)
        with pytest.raises(PullError) as refused:
            copy.take(before, page, "t2", is_end=True)
        assert (refused.value.code, exit_code_of(refused.value)) == ("copy_changed", EXIT_SETTINGS)
        assert "lophoc_items" in refused.value.text(str)


def test_a_column_that_is_lacking_is_filled_with_what_was_told(database: Database) -> None:
    """Dropped by somebody, or new in this version; the rows were left without it for ever."""
    page = [item(number, f"P{number}", number) for number in range(2500)]
    with Copy(url_from(database.url), "x") as copy:
        copy.take(copy.standing(), page, "t1", is_end=True)
    for column in ("room", "year"):
        database.say(f"ALTER TABLE lophoc_items DROP COLUMN {column}")
    with Copy(url_from(database.url), "x") as copy:
        assert copy.count() == len(page)
    told = {(one["school"], one["device_id"]): one.get("room") for one in page}
    engine = create_engine(database.url)
    with engine.connect() as db:
        rows = db.execute(text("SELECT school, device_id, room FROM lophoc_items")).all()
    engine.dispose()
    assert {(row.school, row.device_id): row.room for row in rows} == told
    assert any(told.values())


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("-c role=lophoc_reader", "copy_no_rights"),
        ("-c default_transaction_read_only=on", "copy_read_only"),
    ],
)
def test_a_server_on_which_nothing_may_be_written_is_told_as_such(
    cluster: Cluster, options: str, code: str
) -> None:
    """Space on its disk would not mend it."""
    url = cluster.fresh()
    role = "CREATE ROLE lophoc_reader; EXCEPTION WHEN duplicate_object THEN NULL"
    Database(url).say(f"DO $$ BEGIN {role}; END $$")
    there = make_url(url).update_query_dict({"options": options})
    text_of = there.render_as_string(hide_password=False)
    with pytest.raises(PullError) as refused, Copy(url_from(text_of), "x"):
        pass
    assert (refused.value.code, exit_code_of(refused.value)) == (code, EXIT_SETTINGS)
