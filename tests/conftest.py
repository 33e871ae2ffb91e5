"""Parts that tests of several packages share: real brokers, skipped where they are absent."""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from controller.access import passwords
from controller.broker.embedded import config_text
from protocol.model import Place
from protocol.repeats import RepeatFilter
from tests.browser import Chromium, Page, Profile, fresh_profile, opened_tab, running_browser
from tests.databases import Database, migrated_template, share_statements, sqlite_in
from tests.flows.programs import BIN
from tests.long_tests import long_tests, name_of
from tests.ports import free_port
from tests.postgres import Cluster, cluster_or_skip
from tests.tiers import COLLECTED, TIERS, choose_tier, wide
from tests.waiting import until
from tests.warm_children import children_started_truly, start_children_warm

# A busy machine, or one that measures coverage, takes longer for an example. The same examples
# come at each run, so that nothing is red by chance; `--hypothesis-profile explore` looks for more.
CALM: Final[dict[str, Any]] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("lophoc", derandomize=True, **CALM)
settings.register_profile("explore", derandomize=False, **CALM)
settings.load_profile("lophoc")

# Agents leave the keys of their doors here, and not among those of who runs the tests.
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="lophoc-tests-")
atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)

# Passwords cost time on purpose, here hundreds of times; what they cost a school is a test's in
# controller/access, by a program of its own.
pytest.MonkeyPatch().setattr(passwords, "_MEMORY_KIB", 64)
share_statements()
start_children_warm()

# A test that asks for room on the disk is no test of how full this machine's is just now; one that
# wants a full disk makes itself a small one.
_SMALL, _ROOMY = 1 << 30, 64 << 30
_true_usage = shutil.disk_usage


def _roomy_usage(path: str) -> shutil._ntuple_diskusage:
    usage = _true_usage(path)
    return usage if usage.total < _SMALL else usage._replace(free=max(usage.free, _ROOMY))


pytest.MonkeyPatch().setattr(shutil, "disk_usage", _roomy_usage)

