"""`lophoc-controller doctor`: what it says of a real folder, and what its bundle leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.__main__ import main
from controller.broker.authority import Authority
from tests.controller.fresh import fresh_folder
from tests.ports import free_port

SECRETS = ("Nguyen-Van-An", "1400000007", "s3cret-token", "10.9.8.7", "school-of-secrets")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stopped controller's folder and settings, with something private in every place."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")
    monkeypatch.chdir(tmp_path)
    data = fresh_folder(tmp_path / SECRETS[0])
    Authority(data).machine()
    (data / "agents.json").write_text(json.dumps({SECRETS[1]: SECRETS[2]}))
    (tmp_path / "word").write_text(SECRETS[2])
    (tmp_path / "c.toml").write_text(
        f'school = "{SECRETS[4]}"\nprovince = "14"\nname = "{SECRETS[0]}"\ndata = "{data}"\n'
        f'upstream = "mqtt://{SECRETS[1]}@127.0.0.1:{free_port()}"\n'
        f'copies = "https://{SECRETS[4]}.invalid/{SECRETS[2]}"\n'
        f'upstream_password_file = "word"\nhttp_port = {free_port()}\nmqtt_port = {free_port()}\n'
    )
    return data


def test_what_is_wrong_is_said_and_the_bundle_holds_no_secret(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names stand on the screen of who asks, and nowhere in what is sent on."""
    assert main(["doctor", "--config", "c.toml", "--bundle", "b.json"]) == 3
    text = capsys.readouterr().out
    assert "It is not running." in text
    assert "no LopHoc server listens there" in text
    assert SECRETS[2] not in text
    sent = Path("b.json").read_text("utf-8")
    assert [secret for secret in (*SECRETS, str(folder)) if secret in sent] == []
    codes = {each["code"] for each in json.loads(sent)["checks"]}
    assert {"program_stopped", "records_sound", "broker_closed", "certificate_good"} <= codes


def test_a_damaged_database_and_a_lost_key_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command that mends it."""
    database = folder / "lophoc.db"
    content = bytearray(database.read_bytes())
    content[4096:20480] = b"\xff" * 16384
    database.write_bytes(content)
    (folder / "tls" / "ca.key").unlink()
    assert main(["doctor", "--config", "c.toml"]) == 3
    text = capsys.readouterr().out
    assert "lophoc.db is damaged." in text
    assert "lophoc-controller repair" in text
    assert "is gone" in text
