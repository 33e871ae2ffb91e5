"""What an erasure leaves on a PostgreSQL server's disk: nothing but its log, for a while."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from controller.database.store import Store
from controller.features import keep_batch
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import keep_lists
from controller.students.store import erase
from protocol.plan import Pupil
from tests.controller.web_school import NOW_MS, SCHOOL, mark
from tests.files import files_below
from tests.postgres import Cluster, programs

PUPIL, NAME = "1400000001", "Lò Thị Ánh"
OTHER = "1400000003"
MARKS = 400  # so many that the server's statistics know the pupil


def naming(folder: Path, word: str) -> set[str]:
    """The server's folders in whose files the word stands."""
    return {
        path.relative_to(folder).parts[0]
        for path, held in files_below(folder)
        if word.encode() in held
    }


@pytest.mark.database_server
def test_what_a_server_still_holds_is_its_log_alone_and_that_goes() -> None:
    """Tables and statistics are rewritten at once; the log is overwritten in its turn."""
    found = programs() or pytest.skip("needs the package postgresql")
    with Cluster(found, ("wal_recycle=off", "min_wal_size=32MB", "max_wal_size=64MB")) as cluster:
        data = cluster.folder / "data"
        url = cluster.fresh()
        with Store(url) as store:
            pupils = (
                Pupil(number=1, student=PUPIL, name=NAME),
                Pupil(number=3, student=OTHER, name="Vàng A Pó"),
            )
            school_class = SchoolClass(code="6A1", pupils=pupils)
            store.write(keep_lists, SCHOOL, Lists(classes=(school_class,)), day="2026-09-05")
            marks = [mark(f"e{n}", student=PUPIL if n % 2 else OTHER) for n in range(MARKS)]
            store.write(keep_batch, marks, NOW_MS)
            with psycopg.connect(url, autocommit=True) as db:
                db.execute("ANALYZE")  # as the server's own service does by itself
            cluster.say("CHECKPOINT")
            assert "base" in naming(data, PUPIL)
            store.write(erase, SCHOOL, PUPIL, actor="an", copies={}, now_ms=NOW_MS)
            store.scrub()
            cluster.say("CHECKPOINT")
            left = naming(data, PUPIL) | naming(data, NAME)
            assert left <= {"pg_wal"}, left
            for _ in range(3):
                cluster.say("SELECT pg_switch_wal()")
                cluster.say("CHECKPOINT")
            assert naming(data, PUPIL) | naming(data, NAME) == set()
            assert "base" in naming(data, OTHER)
