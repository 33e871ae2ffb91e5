from __future__ import annotations

from dataclasses import replace

from agent.equipment.description import device_id_of
from agent.equipment.traces import Traces, as_unseen, with_answer
from hardware.readings import IdentityKind, Kind, Sighting
from protocol.model import NO_ROOM
from tests.agent.classrooms import sighting

HITE = sighting(
    "port:laptop:pci-usb-0:1:4623:011a",
    identity=IdentityKind.PORT,
    kind=Kind.BOARD,
    product="4623:011a",
)
CAMERA = sighting("usb:046d:082d:73BD39DF")
STICK = sighting("port:laptop:pci-usb-0:3:058f:6387", identity=IdentityKind.PORT, kind=Kind.STORAGE)


def gone(each: Sighting) -> Sighting:
    """The same thing, unplugged."""
    return sighting(
        each.key, identity=each.identity, kind=each.kind, product=each.product, present=False
    )


def laptop(room: str = "P203") -> Traces:
    """A roaming laptop in this room."""
    return Traces(room=room, roaming=True)


def where(traces: Traces) -> dict[str, tuple[str, bool]]:
    """Each key's room, and whether it is there now."""
    return {each.sighting.key: (each.room, each.sighting.present) for each in traces.held.values()}


def test_a_laptop_that_walks_on_leaves_the_board_behind() -> None:
    """Two boards of one make without serials, each in its own room, by the same port."""
    traces = laptop().see([HITE, STICK], 1000).see([gone(HITE)], 2000)
    traces = traces.move("P207", 3000).see([HITE], 4000)
    assert where(traces) == {
        "port:P203:4623:011a": ("P203", False),
        "port:P207:4623:011a": ("P207", True),
        STICK.key: ("", True),
    }


def test_a_board_plugged_in_before_the_room_was_known_to_have_changed_is_the_new_rooms() -> None:
    """The old room's board is told as no longer reported, not as moved."""
    traces = laptop().see([HITE], 1000).see([gone(HITE)], 2000).see([HITE], 3000)
    traces = traces.move("P207", 4000)
    assert where(traces) == {
        "port:P203:4623:011a": ("P203", False),
        "port:P207:4623:011a": ("P207", True),
    }


def test_a_board_seen_before_any_room_was_known_belongs_to_the_room_that_is_picked() -> None:
    """Nothing is left behind in a room that nobody named."""
    traces = laptop(NO_ROOM).see([HITE, CAMERA], 1000).move("P203", 2000)
    assert where(traces) == {
        "port:P203:4623:011a": ("P203", True),
        CAMERA.key: ("P203", True),
    }


def test_a_camera_with_a_serial_is_the_same_in_the_next_room() -> None:
    """It was carried along, and stands there now."""
    traces = laptop().see([CAMERA], 1000).move("P207", 2000)
    assert where(traces) == {CAMERA.key: ("P207", True)}


def test_what_is_heard_by_network_stays_in_the_room_where_it_was_first_heard() -> None:
    """A network may span the school: hearing says nothing of the place."""
    board = sighting("mac:00408c000001", source="mdns", identity=IdentityKind.MAC, kind=Kind.BOARD)
    traces = laptop().see([board], 1000).move("P207", 2000).see([board], 3000)
    assert where(traces) == {board.key: ("P203", True)}


def test_twins_on_one_laptop_are_two_boards() -> None:
    """A count is added where the room has two of one make; each goes by itself."""
    twin = sighting(
        "port:laptop:pci-usb-0:2:4623:011a",
        identity=IdentityKind.PORT,
        kind=Kind.BOARD,
        product="4623:011a",
    )
    traces = laptop().see([HITE, twin, HITE, twin], 1000)
    assert set(where(traces)) == {"port:P203:4623:011a", "port:P203:4623:011a:2"}
    assert where(traces.see([gone(twin)], 2000))["port:P203:4623:011a:2"] == ("P203", False)


