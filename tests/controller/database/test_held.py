"""A database that another program holds is told from a disk that is full."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from controller.database.engine import in_our_words
from controller.database.store import Store, StoreError


def test_a_store_that_is_held_does_not_ask_for_space(tmp_path: Path) -> None:
    """It passes by itself, or ends with what holds it."""
    url = f"sqlite:///{tmp_path / 'lophoc.db'}"
    with Store(url):
        pass
    with sqlite3.connect(tmp_path / "lophoc.db") as holder:
        holder.execute("BEGIN EXCLUSIVE")
        engine = create_engine(url, connect_args={"timeout": 0})
        with pytest.raises(StoreError) as caught, in_our_words(), engine.begin() as db:
            db.execute(text("CREATE TABLE t (v)"))
        engine.dispose()
    holder.close()
    assert (caught.value.code, "space" in str(caught.value)) == ("store_held", False)
