"""A database is named by a URL; what is wrong with it is said, and its password never."""

from __future__ import annotations

import importlib.util
import re
import shlex
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from controller.__main__ import EXIT_SETTINGS, main
from controller.database.engine import url_from
from controller.database.facts import facts
from controller.database.forgetting import forget_before
from controller.database.store import Store, StoreError
from controller.features import ages, counts, keep_batch
from controller.fleet.records import EventRecord
from controller.fleet.store import events_of
from controller.quarantine.tables import tallies
from controller.roster.store import schools_of
from protocol.errors import EXIT_PASSING
from protocol.model import Place
from tests.databases import Database
from tests.ports import free_port
from tests.postgres import PASSWORD, WALLED, Cluster

SECRET = "Zx9-secret"  # noqa: S105 - looked for in what is told


def refusal(url: str) -> StoreError:
    """Why the database is not opened."""
    with pytest.raises(StoreError) as told, Store(url):
        pass
    whole = "".join(traceback.format_exception(told.value)) + repr(told.value.values)
    assert SECRET not in whole
    return told.value


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{SECRET}@host/db",
        f"postgresql+asyncpg://u:{SECRET}@host/db",
        f"postgresql://u:{SECRET}@host:{SECRET}/db",
        f"sqlite+pysqlcipher://:{SECRET}@/db",
        SECRET,
        "postgresql//u@host/db",
    ],
)
def test_a_url_of_something_else_is_refused(url: str) -> None:
    """Before anything is asked of the network."""
    assert refusal(url).code == "store_url_wrong"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_known_by_its_names(scheme: str) -> None:
    """As administrators write it; a password among the options is one."""
    url = url_from(f"{scheme}://u@host:5433/db?sslmode=require&password={SECRET}")
    assert (url.drivername, url.port, url.password) == ("postgresql+psycopg", 5433, SECRET)
    assert url.query == {"sslmode": "require"}
    assert SECRET not in repr(url)


def test_a_missing_driver_is_told_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The school's server has none, as it needs none."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "psycopg" else find(name)
    )
    told = refusal(f"postgresql://u:{SECRET}@host/db")
    assert (told.code, "lophoc[controller,postgresql]" in str(told)) == (
        "store_driver_missing",
        True,
    )


def test_a_server_that_does_not_answer_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command as well, without its password."""
    url = f"postgresql://u:{SECRET}@127.0.0.1:{free_port()}/db"
    assert refusal(url).code == "store_unreachable"
    monkeypatch.setenv("LOPHOC_CONTROLLER_DATABASE", url)
    data = str(tmp_path / "data")
    run = ["run", "--data", data, "--school", "1", "--province", "1", "--mdns", "false"]
    assert main(run) == EXIT_PASSING
    assert main(["register", "decisions", "--data", data]) == EXIT_PASSING
    said = "".join(capsys.readouterr())
    assert "127.0.0.1" in said
    assert SECRET not in said


def test_a_wrong_password_and_an_absent_database_are_told(cluster: Cluster) -> None:
    """With what to look at; the right password opens it."""
    told = refusal(cluster.url("postgres", WALLED, SECRET))
    assert (told.code, "password" in str(told)) == ("store_login_refused", True)
    assert refusal(cluster.url("postgres", WALLED)).code == "store_login_refused"
    assert refusal(cluster.url("nowhere")).code == "store_unreachable"
    assert refusal(cluster.url("postgres", "nobody")).code == "store_unreachable"
    url = cluster.fresh()
    name = str(url_from(url).database)
    cluster.say(f"ALTER DATABASE {name} OWNER TO {WALLED}")
    with Store(cluster.url(name, WALLED, quote(PASSWORD, safe=""))) as store:
        assert store.feed_id
    cluster.drop(url)


def test_a_refused_setting_ends_the_command_as_settings_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Vietnamese, where the machine speaks it."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_DATABASE", f"mysql://u:{SECRET}@host/db")
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "vi")
    assert main(["register", "decisions", "--data", str(tmp_path)]) == EXIT_SETTINGS
    said = capsys.readouterr().err
    assert "mysql" in said
    assert "cơ sở dữ liệu" in said
    assert SECRET not in said


def test_a_database_that_lacks_letters_is_refused(cluster: Cluster) -> None:
    """Latin 1 has no ế."""
    cluster.say(
        "CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
    )
    url = cluster.url("latin")
    assert refusal(url).code == "store_encoding"
    cluster.drop(url)


def test_sums_and_averages_are_numbers_that_json_knows(database: Database) -> None:
    """PostgreSQL's own would be decimals, which become text."""
    with Store(database.url) as store, store.transaction() as db:
        for number in (1 << 40, 3):
            db.execute(tallies.insert().values(name=f"n{number}", value=number))
        total = db.execute(select(func.sum(tallies.c.value))).scalar_one()
        mean = db.execute(select(func.avg(tallies.c.value))).scalar_one()
    assert (type(total), total) == (int, (1 << 40) + 3)
    assert (type(mean), mean) == (float, ((1 << 40) + 3) / 2)