# As in the process that looks at pictures: a second thread would only be waited for.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# Files that take long, or wait long: begun last, one of two workers would wait for the other.
PLAYED = {"test_demo.py", "test_way_up.py", "test_finding.py", "test_delivery.py", "test_school.py"}
PLAYED |= {"test_secrets.py", "test_three_clicks.py", "test_retell.py", "test_ledger.py"}
SHOWN = {"test_browser.py", "test_teacher_page.py", "test_book_import_pages.py"}
ALONE = {"test_pjlink.py", "test_mdns_fleet.py", "test_camera_watch.py", "test_copying.py"}
ALONE |= {"test_check_camera.py", "test_cards_reader.py", "test_ingest.py", "test_quarantine.py"}
LONG = frozenset({*PLAYED, *SHOWN, *ALONE, "test_identity.py", "test_release.py"})
# A test leaves some thousand objects behind: looked for at each 700th, they cost a tenth of all.
COLLECTED_SELDOM = (20_000, 20, 50)
HERE = Path(__file__).parent
# What a test is about, by the folder that it stands in.
FOLDERS = {HERE / "flows": "flow", HERE / "hostile": "flow", HERE / "suite": "suite"}
FOLDERS |= {HERE / "packages": "packages"}
FOLDERS[HERE / "windows"] = "wine"
# What a test needs beside Python, by the fixtures that give it.
NEEDS = {
    "chromium": "browser",
    "cluster": "database_server",
    "own_cluster": "database_server",
    "desktop": "desktop",
    "libreoffice": "desktop",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the tier to play."""
    parser.addoption("--tier", choices=TIERS, default="all", help="see tests/tiers.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by what it needs, leave those of the tier, and begin with what takes long."""
    for item in items:
        for mark in marks_of(item):
            item.add_marker(mark)
        if name_of(item.nodeid) in long_tests():
            item.add_marker("long")
    config.stash[COLLECTED] = [*items]
    others = choose_tier(config.getoption("--tier"), items)
    config.hook.pytest_deselected(items=others)
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_configure(config: pytest.Config) -> None:
    """Have examples be the same whatever else was imported: no constants of the programs' text."""
    if config.getoption("--hypothesis-profile") != "explore":
        none_found = providers._local_constants
        pytest.MonkeyPatch().setattr(providers, "_get_local_constants", lambda: none_found)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have the collector of garbage pass over a million objects of the tests' own for good."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*COLLECTED_SELDOM)
        gc.enable()


def marks_of(item: pytest.Item) -> set[str]:
    """What a test needs: the folder and the fixtures say it, nobody has to."""
    fixtures = set(getattr(item, "fixturenames", ()))
    marks = {NEEDS[each] for each in fixtures & set(NEEDS)}
    marks |= marks_of_folder(item.path.parent)
    call = getattr(item, "callspec", None)
    if call is not None and "postgresql" in call.params.values():
        marks.add("database_server")
    return marks


@cache
def marks_of_folder(folder: Path) -> frozenset[str]:
    """What all tests of a folder are about."""
    return frozenset(mark for above, mark in FOLDERS.items() if folder.is_relative_to(above))


def pytest_make_parametrize_id(val: object, argname: str) -> None:
    """Refuse to name a case by bytes: they may hold the time, and two workers would not agree."""
    if isinstance(val, bytes | bytearray):
        raise TypeError(f"{argname}: a case that is bytes needs an id of its own, by ids=[...]")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed where LOPHOC_NO_SKIPS says that nothing may be left out."""
    report = yield
    if os.environ.get("LOPHOC_NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which LOPHOC_NO_SKIPS forbids: {report.longreprtext}"
    return report


def need(program: str, package: str) -> str:
    """The program's path; skips the test, naming Debian's package, where it is absent."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"needs the package {package}")
    return found


class Nats:
    """The wheel's nats-server with JetStream on disk, as the controller runs it, and open."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        text = config_text("127.0.0.1", self.port, folder / "js", Place("14", "001"), {})
        config = json.loads(text)
        for locked in ("authorization", "accounts", "system_account"):
            del config[locked]  # a test that plays who may do what starts a broker of its own
        (folder / "nats.conf").write_text(json.dumps(config))
        self._process = subprocess.Popen(
            [str(BIN / "nats-server"), "-c", str(folder / "nats.conf")], stderr=subprocess.DEVNULL
        )
        until(lambda: answers(self.port), "nats-server listens")

    def close(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    """A running nats-server."""
    broker = Nats(tmp_path)
    yield broker
    broker.close()


def answers(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Mosquitto:
    """A real Mosquitto with its stock limits and its store on disk."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
            f"persistence true\npersistence_location {folder}/\n"
        )
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: answers(self.port), "mosquitto listens")

    def limit(self, *settings: str) -> None:
        """Start it again with other limits than its own."""
        with self._config.open("a") as config:
            config.writelines(f"{setting}\n" for setting in settings)
        self.kill_and_restart()

    def kill_and_restart(self) -> None:
        """Pull its plug, and put it back in."""
        self.close()
        self.start()

    def close(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto."""
    folder = tmp_path / "mosquitto"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    tmp_path.chmod(0o755)
    broker = Mosquitto(need("mosquitto", "mosquitto"), folder)
    broker.start()
    yield broker
    broker.close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A Chromium for all tests of this process."""
    with running_browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Profile]:
    """A profile that no other test was seen with."""
    with fresh_profile(chromium) as profile:
        yield profile


@pytest.fixture
def page(browser: Profile) -> Iterator[Page]:
    """A fresh tab."""
    with opened_tab(browser, Page) as tab:
        yield tab


@pytest.fixture(scope="session")
def libreoffice() -> str:
    """LibreOffice's program."""
    return need("soffice", "libreoffice-calc-nogui")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the tests' own."""
    with cluster_or_skip() as running:
        yield running


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL that this test may stop."""
    with cluster_or_skip() as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a PostgreSQL database with the newest schema, to copy from."""
    return migrated_template(cluster)


@pytest.fixture
def postgresql(cluster: Cluster, template: str) -> Iterator[Database]:
    """A PostgreSQL database of the test's own, with the newest schema."""
    url = cluster.fresh(template)
    yield Database(url)
    cluster.drop(url)


@pytest.fixture(params=["sqlite", *wide("postgresql")])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """A database of the test's own, on SQLite and on PostgreSQL, which commands use as well."""
    on_sqlite = request.param == "sqlite"
    found: Database = (
        Database(sqlite_in(tmp_path)) if on_sqlite else request.getfixturevalue("postgresql")
    )
    monkeypatch.setenv("LOPHOC_CONTROLLER_DATABASE", found.url)
    return found


@pytest.fixture
def true_children() -> Iterator[None]:
    """Children that read, look or sign are started as a school starts them."""
    with children_started_truly():
        yield


@pytest.fixture(autouse=True)
def unlimited_log() -> Iterator[None]:
    """A program that ran within a test leaves no limit on what later tests log."""
    yield
    for handler in logging.getLogger().handlers:
        handler.filters = [one for one in handler.filters if not isinstance(one, RepeatFilter)]
