"""This file lays out what the Windows installer installs: an interpreter, libraries, our code.

python -m tools.windows.stage PYTHON_ZIP FOLDER

PYTHON_ZIP: the "Windows embeddable package" of python.org (64 bit), 3.11 or later, which the
licence of Python lets anybody hand on. The libraries are those of requirements/agent.txt, for
Windows and that Python, each by its hash. Needs no Windows.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tools.packages.__main__ import version_of
from tools.packages.tree import name_build

ROOT: Final = Path(__file__).parents[2]
PINS: Final = ROOT / "requirements" / "agent.txt"
LEAST_MINOR: Final = 11
PYTHON: Final = "python"
LIBRARIES: Final = "packages"
CODE: Final = "app"
_OURS: Final = ("protocol/", "hardware/", "agent/")
_FINDER: Final = Path(__file__).with_name("sitecustomize.py")
_DLL: Final = re.compile(r"python3(\d{2})\.dll")
_USELESS: Final = ("*/tests", "*/test", "bin", "*.pyi")  # of libraries, to those who run them


class StageError(Exception):
    """Nothing was laid out; the text says why."""


class Interpreter(NamedTuple):
    """The Python in a folder."""

    folder: Path
    minor: int


def main(arguments: Sequence[str]) -> int:
    """Lay it out as the arguments say; answers the exit code."""
    if len(arguments) != 2:  # noqa: PLR2004 - the two of the usage
        print(__doc__, file=sys.stderr)
        return 2
    try:
        stage(Path(arguments[0]), Path(arguments[1]))
    except (StageError, subprocess.CalledProcessError) as error:
        print(f"not laid out: {error}", file=sys.stderr)
        return 1
    return 0


def stage(
    python_zip: Path, folder: Path, pins: Sequence[Path] = (PINS,), trusts: Sequence[str] = ()
) -> Interpreter:
    """Lay out the folder anew. Raises StageError, CalledProcessError.

    trusts: public keys whose updates it believes, beside those of the repository.
    """
    shutil.rmtree(folder, ignore_errors=True)
    interpreter = unpack(python_zip, folder / PYTHON)
    install(pins, interpreter.minor, folder / LIBRARIES)
    add_code(folder / CODE, trusts)
    add_files(folder)
    return interpreter


def unpack(python_zip: Path, folder: Path) -> Interpreter:
    """Unpack the interpreter, and have it find our folders. Raises StageError."""
    try:
        with zipfile.ZipFile(python_zip) as archive:
            archive.extractall(folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise StageError(f"{python_zip}: {error}") from error
    minors = [int(match[1]) for file in folder.iterdir() if (match := _DLL.fullmatch(file.name))]
    if not minors or minors[0] < LEAST_MINOR or not (folder / "pythonw.exe").exists():
        shutil.rmtree(folder)
        raise StageError(f"{python_zip} is no Windows embeddable package of Python 3.11 or later")
    name = f"python3{minors[0]}"
    paths = (f"{name}.zip", ".", f"..\\{LIBRARIES}", f"..\\{CODE}", "import site")
    (folder / f"{name}._pth").write_text("".join(f"{path}\n" for path in paths))
    shutil.copy(_FINDER, folder)
    return Interpreter(folder, minors[0])


def install(pins: Sequence[Path], minor: int, folder: Path) -> None:
    """Unpack the libraries, as this Python on Windows would have them. Raises CalledProcessError.

    The resolver's markers ask about the machine that runs pip: those for Windows are read here.
    """
    with tempfile.TemporaryDirectory() as work:
        wanted = Path(work) / "wanted.txt"
        wanted.write_text("".join(for_windows(pin.read_text("utf-8"), minor) for pin in pins))
        subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                "--no-deps", "--only-binary=:all:", "--require-hashes", "--no-compile",
                "--retries=5", "--platform=win_amd64", f"--python-version=3.{minor}",
                f"--target={folder}", "-r", wanted,
            ],
            check=True,
        )  # fmt: skip
    for pattern in _USELESS:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def for_windows(pins: str, minor: int) -> str:
    """The pins that hold on Windows with this Python, without their markers."""
    from packaging.markers import Marker  # noqa: PLC0415 - heavy, and only here

    system = {
        "sys_platform": "win32",
        "platform_system": "Windows",
        "os_name": "nt",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.0",
    }
    chosen = []
    for pin in re.split(r"\n(?=[A-Za-z])", "\n" + pins):
        head, _, rest = pin.partition(" \\\n")
        name, _, marker = head.partition(" ; ")
        if re.match(r"\s*[A-Za-z]", name) and (not marker or Marker(marker).evaluate(system)):
            hashes = re.findall(r"--hash=\S+", rest)
            chosen.append(" \\\n    ".join([name.strip(), *hashes]) + "\n")
    return "".join(chosen)


def add_files(folder: Path) -> None:
    """What stands beside: Windows reads lines that end its way."""
    for file in (ROOT / "tools" / "windows" / "files").iterdir():
        text = file.read_text("utf-8")
        (folder / file.name).write_text(text, "utf-8", newline="\r\n")


def add_code(folder: Path, trusts: Sequence[str] = ()) -> None:
    """Unpack the agent of this checkout, with its catalogues, as the build that it is.

    Raises CalledProcessError.
    """
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(
            [
                sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
                "--no-deps", "--no-build-isolation", "--wheel-dir", work, ROOT,
            ],
            check=True,
        )  # fmt: skip
        (wheel,) = Path(work).glob("lophoc-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith(_OURS):
                    archive.extract(name, folder)
    name_build(version_of(ROOT), trusts, folder / "protocol")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
