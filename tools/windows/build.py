"""This file builds the installer for Windows, on Linux, by Debian's `nsis`.

python -m tools.windows.build PYTHON_ZIP [SIGN]     which is what `make windows` runs

SIGN: a command that signs the file it is given as its last word, with your certificate.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from protocol import __version__
from tools.windows.stage import ROOT, StageError, stage

_SCRIPT: Final = ROOT / "tools" / "windows" / "lophoc.nsi"
_STAGE: Final = ROOT / "build" / "windows"


def main(arguments: Sequence[str]) -> int:
    """Build it as the arguments say; answers the exit code."""
    if not arguments or not arguments[0]:
        print(__doc__, file=sys.stderr)
        return 2
    target = ROOT / "dist" / f"LopHoc-{__version__}.exe"
    target.parent.mkdir(exist_ok=True)
    try:
        stage(Path(arguments[0]), _STAGE)
        pack(_STAGE, target, sign=" ".join(arguments[1:]))
    except (OSError, StageError, subprocess.CalledProcessError) as error:
        print(f"no installer: {error}", file=sys.stderr)
        return 1
    print(f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target}")
    return 0


def pack(staged: Path, target: Path, *, sign: str = "", is_fast: bool = False) -> None:
    """Pack what was laid out. Raises OSError where there is no `nsis`, CalledProcessError."""
    defined = [f"-DSTAGE={staged}", f"-DOUT={target}", f"-DVERSION={__version__}"]
    defined += ["-DFAST"] if is_fast else []
    defined += [f"-DSIGN={sign}"] if sign else []
    command = ["makensis", "-V2", "-INPUTCHARSET", "UTF8", *defined, str(_SCRIPT)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
