"""This file builds the installer for Windows, on Linux, by Debian's `nsis`.

python -m tools.windows.build PYTHON_ZIP [--update-key FILE] [SIGN ...]     `make windows` runs it

SIGN: a command that signs the file it is given as its last word, with your certificate. FILE: the
private key of updates: what is installed believes it, and an update for rooms is made besides.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from protocol import __version__
from protocol.package import Arch, System, public_of
from tools.packages.__main__ import moment_of, version_of
from tools.packages.update import KeyFileError, make_update, read_key
from tools.windows.stage import CODE, LIBRARIES, ROOT, StageError, stage

_SCRIPT: Final = ROOT / "tools" / "windows" / "lophoc.nsi"
_STAGE: Final = ROOT / "build" / "windows"


def main(arguments: Sequence[str]) -> int:
    """Build it as the arguments say; answers the exit code."""
    options = _parser().parse_args(arguments)
    target = ROOT / "dist" / f"LopHoc-{__version__}.exe"
    target.parent.mkdir(exist_ok=True)
    try:
        key = read_key(options.update_key) if options.update_key else b""
        trusts = (public_of(key),) if key else ()
        interpreter = stage(options.python_zip, _STAGE, trusts=trusts)
        pack(_STAGE, target, sign=" ".join(options.sign))
        made = [target, *([update_of(_STAGE, interpreter.minor, key)] if key else [])]
    except (OSError, StageError, KeyFileError, subprocess.CalledProcessError) as error:
        print(f"no installer: {error}", file=sys.stderr)
        return 1
    for path in made:
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.windows.build")
    text = 'python.org\'s "Windows embeddable package (64-bit)", 3.11 or later'
    parser.add_argument("python_zip", type=Path, metavar="PYTHON_ZIP", help=text)
    text = "the private key of updates: makes one, and has what is installed believe it"
    parser.add_argument("--update-key", type=Path, metavar="FILE", help=text)
    text = "a command that signs the file it is given last"
    parser.add_argument("sign", nargs="*", metavar="SIGN", help=text)
    return parser


def update_of(staged: Path, minor: int, key: bytes) -> Path:
    """The update that a school's server gives to rooms on Windows. Raises OSError."""
    return make_update(
        staged, ROOT / "dist", key=key, version=version_of(ROOT), system=System.WINDOWS,
        arch=Arch.AMD64, minors=[minor], stamp_s=moment_of(ROOT), folders=(CODE, LIBRARIES),
    )  # fmt: skip


def pack(staged: Path, target: Path, *, sign: str = "", is_fast: bool = False) -> None:
    """Pack what was laid out. Raises OSError where there is no `nsis`, CalledProcessError."""
    defined = [f"-DSTAGE={staged}", f"-DOUT={target}", f"-DVERSION={__version__}"]
    defined += ["-DFAST"] if is_fast else []
    defined += [f"-DSIGN={sign}"] if sign else []
    command = ["makensis", "-V2", "-INPUTCHARSET", "UTF8", *defined, str(_SCRIPT)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
