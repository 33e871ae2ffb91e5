"""This file makes small updates for tests: a stub of an agent behind our own standing and start."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from agent.updates.order import this_fit
from protocol.package import head_in, public_of
from tools.packages.tree import filled
from tools.packages.update import make_update

ROOT: Final = Path(__file__).parents[1]
KEY: Final = bytes(range(32))
PUBLIC: Final = public_of(KEY)
# What the launcher asks before it has chosen.
_OURS: Final = (
    "agent/__init__.py", "agent/updates/__init__.py", "agent/updates/launcher.py",
    "agent/updates/standing.py", "protocol/__init__.py", "protocol/version.py",
)  # fmt: skip


def lay_out(folder: Path, version: str, main: str) -> Path:
    """A version's libraries: ours that choose, and the main that is given."""
    common = folder / "common"
    for name in _OURS:
        path = common / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((ROOT / name).read_text("utf-8"), "utf-8")
    number = version.partition("+")[0]
    (common / "protocol/__init__.py").write_text(f'"""Stub."""\n\n__version__ = "{number}"\n')
    (common / "protocol/build.txt").write_text(f"{version}\n")
    (common / "agent/__main__.py").write_text(main)
    return folder


def packed(folder: Path, out: Path, version: str, key: bytes = KEY) -> Path:
    """The update of what was laid out, for this computer."""
    system, arch, minor = this_fit()
    return make_update(
        folder, out, key=key, version=version, system=system, arch=arch, minors=[minor],
        stamp_s=1, folders=["common"], preset=0,
    )  # fmt: skip


def manifest_of(update: Path) -> tuple[str, str, bytes]:
    """The manifest, its signature, and what follows."""
    raw = update.read_bytes()
    head = head_in(raw[:4096])
    assert head is not None
    return head.text.decode(), head.signature, raw[head.size :]


def put_launcher(path: Path, installed: Path) -> Path:
    """The package's own start, for libraries that lie there."""
    words = {
        "COMMAND": "lophoc-agent", "MODULE": "agent.__main__", "LIBRARIES": f'"{installed}"',
        "MINORS": "11, 12, 13, 14", "LEAST": "3.11", "MOST": "3.14",
    }  # fmt: skip
    path.write_text(filled("agent.launcher", words))
    return path
