"""An older database is brought up on a copy first: what fails there leaves the old one alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from controller.database import migrating
from controller.database.engine import StoreError, engine_at, url_from
from controller.database.store import Store

OLD = "0040"


def an_old_one(folder: Path) -> str:
    """The database of an older version, with a fact in it."""
    url = f"sqlite:///{folder / 'lophoc.db'}"
    engine = engine_at(url_from(url))
    with engine.begin() as db:
        migrating.bring_up(db, OLD)
        db.execute(text("INSERT INTO facts (name, value) VALUES ('feed_id', 'kept')"))
    engine.dispose()
    return url


def revision_of(url: str) -> str:
    """Which schema a database has."""
    engine = engine_at(url_from(url))
    with engine.begin() as db:
        found = str(db.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    engine.dispose()
    return found


def test_what_fails_on_the_copy_has_changed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a migration, then an error: a sentence, and the next start works."""
    url, real = an_old_one(tmp_path), migrating.bring_up

    def failing(db: Connection, *_: str) -> None:
        real(db, "0045")
        db.execute(text("SELECT * FROM no_such_table"))

    with monkeypatch.context() as within:
        within.setattr(migrating, "bring_up", failing)
        with pytest.raises(StoreError) as refused, Store(url):
            pass
    assert refused.value.code == "store_rehearsal"
    assert revision_of(url) == OLD
    assert not [*tmp_path.glob("*rehearsal*")]
    with Store(url) as store:
        assert store.feed_id == "kept"
    assert not [*tmp_path.glob("*rehearsal*")]


def test_a_disk_without_room_is_said_before_anything_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With how much is missing."""
    url = an_old_one(tmp_path)
    usage = type("Usage", (), {"free": 1000})()
    monkeypatch.setattr("controller.database.rehearsal.shutil.disk_usage", lambda _path: usage)
    with pytest.raises(StoreError) as refused, Store(url):
        pass
    assert refused.value.code == "store_rehearsal_space"
    assert revision_of(url) == OLD
