"""What the page of updates does, a command on the server does: by the settings alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.__main__ import main
from tests.controller.fresh import fresh_folder
from tests.controller.web_school import SCHOOL, a_store, agent
from tests.update_packages import PUBLIC, lay_out, packed

NEW = "0.2.0+20261130.111923.9120b954"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A school with one room, whose settings alone name the folder and the key."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")
    data, file = fresh_folder(tmp_path / "data"), tmp_path / "c.toml"
    place = f'province = "{SCHOOL.province}"\nschool = "{SCHOOL.school}"\n'
    file.write_text(f'data = "{data}"\n{place}update_keys = "{PUBLIC}"\n')
    with a_store(data, [agent("6A1")]):
        pass
    return ["--config", str(file)]


def test_a_version_is_given_goes_out_stands_still_and_is_taken_back(
    settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it stands at is told; a press that changes nothing says so by its code."""
    update = packed(lay_out(tmp_path / "root", NEW, "main = int\n"), tmp_path, NEW)

    def told(*words: str) -> tuple[int, str]:
        code = main(["updates", *words, *settings])
        return code, "".join(capsys.readouterr())

    assert told("begin", NEW, "--room", "6A1")[0] == 1
    assert told("add", str(tmp_path / "none"))[0] != 0
    (tmp_path / "other").write_bytes(update.read_bytes().replace(b"0.2.0", b"0.2.1", 1))
    assert told("add", str(tmp_path / "other"))[0] != 0
    assert told("add", str(update))[0] == 0
    assert len([*(tmp_path / "data/updates").iterdir()]) == 1
    assert told("begin", NEW, "--room", "none")[0] == 1
    assert told("begin", NEW, "--room", "6A1")[0] == 0
    assert told("begin", NEW, "--room", "6A1")[0] == 1  # one at a time
    for deed, state in (("stop", "stopped"), ("go-on", "on its way"), ("back", "withdrawn")):
        assert told(deed)[0] == 0
        code, text = told("list")
        assert code == 0
        assert NEW in text
        assert state in text
