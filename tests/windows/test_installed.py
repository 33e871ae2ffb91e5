"""The installer, as an administrator runs it on thirty laptops: without a question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import need
from tests.waiting import until
from tests.windows.conftest import CACHE
from tests.windows.rig import lay_out
from tests.windows.wine import Wine
from tools.windows.build import pack

HOME = "Program Files/LopHoc"
DATA = "ProgramData/LopHoc"
KEY = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\LopHoc"


@pytest.fixture(scope="module")
def installer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built here, packed quickly."""
    need("makensis", "nsis")
    target = tmp_path_factory.mktemp("installer") / "LopHoc.exe"
    pack(lay_out(CACHE), target, is_fast=True)
    return target


def is_listed(wine: Wine) -> bool:
    """Whether Windows' list of programs has it."""
    return "DisplayName" in wine.run("reg", "query", KEY, "/reg:64").stdout


def test_it_installs_runs_and_goes_again_and_leaves_the_data(wine: Wine, installer: Path) -> None:
    """By its result, not by its code: what Windows lists, what answers, what is left."""
    (wine.drive / "setup.exe").write_bytes(installer.read_bytes())
    wine.run("C:\\setup.exe", "/S")
    home, data = wine.drive / HOME, wine.drive / DATA
    assert is_listed(wine)
    assert (home / "uninstall.exe").exists()
    assert (home / "lophoc-agent.cmd").read_bytes().endswith(b"\r\n")
    assert "# province" in (data / "agent.toml").read_text("utf-8")
    python = "C:\\Program Files\\LopHoc\\python\\python.exe"
    scanned = wine.run(python, "-X", "utf8", "-m", "agent", "scan", "--json", "--seconds", "0.5")
    assert json.loads(scanned.stdout)["host"]["kind"] == "host"
    (data / "agent" / "record").write_text("kept")

    wine.run("C:\\Program Files\\LopHoc\\uninstall.exe", "/S")
    until(lambda: not home.exists(), "the program is gone")
    assert not is_listed(wine)
    assert (data / "agent" / "record").read_text() == "kept"
