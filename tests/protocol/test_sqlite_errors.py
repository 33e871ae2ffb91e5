"""A file that somebody holds is told from a disk that is full, by SQLite itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from protocol.model import Place
from protocol.outbox import Outbox, OutboxError
from protocol.sqlite_errors import is_disk_full, is_locked


def refused(path: Path, *pragmas: str) -> sqlite3.Error:
    """What SQLite says to a writer."""
    with sqlite3.connect(path, timeout=0) as db:
        for pragma in pragmas:
            db.execute(pragma)
        with pytest.raises(sqlite3.Error) as caught:
            db.execute("INSERT INTO t VALUES (zeroblob(1 << 20))")
    db.close()
    return caught.value


def test_a_lock_and_a_full_disk_are_two_things(tmp_path: Path) -> None:
    """The one passes, the other a person must mend; the store says which."""
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as holder:
        holder.execute("CREATE TABLE t (v)")
        holder.commit()
        full = refused(path, "PRAGMA max_page_count = 4")
        holder.execute("BEGIN EXCLUSIVE")
        held = refused(path)
    holder.close()
    assert (is_locked(held), is_disk_full(held)) == (True, False)
    assert (is_locked(full), is_disk_full(full)) == (False, True)
    assert not is_locked(None)


def test_an_outbox_that_is_held_does_not_ask_for_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says who is to blame."""
    path = tmp_path / "outbox.db"
    with Outbox(path, Place("14", "1", "a"), "b1"):
        pass
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, **{**options, "timeout": 0})
    )
    holder = connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(OutboxError) as caught, Outbox(path, Place("14", "1", "a"), "b1"):
        pass
    holder.close()
    assert "Another program holds the file" in str(caught.value)
