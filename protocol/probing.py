"""This file looks up what a doctor asks about a machine; each look has its own deadline.

Nothing is changed but a file that is made and removed, to see whether a folder takes one.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import sqlite3
import ssl
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from protocol.clock import is_synchronized, wall_ms
from protocol.doctor import Check, Fact
from protocol.errors import LopHocError
from protocol.folder import LOCK, takes_writes
from protocol.link import Broker
from protocol.pin import disbelief, pinned
from protocol.symptoms import (
    BrokerFact,
    CertificateFact,
    ClockFact,
    DiskFact,
    FirewallFact,
    FolderFact,
    Greeting,
    NameFact,
    Paper,
    Reach,
    RecordsFact,
    Soundness,
    TroubleFact,
    UnseenFact,
)
from protocol.tree import paths_below
from protocol.version import BUILD

if TYPE_CHECKING:
    from protocol.line import Client

DEADLINE_S: Final = 8.0
LINE_S: Final = 3.0
READ_S: Final = 5.0
_STRAYS_LOOKED_AT: Final = 20_000
_STEPS: Final = 1_000  # of SQLite's machine between two looks at the clock
_PASSWORD_CODES: Final = frozenset({0x86, 0x87})  # as paho has MQTT 3.1.1's 4 and 5 (3.2.2.3)
_LOCKS: Final = Path("/proc/locks")
_UFW: Final = (Path("/etc/ufw/ufw.conf"), Path("/etc/ufw/user.rules"))
_NFTABLES: Final = Path("/etc/nftables.conf")
_NFTABLES_STARTED: Final = (
    Path("/etc/systemd/system/sysinit.target.wants/nftables.service"),
    Path("/etc/systemd/system/multi-user.target.wants/nftables.service"),
)
_FIREWALLD: Final = Path("/run/firewalld/firewalld.pid")

Probe = Callable[[], Iterable[Fact]]


def examine(probes: Sequence[tuple[Check, Probe]], deadline_s: float = DEADLINE_S) -> list[Fact]:
    """Look all of it up at once; what is not there by the deadline is told as unseen.

    A look that hangs, as one at a dead share does, is left to a thread that nobody waits for.
    """
    facts: dict[int, list[Fact]] = {}
    threads = [
        threading.Thread(target=_look, args=(facts, place, *each), daemon=True)
        for place, each in enumerate(probes)
    ]
    end_s = time.monotonic() + deadline_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end_s - time.monotonic()))
    seen = dict(facts)
    return [
        fact
        for place, (check, _) in enumerate(probes)
        for fact in seen.get(place, [UnseenFact(check)])
    ]


def _look(facts: dict[int, list[Fact]], place: int, check: Check, probe: Probe) -> None:
    try:
        facts[place] = [*probe()]
    except LopHocError as error:
        facts[place] = [TroubleFact(check, error)]
    except OSError as error:
        facts[place] = [UnseenFact(check, error.strerror or type(error).__name__)]


def clock(last_ms: int) -> ClockFact:
    """The clock now. last_ms: the time that the program told last, 0 if it never did."""
    return ClockFact(wall_ms(), last_ms, is_synchronized())


def folder(path: Path) -> FolderFact:
    """Whose the folder is, and whether it can be worked in."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return FolderFact(str(path), is_there=False)
    return FolderFact(
        str(path.absolute()),
        is_there=True,
        owner=_user(about.st_uid),
        is_own=sys.platform == "win32" or os.geteuid() in {0, about.st_uid},
        is_private=sys.platform == "win32" or not stat.S_IMODE(about.st_mode) & 0o007,
        is_writable=takes_writes(path),
        strays=_strays(path, about.st_uid) if sys.platform != "win32" else 0,
    )


def disk(path: Path) -> DiskFact:
    """The room on the disk below the folder. Raises OSError."""
    usage = shutil.disk_usage(path if path.exists() else path.absolute().parent)
    return DiskFact(usage.free, 100 * (usage.total - usage.free) / max(usage.total, 1))


