"""The units and sample files that an administrator installs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from agent.config import INSTALLED as AGENT
from controller.cli.folder import INSTALLED as CONTROLLER
from controller.config import ENVIRONMENT, ControllerConfig
from protocol.settings import sample
from tests.conftest import need
from tests.waiting import LIMIT_S

SYSTEMD = Path(__file__).parents[2] / "systemd"
# Parts of one program, which share its folder.
ROLES = {
    "lophoc-ingest": ("lophoc-controller", "ingest"),
    "lophoc-web": ("lophoc-controller", "web"),
}
UNITS = sorted(SYSTEMD.glob("*.service"))


def test_the_controllers_sample_file_is_its_settings() -> None:
    """Made anew by: lophoc-controller sample-config > systemd/controller.toml."""
    kept = (SYSTEMD / "controller.toml").read_text("utf-8")
    assert kept == sample(ControllerConfig, "LopHoc controller", ENVIRONMENT)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_the_unit_and_finds_it_little_exposed(
    unit: Path, tmp_path: Path
) -> None:
    """Every key is known; the rest of the machine stays out of the program's reach."""
    analyze = need("systemd-analyze", "systemd")
    here = tmp_path / unit.name
    # The program need not be installed for its unit to be read.
    here.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8")))
    verdict = run(analyze, "verify", "--man=no", str(here))
    assert (verdict.returncode, verdict.stderr) == (0, "")
    exposure = run(analyze, "security", "--offline=true", "--threshold=25", str(here))
    assert exposure.returncode == 0, exposure.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_its_own_program_as_its_own_user(unit: Path, tmp_path: Path) -> None:
    """The user that sysusers makes is the one that the unit asks for."""
    sysusers = need("systemd-sysusers", "systemd")
    (tmp_path / "etc").mkdir()
    made = run(sysusers, f"--root={tmp_path}", str(SYSTEMD / "lophoc.sysusers"))
    assert made.returncode == 0, made.stderr
    users = {line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    text = unit.read_text("utf-8")
    user, role = ROLES.get(unit.stem, (unit.stem, "run"))
    assert f"User={user}\n" in text
    assert f"StateDirectory={user}\n" in text
    assert f"ExecStart=/opt/lophoc/bin/{user} {role} " in text
    assert user in users


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_overrules_no_settings(unit: Path) -> None:
    """Its folder is the one that commands mean: the settings', else what systemd makes."""
    text = unit.read_text("utf-8")
    lies = AGENT if "agent" in unit.stem else CONTROLLER
    (line,) = re.findall(r"ExecStart=(.*)", text)
    assert (f"--config {lies.settings}" in line, "--data" in line) == (True, False)
    assert f"StateDirectory={lies.data.name}\n" in text
    assert lies.data.parent == Path("/var/lib")
    assert re.search(r"^ReadWritePaths=.*-/srv$", text, re.MULTILINE)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT_S, check=False)