def test_a_fixed_computer_keeps_ports_apart_and_names_no_rooms() -> None:
    """Its own room is the devices' room."""
    traces = Traces(room="P203").see([HITE], 1000).move("P204", 2000)
    assert where(traces) == {HITE.key: ("", True)}


def test_two_laptops_in_one_room_see_the_same_board() -> None:
    """By the room and the make, whatever the laptop and the port."""
    other = sighting(
        "port:another:pci-usb-0:9:4623:011a",
        identity=IdentityKind.PORT,
        kind=Kind.BOARD,
        product="4623:011a",
    )
    (one,), (two,) = (where(laptop().see([each], 1)) for each in (HITE, other))
    assert device_id_of(one) == device_id_of(two)


def test_an_answer_holds_for_a_product_and_for_one_thing() -> None:
    """What a person said once is not asked again."""
    asks = sighting("usb:x", kind=Kind.INPUT, product="0eef:0001", asks=Kind.BOARD)
    known = with_answer(asks, {"0eef:0001": Kind.BOARD})
    assert (known.kind, known.asks) == (Kind.BOARD, None)
    assert with_answer(asks, {"usb:x": Kind.INPUT}).asks is None
    assert with_answer(asks, {"usb:y": Kind.BOARD}) is asks


def test_a_source_that_learns_more_of_a_device_no_longer_speaks_of_it_by_less() -> None:
    """A camera that told its uuid first, and its MAC after the password was set."""
    first = sighting("uuid:cea94000", source="onvif", identity=IdentityKind.UUID)
    then = sighting("mac:1", source="onvif", identity=IdentityKind.MAC, aliases=("uuid:cea94000",))
    traces = Traces(room="P1").see([first, then], 1000)
    assert set(where(traces)) == {"mac:1"}


def test_the_oldest_that_is_gone_makes_way() -> None:
    """Traces are bounded, and what is here is never pushed out for what comes late."""
    traces = Traces(room="P1").see([sighting("usb:gone"), sighting("usb:gone", present=False)], 1)
    crowd = [sighting(f"usb:{number}") for number in range(1300)]
    held = traces.see(crowd, 2).held
    assert len(held) == 1200
    assert ("usb", "usb:gone") not in held
    assert ("usb", "usb:0") in held


def by_name(name: str, address: str = "10.0.0.9", *, present: bool = True) -> Sighting:
    """A camera that tells no mark."""
    told = sighting(f"name:onvif:{name}:IPC-1:", source="onvif", identity=IdentityKind.HOST)
    return replace(told, name=name, address=address, port=80, present=present)


def test_what_told_but_its_names_is_known_again_once_it_tells_more() -> None:
    """At its address, under its name, whether the agent ran meanwhile or not."""
    told = replace(by_name("IPC"), key="mac:00408c000001", identity=IdentityKind.MAC)
    before = Traces(room="P1").see([by_name("IPC")], 1000)
    for gone_before in (before.see([by_name("IPC", present=False)], 2000), unseen(before)):
        known = gone_before.see([told], 3000).as_told()
        assert [(one.key, one.former) for one in known] == [(told.key, (by_name("IPC").key,))]


def test_another_at_its_address_and_one_that_is_still_there_are_others() -> None:
    """A camera of another name, one at another address, a service of mDNS, which tells its past."""
    told = replace(by_name("IPC"), key="mac:00408c000001", identity=IdentityKind.MAC)
    before = Traces(room="P1").see([by_name("IPC")], 1000)
    assert len(before.see([told], 2000).held) == 2
    others = (replace(told, name="Cửa"), replace(told, address="10.0.0.8"), replace(told, port=81))
    for other in (*others, replace(told, source="mdns")):
        assert len(unseen(before).see([other], 3000).held) == 2


def unseen(traces: Traces) -> Traces:
    """After a restart."""
    return replace(traces, held={at: as_unseen(trace) for at, trace in traces.held.items()})
