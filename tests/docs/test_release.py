"""These tests release a clone: what `make release` makes, and when it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.conftest import need
from tools.release import ReleaseError, dated, notes_in, numbers_of

ROOT = Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 1.2.3 - 2026-01-02\n"


class Clone:
    """A clone of this repository whose version is 1.2.3 and in which one thing is unreleased."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run("git", "-c", "safe.directory=*", "clone", "--quiet", "--shared", str(ROOT), ".")
        self.run("git", "config", "user.name", "LopHoc")
        self.run("git", "config", "user.email", "lophoc@example.org")
        (folder / "protocol/__init__.py").write_text('"""The wire."""\n\n__version__ = "1.2.3"\n')
        (folder / "CHANGELOG.md").write_text(CHANGELOG)
        self.run("git", "commit", "--quiet", "--all", "--allow-empty", "--message", "as it was")
        self._first = self.head

    def put_back(self) -> None:
        """Have it as it was made, whatever was tagged, committed or left lying."""
        self.run("git", "reset", "--quiet", "--hard", self._first)
        self.run("git", "clean", "--quiet", "-xd", "--force")
        for tag in self.run("git", "tag", "--list").split():
            self.run("git", "tag", "--delete", tag)

    def run(self, *command: str, code: int = 0) -> str:
        """What it prints, if it ends with the code: what it complains of for another than 0."""
        ended = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert ended.returncode == code, ended.stderr
        return (ended.stderr if code else ended.stdout).strip()

    def release(self, version: str, code: int = 0) -> str:
        """What `make release` runs, as it stands here."""
        return self.run(sys.executable, str(ROOT / "tools/release.py"), version, code=code)

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.run("git", "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def shared_clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone for all tests: to make one takes longer than what is done with it."""
    need("git", "git")
    return Clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture
def clone(shared_clone: Clone) -> Clone:
    """A clone to release."""
    shared_clone.put_back()
    return shared_clone


@pytest.mark.wide
def test_a_release_is_a_commit_a_tag_and_a_wheel(clone: Clone) -> None:
    """Everything that tells the version tells the new one, and nothing is left uncommitted."""
    before, today = clone.head, datetime.now(UTC).date()
    clone.release("1.3.0")
    assert clone.run("git", "rev-parse", "HEAD~1", "v1.3.0^{commit}").split() == [
        before,
        clone.head,
    ]
    assert clone.run("git", "status", "--porcelain") == ""
    assert clone.run("git", "log", "-1", "--format=%s") == "chore: release 1.3.0"
    tag = clone.run("git", "tag", "--list", "--format=%(contents)", "v1.3.0")
    assert tag == "LopHoc 1.3.0\n\n### Added\n\n- A thing."
    changelog = (clone.folder / "CHANGELOG.md").read_text("utf-8")
    assert changelog in {
        CHANGELOG.replace("Unreleased\n", f"Unreleased\n\n## 1.3.0 - {day}\n")
        for day in (today, datetime.now(UTC).date())
    }
    for name in ("asyncapi", "openapi"):
        document = json.loads((clone.folder / f"docs/wire/{name}.json").read_bytes())
        assert document["info"]["version"] == "1.3.0"
    (wheel,) = (clone.folder / "dist").iterdir()
    assert wheel.name == "lophoc-1.3.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("", "'' is no version; say VERSION=x.y.z"),
        ("1.3", "'1.3' is no version; say VERSION=x.y.z"),
        ("v1.3.0", "'v1.3.0' is no version; say VERSION=x.y.z"),
        ("1.2.3", "1.2.3 is not after 1.2.3"),
        ("1.2.0", "1.2.0 is not after 1.2.3"),
        ("1.4.0", "there is a tag v1.4.0 already"),
    ],
)
def test_a_version_that_is_not_the_next_is_refused(clone: Clone, version: str, why: str) -> None:
    """Nothing is committed, tagged or changed."""
    clone.run("git", "tag", "v1.4.0")
    before = clone.head
    assert clone.release(version, code=1) == f"no release: {why}"
    assert (clone.head, clone.run("git", "status", "--porcelain")) == (before, "")
    assert clone.run("git", "tag", "--list", "v1.3*") == ""


def test_a_checkout_with_changes_is_refused(clone: Clone) -> None:
    """Also a file that git does not know: it would be in the wheel."""
    (clone.folder / "agent/new.py").touch()
    assert clone.release("1.3.0", code=1).endswith("not everything is committed:\n?? agent/new.py")


@pytest.mark.wide
def test_a_wheel_that_cannot_be_built_leaves_everything_as_it_was(clone: Clone) -> None:
    """A half release would be worse than none."""
    (clone.folder / "protocol/locale/build.py").write_text("raise SystemExit\n")
    clone.run("git", "commit", "--quiet", "--all", "--message", "broken")
    before = clone.head
    assert "pip wheel" in clone.release("1.3.0", code=1)
    assert (clone.head, clone.run("git", "status", "--porcelain")) == (before, "")
    assert clone.run("git", "tag", "--list", "v1.3*") == ""


@pytest.mark.parametrize(
    "changelog",
    ["# Changelog\n", "## Unreleased\n\n### Added\n\n## 1.2.3 - 2026-01-02\n\n- Old.\n"],
)
def test_a_changelog_without_a_word_on_it_is_refused(changelog: str) -> None:
    """An administrator would not know what an upgrade brings."""
    with pytest.raises(ReleaseError, match="says nothing under 'Unreleased'"):
        notes_in(changelog)


def test_what_was_unreleased_is_dated_and_the_next_begins_empty() -> None:
    """The older versions stay below."""
    text = dated(CHANGELOG, "1.3.0", date(2026, 2, 3))
    assert text == CHANGELOG.replace("Unreleased\n", "Unreleased\n\n## 1.3.0 - 2026-02-03\n")
    with pytest.raises(ReleaseError):
        notes_in(text)


def test_versions_are_compared_as_numbers() -> None:
    """1.10 comes after 1.9."""
    assert numbers_of("1.10.0") > numbers_of("1.9.9")
