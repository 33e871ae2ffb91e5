"""The pages that are read are of one moment, whatever is written meanwhile."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from controller.copies import snapshot as snapshots
from controller.copies.errors import CopyError
from controller.copies.snapshot import rows_of, snapshot
from tests.waiting import until


def bank(path: Path) -> sqlite3.Connection:
    """A database in which every transaction leaves the sum as it is."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA wal_autocheckpoint = 20")
    db.execute("CREATE TABLE accounts (no INTEGER PRIMARY KEY, cents INTEGER, pad BLOB)")
    db.executemany(
        "INSERT INTO accounts VALUES (?, 100, randomblob(700))", ((n,) for n in range(500))
    )
    return db


def test_a_busy_database_is_read_as_of_one_moment(tmp_path: Path) -> None:
    """Transfers and checkpoints go on while the file is read, twice."""
    stop = threading.Event()
    transfers = 0

    def work(db: sqlite3.Connection) -> None:
        nonlocal transfers
        while not stop.is_set():
            db.execute("BEGIN IMMEDIATE")
            for no, cents in ((transfers % 500, -1), ((transfers * 7 + 3) % 500, 1)):
                db.execute(
                    "UPDATE accounts SET cents = cents + ?, pad = randomblob(700) WHERE no = ?",
                    (cents, no),
                )
            db.execute("COMMIT")
            transfers += 1

    path = tmp_path / "bank.db"
    with closing(bank(path)) as db:
        worker = threading.Thread(target=work, args=(db,))
        worker.start()
        try:
            for number in range(3):
                with snapshot(path) as now:
                    first = b"".join(now.pages())
                    begun = transfers
                    until(lambda begun=begun: transfers > begun + 50, "others write on")  # type: ignore[misc]
                    assert b"".join(now.pages()) == first
                    assert len(first) == now.size
                    promised = now.rows()
                copy = tmp_path / f"copy-{number}.db"
                copy.write_bytes(first)
                with closing(sqlite3.connect(copy)) as copied:
                    assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    assert copied.execute("SELECT sum(cents) FROM accounts").fetchone() == (50_000,)
                    assert rows_of(copied) == promised == {"accounts": 500}
        finally:
            stop.set()
            worker.join()


def test_all_that_is_committed_is_in_the_pages(tmp_path: Path) -> None:
    """Also what stands in the log only, until then."""
    path = tmp_path / "bank.db"
    with closing(bank(path)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("UPDATE accounts SET cents = 777 WHERE no = 7")
        with snapshot(path) as now:
            copy = tmp_path / "copy.db"
            copy.write_bytes(b"".join(now.pages()))
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT cents FROM accounts WHERE no = 7").fetchone() == (777,)


def test_a_reader_that_holds_the_log_back_puts_the_copy_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and works once the reader has ended."""
    monkeypatch.setattr(snapshots, "_TRIES", 3)
    path = tmp_path / "bank.db"
    with closing(bank(path)) as db, closing(sqlite3.connect(path, isolation_level=None)) as screen:
        screen.execute("BEGIN")
        screen.execute("SELECT count(*) FROM accounts").fetchone()
        db.execute("UPDATE accounts SET cents = 1")
        with pytest.raises(CopyError, match="did not come to rest"), snapshot(path):
            pass
        screen.execute("ROLLBACK")
        with snapshot(path) as now:
            assert now.rows() == {"accounts": 500}
