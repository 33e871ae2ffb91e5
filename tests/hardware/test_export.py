"""Exports: what another machine's udev wrote is read, whatever happened to the file on its way."""

from __future__ import annotations

import gzip
import io
import os
import random
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readings import Kind
from hardware.usb.export import DumpError, read_export
from hardware.usb.foreign import sightings_of
from tests.hardware.udev_exports import HERE, nodes_of

LAPTOP = (HERE / "udev/laptop.txt").read_bytes()


def put(folder: Path, content: bytes) -> Path:
    """Write an export as a file."""
    path = folder / "machine.txt"
    path.write_bytes(content)
    return path


def code_of(path: Path, **limits: int) -> str:
    """Give the code with which an export is refused."""
    with pytest.raises(DumpError) as refused:
        read_export(path, **limits)
    return refused.value.code


def test_packed_or_not_and_with_any_line_ends_it_is_the_same_machine(tmp_path: Path) -> None:
    """The packing is told by the content, not by the name; Windows may have touched the file."""
    plain = read_export(put(tmp_path, LAPTOP))
    packed = read_export(put(tmp_path, gzip.compress(LAPTOP)))
    twice = read_export(put(tmp_path, gzip.compress(LAPTOP[:999]) + gzip.compress(LAPTOP[999:])))
    crlf = read_export(put(tmp_path, LAPTOP.replace(b"\n", b"\r\n")))
    assert plain == packed == twice
    assert plain.nodes == crlf.nodes
    assert len(plain.digest) == 32


