"""Reading cards in pictures by hand: JSON for programs, lines for people, codes of the exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.commands.read_cards import CardsUnreadableError, keys_in
from agent.database import DOCUMENTS
from agent.database.documents import Documents, SavedState
from protocol.doorcode import fingerprint, sign
from protocol.plan import DoorCard, Plan
from simulators.devices.cards import Scene, class_of, door

OURS, THEIRS = b"\x01\x02", b"\x03"
HELD = Scene(side=(60, 90), tilt=(0, 30), covered=0.0)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A class, a door and a text."""
    folder = tmp_path_factory.mktemp("ảnh")
    paths = [folder / name for name in ("lớp.jpg", "cửa.jpg", "chữ.jpg")]
    paths[0].write_bytes(class_of(6, HELD, ids=[3, 14, 15])[0].jpeg)
    texts = [sign(OURS, 1, b"serial"), sign(THEIRS, 1, b"serial")]
    paths[1].write_bytes(door(6, texts, tilt=20).jpeg)
    paths[2].write_text("no picture")
    return paths


def test_each_picture_is_one_object_a_line(
    pictures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """With where each card is, which door code is ours, and the picture that is none."""
    keys = pictures[0].with_name("keys")
    keys.write_text("1:0102\n")
    arguments = ["read-cards", *map(str, pictures), "--json", "--door-key-file", str(keys)]
    assert main(arguments) == 1
    of_class, of_door, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert [each["file"] for each in (of_class, of_door, bad)] == list(map(str, pictures))
    assert set(of_class) == {"file", "cards", "door", "ms"}
    assert [each["id"] for each in of_class["cards"]] == [3, 14, 15]
    assert all(len(corner) == 2 for each in of_class["cards"] for corner in each["corners"])
    assert [len(each["corners"]) for each in of_class["cards"]] == [4, 4, 4]
    valid = {each["text"]: each["valid"] for each in of_door["door"]}
    assert valid == {sign(OURS, 1, b"serial"): True, sign(THEIRS, 1, b"serial"): False}
    assert bad == {"file": str(pictures[2]), "error": "no_picture"}


def test_without_a_key_no_door_code_is_valid(
    pictures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """And all that could be read ends well."""
    assert main(["read-cards", str(pictures[1]), "--json"]) == 0
    assert [each["valid"] for each in json.loads(capsys.readouterr().out)["door"]] == [False] * 2


def test_a_person_is_told_in_a_line(
    pictures: list[Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the language."""
    monkeypatch.setenv("LANGUAGE", "vi")
    main(["read-cards", *map(str, pictures)])
    first, _, last = capsys.readouterr().out.splitlines()
    assert first == f"{pictures[0]}: 3 thẻ lớp (3, 14, 15); 0 trong 0 mã thẻ cửa là hợp lệ."
    assert "đây không phải ảnh" in last


@pytest.mark.parametrize("option", ["1", "1:", "1:xy", "x:00", "256:00", "-1:00", "1:0"])
def test_a_key_that_is_none_is_refused_and_not_repeated(option: str, tmp_path: Path) -> None:
    """It is a secret even when mistyped."""
    (tmp_path / "keys").write_text(option)
    with pytest.raises(CardsUnreadableError) as caught:
        keys_in(tmp_path / "keys")
    assert caught.value.values == {}


def test_keys_are_read_by_version(tmp_path: Path) -> None:
    """Each line one."""
    (tmp_path / "keys").write_text("1:0102\n7:ff\n")
    assert keys_in(tmp_path / "keys") == {1: b"\1\2", 7: b"\xff"}


@pytest.mark.parametrize(
    "plan",
    [
        Plan(door_keys={"1": OURS.hex()}),
        Plan(door_cards=(DoorCard(serial=fingerprint(sign(OURS, 1, b"serial")), student="a"),)),
    ],
    ids=["keys", "fingerprints"],
)
def test_without_a_file_the_schools_plan_says_which_cards_are_good(
    pictures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], plan: Plan
) -> None:
    """The agent holds it since the school gave it, with keys or without."""
    documents = Documents(tmp_path / DOCUMENTS)
    documents.load()
    documents.save(SavedState(plan=plan))
    assert main(["read-cards", str(pictures[1]), "--json", "--data", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)["door"]
    assert sorted(each["valid"] for each in told) == [False, True]
