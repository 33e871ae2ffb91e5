"""This file makes, on Linux, what python.org gives out as "Windows embeddable package".

For tests under Wine alone. The interpreter's DLLs come from a wheel that carries them
(requirements/wine.txt), the library from the Python that runs this, of the same minor version.
A machine that holds python.org's own file gives that to `make windows` instead.
"""

from __future__ import annotations

import compileall
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_PINS: Final = _ROOT / "requirements" / "wine.txt"
_DLLS: Final = "deploy_libs/"  # of the wheel that has them
_UNWANTED: Final = re.compile(r"(api-ms-|tcl|tk|_tkinter|winsound|_msi)", re.IGNORECASE)
_NO_LIBRARY: Final = frozenset(
    {
        "__pycache__", "ensurepip", "idlelib", "lib-dynload", "lib2to3", "site-packages",
        "test", "tests", "tkinter", "turtledemo", "distutils",
    }
)  # fmt: skip
_COMPILER: Final = "x86_64-w64-mingw32-gcc"
_MAIN: Final = """
#include <wchar.h>
__declspec(dllimport) int Py_Main(int, wchar_t **);
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
"""
_WINDOWED: Final = """
#include <windows.h>
#include <stdlib.h>
__declspec(dllimport) int Py_Main(int, wchar_t **);
int WINAPI wWinMain(HINSTANCE a, HINSTANCE b, LPWSTR c, int d) { return Py_Main(__argc, __wargv); }
"""


def make_embeddable(out: Path) -> None:
    """Write the package as a zip. Raises CalledProcessError where a tool or the registry fails."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        made = work / "python"
        made.mkdir()
        _interpreter(work, made)
        _library(work, made / f"{_dll_name()}.zip")
        (made / f"{_dll_name()}._pth").write_text(f"{_dll_name()}.zip\n.\n")
        part = out.with_name(out.name + ".part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as package:
            for file in sorted(made.iterdir()):
                package.write(file, file.name)
        part.replace(out)


def _dll_name() -> str:
    return f"python{sys.version_info.major}{sys.version_info.minor}"


def _interpreter(work: Path, made: Path) -> None:
    download(work / "wheels", "panda3d")
    (wheel,) = (work / "wheels").glob("panda3d-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(_DLLS) and not _UNWANTED.match(name[len(_DLLS) :]):
                (made / name[len(_DLLS) :]).write_bytes(archive.read(name))
    library = made / f"{_dll_name()}.dll"
    _program(work, made / "python.exe", _MAIN, library, "-mconsole")
    _program(work, made / "pythonw.exe", _WINDOWED, library, "-mwindows")
    _forwarder(work, made / "python3.dll", library)


def _program(work: Path, target: Path, text: str, library: Path, kind: str) -> None:
    source = work / f"{target.stem}.c"
    source.write_text(text)
    _call(_COMPILER, "-municode", kind, "-O1", "-s", "-o", target, source, library)


def _forwarder(work: Path, target: Path, library: Path) -> None:
    """The DLL of the stable interface: each name leads to the same of this minor's DLL."""
    table = _call("x86_64-w64-mingw32-objdump", "-p", library)
    names = re.findall(r"^\s*\[ *\d+\] (\w+)$", table.partition("Name Pointer")[2], re.MULTILINE)
    lines = "".join(f"{name} = {library.stem}.{name}\n" for name in names)
    definition = work / "python3.def"
    definition.write_text(f"LIBRARY python3\nEXPORTS\n{lines}")
    _call(_COMPILER, "-shared", "-nostdlib", "-s", "-o", target, definition)


def _library(work: Path, target: Path) -> None:
    source, compiled = Path(os.__file__).parent, work / "library"
    for file in source.rglob("*.py"):
        place = file.relative_to(source)
        if not _NO_LIBRARY.intersection(place.parts) and not place.parts[0].startswith("config-"):
            copy = compiled / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    compileall.compile_dir(compiled, legacy=True, quiet=2, stripdir=str(compiled), workers=1)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(compiled.rglob("*.pyc")):
            archive.write(file, file.relative_to(compiled))


def download(folder: Path, name: str) -> None:
    """Fetch a pinned wheel for Windows, tried again where the registry is busy."""
    pin = re.search(rf"^{name}==.*\\\n.*", _PINS.read_text("utf-8"), re.MULTILINE)
    assert pin, f"{name} is not pinned in {_PINS}"
    folder.mkdir(exist_ok=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(pin[0] + "\n")
    _call(
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--only-binary=:all:", "--require-hashes", "--retries=5",
        "--platform=win_amd64", f"--python-version=3.{sys.version_info.minor}",
        f"--dest={folder}", "-r", wanted,
    )  # fmt: skip


def _call(*command: str | Path) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    make_embeddable(Path(sys.argv[1]))