@pytest.mark.parametrize("content", [LAPTOP, gzip.compress(LAPTOP)], ids=["plain", "packed"])
def test_a_pipe_is_read_like_a_file(tmp_path: Path, content: bytes) -> None:
    """As in `<(ssh room12 udevadm info --export-db)`, packed or not."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    feeder = threading.Thread(target=pipe.write_bytes, args=(content,))
    feeder.start()
    piped = read_export(pipe)
    feeder.join()
    assert piped == read_export(put(tmp_path, LAPTOP))


def test_two_machines_have_two_names(tmp_path: Path) -> None:
    """Ports of one are never taken for ports of another."""
    first = read_export(put(tmp_path, LAPTOP))
    second = read_export(put(tmp_path, LAPTOP + b"\nP: /devices/x\n"))
    assert first.digest != second.digest


def test_lines_of_no_use_and_quotes_of_the_web_do_no_harm() -> None:
    """Every mark of udevadm(8), a node without properties, junk before the first and between."""
    assert nodes_of(
        "junk\nE: LOST=1\n\n"
        "P: /devices/a\nM: a\nR: 1\nU: usb\nT: usb_device\nD: c 189:1\nN: bus/usb/001/002\n"
        "L: 0\nS: link\nQ: 1\nV: x\nI: 5\nE: NAME=&quot;A &amp; B&quot;\nE: no equals\nE: =x\n"
        "E: TWICE=1\nE: TWICE=2=3\n\x00\xff\n"
        "P: /devices/b\n\n\n\n"
        "P: /devices/c\nE: DEVNAME=/dev/c\nN: other"
    ) == [
        {
            "DEVPATH": "/devices/a",
            "DEVNAME": "/dev/bus/usb/001/002",
            "NAME": '"A & B"',
            "TWICE": "2=3",
        },
        {"DEVPATH": "/devices/b"},
        {"DEVPATH": "/devices/c", "DEVNAME": "/dev/c"},
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_dump"),
        (b"root:x:0:0:root:/root:/bin/bash\n", "not_a_dump"),
        (b"P: nowhere\nE: A=1\n", "not_a_dump"),
        (random.Random(7).randbytes(100_000), "not_a_dump"),
        (gzip.compress(b"hello"), "not_a_dump"),
        (gzip.compress(LAPTOP)[:-200], "unreadable"),
        (gzip.compress(LAPTOP)[:600] + b"\0" * 600, "unreadable"),
        (b"\x1f\x8b", "unreadable"),
    ],
    ids=[
        "empty",
        "other text",
        "other dump",
        "noise",
        "packed text",
        "packed and cut",
        "packed and damaged",
        "gzip head only",
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(
    tmp_path: Path, content: bytes, code: str
) -> None:
    """Each way a file can be wrong has a word of its own."""
    assert code_of(put(tmp_path, content)) == code


def test_a_file_that_is_not_there_or_may_not_be_read_is_told(tmp_path: Path) -> None:
    """A folder is not readable as a file for anyone."""
    assert code_of(tmp_path / "absent.txt") == "no_such_file"
    assert code_of(tmp_path) == "unreadable"
    assert code_of(Path("a\0b")) == "unreadable"


def test_a_gzip_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    """A gigabyte of nothing in a megabyte; no more than the limit is ever unpacked."""
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    assert code_of(put(tmp_path, bomb.getvalue())) == "too_large"
    assert code_of(put(tmp_path, LAPTOP), limit_bytes=1000) == "too_large"


def test_overlong_lines_and_endless_nodes_are_bounded(tmp_path: Path) -> None:
    """A line is cut, a node has so many properties, and so many nodes are enough."""
    long = b"P: /devices/a\nE: LONG=" + b"x" * 1_000_000 + b"\nE: NEXT=1\n"
    (node,) = read_export(put(tmp_path, long)).nodes
    assert len(node["LONG"]) < 20_000
    assert node["NEXT"] == "1"
    many = b"P: /devices/a\n" + b"".join(b"E: A%d=1\n" % count for count in range(5000))
    (node,) = read_export(put(tmp_path, many)).nodes
    assert len(node) == 1000
    assert code_of(put(tmp_path, b"P: /devices/a\n" * 100_001)) == "too_large"


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """Whatever stands between the nodes, the reading ends, and every node has a path."""
    text = (LAPTOP[:700] + content + LAPTOP[700:]).decode("utf-8", "replace")
    assert all("DEVPATH" in node for node in nodes_of(text))


def test_a_touch_laptop_shows_its_devices_and_no_board(tmp_path: Path) -> None:
    """One webcam with two pictures, two adapters with one serial, its own screens, its IPU once."""
    machine, *devices = sightings_of(read_export(put(tmp_path, LAPTOP)))
    assert (machine.kind, machine.source) == (Kind.HOST, "host")
    assert (machine.vendor, machine.model) == ("VINAMachines", "LopBook14")
    assert [(one.kind, one.product, one.asks) for one in devices] == [
        ("camera", "", None),
        ("camera", "05c8:082f", None),
        ("network", "0bda:8153", None),
        ("network", "0bda:8153", None),
        ("input", "04f3:24dd", None),
    ]
    assert [one.nodes for one in devices[:2]] == [(), ("/dev/video0", "/dev/video2")]
    assert {one.identity for one in devices} == {"port"}
    assert len({one.key for one in devices}) == 5


def test_a_raspberry_pi_shows_its_own_camera_and_asks_of_a_touch_that_hangs_on_it() -> None:
    """Its touchscreen without a panel, its codecs and its metadata node are nothing."""
    machine, *devices = sightings_of(read_export(HERE / "udev/raspberry-pi.txt"))
    assert (machine.vendor, machine.model) == ("Raspberry Pi", "Raspberry Pi 4 (BCM2711)")
    assert [(one.kind, one.asks, one.nodes) for one in devices] == [
        ("input", "board", ("/dev/input/event1",)),
        ("camera", None, ("/dev/video0",)),
    ]


@pytest.mark.parametrize(
    ("modalias", "vendor", "model"),
    [
        ("dmi:bvnX:svnLENOVO:pn20L5S0:pvrThinkPad:rvnLENOVO:rnY:ct10:", "LENOVO", "20L5S0"),
        ("dmi:svnSystemmanufacturer:pnSystemProductName:rvnASUS:rnP5Q:ct3:", "ASUS", "P5Q"),
        ("dmi:svnToBeFilledByO.E.M.:pnDefaultstring:rvnNone:rn:", "", ""),
        ("dmi:svnHP:pnNotSpecified:rvnHP:rn8C10:", "HP", "8C10"),
        ("dmi:", "", ""),
        ("", "", ""),
    ],
)
def test_a_machine_is_named_by_what_its_maker_filled_in(
    tmp_path: Path, modalias: str, vendor: str, model: str
) -> None:
    """What was left unfilled names nobody; then the main board may."""
    text = f"P: /devices/virtual/dmi/id\nE: MODALIAS={modalias}\n"
    (machine,) = sightings_of(read_export(put(tmp_path, text.encode())))
    assert (machine.vendor, machine.model) == (vendor, model)


@pytest.mark.parametrize(
    ("chassis", "asks"),
    [
        ("3", Kind.BOARD),
        ("35", Kind.BOARD),
        ("10", None),
        ("13", None),
        ("31", None),
        ("x", "board"),
    ],
)
def test_a_touch_is_asked_of_unless_the_machine_has_a_screen_of_its_own(
    tmp_path: Path, chassis: str, asks: Kind | None
) -> None:
    """A laptop's or an all-in-one's touch is its own; a desktop has none."""
    text = LAPTOP.replace(b":ct10:", f":ct{chassis}:".encode())
    found = sightings_of(read_export(put(tmp_path, text)))
    assert [one.asks for one in found if one.product == "04f3:24dd"] == [asks]