def records(path: Path, command: str, patience_s: float = READ_S) -> RecordsFact:
    """Whether SQLite finds a fault in the file within so many seconds; it is only read."""
    return RecordsFact(path.name, _soundness(path, patience_s), command)


def is_held(path: Path) -> bool | None:
    """Whether a running program holds the folder; None where the system does not say."""
    try:
        about = (path / LOCK).stat()
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        lines = _LOCKS.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    return any("FLOCK" in line and f":{about.st_ino} " in line for line in lines)


def reach(host: str, port: int) -> Reach:
    """How far a line to the port comes."""
    try:
        with socket.create_connection((host, port), LINE_S):
            return Reach.OPEN
    except socket.gaierror:
        return Reach.NAMELESS
    except ConnectionRefusedError:
        return Reach.CLOSED
    except TimeoutError:
        return Reach.SILENT
    except OSError:
        return Reach.NO_WAY


def line_to(broker: Broker) -> BrokerFact:
    """How far a line to the broker comes, and what it answers. Raises SettingsError."""
    far = reach(broker.host, broker.port)
    return BrokerFact(str(broker), far, greet(broker) if far is Reach.OPEN else None)


def greet(broker: Broker) -> Greeting:
    """Say good day to a broker that listens, as the program would, and leave. Raises SettingsError.

    The session is one of its own: a program that is connected is not thrown out by it.
    """
    answers: list[Any] = []
    client = _client(broker, answers)
    try:
        client.connect(broker.host, broker.port)
        end_s = time.monotonic() + LINE_S
        while not answers and time.monotonic() < end_s and not client.loop(timeout=0.1):
            pass
        client.disconnect()
    except OSError as error:
        return Greeting.NOT_BELIEVED if disbelief(error) else Greeting.CUT
    return _greeting(answers[0]) if answers else Greeting.CUT


def name(host: str, *, is_needed: bool) -> NameFact:
    """Whether the network knows the name."""
    with suppress(OSError):
        return NameFact(host, bool(socket.getaddrinfo(host, None)), is_needed)
    return NameFact(host, is_found=False, is_needed=is_needed)


def is_name(host: str) -> bool:
    """Whether it must be looked up, being no address."""
    with suppress(OSError):
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
        return False
    return True


def authority(source: str | Path, path: Path) -> CertificateFact:
    """The certificate of an authority that is believed: PEM text or a file. path: where it lies."""
    try:
        held = pinned(source).get_ca_certs()
    except LopHocError:
        return CertificateFact(Paper.UNREADABLE, str(path))
    ends_s = [ssl.cert_time_to_seconds(str(each["notAfter"])) for each in held]
    return CertificateFact(Paper.SOUND, str(path), 1000 * min(ends_s, default=0), wall_ms())


def key_of(chain: Path, key: Path) -> CertificateFact | None:
    """What is wrong with a certificate's key; None for nothing."""
    if not key.exists():
        return CertificateFact(Paper.KEY_ABSENT, str(chain))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    except ssl.SSLError:
        return CertificateFact(Paper.KEY_FOREIGN, str(chain))
    return None


def date_ms(path: Path) -> int:
    """When the file was last written, in ms since 1970; 0 where there is none."""
    with suppress(OSError):
        return path.stat().st_mtime_ns // 1_000_000
    return 0


def figures() -> Mapping[str, object]:
    """What who helps wants to know of the machine, in numbers; a system's name is a yes or no."""
    return {
        "python_major": sys.version_info.major,
        "python_minor": sys.version_info.minor,
        "is_linux": sys.platform == "linux",
        "is_windows": sys.platform == "win32",
        "is_arm": platform.machine() in {"aarch64", "armv7l", "arm64"},
        "cores": os.cpu_count(),
        "version": BUILD,
        "now_ms": wall_ms(),
    }


