from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agent.commands.explain import explain
from agent.database.documents import SavedState
from agent.database.generations import DocumentError
from agent.equipment import devices
from agent.equipment.description import device_id_of
from hardware.readings import IdentityKind, Kind
from protocol.words import translator
from tests.agent.classrooms import room, sighting

CAMERA = sighting(
    "mac:00408c000001",
    source="onvif",
    identity=IdentityKind.MAC,
    aliases=("uuid:cea94000",),
    name="Camera P203",
    vendor="Axis",
    address="10.0.0.7",
    port=80,
    via="10.0.0.2",
)
TOUCH = sighting("port:h:1:0eef:1", identity=IdentityKind.PORT, kind=Kind.INPUT, asks=Kind.BOARD)
ENGLISH = {"LANG": "en_US.UTF-8"}


def remembered() -> SavedState:
    """A room with a camera that stopped answering, joined by hand to a name, and a digitizer."""
    named = sighting("name:ab", source="mdns", identity=IdentityKind.HOST)
    known, _ = devices.restore_devices(room(), ()).see([CAMERA, named, TOUCH], 1_757_203_200_000)
    known, _ = known.join(device_id_of(CAMERA.key), device_id_of(named.key), 1_757_203_201_000)
    gone = [replace(each, present=False, reason="no_answer") for each in (CAMERA, named)]
    known, _ = known.see(gone, 1_757_203_260_000)
    return SavedState(
        devices=known.all(0),
        traces=tuple(known.traces.held.values()),
        decisions=known.decisions,
    )


def test_a_device_is_explained_in_sentences() -> None:
    """What it is known by, who told, where it answered last, why it is missing, who joined it."""
    said = explain(remembered(), device_id_of(CAMERA.key), as_json=False, environ=ENGLISH)
    for part in (
        "camera Camera P203",
        "It is known by the MAC address that it told.",
        "As a camera (ONVIF): MAC 00:40:8c:00:00:01, last seen ",
        ": No longer answers",
        "It answered at 10.0.0.7:80, heard on 10.0.0.2.",
        "It also tells id cea94000.",
        "A person said that MAC 00:40:8c:00:00:01 and the name that it bears are one device.",
    ):
        assert part in said
    assert "đang chờ trả lời: bảng tương tác" in explain(
        remembered(), device_id_of(TOUCH.key), as_json=False, environ={}
    )


def test_the_same_for_programs() -> None:
    """An alias leads to the device as well."""
    alias = device_id_of("uuid:cea94000")
    tree = json.loads(explain(remembered(), alias, as_json=True, environ={}))
    assert tree["device_id"] == device_id_of(CAMERA.key)
    assert {each["source"] for each in tree["traces"]} == {"onvif", "mdns"}
    assert tree["traces"][0]["interface"] == "10.0.0.2"
    assert tree["decisions"] == [{"type": "joined", "one": "mac:00408c000001", "other": "name:ab"}]


def test_an_id_that_nobody_knows_is_an_error_with_a_hint() -> None:
    """And is not echoed without end."""
    with pytest.raises(DocumentError) as caught:
        explain(remembered(), "net-" + "0" * 500, as_json=True, environ={})
    assert caught.value.code == "device_unknown"
    assert len(caught.value.text(str)) < 250


def test_it_is_said_which_marks_were_believed_and_why_it_is_of_its_kind() -> None:
    """In Vietnamese: the key, what others tell too, what holds nothing of the piece, the proof."""
    twin = sighting(
        "uuid:cea94000fb96",
        source="onvif",
        identity=IdentityKind.UUID,
        contested=("mac:00408c000001", "name:ab", "serial:x:0001"),
        former=("mac:00408c000001",),
        weak=("serial:x:0001",),
        proof="protocol ONVIF",
        kind=Kind.CAMERA,
    )
    known, _ = devices.restore_devices(room(), ()).see([twin], 0)
    state = SavedState(devices=known.all(0), traces=tuple(known.traces.held.values()))
    said = explain(state, device_id_of(twin.key), as_json=False, environ={})
    for part in (
        "Nhận ra nhờ mã cea94000fb96.",
        "hoặc chỉ để nhận ra thiết bị có trước: MAC 00:40:8c:00:00:01.",
        "không dùng để nhận ra riêng một chiếc: số sê-ri 0001.",
        "Trước đây được nhận ra nhờ MAC 00:40:8c:00:00:01.",
        "Thuộc loại này vì nó trả lời bằng ONVIF.",
    ):
        assert part in said
    assert "tên của nó" not in said  # it is known by more
    assert said.count("số sê-ri 0001") == 1  # what many tell anyway is said once
    named = sighting("name:" + "0a" * 16, source="mdns", identity=IdentityKind.HOST)
    (line, *_) = (
        devices.restore_devices(room(), ())
        .see([named], 0)[0]
        .grounds_of(device_id_of(named.key), translator("vi"))
    )
    assert line == "Nhận ra nhờ tên của nó."
    answered, _ = known.answer(device_id_of(twin.key), Kind.BOARD, 1)
    assert "Thuộc loại này theo lời người dùng." in answered.grounds_of(
        device_id_of(twin.key), translator("vi")
    )
