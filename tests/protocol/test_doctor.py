"""The doctor: facts mean what they say, looks end in time, and nothing private is sent on."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import probing
from protocol.doctor import Check, Diagnosis, Fact, bundle, diagnose, exit_code, groups, report
from protocol.folder import LOCK, lock_folder
from protocol.model import FIRST_MS, Status
from protocol.symptoms import (
    AdministratorsFact,
    BrokerFact,
    ClockFact,
    CopiesFact,
    DiskFact,
    FolderFact,
    Greeting,
    InvitationsFact,
    NameFact,
    PortFact,
    ProgramFact,
    Reach,
    Soundness,
    TokensFact,
    UnseenFact,
    VersionFact,
)
from tests.ports import free_port

HOUR_MS = 3_600_000
URGENCY = {"ok": 0, "unknown": 1, "warning": 1, "critical": 3}
MEANINGS: list[tuple[Any, Status, str]] = [
    (ClockFact(0, 0, is_kept=True), Status.CRITICAL, "clock_impossible"),
    (ClockFact(FIRST_MS, FIRST_MS + 25 * HOUR_MS, is_kept=True), Status.CRITICAL, "clock_back"),
    (ClockFact(FIRST_MS, 0, is_kept=False), Status.WARNING, "clock_unkept"),
    (ClockFact(FIRST_MS, FIRST_MS, is_kept=True), Status.OK, "clock_kept"),
    (FolderFact("/x", is_there=False), Status.WARNING, "folder_absent"),
    (FolderFact("/x", is_there=True, is_writable=False), Status.CRITICAL, "folder_unwritable"),
    (FolderFact("/x", is_there=True, strays=1), Status.CRITICAL, "folder_strays"),
    (FolderFact("/x", is_there=True, is_private=False), Status.WARNING, "folder_open"),
    (DiskFact(1 << 40, 96.0), Status.WARNING, "disk_low"),
    (DiskFact(1 << 20, 10.0), Status.CRITICAL, "disk_full"),
    (ProgramFact("u", is_running=False), Status.WARNING, "program_stopped"),
    (PortFact(1, "o", is_open=True, is_running=False), Status.CRITICAL, "port_taken"),
    (PortFact(1, "o", is_open=False, is_running=True), Status.CRITICAL, "port_deaf"),
    (VersionFact("0.2.0", "0.1.0"), Status.WARNING, "version_old"),
    (BrokerFact("a", Reach.SILENT), Status.CRITICAL, "broker_silent"),
    (BrokerFact("a", Reach.OPEN, Greeting.NOT_BELIEVED), Status.CRITICAL, "not_believed"),
    (NameFact("h", is_found=False, is_needed=False), Status.OK, "internet_nameless"),
    (NameFact("h", is_found=False, is_needed=True), Status.CRITICAL, "name_unknown"),
    (AdministratorsFact(0, is_link_open=False), Status.CRITICAL, "administrator_absent"),
    (AdministratorsFact(0, is_link_open=True), Status.CRITICAL, "administrator_absent"),
    (AdministratorsFact(1, is_link_open=True), Status.OK, "administrator_there"),
    (InvitationsFact(1, 1), Status.WARNING, "links_over"),
    (InvitationsFact(1, 0), Status.OK, "links_waiting"),
    (InvitationsFact(0, 0), Status.OK, "links_none"),
    (TokensFact(0, None), Status.OK, "tokens_none"),
    (TokensFact(1, 14 * 24 * HOUR_MS - 1), Status.WARNING, "tokens_ending"),
    (TokensFact(1, 14 * 24 * HOUR_MS), Status.OK, "tokens_good"),
    (CopiesFact(is_set_up=False), Status.WARNING, "copies_unset"),
    (CopiesFact(is_set_up=True, age_ms=27 * HOUR_MS), Status.WARNING, "copies_old"),
    (CopiesFact(is_set_up=True, age_ms=200 * HOUR_MS), Status.CRITICAL, "copies_old"),
    (CopiesFact(is_set_up=True, age_ms=HOUR_MS), Status.OK, "copies_fresh"),
]


@pytest.mark.parametrize(("fact", "status", "code"), MEANINGS)
def test_a_fact_means_one_thing_and_says_what_to_do(fact: Any, status: Status, code: str) -> None:
    """Whatever is not well comes with what to do."""
    judged = fact.judge()
    assert (judged.status, judged.code) == (status, code)
    assert bool(judged.advice(str)) == (status is not Status.OK)


@given(st.lists(st.sampled_from(sorted(URGENCY))))
def test_the_exit_code_is_that_of_the_worst(statuses: list[str]) -> None:
    """0 where all is well, 1 for a look, 3 for what is broken."""
    judged = [Diagnosis(Check.DISK, Status(each), "c", "m") for each in statuses]
    assert exit_code(judged) == max((URGENCY[each] for each in statuses), default=0)


@given(
    st.dictionaries(
        st.sampled_from(["path", "host", "owner", "cause", "running", "own"]),
        st.text(min_size=4) | st.ip_addresses().map(str) | st.just("Nguyễn Văn An 1400000007"),
    )
)
def test_no_text_that_anybody_wrote_is_in_the_bundle(values: dict[str, str]) -> None:
    """What is let in is a number or a version, by its kind."""
    judged = Diagnosis(Check.DISK, Status.OK, "c", "m {path}", "h", values | {"hours": 7})
    sent = json.loads(bundle("p", [judged], values))
    assert set(sent["figures"]) <= {"own", "running"} | set(values)
    texts = [*sent["figures"].values(), *sent["checks"][0]["figures"].values()]
    assert all(isinstance(each, int) or each.replace(".", "").isalnum() for each in texts)
    assert all(each == 7 or each.count(".") in {1, 2, 3} for each in texts)
    assert not any(str(each).count(".") == 3 and "d" not in str(each) for each in texts)


def test_a_line_cannot_move_the_terminals_cursor() -> None:
    """Values come from networks."""
    judged = Diagnosis(Check.NAMES, Status.OK, "c", "{host}", "", {"host": "\x1b[2Ja\nb"})
    assert "\x1b" not in report([judged], str)
    assert len(report([judged], str).splitlines()) == 3


def test_a_look_that_hangs_is_told_and_waited_for_no_longer() -> None:
    """The others are told as they are, in the order of the checks."""
    never = threading.Event()

    def hang() -> list[Fact]:
        never.wait(60)
        return []

    looks = [(Check.DISK, hang), (Check.PROGRAM, lambda: [ProgramFact("u", is_running=True)])]
    judged = diagnose(probing.examine(looks, deadline_s=0.2))
    assert [each.code for each in judged] == ["program_runs", "too_slow"]
    assert judged[1] == UnseenFact(Check.DISK).judge()
    never.set()


def test_a_port_answers_or_does_not() -> None:
    """A name that nobody has is told apart."""
    port = free_port()
    assert probing.reach("127.0.0.1", port) is Reach.CLOSED
    with socket.create_server(("127.0.0.1", port)):
        assert probing.reach("127.0.0.1", port) is Reach.OPEN
    assert probing.reach("no-such-host.invalid", port) is Reach.NAMELESS


def test_a_folder_is_held_while_its_program_runs(tmp_path: Path) -> None:
    """The look holds nothing itself."""
    assert probing.is_held(tmp_path) is False
    with lock_folder(tmp_path):
        assert probing.is_held(tmp_path) is True
    assert (tmp_path / LOCK).exists()
    assert probing.is_held(tmp_path) is False


def test_records_are_read_through_and_nothing_is_left_beside(tmp_path: Path) -> None:
    """Sound, damaged, empty, absent, and one that takes too long."""
    path = tmp_path / "a.db"
    assert probing.records(path, "c").verdict is Soundness.ABSENT
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
        db.executemany("INSERT INTO t VALUES (?)", [("x",)] * 20_000)
        db.execute("CREATE INDEX i ON t (x)")
    db.close()
    assert probing.records(path, "c").verdict is Soundness.SOUND
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]
    assert probing.records(path, "c", -1).verdict is Soundness.UNFINISHED
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)
    assert probing.records(path, "c").verdict is Soundness.DAMAGED
    path.write_bytes(b"")
    assert probing.records(path, "c").verdict is Soundness.DAMAGED


@given(st.lists(st.sampled_from(["ok", "unknown", "warning", "critical"])))
def test_groups_hold_everything_once_the_worst_first(statuses: list[str]) -> None:
    """And no group is empty."""
    diagnoses = [
        Diagnosis(Check.DISK, Status(status), str(place), "")
        for place, status in enumerate(statuses)
    ]
    grouped = groups(diagnoses)
    order = [["critical", "warning", "unknown", "ok"].index(status) for status, _ in grouped]
    assert order == sorted(set(order))
    assert all(members for _, members in grouped)
    assert sorted(each.code for _, members in grouped for each in members) == sorted(
        each.code for each in diagnoses
    )


@pytest.mark.parametrize(
    ("rules", "lets_in"),
    [
        ("chain input { type filter hook input priority 0; }", True),
        ("chain input { type filter hook input priority 0; policy drop; }", False),
        (
            "chain input { hook input; policy drop;\n tcp dport 22 accept }",
            None,
        ),
        ("chain input { hook input; policy drop;\n tcp dport { 22, 8090 } accept }", True),
        ("chain input { hook input; policy drop;\n # tcp dport 8090 accept\n }", False),
        ('include "/etc/nftables.d/*.nft"', None),
    ],
)
def test_rules_of_nftables_are_read_as_they_are_loaded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rules: str,
    lets_in: bool | None,  # noqa: FBT001 - the case
) -> None:
    """What is not plain is told as unseen, and names the command."""
    (tmp_path / "nftables.conf").write_text(rules, "utf-8")
    (tmp_path / "wanted").symlink_to(tmp_path / "nowhere")
    monkeypatch.setattr(probing, "_FIREWALLD", tmp_path / "none")
    monkeypatch.setattr(probing, "_UFW", (tmp_path / "none", tmp_path / "none"))
    monkeypatch.setattr(probing, "_NFTABLES", tmp_path / "nftables.conf")
    monkeypatch.setattr(probing, "_NFTABLES_STARTED", (tmp_path / "wanted",))
    fact = probing.firewall(8090)
    assert (fact.program, fact.lets_in) == ("nftables", lets_in)
    assert "dport 8090 accept" in fact.command