def firewall(port: int) -> FirewallFact:
    """The firewall of this machine, of the two that distributions set up, and one port in it."""
    if _FIREWALLD.exists():
        command = f"sudo firewall-cmd --permanent --add-port={port}/tcp; sudo firewall-cmd --reload"
        return FirewallFact("firewalld", port, None, command)
    if "ENABLED=yes" in _text(_UFW[0]):
        command = f"sudo ufw allow {port}/tcp"
        return FirewallFact("ufw", port, _ufw_lets_in(port), command)
    if any(map(os.path.lexists, _NFTABLES_STARTED)):
        rule = f"add rule inet filter input tcp dport {port} accept"
        return FirewallFact("nftables", port, _nftables_let_in(port), f"sudo nft '{rule}'")
    return FirewallFact("", port, lets_in=True, command="")


def _nftables_let_in(port: int) -> bool | None:
    """By the file that is loaded at the start; None where it does not say plainly."""
    try:
        rules = _NFTABLES.read_text("utf-8", "replace")
    except OSError:
        return None
    rules = re.sub(r"#.*", "", rules)
    if "include" in rules:
        return None
    if re.search(rf"dport\b[^\n]*\b{port}\b[^\n]*\baccept\b", rules):
        return True
    is_shut = re.search(r"hook input\b[^}]*?\b(policy drop|drop|reject)\b", rules, re.DOTALL)
    return None if is_shut and "dport" in rules else not is_shut


def _ufw_lets_in(port: int) -> bool | None:
    try:
        rules = _UFW[1].read_text("utf-8", "replace")
    except OSError:
        return None
    allowed = [line for line in rules.splitlines() if line.startswith("### tuple ### allow")]
    return any(f" {port} " in line for line in allowed)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _user(uid: int) -> str:
    if sys.platform == "win32":
        return ""
    import pwd  # noqa: PLC0415 - POSIX alone has it

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _strays(path: Path, owner: int) -> int:
    count = 0
    for each in islice(paths_below(path, past=(OSError,)), _STRAYS_LOOKED_AT):
        with suppress(OSError):
            count += each.lstat().st_uid != owner
    return count


def _soundness(path: Path, patience_s: float) -> Soundness:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return Soundness.ABSENT
    except OSError:
        return Soundness.UNREADABLE
    if not size:
        return Soundness.DAMAGED
    end_s = time.monotonic() + patience_s
    try:
        with closing(sqlite3.connect(read_only(path), uri=True)) as db:
            db.set_progress_handler(lambda: time.monotonic() > end_s, _STEPS)
            verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        is_late = error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
        return Soundness.UNFINISHED if is_late else Soundness.UNREADABLE
    except sqlite3.DatabaseError:
        return Soundness.DAMAGED
    return Soundness.SOUND if verdict == "ok" else Soundness.DAMAGED


def read_only(path: Path) -> str:
    """The file as it is: with a log somebody may be writing, without one nothing is made beside."""
    is_at_work = path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?{'mode=ro' if is_at_work else 'immutable=1'}"


def _client(broker: Broker, answers: list[Any]) -> Client:
    from protocol.line import Client  # noqa: PLC0415 - heavy, and only to greet

    client = Client(lambda *_: None, client_id=f"lophoc-doctor-{token_hex(8)}")
    client.connect_timeout = LINE_S
    user, password = broker.login()
    if user:
        client.username_pw_set(user, password)
    if broker.authority is not None:
        client.tls_set_context(pinned(broker.authority))
    elif broker.tls:
        client.tls_set()
    client.on_connect = lambda _client, _data, _flags, code, _more: answers.append(code)
    return client


def _greeting(code: Any) -> Greeting:
    if not code.is_failure:
        return Greeting.WELCOME
    is_password = code.value in _PASSWORD_CODES
    return Greeting.PASSWORD_REFUSED if is_password else Greeting.REFUSED
