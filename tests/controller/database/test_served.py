"""A folder that has worked with a database begins with no other one, and with no empty one."""

from __future__ import annotations

import argparse
import shutil
from itertools import product
from pathlib import Path

import pytest

from controller.cli import folder as cli
from controller.cli.school import opened_store
from controller.database.engine import StoreError
from controller.database.place_note import SERVED
from controller.database.served import DATABASE, known_store, served_in, served_store
from controller.database.store import Store
from tests.databases import Database, empty_sqlite

LIES = ("", "elsewhere")  # in the folder, or by a path of the settings
# What stands where the settings point to now: nothing, another's, or the folder's own, moved.
STANDS = ("nothing", "another", "its own")
CONTENTS = {"none": None, "empty": b"", "torn": b"{", "other": b"[]", "no text": b"\xff"}


def url_of(root: Path, lies: str) -> str:
    """As the settings name it."""
    return f"sqlite:///{root / lies}.db" if lies else ""


def file_of(root: Path, lies: str) -> Path:
    """The file that it is."""
    return root / f"{lies}.db" if lies else root / "data" / DATABASE


@pytest.mark.parametrize(("before", "now", "stands"), [*product(LIES, LIES, STANDS)])
def test_only_the_folders_own_database_is_begun_with(
    before: str, now: str, stands: str, tmp_path: Path
) -> None:
    """Whatever line of the settings was lost or written; the sentence names both and the way."""
    data = tmp_path / "data"
    data.mkdir()
    file_of(tmp_path, before).write_bytes(empty_sqlite())
    with served_store(data, url_of(tmp_path, before)) as store:
        feed = store.feed_id
    if before != now and stands == "another":
        file_of(tmp_path, now).write_bytes(empty_sqlite())
        with Store(f"sqlite:///{file_of(tmp_path, now)}"):
            pass
    elif before != now and stands == "its own":
        shutil.move(file_of(tmp_path, before), file_of(tmp_path, now))
    is_own = before == now or stands == "its own"
    for opened in (known_store, served_store):
        if is_own:
            with opened(data, url_of(tmp_path, now)) as store:
                assert store.feed_id == feed
            continue
        with pytest.raises(StoreError) as refused, opened(data, url_of(tmp_path, now)):
            pass
        told = str(refused.value)
        assert refused.value.code == "store_other"
        assert all(str(file_of(tmp_path, each)) in told for each in (before, now))
        assert file_of(tmp_path, now).exists() == (stands == "another")
    if not is_own:
        (data / SERVED).unlink()  # as the sentence says
        with served_store(data, url_of(tmp_path, now)) as store:
            assert store.feed_id != feed


def test_commands_ask_no_other_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do they say that there is none."""
    for name in ("DATA", "CONFIG", "DATABASE"):
        monkeypatch.delenv(f"LOPHOC_CONTROLLER_{name}", raising=False)
    with served_store(tmp_path, url_of(tmp_path, "elsewhere")):
        pass
    options = argparse.Namespace(data=tmp_path, config=None)
    assert cli.has_database(options)
    with pytest.raises(StoreError) as refused, opened_store(options):
        pass
    assert refused.value.code == "store_other"


def test_a_lost_line_begins_no_file_where_a_server_held_all(
    postgresql: Database, tmp_path: Path
) -> None:
    """Nor is a server's database that was made anew taken for the one that was there."""
    with served_store(tmp_path, postgresql.url):
        pass
    (tmp_path / DATABASE).touch()
    with (
        pytest.raises(StoreError, match="has worked with postgresql://"),
        known_store(tmp_path, ""),
    ):
        pass
    postgresql.say("DELETE FROM facts WHERE name = 'feed_id'")
    with pytest.raises(StoreError) as refused, served_store(tmp_path, postgresql.url):
        pass
    assert refused.value.code == "store_emptied"


@pytest.mark.parametrize("content", [*CONTENTS.values()], ids=[*CONTENTS])
def test_what_nobody_noted_or_can_read_stops_no_school(
    content: bytes | None, tmp_path: Path
) -> None:
    """As of a folder of an earlier version; it is noted anew."""
    if content is not None:
        (tmp_path / SERVED).write_bytes(content)
    with served_store(tmp_path, "") as store:
        served = served_in(tmp_path)
        assert served is not None
        assert (served.where, served.feed_id) == ("", store.feed_id)


def test_no_password_stands_in_the_note(postgresql: Database, tmp_path: Path) -> None:
    """The folder may be copied to whoever helps; what is noted is the place alone."""
    with served_store(tmp_path, postgresql.url):
        pass
    served = served_in(tmp_path)
    assert served is not None
    assert "@" not in served.where
    assert "password" not in served.where
