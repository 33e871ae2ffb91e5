"""Whatever command root runs, and however it ends, the service's folder holds the service's files.

Each command is really run by root in a folder that is another account's.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from controller.__main__ import main
from controller.commands import COMMANDS
from protocol.errors import EXIT_SETTINGS
from tests.controller.fresh import fresh_folder
from tests.update_packages import PUBLIC, lay_out, packed

SERVICE = 12_345
NEW = "0.2.0+20261130.111923.9120b954"
WORDS = "bốn từ không liên quan\n"
# What writes, with words that do it; every other command is run as somebody types it first.
TYPED = {
    "agents": ["agents", "add", "p203"],
    "backup": ["backup", "--new-passphrase"],
    "guests": ["guests", "add", "14", "00140709"],
    "forecast": ["forecast", "init"],
    "updates": ["updates", "add", "{update}", "--update-keys", PUBLIC],
    "password": ["password"],
    "token": ["token", "add", "bao-cao"],
    "register": ["register", "import", "{book}"],
    "repair": ["repair"],
    "report": ["report", "list"],
    "webhooks": ["webhooks", "list"],
    "export": ["export"],
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What commands are given, in root's own folder."""
    folder = tmp_path_factory.mktemp("given")
    book = folder / "so.csv"
    book.write_text("STT,Mã tài sản,Tên thiết bị,Phòng\n1,TS-1,Máy chiếu,6A1\n", "utf-8")
    update = packed(lay_out(folder / "root", NEW, "main = int\n"), folder, NEW)
    return {"book": str(book), "update": str(update)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root leaves root's files")
@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS])
def test_no_file_of_roots_is_left(
    name: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done, refused or misspelt."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "00140708")
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", "14")
    monkeypatch.chdir(tmp_path)
    data = fresh_folder(tmp_path / "data")
    for path in (data, *data.rglob("*")):
        shutil.chown(path, SERVICE, SERVICE)
    before = {path.name for path in data.rglob("*")}
    words = [word.format(**files) for word in TYPED.get(name, [name])]
    monkeypatch.setattr("sys.stdin", io.StringIO(WORDS))
    try:
        code = main([*words, "--data", str(data)])
    except SystemExit as ended:
        code = int(ended.code or 0)
    left = {str(path.relative_to(data)): path.lstat().st_uid for path in data.rglob("*")}
    assert {path: owner for path, owner in left.items() if owner != SERVICE} == {}
    if name in {"agents", "backup", "guests", "updates"}:
        assert code == 0
        assert {Path(path).name for path in left} > before


@pytest.mark.parametrize("words", [[], ["--config", "settings.toml"]])
def test_a_run_that_is_refused_says_why_to_root_too(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without naming a folder; it is found by the settings, or nothing is."""
    monkeypatch.setattr("protocol.folder.is_root", lambda: True)
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "settings.toml").touch()
    assert main(["run", *words, "--http-port", "99999"]) == EXIT_SETTINGS
    assert ("settings.toml is empty" if words else "http_port") in capsys.readouterr().err
