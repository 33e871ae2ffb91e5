"""Every command line of the handbook works as it is written, on a machine as it installs it."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest

from controller.__main__ import EXIT_SETTINGS, main
from controller.cli import folder as cli_folder
from tests.controller.fresh import fresh_folder

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINE = re.compile(
    r"^ *(?:sudo (?:-u \S+ )?)?(?:/opt/lophoc/bin/)?lophoc-controller"
    r" (?!run|ingest|web|sample)(.+)$",
    re.MULTILINE,
)
LINES = sorted(
    {(page.name, line) for page in PAGES for line in LINE.findall(page.read_text("utf-8"))}
)
# What a new school has none of yet: a class, a line of the book, a repair, a stick, a department;
# the sentence says which.
NEEDS_DATA = re.compile(
    r"repairs (pick|start|done|undo|open)|register (condition|history|decide|undo|import)"
    r"|roster (import|erase|show)|schedule import|cards|attendance|stocktake (begin|minutes)|labels"
    r"|areas|schools|rooms|export .*--(school|room)|doctor|token end|students|guests end|pull"
    r"|inspection|report (show|write)|history write|(backup --to|restore) /media|enrol"
)
LOST = ("no controller's folder", "no database", "No such option", "Traceback", "--help")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server as the handbook installs it, below a root of its own; the person is elsewhere."""
    etc, data, home = (
        tmp_path / each for each in ("etc/lophoc", "var/lib/lophoc-controller", "home")
    )
    for path in (etc, data.parent, home):
        path.mkdir(parents=True)
    fresh_folder(data)
    (etc / "controller.toml").write_text('school = "00140708"\nprovince = "14"\nname = "A"\n')
    here = cli_folder.INSTALLED._replace(settings=etc / "controller.toml", data=data)
    monkeypatch.setattr(cli_folder, "INSTALLED", here)
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")
    for name in ("DATA", "CONFIG", "DATABASE"):
        monkeypatch.delenv(f"LOPHOC_CONTROLLER_{name}", raising=False)
    monkeypatch.chdir(home)
    return tmp_path


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_line_of_the_handbook_finds_its_school(
    page: str,
    line: str,
    machine: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of it is refused but what a new school has none of."""
    words = shlex.split(line.replace("/var/lib", f"{machine}/var/lib"), comments=True)
    words = [word.replace("/etc/lophoc", f"{machine}/etc/lophoc") for word in words]
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    code = main(words)
    told = "".join(capsys.readouterr())
    assert [lost for lost in LOST if lost in told] == [], told
    if not NEEDS_DATA.match(line) and "remove" not in words:
        assert code == 0, (page, told)
    assert not (machine / "home" / "lophoc-controller-data").exists()


def test_the_handbook_has_such_lines() -> None:
    """Else nothing is held."""
    assert len(LINES) > 30


def test_what_is_named_comes_before_the_installed_service(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By --data, by the settings file that is named, by the environment, or a folder here."""
    other = fresh_folder(machine / "other")
    assert main(["agents", "add", "a1", "--data", str(other)]) == 0
    (machine / "c.toml").write_text(f'data = "{other}"\n')
    for how in (["--data", str(other)], ["--config", str(machine / "c.toml")]):
        capsys.readouterr()
        assert main(["agents", "list", *how]) == 0
        assert "a1" in capsys.readouterr().out
    for name, value in (("DATA", other), ("CONFIG", machine / "c.toml")):
        with monkeypatch.context() as patch:
            patch.setenv(f"LOPHOC_CONTROLLER_{name}", str(value))
            assert main(["agents", "list"]) == 0
            assert "a1" in capsys.readouterr().out
    other.rename(machine / "home" / "lophoc-controller-data")
    assert main(["agents", "list"]) == 0
    assert "a1" in capsys.readouterr().out


def test_what_cannot_be_read_is_not_called_absent(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a file should be there is what nobody can read as one."""
    data = machine / "var/lib/lophoc-controller"
    (data / "agents.json").mkdir()
    assert main(["agents", "add", "a1"]) != 0
    told = capsys.readouterr().err
    assert "cannot be read" in told
    assert "folder's owner" in told
    (machine / "loop").symlink_to("loop")
    assert main(["agents", "list", "--data", str(machine / "loop")]) == EXIT_SETTINGS
    assert "cannot be read" in capsys.readouterr().err
