from __future__ import annotations

from dataclasses import replace
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.equipment import devices
from agent.equipment.condition import DeviceCondition
from agent.equipment.description import device_id_of
from agent.equipment.devices import MAX_DEVICES, Devices
from agent.equipment.merge import decision_name
from agent.room import Messages
from hardware.readings import IdentityKind, Kind, Sighting
from protocol.messages import DeviceAppeared, DeviceForgotten, DeviceState, DeviceVanished
from protocol.model import Reason, Status
from tests.agent.classrooms import host_sighting, room, sighting

CAMERA = sighting("usb:1")
GONE = sighting("usb:1", present=False)


def seen(*sightings: Sighting, start: Devices | None = None) -> tuple[Devices, Messages]:
    """The devices after the sightings, a second apart, and all that was said."""
    known, all_said = start or devices.restore_devices(room(), ()), Messages()
    for number, each in enumerate(sightings):
        known, said = known.see([each], 1000 * (number + 1))
        all_said += said
    return known, all_said


def restarted(known: Devices) -> Devices:
    """The devices as an agent that starts anew remembers them."""
    return devices.restore_devices(room(), known.all(1000), known.traces, known.decisions)


def kinds(said: Messages) -> list[type]:
    """What sort of messages were said."""
    return [type(each) for each in said]


def test_a_new_device_appears_with_its_state() -> None:
    """A first sighting is told as a state and an event."""
    known, said = seen(CAMERA)
    assert kinds(said) == [DeviceState, DeviceAppeared]
    assert known.present_ids() == (device_id_of(CAMERA.key),)
    (device,) = known.all(5000)
    assert (device.status, device.sources, device.last_seen_ms) == (Status.OK, ("usb",), 5000)


def test_the_same_sighting_again_says_nothing_but_is_remembered() -> None:
    """Repetition refreshes last_seen only."""
    known, said = seen(CAMERA, CAMERA, CAMERA)
    assert kinds(said) == [DeviceState, DeviceAppeared]
    assert known.by_id[device_id_of(CAMERA.key)].device.last_seen_ms == 3000


def test_a_device_that_changes_its_name_is_told_without_an_event() -> None:
    """A change is a state, not an appearance."""
    _, said = seen(CAMERA, sighting("usb:1", name="another name"))
    assert kinds(said) == [DeviceState, DeviceAppeared, DeviceState]


def test_a_device_that_goes_is_unknown_with_its_reason_and_comes_back() -> None:
    """Gone is unknown, never ok; the same device comes back under the same id."""
    known, said = seen(CAMERA, GONE)
    assert kinds(said)[2:] == [DeviceState, DeviceVanished]
    (device,) = known.all(9000)
    assert (device.status, device.reasons) == (Status.UNKNOWN, (Reason("unplugged"),))
    assert device.last_seen_ms == 2000
    again, said = seen(CAMERA, start=known)
    assert kinds(said) == [DeviceState, DeviceAppeared]
    assert again.all(1000)[0].first_seen_ms == 1000


def test_a_goodbye_of_a_stranger_or_of_one_that_is_gone_says_nothing() -> None:
    """Only what was here can vanish."""
    assert seen(GONE)[1] == []
    assert kinds(seen(CAMERA, GONE, GONE)[1]) == [
        DeviceState,
        DeviceAppeared,
        DeviceState,
        DeviceVanished,
    ]


def test_after_a_restart_a_device_is_not_reported_until_its_source_speaks() -> None:
    """What was here is awaited: it comes back without a second appearance."""
    before, _ = seen(CAMERA)
    after = restarted(before)
    (device,) = after.all(9000)
    assert (device.status, device.reasons) == (Status.UNKNOWN, (Reason("not_reported"),))
    assert after.present_ids() == ()
    back, said = seen(CAMERA, start=after)
    assert kinds(said) == [DeviceState]
    assert back.all(1000)[0].status is Status.OK


def test_after_a_restart_what_was_unplugged_is_still_unplugged_and_appears_anew() -> None:
    """A known reason is not replaced by a vaguer one."""
    before, _ = seen(CAMERA, GONE)
    after = restarted(before)
    assert after.all(1000)[0].reasons == (Reason("unplugged"),)
    assert kinds(seen(CAMERA, start=after)[1]) == [DeviceState, DeviceAppeared]


