"""Software: whether what the school wants is installed and runs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.installed import Installed, read_installed
from hardware.host.software import (
    Software,
    WantedProgram,
    is_installed,
    is_running,
    running_processes,
    words,
)
from hardware.readings import SoftwareReading


@pytest.mark.parametrize(
    ("wanted", "process", "expected"),
    [
        ("Scratch", "scratch-desktop", True),
        ("Scratch", "Scratch 3.exe", True),
        ("Scratch", "scratchpad", False),
        ("Scratch", "SCRATCH.EXE", True),
        ("GeoGebra", "geogebra6", True),
        ("myViewBoard", "myviewboard", True),
        ("myViewBoard | vBoard", "vBoard.exe", True),
        ("LibreOffice", "soffice.bin", True),
        ("Microsoft PowerPoint", "POWERPNT.EXE", True),
        ("Smart Notebook", "Notebook.exe", False),
        ("Smart Notebook", "smart_notebook", True),
        ("Sổ điểm", "sổ-điểm", True),
        ("", "anything", False),
        ("---", "anything", False),
    ],
)
def test_a_process_is_found_by_whole_words(wanted: str, process: str, expected: object) -> None:
    """Of any case, whatever stands between them."""
    assert is_running(WantedProgram.parse(wanted), [words(process)]) is expected


@pytest.mark.parametrize(
    ("plain", "shown", "expected"),
    [
        ({"libreoffice"}, set(), True),
        ({"libreoffice25.2"}, set(), True),
        ({"libreoffice-common"}, set(), False),
        ({"soffice"}, set(), True),
        (set(), {"LibreOffice Writer"}, True),
        (set(), {"org.libreoffice.LibreOffice"}, True),
        (set(), {"LibreOfficeX"}, False),
        (set(), set(), False),
    ],
)
def test_a_program_is_installed_by_its_whole_name_or_in_the_menu(
    plain: set[str], shown: set[str], expected: object
) -> None:
    """A part of it, such as its translations, is not it."""
    found = Installed(frozenset(plain), frozenset(shown))
    assert is_installed(WantedProgram("LibreOffice"), found) is expected


@given(st.text(), st.text())
def test_any_names_are_compared_without_raising(name: str, other: str) -> None:
    """And a name of words is found in itself."""
    wanted = WantedProgram.parse(name)
    assert is_running(wanted, [words(wanted.name)]) or not words(wanted.name)
    is_installed(wanted, Installed(frozenset({other}), frozenset({other})))


def told(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.mark.skipif(sys.platform == "win32", reason="the folders of Linux")
def test_every_place_that_names_programs_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PATH, Debian, the menu, Flatpak, snap and macOS."""
    monkeypatch.setenv("PATH", "/usr/bin::/absent")
    monkeypatch.setenv("XDG_DATA_DIRS", "/usr/share")
    monkeypatch.setenv("XDG_DATA_HOME", "/own/share")
    root = told(
        tmp_path,
        {
            "usr/bin/geogebra": b"",
            "var/lib/dpkg/status": (
                b"Package: scratch\nStatus: install ok installed\nVersion: 1\n\n"
                b"Package: gone\nStatus: deinstall ok config-files\n\n"
                b"Package: \xff\xfe\nStatus: install ok installed\n"
            ),
            "usr/share/applications/a.desktop": (
                b"[Desktop Entry]\nName=LibreOffice Writer\n"
                b"Name[vi]=So\xe1\xba\xa1n th\xe1\xba\xa3o\n"
                b'Exec="/opt/libreoffice/soffice" --writer %U\nComment=Kahoot inside\n'
                b"[Desktop Action new]\nName=New Window\nExec=other\n"
            ),
            "usr/share/applications/b.desktop": b"\xff" * 40_000,
            "usr/share/applications/c.txt": b"Name=Not a program",
            "own/share/applications/d.desktop": b"Name=Zoom\nExec=\n",
            "var/lib/flatpak/app/org.gcompris.GCompris/x": b"",
            "snap/obs-studio/x": b"",
            "Applications/Keynote.app/x": b"",
        },
    )
    found = read_installed(root)
    assert found is not None
    assert found.plain == {"geogebra", "scratch", "\ufffd\ufffd"}
    assert found.titles == {
        "LibreOffice Writer",
        "Soạn thảo",
        "soffice",
        "Zoom",
        "org.gcompris.GCompris",
        "obs-studio",
        "Keynote",
    }


def test_a_machine_that_lists_nothing_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown is not "no"."""
    monkeypatch.setenv("PATH", "/absent")
    software = Software([WantedProgram("Scratch")], root=tmp_path, processes=lambda: None)
    if sys.platform != "win32":
        assert software.read() == (SoftwareReading(name="Scratch"),)


def test_it_looks_only_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes each minute, programs each ten."""
    monkeypatch.setenv("PATH", "/usr/bin")
    root = told(tmp_path, {"usr/bin/other": b""})
    now_s = 0.0
    looks: list[float] = []

    def processes() -> list[str]:
        looks.append(now_s)
        return ["scratch.exe"] if now_s >= 60 else []

    names = [WantedProgram("Scratch")]
    software = Software(names, root=root, processes=processes, clock=lambda: now_s)

    def states() -> list[tuple[bool | None, bool | None]]:
        return [(each.installed, each.running) for each in software.read()]

    assert states() == [(False, False)]
    told(root, {"usr/bin/scratch": b""})
    now_s = 59.0
    assert states() == [(False, False)]
    now_s = 60.0
    assert states() == [(False, True)]
    now_s = 600.0
    assert states() == [(True, True)]
    assert looks == [0.0, 60.0, 600.0]


def test_where_nothing_is_wanted_nothing_is_looked_at() -> None:
    """Most schools name no program."""

    def never() -> list[str]:
        raise AssertionError

    assert Software([], processes=never).read() == ()


def test_this_machine_runs_what_runs_these_tests() -> None:
    """The real process list, and the real PATH."""
    assert any("python" in name or "pytest" in name for name in running_processes())
    began_s = time.process_time()
    reading = Software([WantedProgram("Python"), WantedProgram("Không có trên đời")]).read()
    assert [each.running for each in reading] == [True, False]
    assert reading[1].installed is False
    assert time.process_time() - began_s < 30
