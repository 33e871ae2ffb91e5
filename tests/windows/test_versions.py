"""The start on Windows chooses a version, tries it and goes back, as it does elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from agent.updates import worker
from agent.updates.launcher import EXIT_SWAP, STANDING, VERSIONS, read_standing, write_standing
from agent.updates.standing import Standing
from protocol.package import Arch, System, head_in
from tests.update_packages import KEY, lay_out
from tests.windows.wine import Wine
from tools.packages.update import make_update

ROOT: Final = Path(__file__).parents[2]
NEW: Final = "0.2.0+20261130.111923.9120b954"
HOME: Final = "C:\\Versions"
# It writes which one it is, and which a child of it is; then it does as a file says.
MAIN: Final = """
import pathlib, subprocess, sys
from protocol.version import BUILD

def main():
    data = pathlib.Path(sys.argv[3])
    said = "import protocol.version as v; print(v.BUILD)"
    child = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True).stdout
    with open(data / "started", "a") as file:
        file.write(f"{BUILD}={child.strip()}\\n")
    ends = data / f"end-{BUILD}"
    words = ends.read_text().split()
    ends.write_text(" ".join(words[1:] or words))
    return int(words[0])

if __name__ == "__main__":
    sys.exit(main())
"""


def lay_for_windows(folder: Path, version: str) -> Path:
    """A version's two folders: a stub of an agent behind our own standing and start."""
    common = lay_out(folder / "laid", version, MAIN) / "common"
    shutil.move(common, folder / "app")
    (folder / "packages").mkdir()
    (folder / "packages" / "one.py").write_text("")
    for name in ("agent/windows/__init__.py", "agent/windows/start.py", "protocol/windows/job.py"):
        path = folder / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, path)
    (folder / "app" / "protocol" / "windows" / "__init__.py").touch()
    return folder


@pytest.fixture
def versions(wine: Wine, tmp_path: Path) -> Path:
    """An installed version, and beside the data a second one, as a room has unpacked it."""
    home = wine.drive / "Versions"
    lay_for_windows(home, "0.1.0")
    shutil.copytree(wine.drive / "LopHoc" / "python", home / "python")
    minor = int(next((home / "python").glob("python3*._pth")).stem.removeprefix("python3"))
    laid = lay_for_windows(tmp_path / "new", NEW)
    update = make_update(
        laid, tmp_path, key=KEY, version=NEW, system=System.WINDOWS, arch=Arch.AMD64,
        minors=[minor], stamp_s=1, folders=["app", "packages"], preset=0,
    )  # fmt: skip
    raw = update.read_bytes()
    head = head_in(raw[:4096])
    assert head is not None
    versions = home / "data" / VERSIONS
    versions.mkdir(parents=True)
    part = versions / "x.part"
    part.write_bytes(raw[head.size :])
    worker.unpack(part, head.manifest, head.text, versions)
    return versions


def test_it_swaps_tries_and_goes_back(wine: Wine, versions: Path) -> None:
    """Its children are of the version that started them; what crashes three times is left."""
    data = versions.parent

    def run(old: str, new: str) -> list[str]:
        (data / "started").unlink(missing_ok=True)
        (data / "end-0.1.0").write_text(old)
        (data / f"end-{NEW}").write_text(new)
        python = f"{HOME}\\python\\python.exe"
        start = (python, "-X", "utf8", "-m", "agent.windows.start")
        done = wine.run(*start, "run", "--data", f"{HOME}\\data")
        assert (data / "started").exists(), done.stderr
        return (data / "started").read_text().split()

    assert run("0", "0") == ["0.1.0=0.1.0"]
    write_standing(versions, Standing().try_out(NEW, "o1", "0.1.0"))
    assert run(f"{EXIT_SWAP} 0", f"{EXIT_SWAP}") == [f"{NEW}={NEW}"] * 3 + ["0.1.0=0.1.0"] * 2
    assert read_standing(versions).failed[0].reason == "crashed"
    write_standing(versions, Standing().try_out(NEW, "o2", "0.1.0").keep())
    assert run("0", f"{EXIT_SWAP} 0") == [f"{NEW}={NEW}"] * 2
    (versions / STANDING).write_text("{")
    assert run("0", "0") == ["0.1.0=0.1.0"]