def test_an_awaited_device_that_says_goodbye_vanishes() -> None:
    """A goodbye is news about a device that was here before the restart."""
    after = restarted(seen(CAMERA)[0])
    assert kinds(seen(GONE, start=after)[1]) == [DeviceState, DeviceVanished]


def test_the_computer_itself_takes_the_judged_status() -> None:
    """The host is unknown until judged; the same codes again say nothing."""
    known, _ = seen(host_sighting())
    device_id = device_id_of(host_sighting().key)
    assert known.all(0)[0].status is Status.UNKNOWN
    full = (Reason("disk_low", 97.5, 97.0),)
    known, said = known.judge(device_id, Status.CRITICAL, full, 2000)
    assert kinds(said) == [DeviceState]
    fuller = (Reason("disk_low", 98.1, 97.0),)
    assert known.judge(device_id, Status.CRITICAL, fuller, 3000) == (known, [])
    known, said = seen(host_sighting(), start=known)
    assert said == []
    assert known.all(0)[0].status is Status.CRITICAL


def test_a_forgotten_device_is_gone_for_good() -> None:
    """A person's word removes it, and the school is told."""
    known, _ = seen(CAMERA)
    known, said = known.forget(device_id_of(CAMERA.key), 2000)
    assert kinds(said) == [DeviceForgotten]
    assert known.all(0) == ()
    assert seen(GONE, start=known)[1] == []


def test_a_flood_drops_what_is_gone_first_and_then_takes_no_more() -> None:
    """The registry is bounded, and devices that are here are never pushed out."""
    crowd = [sighting(f"usb:{number}") for number in range(MAX_DEVICES)]
    known, _ = devices.restore_devices(room(), ()).see(crowd, 1000)
    refused, said = seen(sighting("usb:late"), start=known)
    assert (refused.present_ids(), said) == (known.present_ids(), [])
    known, _ = seen(sighting("usb:7", present=False), sighting("usb:late"), start=known)
    assert len(known.by_id) == MAX_DEVICES
    assert device_id_of("usb:7") not in known.by_id
    assert device_id_of("usb:late") in known.present_ids()


def test_long_texts_are_cut_so_that_a_birth_fits() -> None:
    """A device with an endless name is kept, its name is not."""
    known, _ = seen(sighting(name="x" * 200, serial="0" * 200))
    (device,) = known.all(0)
    assert len(device.name) == len(device.serial) == 80


CROWD = [
    sighting(f"{source}:{number}", source=source, kind=kind, identity=IdentityKind.MAC)
    for source in ("usb", "mdns")
    for number, kind in enumerate((Kind.CAMERA, Kind.PRINTER, Kind.BOARD))
]


