"""Papers to print: the school's own figures are on them, and every pupil has a line to sign."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config import DEFAULT_PORT, AgentConfig
from controller.__main__ import main
from controller.config import ControllerConfig
from controller.database.store import Store
from controller.dossier.drawing import draw_notice, draw_register
from controller.dossier.facts import LOCAL_PORT, ROOM_DAYS, TABLET_PORT, facts_of
from controller.dossier.safety import PERMISSION_WORDS, port_rows, safety_text
from controller.people.person import PERMISSIONS, ROLE_WORDS, Permission, Role
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import keep_lists
from protocol.language import translator
from protocol.outbox import ARCHIVE_AGE_S
from protocol.plan import Pupil
from tests.conftest import need
from tests.controller.people import READER
from tests.controller.web_school import SCHOOL, a_store, asked

CLASSES = (
    SchoolClass(code="6A1", pupils=(Pupil(number=1, student="0001", name="Lò Thị Ánh"),)),
    SchoolClass(code="6A2", pupils=(Pupil(number=7, student="0002", name=""),)),
)


def config_of(**changes: Any) -> ControllerConfig:
    """A school's settings."""
    return ControllerConfig(school="0123", province="14", name="Trường <A & B>", **changes)


def drawn(draw: Callable[[BinaryIO], None]) -> str:
    """The words on the sheets, with single spaces."""
    buffer = io.BytesIO()
    draw(buffer)
    return text_of(buffer.getvalue())


def text_of(pdf: bytes) -> str:
    """The words on its pages, in their order, with single spaces."""
    need("pdftotext", "poppler-utils")
    done = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, check=True, capture_output=True
    )
    return " ".join(done.stdout.decode().split())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with two classes."""
    with a_store(tmp_path) as opened:
        opened.write(keep_lists, SCHOOL, Lists(classes=CLASSES), day="2026-09-05")
        yield opened


@given(st.integers(1, 4000), st.integers(1, 30), st.booleans())
@settings(max_examples=8, deadline=None)
def test_the_notice_tells_the_schools_own_figures(
    days: int,
    copies: int,
    has_department: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    """And whether anything goes up."""
    config = config_of(
        attendance_keep_days=days,
        keep_copies=copies,
        copies="/x",
        upstream="mqtts://above" if has_department else "",
    )
    text = drawn(lambda file: draw_notice(file, facts_of(config)))
    assert f"{days} ngày ở máy chủ" in text
    assert f"{copies} bản gần nhất mỗi nơi" in text
    assert ("Sở chỉ nhận số đếm" in text) == has_department
    for true in ("Trường <A & B>", "91/2025/QH15", "356/2025", "Không nhận diện khuôn mặt"):
        assert true in text


def test_what_the_notice_says_of_rooms_is_what_rooms_do() -> None:
    """The programs do not import each other; their figures are the same."""
    assert ROOM_DAYS * 86_400 == ARCHIVE_AGE_S
    assert DEFAULT_PORT == LOCAL_PORT
    assert AgentConfig(province="1", school="2").tablet_port == TABLET_PORT


@given(st.lists(st.integers(1, 48), min_size=1, max_size=48, unique=True))
@settings(max_examples=8, deadline=None)
def test_every_pupil_has_a_line(numbers: list[int]) -> None:
    """On as many sheets as it takes, each with the class on it."""
    pupils = tuple(Pupil(number=each, student=f"HS{each:03}", name="") for each in numbers)
    register = [SchoolClass(code="6A1", pupils=pupils)]
    text = drawn(lambda file: draw_register(file, facts_of(config_of()), register))
    for each in numbers:
        assert text.count(f"HS{each:03}") == 1
    assert "Để trống" in text or "để trống" in text


def test_the_page_gives_both_to_administrators_alone(store: Store) -> None:
    """A class that is not there is a 404."""
    for path in ("/dossier", "/dossier/notice.pdf", "/dossier/register.pdf"):
        assert asked(store, path, host=READER).status_code == 403
    assert "/dossier/register.pdf" in asked(store, "/dossier?lang=vi").text
    answer = asked(store, "/dossier/register.pdf?class=6A1")
    assert answer.headers["content-type"] == "application/pdf"
    assert "Lò Thị Ánh" in text_of(answer.content)
    assert asked(store, "/dossier/register.pdf?class=9Z").status_code == 404
    assert asked(store, "/dossier/notice.pdf").content.startswith(b"%PDF")


def test_the_commands_write_files(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the settings that are named."""
    assert store
    monkeypatch.chdir(tmp_path)
    settings_file = tmp_path / "c.toml"
    settings_file.write_text(
        f'school = "{SCHOOL.school}"\nprovince = "{SCHOOL.province}"\nattendance_keep_days = 77\n'
    )
    place = ["--config", str(settings_file), "--data", str(tmp_path)]
    assert main(["dossier", "notice", "-o", "n.pdf", *place]) == 0
    assert main(["dossier", "register", "-o", "r.pdf", *place]) == 0
    assert "77 ngày ở máy chủ" in text_of(Path("n.pdf").read_bytes())
    register = text_of(Path("r.pdf").read_bytes())
    assert ("0002" in register, register.count("SỔ Ý KIẾN")) == (True, len(CLASSES))


