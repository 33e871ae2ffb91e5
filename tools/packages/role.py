"""This file says what each package is: its libraries, its words, what lies where. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.packages.target import MACHINES, MINORS

MAINTAINER: Final = "LopHoc <lophoc@users.noreply.github.com>"
# What the vendors' wheels are linked against; every Debian and Ubuntu has them.
_NATIVE: Final = ("libgcc-s1", "libstdc++6", "zlib1g")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One package. user: the account of its service; "" for a package without one.

    pins: the file of its libraries; beside: packages whose libraries it uses as well. module: what
    its command starts. held: what its data folder holds, for the question at a purge (vi, en).
    units: the first one is started. settings: the sample file under /etc/lophoc. accounts: users
    and groups that it makes. without: packages of ours that it does not carry. arches: for which
    it can be built.
    """

    package: str
    summary: str
    about: tuple[str, ...]
    pins: str = ""
    beside: tuple[str, ...] = ()
    module: str = ""
    user: str = ""
    units: tuple[str, ...] = ()
    settings: str = ""
    held: tuple[str, str] = ("", "")
    needs: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    arches: tuple[str, ...] = tuple(MACHINES)

    @property
    def is_native(self) -> bool:
        """Whether it is another one for each architecture."""
        return bool(self.pins)

    def depends(self, version: str, glibc: int) -> list[str]:
        """What must be there. glibc: 2.N, 0 for none."""
        python = [f"python3 (>= 3.{MINORS[0]})", f"python3 (<< 3.{MINORS[-1] + 1})"]
        native = [f"libc6 (>= 2.{glibc})", *_NATIVE] if glibc else []
        own = [f"{package} (= {version})" for package in self.beside]
        asks = ["debconf (>= 0.5) | debconf-2.0"] if self.user else []
        makes = ["systemd | systemd-standalone-sysusers"] if self.user else []
        return [*own, *(python if self.module else []), *native, *asks, *makes, *self.needs]


AGENT: Final = Role(
    package="lophoc-agent",
    summary="equipment and attendance of one classroom",
    about=(
        "Runs on the room's computer: sees what is plugged in and what is on the",
        "network, keeps lessons and attendance through every network cut, and",
        "serves the teacher's page.",
    ),
    pins="agent.txt",
    module="agent.__main__",
    user="lophoc-agent",
    units=("lophoc-agent.service",),
    settings="agent.toml",
    held=("tiết học và điểm danh chưa gửi, và danh tính của máy này ở trường",
          "lessons and marks not yet sent, and this computer's identity at the school"),
    needs=("libudev1",),
    suggests=("lophoc-tray",),
    accounts=("lophoc-agent", "lophoc-door"),
    without=frozenset({"controller", "simulators"}),
)  # fmt: skip
CONTROLLER: Final = Role(
    package="lophoc-controller",
    summary="server of a school for classrooms, equipment and attendance",
    about=(
        "Hears the rooms' agents, keeps the equipment book, lessons and attendance,",
        "and shows them in the browser. It has its own broker; a department's server",
        "may use PostgreSQL.",
    ),
    pins="department.txt",
    module="controller.__main__",
    user="lophoc-controller",
    units=("lophoc-controller.service", "lophoc-ingest.service", "lophoc-web.service"),
    settings="controller.toml",
    held=("mọi dữ liệu của trường: sổ thiết bị, tiết học, điểm danh, các tài khoản",
          "everything of the school: equipment book, lessons, attendance, accounts"),
    accounts=("lophoc-controller",),
    without=frozenset({"agent", "simulators"}),
)  # fmt: skip
DEPARTMENT: Final = Role(
    package="lophoc-department",
    summary="makes a LopHoc server that of a department of education",
    about=(
        "The server hears schools in place of rooms: equipment lists and counts,",
        "no person. With many schools, PostgreSQL holds the database.",
    ),
    beside=("lophoc-controller",),
    suggests=("postgresql",),
)
TRAY: Final = Role(
    package="lophoc-tray",
    summary="window and tray icon of LopHoc for the teacher",
    about=(
        "Stands in the notification area of a room's computer, starts by itself with",
        "the desktop, and shows lesson and roll in a window. The agent's page does",
        "the same.",
    ),
    pins="tray.txt",
    beside=("lophoc-agent",),
    module="agent.tray.__main__",
    arches=("amd64",),  # Qt's wheel for arm64 asks for a newer glibc than Debian 12 has
    needs=("libegl1", "libgl1", "libxcb-cursor0", "libxkbcommon-x11-0", "libdbus-1-3"),
)
ROLES: Final = (AGENT, CONTROLLER, DEPARTMENT, TRAY)
