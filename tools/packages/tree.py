"""This file lays out the files of one package in a folder, as they will lie on a machine."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Final

from protocol.trust_in_updates import KEYS_FILE
from protocol.version import BUILD_FILE
from tools.packages.control import words_of
from tools.packages.manual import manual
from tools.packages.notices import copyright_of, overrides_of
from tools.packages.role import AGENT, DEPARTMENT, MAINTAINER, TRAY, Role
from tools.packages.unpack import FILE_MODE, PROGRAM_MODE, make_folder, unpack
from tools.packages.wheels import Chosen

FILES: Final = Path(__file__).with_name("files")
_BUILT_PLACE: Final = "/opt/lophoc/bin/"  # where units look for an installation from sources
_PROGRAMS: Final = "/usr/bin/"


@dataclass(frozen=True, slots=True)
class Build:
    """What all packages of a build share. source: the repository; stamp_s: every file's time.

    trusts: public keys whose updates they believe, beside those of the repository.
    """

    source: Path
    version: str
    stamp_s: int
    own_wheel: Path
    trusts: tuple[str, ...] = ()


def lay_out(build: Build, role: Role, chosen: Chosen, root: Path) -> None:
    """Put everything but the control files into the empty folder. Raises WheelError."""
    make_folder(root)
    root.chmod(PROGRAM_MODE)
    libraries = root / "usr/lib" / role.package
    for wheel in chosen.common:
        unpack(wheel, libraries / "common")
    for folder, wheels in chosen.own.items():
        for wheel in wheels:
            unpack(wheel, libraries / folder)
    if role.module and not role.beside:
        unpack(build.own_wheel, libraries / "common", without=role.without)
        name_build(build.version, build.trusts, libraries / "common" / "protocol")
    _put_program(role, root)
    _put_service(build, role, root)
    _put_desktop(build, role, root)
    _put_papers(build, role, chosen, root)


def name_build(version: str, trusts: Sequence[str], protocol: Path) -> None:
    """Have our code know which build it is, and whose updates it believes."""
    put(protocol / BUILD_FILE.name, f"{version}\n")
    keys = protocol / KEYS_FILE.name
    put(keys, keys.read_text("utf-8") + "".join(f"{key}\n" for key in trusts))


def put(path: Path, content: str | bytes, mode: int = FILE_MODE) -> None:
    """Write a file, its folders too, with modes that the umask does not change."""
    make_folder(path.parent)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


def set_times(root: Path, stamp_s: int) -> None:
    """Give every file and folder one time, the deepest first."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            os.utime(Path(folder, name), (stamp_s, stamp_s), follow_symlinks=False)
        os.utime(folder, (stamp_s, stamp_s))


def filled(name: str, words: Mapping[str, str]) -> str:
    """One of our files with its words put in. Raises KeyError for a word that nobody knows."""
    text = (FILES / name).read_text("utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda match: words[match[1]], text)


def _put_program(role: Role, root: Path) -> None:
    if role.module:
        launcher = "agent.launcher" if role is AGENT else "launcher"
        put(root / "usr/bin" / role.package, filled(launcher, words_of(role)), PROGRAM_MODE)


def _put_service(build: Build, role: Role, root: Path) -> None:
    systemd = build.source / "systemd"
    for unit in role.units:
        text = (systemd / unit).read_text("utf-8").replace(_BUILT_PLACE, _PROGRAMS)
        put(root / "usr/lib/systemd/system" / unit, text)
    if role.settings:
        put(root / "etc/lophoc" / role.settings, (systemd / role.settings).read_bytes())
    if role.accounts:
        accounts = _accounts(role, (systemd / "lophoc.sysusers").read_text("utf-8"))
        put(root / "usr/lib/sysusers.d" / f"{role.package}.conf", accounts)
    if role is AGENT:
        rules = "60-lophoc-ups.rules"
        put(root / "usr/lib/udev/rules.d" / rules, (systemd / rules).read_bytes())
    if role is DEPARTMENT:
        place = "usr/lib/systemd/system/lophoc-{}.service.d/50-lophoc-department.conf"
        for unit in ("controller", "ingest", "web"):
            put(root / place.format(unit), filled("department.conf", {}))


def _accounts(role: Role, text: str) -> str:
    """Of the accounts those of this package: two packages may stand on one machine."""
    lines = (line for line in text.splitlines() if {*line.split()[1:2]} <= {*role.accounts})
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))


def _put_desktop(build: Build, role: Role, root: Path) -> None:
    if role is AGENT:
        entry = filled("lophoc-agent.desktop", {})
        put(root / "usr/share/applications/lophoc-agent.desktop", entry)
    if role is TRAY:
        entry = (build.source / "systemd/lophoc-tray.desktop").read_text("utf-8")
        entry = entry.replace(_BUILT_PLACE, _PROGRAMS)
        put(root / "usr/share/applications/lophoc-tray.desktop", entry)
        put(root / "etc/xdg/autostart/lophoc-tray.desktop", entry)


def _put_papers(build: Build, role: Role, chosen: Chosen, root: Path) -> None:
    papers = root / "usr/share/doc" / role.package
    put(papers / "copyright", copyright_of(chosen.all(), build.source / "LICENSE"))
    put(papers / "changelog.gz", gzip.compress(_changes(build, role).encode(), mtime=0))
    if overrides := overrides_of(role):
        put(root / "usr/share/lintian/overrides" / role.package, overrides)
    if role.module:
        for language, folder in (("en", "man1"), ("vi", "vi/man1")):
            page = manual(role, language, build.version)
            path = root / "usr/share/man" / folder / f"{role.package}.1.gz"
            put(path, gzip.compress(page.encode(), mtime=0))


def _changes(build: Build, role: Role) -> str:
    return (
        f"{role.package} ({build.version}) stable; urgency=medium\n\n"
        f"  * Built from this version's sources; CHANGELOG.md there says what is new.\n\n"
        f" -- {MAINTAINER}  {formatdate(build.stamp_s)}\n"
    )