def test_a_look_sees_one_moment(database: Database) -> None:
    """What is committed meanwhile is not in it."""
    with Store(database.url) as store, store.view() as db:
        before = db.execute(select(facts.c.name).order_by(facts.c.name)).all()
        database.say("INSERT INTO facts VALUES ('later', 'x')")
        assert db.execute(select(facts.c.name).order_by(facts.c.name)).all() == before


def test_the_pages_backup_and_restore_give_the_same_database(cluster: Cluster) -> None:
    """The commands of docs/so-giao-duc.md, word for word but for where and how it is called."""
    page = (Path(__file__).parents[3] / "docs" / "so-giao-duc.md").read_text("utf-8")
    shown = re.findall(r"^sudo -u postgres (.*)$", page, re.MULTILINE)
    dump = str(cluster.folder / "lophoc.dump")
    commands = [
        shlex.split(each.replace("/var/backups/lophoc.dump", dump), comments=True) for each in shown
    ]
    create_user, create, back_up, drop, recreate, restore, analyze = commands
    cluster.run(*create_user)
    cluster.run(*create)
    url = cluster.url("lophoc", "lophoc-controller")
    with Store(url) as store:
        store.write(keep_batch, [happened("e1")], 1)
        known = store.feed_id, store.read(events_of, Place("14"))
    for command in (back_up, drop, recreate, restore, analyze):
        cluster.run(*command)
    with Store(url) as store:
        assert (store.feed_id, store.read(events_of, Place("14"))) == known
        store.write(keep_batch, [happened("e2")], 1)
        assert len(store.read(events_of, Place("14"))) == 2
    cluster.drop(url)


def happened(event_id: str) -> EventRecord:
    place = Place("14", "00140708", "p203")
    at = {"at_ms": 1, "received_ms": 1}
    return EventRecord(place=place, event_id=event_id, kind="k", room="P203", body=b"{}", **at)


def test_a_server_that_was_restarted_is_used_again(own_cluster: Cluster) -> None:
    """Away: told as such, and not with a hint at the disk. Back: nobody notices."""
    own_cluster.say("CREATE TABLE probe (n int)")
    with Store(own_cluster.url()) as store:
        feed = store.feed_id
        for how in ("immediate", "fast"):
            assert store.read(counts)["events_stored_total"] == 0
            own_cluster.stop(how)
            for deed in (
                lambda: store.read(counts),
                lambda: store.read(schools_of),
                lambda: store.write(forget_before, ages(), 1),
            ):
                with pytest.raises(StoreError) as told:
                    deed()
                assert told.value.code == "store_lost"
            own_cluster.start()
            assert store.read(counts)["events_stored_total"] == 0
    with Store(own_cluster.url()) as again:
        assert again.feed_id == feed


def test_a_line_that_is_cut_in_the_middle_of_a_transaction_is_told(cluster: Cluster) -> None:
    """The next transaction has a line of its own."""
    url = cluster.fresh()
    with Store(url) as store:
        with pytest.raises(StoreError) as told:
            _look_on_a_cut_line(store, cluster)
        assert told.value.code == "store_lost"
        assert store.read(schools_of) == []
    cluster.drop(url)


def _look_on_a_cut_line(store: Store, cluster: Cluster) -> None:
    with store.view() as db:
        mine = db.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        cluster.say(f"SELECT pg_terminate_backend({mine})")
        db.execute(select(facts.c.name))
