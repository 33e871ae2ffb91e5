"""This file writes what dpkg reads of a package: its fields, its sums, its scripts' words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.packages.role import DEPARTMENT, MAINTAINER, Role
from tools.packages.target import MINORS

CONTROL_FILES: Final = {"preinst": 0o755, "postinst": 0o755, "prerm": 0o755, "postrm": 0o755,
                        "config": 0o755, "templates": 0o644}  # fmt: skip
_KIB: Final = 1024


def words_of(role: Role) -> Mapping[str, str]:
    """What stands in the files of the folder `files` for a role."""
    libraries = [f"/usr/lib/{package}" for package in (role.package, *role.beside)]
    return {
        "COMMAND": role.package,
        "PACKAGE": role.package,
        "MODULE": role.module,
        "LIBRARIES": ", ".join(map(repr, libraries)).replace("'", '"'),
        "MINORS": ", ".join(map(str, MINORS)),
        "FIRST": str(MINORS[0]),
        "LAST": str(MINORS[-1]),
        "LEAST": f"3.{MINORS[0]}",
        "MOST": f"3.{MINORS[-1]}",
        "USER": role.user,
        "UNIT": role.units[0] if role.units else "",
        "HELD_VI": role.held[0],
        "HELD_EN": role.held[1],
    }


def control(role: Role, version: str, arch: str, glibc: int, root: Path) -> str:
    """The fields. root: its files, whose size is told."""
    fields = {
        "Package": role.package,
        "Version": version,
        "Architecture": arch,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(_size_kib(root)),
        "Depends": ", ".join(role.depends(version, glibc)),
        "Suggests": ", ".join(role.suggests),
        "Section": "education",
        "Priority": "optional",
        "Description": "\n ".join((role.summary, *role.about)),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def scripts_of(role: Role) -> dict[str, str]:
    """Which of our files is which control file of the role."""
    if role.user:
        return {name: name for name in CONTROL_FILES}
    if role is DEPARTMENT:
        return {name: f"department.{name}" for name in ("postinst", "postrm")}
    return {"preinst": "preinst", "prerm": "tray.prerm", "postinst": "tray.postinst"}


def sums(root: Path) -> str:
    """The MD5 sums by which dpkg --verify finds changed files; they protect against nobody."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    listed = [path for path in files if path.relative_to(root).parts[0] not in {"DEBIAN", "etc"}]
    return "".join(
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}"
        f"  {path.relative_to(root)}\n"
        for path in listed
    )


def conffiles(root: Path) -> str:
    """What an administrator may change: everything under /etc."""
    files = sorted(path for path in (root / "etc").rglob("*") if path.is_file())
    return "".join(f"/{path.relative_to(root)}\n" for path in files)


def _size_kib(root: Path) -> int:
    """As dpkg-gencontrol reckons it: whole KiB a file, one for each folder."""
    sizes = (-(-path.stat().st_size // _KIB) if path.is_file() else 1 for path in root.rglob("*"))
    return sum(sizes)