@given(st.lists(st.sampled_from(CROWD), max_size=30), st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_devices(
    heard: list[Sighting], dice: Random
) -> None:
    """What is known depends on what was seen, not on when or how often."""
    shuffled = heard * 2
    dice.shuffle(shuffled)

    once, once_said = seen(*heard)
    often, often_said = seen(*shuffled)
    assert gist(once) == gist(often)
    assert len(once_said) == len(often_said) == 2 * len({each.key for each in heard})


@given(st.lists(st.tuples(st.sampled_from(CROWD), st.booleans()), max_size=40))
def test_comings_and_goings_alternate(story: list[tuple[Sighting, bool]]) -> None:
    """A device never appears twice without vanishing between, and ends as it was last seen."""
    steps = [sighting(each.key, source=each.source, present=here) for each, here in story]
    known, said = seen(*steps)
    for device_id in {device_id_of(each.key) for each in steps}:
        events = [
            type(each)
            for each in said
            if isinstance(each, DeviceAppeared | DeviceVanished) and each.device_id == device_id
        ]
        assert all(kind is DeviceAppeared for kind in events[::2])
        assert all(kind is DeviceVanished for kind in events[1::2])
        assert (device_id in known.present_ids()) == (len(events) % 2 == 1)


MAC = "mac:00408c000001"
HEARD = sighting(MAC, source="mdns", identity=IdentityKind.MAC, kind=Kind.OTHER, name="Camera A")
ASKED = sighting(
    MAC,
    source="onvif",
    identity=IdentityKind.MAC,
    aliases=("uuid:cea94000fb96",),
    name="",
    model="M3085-V",
)
EARLY = sighting("uuid:cea94000fb96", source="onvif", identity=IdentityKind.UUID, name="Camera A")


def test_two_sources_of_one_device_fill_each_other() -> None:
    """The surer source speaks first; it is gone only when the last has lost it."""
    known, said = seen(HEARD, ASKED)
    (device,) = known.all(0)
    assert (device.kind, device.name, device.model) == ("camera", "Camera A", "M3085-V")
    assert device.sources == ("onvif", "mdns")
    assert device.identity == "mac"
    known, said = seen(replace(HEARD, present=False, reason="goodbye"), start=known)
    assert kinds(said) == [DeviceState]
    assert known.present_ids() == (device.device_id,)
    known, said = seen(replace(ASKED, present=False, reason="no_answer"), start=known)
    assert kinds(said) == [DeviceState, DeviceVanished]
    assert known.all(0)[0].reasons == (Reason("no_answer"),)


def test_a_device_that_told_its_mac_late_is_one_device_with_what_it_was() -> None:
    """The old id is forgotten, the new one carries it as an alias and keeps the first sight."""
    known, _ = seen(EARLY)
    known, said = seen(sighting("usb:other"), ASKED, start=known)
    old, new = device_id_of(EARLY.key), device_id_of(MAC)
    assert kinds(said) == [DeviceState, DeviceAppeared, DeviceForgotten, DeviceState]
    device = known.by_id[new].device
    assert (device.aliases, device.first_seen_ms) == ((old,), 1000)
    assert old not in known.by_id


def newest(known: Devices) -> str:
    """What was decided last."""
    return decision_name(known.decisions[-1])


def test_only_what_is_named_is_taken_back_and_once() -> None:
    """Whatever was said before or since; a second press takes nothing else."""
    known, _ = seen(CAMERA, HEARD, sighting("usb:other"))
    usb, net, other = (device_id_of(key) for key in (CAMERA.key, MAC, "usb:other"))
    first, _ = known.join(net, usb, 3000)
    both, _ = first.tell_apart(usb, other, 3000)
    left, _ = both.undo(newest(first), 4000)
    assert left.decisions == both.decisions[1:]
    with pytest.raises(KeyError):
        left.undo(newest(first), 5000)


def test_joining_then_parting_is_as_it_was_and_so_is_undo() -> None:
    """A person's word is reversible, and what a person joined is one device to the school."""
    apart, _ = seen(CAMERA, HEARD)
    usb, net = device_id_of(CAMERA.key), device_id_of(MAC)
    joined, said = apart.join(net, usb, 3000)
    assert set(joined.by_id) == {usb}
    assert joined.by_id[usb].device.aliases == (net,)
    assert DeviceForgotten in kinds(said)
    for back, said_back in (joined.part(usb, 4000), joined.undo(newest(joined), 4000)):
        assert gist(back) == gist(apart)
        assert back.decisions == ()
        assert {each.device.device_id for each in said_back if isinstance(each, DeviceState)} == {
            usb,
            net,
        }
        assert not any(isinstance(each, DeviceVanished) for each in said_back)


def test_what_tells_of_one_device_can_be_parted_and_put_together_again() -> None:
    """A camera whose sources were wrongly believed to be one."""
    one, _ = seen(EARLY, sighting(MAC, source="mdns", aliases=(EARLY.key,)))
    assert len(one.by_id) == 1
    parted, _ = one.part(device_id_of(MAC), 3000)
    assert set(parted.by_id) == {device_id_of(MAC), device_id_of(EARLY.key)}
    assert gist(parted.undo(newest(parted), 4000)[0]) == gist(one)


@pytest.mark.parametrize("ids", [("nobody", "usb"), ("usb", "nobody"), ("usb", "usb")])
def test_only_two_known_devices_are_joined(ids: tuple[str, str]) -> None:
    """A person is told what cannot be."""
    known, _ = seen(CAMERA)
    usb = device_id_of(CAMERA.key)
    with pytest.raises(KeyError):
        known.join(*[usb if each == "usb" else each for each in ids], 1)


def test_an_unknown_digitizer_is_asked_about_once() -> None:
    """The answer holds for all of its make, after a restart too."""
    touch = sighting("usb:t", kind=Kind.INPUT, product="0eef:0001", asks=Kind.BOARD)
    known, _ = seen(touch)
    device_id = device_id_of("usb:t")
    assert known.questions() == {device_id: Kind.BOARD}
    known, said = known.answer(device_id, Kind.BOARD, 2000)
    assert known.questions() == {}
    assert known.all(0)[0].kind == "board"
    assert kinds(said) == [DeviceState]
    again, _ = seen(replace(touch, key="usb:another"), start=restarted(known))
    assert {each.kind for each in again.all(0)} == {"board"}


def test_a_tablet_that_sleeps_is_no_trouble_and_no_event() -> None:
    """It is awake again without having appeared, and is gone after a day of sleep."""
    tablet = sighting("token:t", source="checkin", kind=Kind.TABLET, identity=IdentityKind.TOKEN)
    known, _ = seen(tablet)
    (device,) = known.all(0)
    known, _ = known.claim(device.device_id, 0, ours=True)
    known, said = seen(replace(tablet, present=False, reason="sleeping"), start=known)
    assert kinds(said) == [DeviceState]
    (device,) = known.all(0)
    assert (device.status, device.reasons) == (Status.OK, (Reason("sleeping"),))
    assert known.present_ids() == (device.device_id,)
    assert kinds(seen(tablet, start=known)[1]) == [DeviceState]
    gone, said = known.settle(13 * 3_600_000)
    assert kinds(said) == [DeviceState, DeviceVanished]
    assert gone.present_ids() == ()


def test_how_a_device_fares_is_the_worst_that_is_told_of_it() -> None:
    """Each reading replaces the one before of the same key."""
    known, _ = seen(HEARD, ASKED)
    blurred = DeviceCondition(Status.WARNING, (Reason("picture_blurred"),))
    known, said = known.find({MAC: blurred}, 2000)
    assert kinds(said) == [DeviceState]
    assert known.all(0)[0].status is Status.WARNING
    same, said = known.find({MAC: blurred}, 3000)
    assert said == []
    known, said = same.find({MAC: DeviceCondition(Status.OK)}, 4000)
    assert known.all(0)[0].reasons == ()


def test_devices_at_one_address_are_suggested_to_be_one() -> None:
    """Never joined by an address: addresses move."""
    known, _ = seen(
        replace(HEARD, address="10.0.0.5"),
        sighting("uuid:b", source="pjlink", identity=IdentityKind.UUID, address="10.0.0.5"),
        sighting("uuid:c", source="pjlink", identity=IdentityKind.UUID, address="10.0.0.6"),
    )
    assert known.suggestions() == [(device_id_of(MAC), device_id_of("uuid:b"))]


def test_what_an_older_lophoc_called_a_network_device_is_forgotten_under_that_name() -> None:
    """It comes back under its own; USB devices keep theirs."""
    old = devices.restore_devices(
        room(),
        [
            msgspec.structs.replace(each, device_id=name)
            for name in ("mdns-0123456789ab", device_id_of(CAMERA.key))
            for each in seen(CAMERA)[0].all(1000)
        ],
    )
    known, said = seen(CAMERA, start=old)
    assert kinds(said) == [DeviceForgotten, DeviceState]
    assert set(known.by_id) == {device_id_of(CAMERA.key)}


def gist(known: Devices) -> set[tuple[str, str, str]]:
    """What a person would compare."""
    return {(each.device_id, each.name, each.status) for each in known.all(0)}


FLEET = [
    sighting("usb:046d:082d:73BD39DF"),
    HEARD,
    ASKED,
    EARLY,
    sighting("mac:00408c000002", source="onvif", identity=IdentityKind.MAC, aliases=(EARLY.key,)),
    sighting("serial:epson:X4K2", source="pjlink", identity=IdentityKind.UUID, kind=Kind.PROJECTOR),
    sighting("name:0a", source="mdns", identity=IdentityKind.HOST, kind=Kind.TABLET),
    sighting("port:h:1:2", identity=IdentityKind.PORT, kind=Kind.BOARD),
]


@given(st.lists(st.sampled_from(FLEET), min_size=2, max_size=8, unique=True), st.data())
def test_to_join_any_two_and_to_part_them_is_to_have_done_nothing(
    fleet: list[Sighting], data: st.DataObject
) -> None:
    """Merge then split is identity, whatever the room holds."""
    known, _ = devices.restore_devices(room(), ()).see(fleet, 1000)
    ids = sorted(known.by_id)
    if len(ids) < 2:
        return
    one, other = data.draw(st.permutations(ids))[:2]
    joined, _ = known.join(one, other, 2000)
    assert len(joined.by_id) == len(ids) - 1
    (whole,) = joined.by_id.keys() & {one, other}
    for back in (joined.part(whole, 3000)[0], joined.undo(newest(joined), 3000)[0]):
        assert gist(back) == gist(known)
        assert back.groups() == known.groups()
