"""This file has a program of LopHoc find the libraries of the version that it is of.

Python reads it at each start, of children too. The interpreter is the installed one, which looks
in its own two folders and takes no word of the environment.
"""

import os
import sys
from pathlib import Path

if chosen := os.environ.get("LOPHOC_LIBRARIES"):
    home = Path(sys.executable).resolve().parents[1]
    places = {home / name: str(Path(chosen, name)) for name in ("app", "packages")}
    sys.path[:] = [places.get(Path(path).resolve(), path) for path in sys.path]
