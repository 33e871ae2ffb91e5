"""What is written for people is complete and true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from agent.config import AgentConfig
from controller.config import ControllerConfig
from protocol import __version__
from protocol.health import ReasonCode
from protocol.messages import Down, MessageFlaw, Up
from protocol.model import AttendanceStatus, DeviceKind, Method, Status
from protocol.settings import sample, settings_of
from simulators.config import DemoConfig, SimConfig, prefix_of
from tests.conftest import need

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "systemd").glob("*.md")])
KINDS = [member.__struct_config__.tag for member in (*Up.__args__, *Down.__args__)]
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
CODE_PATH = re.compile(r"`((?:agent|controller|hardware|protocol|simulators|tests)/[\w./-]*)`")
# In halves, so that this file does not name what it looks for.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        r"(?<![\w.:])/wo" + r"rk/",
        r"/r" + r"oot/(?!\w*\{)",
        r"/ho" + r"me/[a-z]",
        r"/Us" + r"ers/[a-z]",
        r"index-ur" + r"l\s*=",
        r"https?://[\w.:@-]*(arti" + r"factory|pypi|registry\.)",
    )
]


def read(*names: str) -> str:
    """A page's text."""
    return ROOT.joinpath(*names).read_text("utf-8")


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_its_row_in_the_table_of_what_to_do(code: ReasonCode) -> None:
    """Code, meaning, what to do."""
    row = re.search(
        rf"^\| `{code}` \|(.+)\|(.+)\|$", read("docs", "quan-tri-vien.md"), re.MULTILINE
    )
    assert row is not None
    assert all(" / " in cell for cell in row.groups())


@pytest.mark.parametrize(
    "word", [*KINDS, *MessageFlaw, *Status, *DeviceKind, *AttendanceStatus, *Method], ids=str
)
def test_every_word_of_the_wire_is_explained(word: str) -> None:
    """Whoever writes another agent needs no look into the code."""
    assert re.search(rf"\b{word}\b", read("docs", "wire.md"))


@pytest.mark.parametrize(
    ("shape", "page"),
    [
        (AgentConfig, "systemd/agent.toml"),
        (ControllerConfig, "systemd/controller.toml"),
        (SimConfig, "docs/lophoc-sim.toml"),
    ],
)
def test_every_setting_stands_in_a_sample_file(shape: type[msgspec.Struct], page: str) -> None:
    """With its meaning in the line above."""
    text = read(page)
    for setting in settings_of(shape):
        assert re.search(rf"^# {setting.path[-1]} = ", text, re.MULTILINE), setting.name


def test_the_simulators_sample_file_is_its_settings() -> None:
    """Made anew by: lophoc-sim sample-config > docs/lophoc-sim.toml."""
    title = "LopHoc's simulated school: every setting with its default."
    assert read("docs", "lophoc-sim.toml") == sample(SimConfig, title, prefix_of(SimConfig))


def test_every_setting_of_the_demonstration_is_named() -> None:
    """It has no settings file."""
    page = read("docs", "dong-gop.md")
    assert [each.option for each in settings_of(DemoConfig) if each.option not in page] == []


@pytest.mark.parametrize(
    ("program", "commands"),
    [
        (
            "agent",
            ["run", "scan", "explain", "check-camera", "read-cards", "repair", "sample-config"],
        ),
        (
            "controller",
            [
                *("run", "agents", "repair", "roster", "schedule", "cards"),
                *("attendance", "password", "register", "reconcile", "sample-config"),
                *("labels", "stocktake"),
            ],
        ),
        (
            "simulators",
            [
                "school",
                "classroom",
                "camera",
                "projector",
                "fleet",
                "udev",
                "host",
                "demo",
                "sample-config",
            ],
        ),
    ],
)
def test_every_command_that_the_pages_show_is_there(program: str, commands: list[str]) -> None:
    """And every command that is there is shown somewhere."""
    asked = [sys.executable, "-m", program, "--help"]
    told = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    name = re.match(r"[^:]+: (\S+)", told)[1]
    texts = [page.read_text("utf-8") for page in [*PAGES, ROOT / "simulators" / "README.md"]]
    shown = set(re.findall(rf"\b{name} ([a-z][a-z-]+)", "\n".join(texts)))
    assert {
        each for each in commands if not re.search(rf"^ +{each}\b", told, re.MULTILINE)
    } == set()
    assert set(commands) <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_between_pages_is_broken(page: Path) -> None:
    """Pages move; links are forgotten."""
    for target in LINK.findall(page.read_text("utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_module_that_a_page_has_run_is_there(page: Path) -> None:
    """A command that ends in "No module named" is no instruction."""
    for name in re.findall(
        r"\bpython -m ((?:agent|controller|protocol|tools)[\w.]*)", page.read_text("utf-8")
    ):
        module = ROOT / name.rstrip(".").replace(".", "/")
        assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_of_the_code_that_a_page_names_is_there(page: Path) -> None:
    """Files move as well; a map that is wrong is worse than none."""
    for name in CODE_PATH.findall(page.read_text("utf-8")):
        assert any((ROOT / f"{name}{end}").exists() for end in ("", ".py")), name


def test_the_changelog_tells_of_this_version() -> None:
    """An administrator reads it before upgrading."""
    assert f"## {__version__} - 20" in read("CHANGELOG.md")


def test_the_picture_is_sound_and_readable_in_the_dark() -> None:
    """It has a title and a description, and loads nothing from elsewhere."""
    text = read("docs", "luong-du-lieu.svg")
    names = [each.tag.rpartition("}")[2] for each in ET.fromstring(text)]  # noqa: S314
    assert names[:2] == ["title", "desc"]
    assert "prefers-color-scheme: dark" in text
    assert "href" not in text


def test_no_file_names_one_machine_or_a_package_mirror() -> None:
    """The repository is the same wherever it lies."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in kept_files()
        for number, line in enumerate(lines_of(path), 1)
        if any(pattern.search(line) for pattern in FORBIDDEN)
    ]
    assert found == []


def test_every_text_file_is_as_the_editors_are_asked_to_keep_it() -> None:
    """By .editorconfig: LF, no blanks at a line's end, one line end at the file's."""
    wrong = [
        str(path.relative_to(ROOT))
        for path in kept_files()
        if (text := "\n".join(lines_of(path)))
        and (path.read_bytes().decode() != f"{text}\n" or re.search(r"[ \t]$", text, re.MULTILINE))
    ]
    assert wrong == []


def kept_files() -> Iterator[Path]:
    """Every file that is, or is about to be, in the repository."""
    git = need("git", "git")
    told = subprocess.run(
        [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
    ).stdout.decode()
    paths = (ROOT / name for name in told.split("\0") if name)
    return (path for path in paths if path.is_file())


def lines_of(path: Path) -> list[str]:
    """A text file's lines; none of a file that is no text."""
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return []
