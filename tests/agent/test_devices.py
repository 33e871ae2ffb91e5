from __future__ import annotations

from random import Random

from classrooms import host_sighting, room, sighting
from hypothesis import given
from hypothesis import strategies as st

from agent import devices
from agent.devices import MAX_DEVICES, Devices, device_id_of
from agent.room import Said
from hardware.readings import Identity, Kind, Sighting
from protocol.messages import DeviceAppeared, DeviceForgotten, DeviceState, DeviceVanished
from protocol.model import Reason, Status

CAMERA = sighting("usb:1")
GONE = sighting("usb:1", present=False)


def seen(*sightings: Sighting, start: Devices | None = None) -> tuple[Devices, Said]:
    """The devices after the sightings, a second apart, and all that was said."""
    known, all_said = start or devices.recalled(room(), ()), Said()
    for number, each in enumerate(sightings):
        known, said = known.see([each], 1000 * (number + 1))
        all_said += said
    return known, all_said


def restarted(known: Devices) -> Devices:
    """The devices as an agent that starts anew remembers them."""
    return devices.recalled(room(), known.all(1000), known.traces, known.decisions)


def kinds(said: Said) -> list[type]:
    """What sort of messages were said."""
    return [type(each) for each in said]


def test_a_new_device_appears_with_its_state() -> None:
    """A first sighting is told as a state and an event."""
    known, said = seen(CAMERA)
    assert kinds(said) == [DeviceState, DeviceAppeared]
    assert known.here() == (device_id_of(CAMERA.key),)
    (device,) = known.all(5000)
    assert (device.status, device.sources, device.last_seen_ms) == (Status.OK, ("usb",), 5000)


def test_the_same_sighting_again_says_nothing_but_is_remembered() -> None:
    """Repetition refreshes last_seen only."""
    known, said = seen(CAMERA, CAMERA, CAMERA)
    assert kinds(said) == [DeviceState, DeviceAppeared]
    assert known.known[device_id_of(CAMERA.key)].device.last_seen_ms == 3000


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
    assert after.here() == ()
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
    known, _ = seen(*crowd)
    refused, said = seen(sighting("usb:late"), start=known)
    assert (refused.here(), said) == (known.here(), [])
    known, _ = seen(sighting("usb:7", present=False), sighting("usb:late"), start=known)
    assert len(known.known) == MAX_DEVICES
    assert device_id_of("usb:7") not in known.known
    assert device_id_of("usb:late") in known.here()


def test_long_texts_are_cut_so_that_a_birth_fits() -> None:
    """A device with an endless name is kept, its name is not."""
    known, _ = seen(sighting(name="x" * 200, serial="0" * 200))
    (device,) = known.all(0)
    assert len(device.name) == len(device.serial) == 80


CROWD = [
    sighting(f"{source}:{number}", source=source, kind=kind, identity=Identity.MAC)
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

    def gist(known: Devices) -> set[tuple[str, str, str]]:
        return {(each.device_id, each.name, each.status) for each in known.all(0)}

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
        assert (device_id in known.here()) == (len(events) % 2 == 1)
