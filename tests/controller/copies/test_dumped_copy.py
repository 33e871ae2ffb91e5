"""What a PostgreSQL server holds is copied whole, by its own program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from msgspec import structs

from controller.copies import dumping
from controller.copies.copying import make_copy
from controller.copies.errors import CopyError
from controller.copies.rehearsal import rehearse
from controller.database.facts import set_fact
from controller.database.store import Store, StoreError
from tests.conftest import need
from tests.controller.copies.copied_school import NAME, CopiedSchool
from tests.postgres import Cluster


def test_a_servers_database_comes_back_by_pg_restore(tmp_path: Path, cluster: Cluster) -> None:
    """Full each time; the restore test reads the whole file; nothing of it is readable."""
    restoring = need("pg_restore", "postgresql-client")
    school = CopiedSchool(tmp_path)
    school.config = structs.replace(school.config, database=cluster.fresh())
    with Store(school.config.database) as store:
        store.write(set_fact, "pupil", NAME)
    assert [school.copy(full=full).step for full in (True, False)] == [0, 0]
    assert rehearse(school.config, str(school.place), school.now_ms).trouble is None
    assert not [file for file in school.files() if NAME.encode() in file.read_bytes()]
    data, _ = school.restore()
    done = subprocess.run(
        [restoring, "--data-only", "--file=-", str(data / "database.dump")],
        capture_output=True,
        check=True,
    )
    assert NAME.encode() in done.stdout


def test_a_server_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    """And no file is left."""
    school = CopiedSchool(tmp_path)
    nowhere = f"postgresql://a:secret@/db?host={tmp_path}"
    school.config = structs.replace(school.config, database=nowhere)
    with pytest.raises(StoreError, match="server went away") as refused:
        make_copy(school.config, str(school.place), 1, full=True, prepare=True)
    assert "secret" not in str(refused.value)
    assert school.files() == []


@pytest.mark.parametrize("program", ["false", "no-such-program"])
def test_a_program_that_fails_or_is_not_there_is_a_sentence(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """PostgreSQL's own may be of another version; no file is left."""
    monkeypatch.setattr(dumping, "_PROGRAM", program)
    school = CopiedSchool(tmp_path)
    school.config = structs.replace(school.config, database=cluster.fresh())
    with pytest.raises(CopyError, match="pg_dump could not copy"):
        make_copy(school.config, str(school.place), 1, full=True, prepare=True)
    assert school.files() == []
