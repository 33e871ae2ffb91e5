"""A scan of another machine's export: the same shape as a scan of this one, or a plain reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from agent.commands.scan import ExportUnreadableError, scan_export
from protocol.words import translator

UDEV = Path(__file__).parents[1] / "hardware/udev"
VIETNAMESE = {"LANG": "vi_VN.UTF-8"}


def test_an_export_is_told_as_json_of_the_shape_of_a_scan() -> None:
    """The machine, what hangs on it, and no sense that is missing."""
    told = json.loads(scan_export(UDEV / "laptop.txt", as_json=True, environ={}))
    assert told["host"]["model"] == "LopBook14"
    assert told["host"]["identity"] == "host"
    assert told["missing"] == []
    kinds = [one["kind"] for one in told["devices"]]
    assert kinds == ["host", "camera", "camera", "network", "network", "input"]
    built_in, camera = told["devices"][1:3]
    assert (built_in["name"], built_in["nodes"]) == ("Built-in camera (MIPI)", [])
    assert camera["nodes"] == ["/dev/video0", "/dev/video2"]
    assert (camera["identity"], camera["confidence"], camera["sources"]) == (
        "port",
        "medium",
        ["usb"],
    )
    assert len({one["device_id"] for one in told["devices"]}) == 6


def test_an_export_is_told_as_a_table_in_the_readers_language(tmp_path: Path) -> None:
    """Packed or not, the words are for people."""
    packed = tmp_path / "pi.gz"
    packed.write_bytes(gzip.compress((UDEV / "raspberry-pi.txt").read_bytes()))
    told = scan_export(packed, as_json=False, environ=VIETNAMESE)
    assert "máy tính" in told
    assert "Raspberry Pi 4 (BCM2711)" in told
    assert told.endswith("\n")


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, "no_such_file", "Không có tệp {path}."),
        (b"\x1f\x8b\x08", "unreadable", "Không đọc được tệp {path} ("),
        (b"hello", "not_a_dump", "Tệp {path} không phải là danh sách thiết bị của một máy."),
        (gzip.compress(bytes(40 << 20)), "too_large", "Tệp {path} quá lớn"),
    ],
    ids=["absent", "cut gzip", "text", "gzip bomb"],
)
def test_what_cannot_be_read_is_told_with_what_to_do(
    tmp_path: Path, content: bytes | None, code: str, said: str
) -> None:
    """A code for programs, a sentence in Vietnamese for people, and a hint."""
    path = tmp_path / "may.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExportUnreadableError) as refused:
        scan_export(path, as_json=True, environ={})
    assert refused.value.code == code
    assert refused.value.text(translator("vi")).startswith(said.replace("{path}", str(path)))
    assert "Hãy" in refused.value.text(translator("vi"))
