"""This file writes the manual page of a command, from what its own --help says."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from tools.packages.role import Role

_HEADS: Final = {
    "en": ("NAME", "SYNOPSIS AND COMMANDS", "FILES", "settings, with what each does", "data"),
    "vi": ("TÊN", "CÁCH DÙNG VÀ CÁC LỆNH", "TỆP", "thiết lập, kèm lời giải thích", "dữ liệu"),
}
_SUMMARIES: Final = {
    "lophoc-agent": "chương trình phòng học: thiết bị, tiết học và điểm danh",
    "lophoc-controller": "máy chủ của trường: thiết bị, tiết học và điểm danh",
    "lophoc-tray": "cửa sổ và biểu tượng của thầy/cô",
}
_HELP: Final = {"agent.__main__": "agent", "controller.__main__": "controller"}
_WINDOW: Final = {
    "en": "lophoc-tray\n\nStarts with the desktop; a second start shows the first one's window.",
    "vi": "lophoc-tray\n\nTự chạy cùng màn hình nền; mở lần nữa thì hiện cửa sổ đang có.",
}


def manual(role: Role, language: str, version: str) -> str:
    """The page in troff, section 1."""
    name, commands, files, settings, data = _HEADS[language]
    summary = role.summary if language == "en" else _SUMMARIES[role.package]
    parts = [
        f'.TH {role.package.upper()} 1 "" "LopHoc {version}"',
        f".SH {name}\n{_text(role.package)} \\- {_text(summary)}",
        f".SH {commands}\n.nf\n{_lines(_help_of(role, language))}\n.fi",
    ]
    if role.settings:
        places = (
            f".TP\n.I /etc/lophoc/{role.settings}\n{_text(settings)}",
            f".TP\n.I /var/lib/{role.user}\n{_text(data)}",
        )
        parts.append(f".SH {files}\n" + "\n".join(places))
    return "\n".join(parts) + "\n"


def _help_of(role: Role, language: str) -> str:
    if role.module not in _HELP:
        return _WINDOW[language]
    environ = {**os.environ, "LANG": f"{language}.UTF-8", "LANGUAGE": language, "COLUMNS": "80"}
    environ = {name: value for name, value in environ.items() if not name.startswith("LC_")}
    command = [sys.executable, "-m", _HELP[role.module], "--help"]
    return subprocess.run(
        command, env=environ, capture_output=True, check=True, encoding="utf-8"
    ).stdout.strip()


def _lines(text: str) -> str:
    """Text as it stands: a line that troff would take for a command is none."""
    lines = (_text(line) for line in text.splitlines())
    return "\n".join(f"\\&{line}" if line[:1] in {".", "'"} else line for line in lines)


def _text(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")