@given(st.integers(1, 4000), st.booleans(), st.sampled_from(["", "/a", "/a, https://b"]))
@settings(max_examples=20, deadline=None)
def test_the_safety_dossier_tells_the_codes_own_facts(
    port: int,
    is_open: bool,  # noqa: FBT001 - hypothesis gives it
    copies: str,
) -> None:
    """Ports, roles, retention and copies as they are set; what is missing is said."""
    config = config_of(http_port=port, open_screens=is_open, copies=copies, keep_days=port + 1)
    facts = facts_of(config)
    text = safety_text(facts)
    for row in port_rows(facts):
        assert f"| {row[0]} |" in text
    assert f"| {port}/tcp |" in text
    assert f"sự kiện: {port + 1} ngày" in text
    assert ("open_screens" in text) == is_open
    assert ("Chưa có bản sao ở nơi khác" in text) == (not copies)
    section = text.partition("## 4.")[2].partition("## 5.")[0]
    roles = [line for line in section.splitlines() if line.startswith("| ")]
    say = translator("vi")
    for role in Role:
        (row,) = [line for line in roles if line.startswith(f"| {say(ROLE_WORDS[role])} |")]
        granted = row.split("|")[2].strip().split(", ")
        assert granted == [
            PERMISSION_WORDS[each] for each in Permission if each in PERMISSIONS[role]
        ]


def test_every_port_of_the_security_page_is_in_the_dossier() -> None:
    """The two lists are of the same programs."""
    page = Path("docs/security.md").read_text("utf-8")
    told = set(re.findall(r"^\| (\d+/(?:tcp|udp))", page, re.MULTILINE))
    assert told == {row[0] for row in port_rows(facts_of(config_of()))}


def test_every_port_of_the_settings_stands_wherever_ports_are_listed() -> None:
    """A port that a firewall must let through is on every page that names such ports."""
    names = {name for name in ControllerConfig.__struct_fields__ if name.endswith("_port")}
    assert names >= {"http_port", "updates_port"}
    taken = {name: 40_000 + place for place, name in enumerate(sorted(names))}
    config = config_of(**taken)
    assert set(config.own_ports) == set(taken.values())
    paper = {row[0] for row in port_rows(facts_of(config))}
    admin = Path("docs/quan-tri-vien.md").read_text("utf-8")
    sample = Path("systemd/controller.toml").read_text("utf-8")
    step = Path("controller/setup/templates/start_network.html").read_text("utf-8")
    for name, port in taken.items():
        default = getattr(config_of(), name)
        assert f"{port}/tcp" in paper
        assert f"| {default}/tcp `{name}` |" in admin
        assert f"{name} = {default}" in sample
    assert all(f"ports[{place}]" in step for place in range(len(config.own_ports)))


def test_the_dossier_is_saved_by_page_and_by_command(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both give the same text."""
    assert asked(store, "/dossier/safety.md", host=READER).status_code == 403
    assert asked(store, "/dossier/safety.md").text.startswith("# Hồ sơ an toàn thông tin: ")
    monkeypatch.chdir(tmp_path)
    Path("c.toml").write_text('school = "0123"\nprovince = "14"\nname = "THCS A"\n')
    assert main(["dossier", "safety", "-o", "h.md", "--config", "c.toml", "--data", "."]) == 0
    named = ControllerConfig(school="0123", province="14", name="THCS A")
    assert Path("h.md").read_text("utf-8") == safety_text(facts_of(named))
