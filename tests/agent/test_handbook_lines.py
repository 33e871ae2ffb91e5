"""Every line of the handbook for a room's computer means the agent that the handbook installs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from agent import __main__ as command_line
from agent import config
from agent.commands import switched
from agent.commands.page import PageLink
from agent.database import DOCUMENTS
from agent.doctor import command as doctor
from protocol.words import translator
from tests.agent.test_camera_switch import saved_off

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"^ *(?:sudo (?:-u \S+ )?)?(?:/opt/lophoc/bin/)?lophoc-agent (?!run|sample)(.+)$", re.MULTILINE
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINES = sorted({line for page in PAGES for line in LINE.findall(page.read_text("utf-8"))})


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A room's computer as the handbook installs it, the person elsewhere; answers its folder."""
    lies = config.INSTALLED._replace(
        settings=tmp_path / "agent.toml", data=tmp_path / "data", here=Path("lophoc-agent-data")
    )
    lies.settings.write_text('province = "14"\nschool = "1"\nroom = "6A1"\nlocal_port = 9123\n')
    lies.data.mkdir()
    for module in (command_line, switched, doctor):
        monkeypatch.setattr(module, "INSTALLED", lies)
    for name in ("DATA", "CONFIG", "LOCAL_PORT", "CAMERA"):
        monkeypatch.delenv(f"LOPHOC_AGENT_{name}", raising=False)
    monkeypatch.setenv("LOPHOC_AGENT_LANG", "en")
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return lies.data


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_handbook_means_the_installed_agent(line: str, machine: Path) -> None:
    """Its words are known, and its folder is the service's."""
    words = shlex.split(line.replace("/var/lib/lophoc-agent", str(machine)), comments=True)
    options = command_line._parser(translator("en")).parse_args(words)
    if "data" in options:
        assert command_line.INSTALLED.folder(options, {}) == machine
        assert command_line._folder(options) == machine


def test_the_handbook_has_such_lines() -> None:
    """Else nothing is held."""
    assert {line.split()[0] for line in LINES} >= {"enrol", "repair", "doctor", "scan", "explain"}


def test_repair_mends_the_installed_folder(
    machine: Path,
) -> None:
    """And makes none where somebody stands."""
    (saved_off(machine, off=False) / DOCUMENTS).write_bytes(b"{")
    assert command_line.main(["repair"]) == 0
    assert len([*machine.glob(f"{DOCUMENTS}.damaged-*")]) == 1
    assert [*Path.cwd().iterdir()] == []


def test_enrol_asks_for_the_agent_that_is_installed(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own name, into its own folder."""
    asked: list[tuple[object, ...]] = []

    def enrol(*given: object) -> None:
        asked.append(given)
        raise KeyboardInterrupt

    saved_off(machine, off=False)
    monkeypatch.setattr("protocol.joining.enrol", enrol)
    assert command_line.main(["enrol", "ABC", "DEF", "--controller", "127.0.0.1:1"]) == 130
    ((_, _, computer, data),) = asked
    assert (getattr(computer, "agent", ""), data) == ("a", machine)


@pytest.mark.parametrize("how", ["people", "settings", "unreadable"])
def test_no_camera_of_the_installed_agent_is_opened_while_it_is_off(
    how: str, machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor where nobody can tell."""
    saved_off(machine, off=how == "people")
    with command_line.INSTALLED.settings.open("a") as file:
        file.write({"settings": 'camera = "off"\n', "unreadable": "camera = “off”\n"}.get(how, ""))
    assert command_line.main(["check-camera", "/dev/video0"]) != 0
    told = capsys.readouterr().err
    assert ("curly" if how == "unreadable" else "switched off") in told


def test_the_page_is_that_of_the_installed_port(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A settings file that this account cannot read leaves the usual one."""
    monkeypatch.setattr(
        "agent.commands.page.link_of", lambda port, _key: PageLink(f"port {port}", 30)
    )
    assert command_line.main(["page"]) == 0
    assert "port 9123" in capsys.readouterr().out
    command_line.INSTALLED.settings.write_text("=")
    assert command_line.main(["page"]) == 0
    assert f"port {config.DEFAULT_PORT}" in capsys.readouterr().out


def test_the_doctor_looks_at_the_installed_agent(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its settings and its folder, also by the folder's name alone."""
    seen: list[config.AgentConfig] = []
    monkeypatch.setattr(doctor, "probes", lambda told, _report: seen.append(told) or {})
    for words in ([], ["--data", str(machine)], ["--config", str(machine.parent / "agent.toml")]):
        command_line.main(["doctor", *words])
    assert {(each.local_port, each.data) for each in seen} == {(9123, machine)}
    assert len(seen) == 3
