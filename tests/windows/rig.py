"""This file makes what the tests under Wine run: what `make windows` lays out, once per pins."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.waiting import until
from tests.windows.embeddable import make_embeddable
from tools.windows import stage

_HERE: Final = Path(__file__).parent
_FOR_WINE: Final = stage.ROOT / "requirements" / "wine.txt"
_TRIES: Final = 3  # of fetching: a registry is sometimes busy


def lay_out(cache: Path) -> Path:
    """The folder that Windows would have; interpreter and libraries are made once."""
    made = cache / _name()
    if not made.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for old in filter(Path.is_dir, cache.iterdir()):
            shutil.rmtree(old)
        part = cache / "part"
        until(lambda: _is_fetched(part), "the libraries are fetched", limit_s=300)
        part.rename(made)
    stage.add_code(made / stage.CODE)
    stage.add_files(made)
    return made


def _name() -> str:
    files = (stage.PINS, _FOR_WINE, _HERE / "embeddable.py", Path(stage.__file__))
    content = b"".join(file.read_bytes() for file in files) + sys.version.encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _is_fetched(folder: Path) -> bool:
    """False where the registry failed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    package, pins = folder.with_name("python.zip"), folder.with_name("pins.txt")
    pins.write_text(_pins())
    try:
        make_embeddable(package)
        interpreter = stage.unpack(package, folder / stage.PYTHON)
        stage.install([pins], interpreter.minor, folder / stage.LIBRARIES)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error}\n{error.stderr or ''}\n")
        return False
    return True


def _pins() -> str:
    """Those of the agent, with the numpy that Wine loads."""
    files = stage.PINS, _FOR_WINE
    theirs, ours = (re.split(r"\n(?=\w)", file.read_text("utf-8")) for file in files)
    kept = [pin for pin in theirs if not pin.startswith("numpy==")]
    return "\n".join([*kept, *(pin for pin in ours if pin.startswith("numpy=="))]) + "\n"
